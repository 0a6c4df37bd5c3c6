#include "health/dialect.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::health;

TEST_CASE("a version string has one number")
{
    struct Row {
        std::string_view text;
        std::uint32_t number;
    };
    for (auto row : {Row{"9.7.4-2", 90704}, Row{"8.0.36-28.1", 80036}, Row{"5.7.44-log", 50744},
                     Row{"10.11.19-MariaDB-0+deb12u1", 101119}, Row{"5.5.5-10.6.3-MariaDB", 100603},
                     Row{"11.4.2-MariaDB", 110402}, Row{"", 0}, Row{"8", 0}, Row{"8.0", 0},
                     Row{"x.y.z", 0}, Row{"8.0.x", 0}, Row{"999.1.1", 0}}) {
        INFO(row.text);
        CHECK(version_number(row.text) == row.number);
    }
}

TEST_CASE("the dialect follows from the greeting's version")
{
    struct Row {
        std::string_view version;
        DialectKind kind;
    };
    for (auto row :
         {Row{"9.7.4-2", DialectKind::mysql_8}, Row{"8.0.36", DialectKind::mysql_8},
          Row{"8.4.0-commercial", DialectKind::mysql_8}, Row{"5.7.44-log", DialectKind::mysql_5},
          Row{"8.0.1-dmr", DialectKind::mysql_5}, Row{"10.11.19-MariaDB", DialectKind::mariadb},
          Row{"11.4.2-MariaDB-ubu2204", DialectKind::mariadb}}) {
        INFO(row.version);
        CHECK(dialect_for(row.version).kind == row.kind);
    }
}
