#include "failover/doubt.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace std::chrono_literals;
using tests::uuid_number;

namespace {

constexpr TimePoint sent = TimePoint{} + 1h;
constexpr auto db1 = static_cast<config::ServerId>(0), db2 = static_cast<config::ServerId>(1);

protocol::GtidSet of_db1(const std::string& numbers)
{
    return *protocol::GtidSet::parse(uuid_number(0) + ":" + numbers);
}

/// db1 had 1-10 a second before the statement was sent; a replica was found with `found` of it.
Succession succession(const std::string& found)
{
    return {db1, db2, sent + 2s, of_db1(found), {{sent - 1s, of_db1("1-10")}}};
}

const Doubt doubt{db1, sent};

}  // namespace

TEST_CASE("a statement is absent when all that was found is somebody else's")
{
    CHECK(is_absent(doubt, succession("1-10"), {}));
    CHECK(is_absent(doubt, succession("1-9"), {}));
    CHECK(is_absent(doubt, succession("1-14"), of_db1("11-14")));
    CHECK(is_absent(doubt, succession("1-14"), of_db1("11-20")));
}

TEST_CASE("one transaction that nobody was told of leaves it open whose it is")
{
    CHECK_FALSE(is_absent(doubt, succession("1-11"), {}));
    // The newest was acknowledged, one before it was not.
    CHECK_FALSE(is_absent(doubt, succession("1-14"), of_db1("11:13-14")));
    auto tagged = succession("1-10");
    tagged.found.unite(*protocol::GtidSet::parse(uuid_number(0) + ":app:1"));
    CHECK_FALSE(is_absent(doubt, tagged, {}));
    auto others = succession("1-10");
    others.found.unite(*protocol::GtidSet::parse(uuid_number(7) + ":1"));
    CHECK_FALSE(is_absent(doubt, others, {}));
}

TEST_CASE("only what was there before the statement was sent cannot be its own")
{
    auto found = succession("1-14");
    found.marks.push_back({sent, of_db1("1-14")});
    CHECK(is_absent(doubt, found, {}));
    found.marks.back().at = sent + 1us;
    CHECK_FALSE(is_absent(doubt, found, {}));
    found.marks.clear();
    found.found = of_db1("1-10");
    CHECK_FALSE(is_absent(doubt, found, of_db1("1-10")));
}

TEST_CASE("a failover tells nothing of other servers, nor of what was sent after it")
{
    CHECK_FALSE(is_absent({db2, sent}, succession("1-10"), {}));
    CHECK_FALSE(is_absent({db1, sent + 2s}, succession("1-10"), {}));
    auto nothing_found = succession("1-10");
    nothing_found.found = {};
    CHECK_FALSE(is_absent(doubt, nothing_found, {}));
}
