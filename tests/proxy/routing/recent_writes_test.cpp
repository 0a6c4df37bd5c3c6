#include "proxy/routing/recent_writes.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::proxy;
using pointsman::protocol::GtidFlavour;

namespace {

const std::string one = "11111111-1111-1111-1111-111111111111";
const std::string two = "22222222-2222-2222-2222-222222222222";

void note(RecentWrites& writes, const std::string& gtids,
          GtidFlavour flavour = GtidFlavour::mysql)
{
    writes.note(*pointsman::protocol::parse_position(gtids, flavour));
}

}  // namespace

TEST_CASE("what clients were told of is known number by number, in whatever order")
{
    RecentWrites writes;
    CHECK(writes.set().empty());
    for (auto number : {"7", "5", "6", "9", "5"}) note(writes, one + ":" + number);
    note(writes, two + ":8");
    CHECK(writes.set().to_string() == one + ":5-7:9," + two + ":8");
}

TEST_CASE("what may be everybody's transactions is not noted")
{
    RecentWrites writes;
    note(writes, one + ":1-5");
    note(writes, one + ":1," + two + ":1");
    note(writes, one + ":tag:1");
    note(writes, "0-1-5", GtidFlavour::mariadb);
    CHECK(writes.set().empty());
}

TEST_CASE("the oldest are forgotten first")
{
    RecentWrites writes;
    for (std::size_t number = 1; number <= RecentWrites::most + 3; ++number)
        note(writes, one + ":" + std::to_string(number));
    CHECK(writes.set().to_string() ==
          one + ":4-" + std::to_string(RecentWrites::most + 3));
}
