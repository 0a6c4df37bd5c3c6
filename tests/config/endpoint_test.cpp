#include "config/endpoint.hpp"

#include <catch2/catch.hpp>

using pointsman::config::Endpoint;
using pointsman::config::parse_endpoint;

TEST_CASE("an address is read as host and port, v6 literal or socket path")
{
    struct Row {
        std::string text;
        Endpoint expected;
    };
    const std::string longest_path = "/" + std::string(106, 'x');
    const Row rows[] = {
        {"db1:3307", {"db1", 3307, {}}},
        {"db1.example.com", {"db1.example.com", 3306, {}}},
        {"10.0.0.5:1", {"10.0.0.5", 1, {}}},
        {"0.0.0.0:0", {"0.0.0.0", 0, {}}},
        {"[::1]:3308", {"::1", 3308, {}}},
        {"[fe80::1%eth0]", {"fe80::1%eth0", 3306, {}}},
        {"[::ffff:10.0.0.1]:65535", {"::ffff:10.0.0.1", 65535, {}}},
        {"/run/mysqld/mysqld.sock", {"", 0, "/run/mysqld/mysqld.sock"}},
        {longest_path, {"", 0, longest_path}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto read = parse_endpoint(row.text, 3306);
        REQUIRE(read.has_value());
        CHECK(*read == row.expected);
        CHECK(parse_endpoint(read->text(), 1) == row.expected);
    }
}

TEST_CASE("what is no address is refused")
{
    const std::string rows[] = {
        "",
        ":3306",
        "db1:",
        "db1:65536",
        "db1:-1",
        "db1:33o6",
        "db1:3306 ",
        " db1",
        "db 1:3306",
        "db1:3306:3307",
        "::1",
        "::1:3306",
        "[]",
        "[::1",
        "[::1]3306",
        "[::1]:",
        "[db1]:3306",
        "[::1]x",
        "/",
        "/" + std::string(107, 'x'),
        "/run/a\nb",
        "user@db1:3306",
        "tcp://db1",
        std::string(254, 'a'),
        std::string{"db\0", 3},
    };
    for (const auto& row : rows) {
        INFO(row);
        CHECK_FALSE(parse_endpoint(row, 3306).has_value());
    }
}
