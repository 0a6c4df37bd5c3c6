#include "protocol/sql/account_text.hpp"

#include <catch2/catch.hpp>

using pointsman::protocol::sql::changes_login_of;
using pointsman::protocol::sql::Dialect;
using pointsman::protocol::sql::requires_tls;

TEST_CASE("an account's text tells whether it asks for TLS")
{
    // As MySQL 9.7 writes them.
    const std::string head = "CREATE USER `u`@`%` IDENTIFIED WITH 'caching_sha2_password' AS ";
    const std::string tail = " PASSWORD EXPIRE DEFAULT PASSWORD REQUIRE CURRENT DEFAULT";
    CHECK_FALSE(requires_tls(head + "<secret> REQUIRE NONE" + tail));
    CHECK(requires_tls(head + "<secret> REQUIRE SSL" + tail));
    CHECK(requires_tls(head + "<secret> REQUIRE X509" + tail));
    CHECK(requires_tls(head + "<secret> REQUIRE SUBJECT '/CN=x' ISSUER '/CN=y'" + tail));
    CHECK(requires_tls(head + "<secret> REQUIRE CIPHER 'x'" + tail));
    CHECK(requires_tls("CREATE USER `REQUIRE NONE`@`%` IDENTIFIED BY PASSWORD '*A' REQUIRE SSL"));
    // MariaDB says nothing where nothing is asked for.
    CHECK_FALSE(requires_tls("CREATE USER `REQUIRE SSL`@`%` IDENTIFIED BY PASSWORD '*A'"));
}

TEST_CASE("a hash of any bytes hides no requirement")
{
    CHECK(requires_tls("CREATE USER `u`@`%` IDENTIFIED WITH 'x' AS '$A$005$;\\'\\\\' REQUIRE SSL"));
    CHECK_FALSE(requires_tls("CREATE USER `u` IDENTIFIED WITH 'x' AS '\x01;\\'' REQUIRE NONE"));
    CHECK(requires_tls("CREATE USER `u`@`%` IDENTIFIED WITH 'x' AS '$A$005$"));
    CHECK(requires_tls("CREATE USER `u` REQUIRE"));
}

TEST_CASE("statements that change how their own account logs in are told")
{
    const Dialect dialect;
    for (auto text : {"ALTER USER bob IDENTIFIED BY 'new'", "ALTER USER USER() IDENTIFIED BY 'new'",
                      "alter user CURRENT_USER identified by 'new'", "SET PASSWORD = 'new'",
                      "ALTER USER ann, 'bob'@'%' PASSWORD EXPIRE", "RENAME USER `bob` TO eve",
                      "SET PASSWORD FOR bob@localhost = 'new'", "DROP USER bob",
                      "SET PASSWORD FOR CURRENT_USER() = 'new'", "SET PASSWORD TO RANDOM",
                      "ALTER USER 'never ends"}) {
        INFO(text);
        CHECK(changes_login_of("bob", text, dialect));
    }
    for (auto text : {"ALTER USER ann IDENTIFIED BY 'new'", "SET PASSWORD FOR ann = 'new'",
                      "GRANT SELECT ON *.* TO bob", "REVOKE ALL ON *.* FROM bob", "DROP USER ann"}) {
        INFO(text);
        CHECK_FALSE(changes_login_of("bob", text, dialect));
    }
}
