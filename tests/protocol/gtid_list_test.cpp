#include "protocol/gtid_set.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

namespace {

Position mysql(std::string_view numbers)
{
    const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:";
    return parse_position(numbers.empty() ? "" : uuid + std::string(numbers), GtidFlavour::mysql)
        .value();
}

Position mariadb(std::string_view text)
{
    return parse_position(text, GtidFlavour::mariadb).value();
}

}  // namespace

TEST_CASE("a MariaDB GTID list is printed by domain, with the newest of each")
{
    struct Row {
        std::string_view text, canonical;
    };
    for (const Row& row : {Row{"", ""}, Row{"0-1-5", "0-1-5"}, Row{"1-2-7, 0-1-5", "0-1-5,1-2-7"},
                           Row{"0-1-5,0-2-9,0-3-8", "0-2-9"},
                           Row{"4294967295-4294967295-18446744073709551615",
                               "4294967295-4294967295-18446744073709551615"}}) {
        INFO(row.text);
        const auto list = GtidList::parse(row.text);
        REQUIRE(list.has_value());
        CHECK(list->to_string() == row.canonical);
    }
}

TEST_CASE("what is no MariaDB GTID list is refused")
{
    for (const char* wrong :
         {"0", "0-1", "0-1-", "0-1-5-7", "-1-5", "a-1-5", "0-1-5x", "4294967296-1-5",
          "0-1-18446744073709551616", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1"}) {
        INFO(wrong);
        CHECK(GtidList::parse(wrong).has_error());
    }
}

TEST_CASE("positions are compared: ahead, behind, equal, or each with what the other lacks")
{
    const auto less = std::partial_ordering::less;
    const auto equal = std::partial_ordering::equivalent;
    const auto none = std::partial_ordering::unordered;
    struct Row {
        Position a, b;
        std::partial_ordering order;
        std::uint64_t missing;
    };
    const Row rows[] = {
        {mysql("1-5"), mysql("1-9"), less, 4},
        {mysql("1-5"), mysql("1-5"), equal, 0},
        {mysql("1-5:7"), mysql("1-6"), none, 1},
        {mysql(""), mysql("1-3"), less, 3},
        {mariadb("0-1-5"), mariadb("0-2-9"), less, 4},
        {mariadb("0-1-5"), mariadb("0-1-5"), equal, 0},
        {mariadb("0-1-5"), mariadb("0-1-5,1-1-2"), less, 2},
        {mariadb("0-1-5,1-1-1"), mariadb("0-1-4,1-1-9"), none, 8},
        {mysql(""), mariadb(""), equal, 0},
        {mysql(""), mariadb("0-1-5"), less, 5},
        {mysql("1-5"), mariadb("0-1-5"), none, 5},
    };
    for (const Row& row : rows) {
        INFO(to_string(row.a) << " and " << to_string(row.b));
        CHECK((compare(row.a, row.b) == row.order));
        CHECK((compare(row.a, row.b) == std::partial_ordering::unordered) ==
              (compare(row.b, row.a) == std::partial_ordering::unordered));
        CHECK(missing_count(row.a, row.b) == row.missing);
        CHECK(contains(row.b, row.a) == (row.order == less || row.order == equal));
    }
}

TEST_CASE("a position of the wrong flavour does not parse")
{
    CHECK(parse_position("0-1-5", GtidFlavour::mysql).has_error());
    CHECK(
        parse_position("3e11fa47-71ca-11e1-9e33-c80aa9429562:1", GtidFlavour::mariadb).has_error());
}

TEST_CASE("two lists are united by the further of each domain")
{
    GtidList list = GtidList::parse("0-1-5,1-1-1").value();
    list.unite(GtidList::parse("0-1-4,1-2-9,2-1-1").value());
    CHECK(list.to_string() == "0-1-5,1-2-9,2-1-1");
    CHECK(list.in_domain(1) == MariadbGtid{1, 2, 9});
    CHECK_FALSE(list.in_domain(3).has_value());
}

}  // namespace pointsman::protocol
