#include "proxy/routing/causal_reads.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;
using protocol::GtidFlavour;
using protocol::Position;

namespace {

constexpr auto primary = static_cast<config::ServerId>(0);
constexpr auto replica1 = static_cast<config::ServerId>(1);
constexpr auto replica2 = static_cast<config::ServerId>(2);

const std::string uuid = "11111111-1111-1111-1111-111111111111";
const std::string other_uuid = "22222222-2222-2222-2222-222222222222";


Position at(const std::string& text, GtidFlavour flavour = GtidFlavour::mysql)
{
    const auto parsed = protocol::parse_position(text, flavour);
    REQUIRE(parsed.has_value());
    return *parsed;
}

/// Numbers of the primary's own transactions.
Position number(const std::string& text)
{
    return at(uuid + ":" + text);
}

PositionPtr shared(Position position)
{
    return std::make_shared<const Position>(std::move(position));
}

Moment after(std::chrono::milliseconds span)
{
    return Moment{} + 1h + span;
}

}  // namespace

TEST_CASE("a session that wrote nothing and read nothing needs nothing")
{
    SessionReads reads;
    ServerMarks marks;
    CHECK_FALSE(reads.needs_anything());
    CHECK(reads.settle_seen(replica1, marks, primary));
    CHECK(reads.is_met(replica1, marks));
}

TEST_CASE("a write is needed until the replica is known to have it")
{
    SessionReads reads;
    ServerMarks marks;
    marks.learn(replica1, shared(number("1-9")), after(0ms));
    reads.wrote(number("10"), primary, true, after(1ms));
    CHECK_FALSE(reads.is_met(replica1, marks));
    CHECK(marks.missing(replica1, reads.needed()) == number("10"));

    SECTION("by a probe")
    {
        marks.learn(replica1, shared(number("1-10")), after(100ms));
        CHECK(reads.is_met(replica1, marks));
        CHECK_FALSE(reads.is_met(replica2, marks));
    }
    SECTION("by a wait that ended well")
    {
        marks.raise(replica1, number("10"), after(2ms));
        CHECK(reads.is_met(replica1, marks));
        reads.wrote(number("11"), primary, true, after(3ms));
        CHECK_FALSE(reads.is_met(replica1, marks));
        CHECK(marks.missing(replica1, reads.needed()) == number("11"));
    }
}

TEST_CASE("a wait's outcome and a probe's are put together")
{
    ServerMarks marks;
    marks.learn(replica1, shared(number("1-5")), after(0ms));
    marks.raise(replica1, number("7"), after(1ms));
    CHECK(marks.has(replica1, number("4-5:7")));
    CHECK_FALSE(marks.has(replica1, number("6")));
    // A probe that left before the wait ended does not take away what the wait showed.
    marks.learn(replica1, shared(number("1-5")), after(1ms));
    CHECK(marks.has(replica1, number("7")));
}

TEST_CASE("moving on needs a bound of what was seen")
{
    SessionReads reads;
    ServerMarks marks;
    marks.learn(replica1, shared(number("1-20")), after(0ms));
    marks.learn(replica2, shared(number("1-20")), after(0ms));
    marks.learn(primary, shared(number("1-30")), after(0ms));
    reads.saw(replica1, after(10ms));

    // The same replica is never behind itself.
    CHECK(reads.settle_seen(replica1, marks, primary));
    CHECK(reads.is_met(replica1, marks));
    // What it had before the read is no upper bound of what the read showed.
    CHECK_FALSE(reads.settle_seen(replica2, marks, primary));

    SECTION("a probe of that replica after the read")
    {
        marks.learn(replica1, shared(number("1-22")), after(11ms));
        REQUIRE(reads.settle_seen(replica2, marks, primary));
        CHECK_FALSE(reads.is_met(replica2, marks));
        CHECK(marks.missing(replica2, reads.needed()) == number("21-22"));
        marks.learn(replica2, shared(number("1-25")), after(12ms));
        CHECK(reads.is_met(replica2, marks));
    }
    SECTION("one of the primary does as well")
    {
        marks.learn(primary, shared(number("1-30")), after(11ms));
        REQUIRE(reads.settle_seen(replica2, marks, primary));
        CHECK(marks.missing(replica2, reads.needed()) == number("21-30"));
    }
    SECTION("of both, what both have: a replica's own transactions are waited for nowhere")
    {
        auto errant = number("1-22");
        unite(errant, at(other_uuid + ":1-3"));
        marks.learn(replica1, shared(errant), after(11ms));
        marks.learn(primary, shared(number("1-30")), after(12ms));
        REQUIRE(reads.settle_seen(replica2, marks, primary));
        CHECK(marks.missing(replica2, reads.needed()) == number("21-22"));
    }
}

TEST_CASE("what a server was committing may have been seen there")
{
    SessionReads reads;
    ServerMarks marks;
    marks.learn(replica2, shared(number("1-20")), after(0ms));
    reads.saw(replica1, after(10ms));
    marks.learn(replica1, shared(number("1-20")), after(11ms), shared(number("1-21")));

    SECTION("as far as the replica itself tells")
    {
        REQUIRE(reads.settle_seen(replica2, marks, primary));
        CHECK(marks.missing(replica2, reads.needed()) == number("21"));
    }
    SECTION("also when the primary was asked, which commits it last")
    {
        marks.learn(primary, shared(number("1-20")), after(12ms), shared(number("1-22")));
        REQUIRE(reads.settle_seen(replica2, marks, primary));
        CHECK(marks.missing(replica2, reads.needed()) == number("21"));
    }
    // Where it was seen it is there, whatever that server says of it.
    CHECK(reads.seen_at() == replica1);
    CHECK_FALSE(reads.is_met(replica2, marks));
    CHECK(reads.is_met(replica1, marks));
    CHECK_FALSE(marks.has(replica1, number("21")));
    reads.wrote(number("22"), primary, true, after(13ms));
    CHECK_FALSE(reads.is_met(replica1, marks));
}

TEST_CASE("a server that lost what it had may lack what it showed")
{
    SessionReads reads;
    ServerMarks marks;
    reads.saw(replica1, after(10ms));
    marks.learn(replica1, shared(number("1-20")), after(11ms));
    REQUIRE(reads.settle_seen(replica2, marks, primary));
    REQUIRE(reads.is_met(replica1, marks));
    marks.learn(replica1, shared(number("1-3")), after(12ms));
    CHECK_FALSE(reads.is_met(replica1, marks));
}

TEST_CASE("a write bounds what was seen before it on the same server")
{
    SessionReads reads;
    ServerMarks marks;
    reads.saw(primary, after(0ms));
    CHECK_FALSE(reads.settle_seen(replica1, marks, primary));

    SECTION("in one order")
    {
        reads.wrote(number("8"), primary, true, after(1ms));
        REQUIRE(reads.settle_seen(replica1, marks, primary));
        CHECK(reads.needed() == number("8"));
    }
    SECTION("not where transactions have no common order")
    {
        reads.wrote(number("8"), primary, false, after(1ms));
        CHECK_FALSE(reads.settle_seen(replica1, marks, primary));
    }
    SECTION("not what is seen after it")
    {
        reads.wrote(number("8"), primary, true, after(1ms));
        reads.saw(primary, after(2ms));
        CHECK_FALSE(reads.settle_seen(replica1, marks, primary));
    }
}

TEST_CASE("what was met is forgotten when a server lost what it had")
{
    SessionReads reads;
    ServerMarks marks;
    reads.wrote(number("10"), primary, true, after(0ms));
    marks.learn(replica1, shared(number("1-10")), after(1ms));
    REQUIRE(reads.is_met(replica1, marks));
    marks.learn(replica1, shared(number("1-3")), after(2ms));
    CHECK_FALSE(reads.is_met(replica1, marks));
}

TEST_CASE("what a new primary does not have is not waited for")
{
    SessionReads reads;
    ServerMarks marks;
    reads.wrote(at(other_uuid + ":1-2"), primary, true, after(0ms));
    reads.wrote(number("5"), primary, true, after(1ms));

    marks.learn(primary, shared(number("1-4")), after(1ms));
    reads.forget_lost(marks, primary);  // asked too early to tell
    CHECK(reads.needed() != number("5"));

    marks.learn(primary, shared(number("1-6")), after(2ms));
    reads.forget_lost(marks, primary);
    CHECK(reads.needed() == number("5"));
}

TEST_CASE("a replica that was waited for in vain is left alone for a while")
{
    ServerMarks marks;
    marks.note_behind(replica1, after(100ms));
    CHECK(marks.is_behind(replica1, after(99ms)));
    CHECK_FALSE(marks.is_behind(replica1, after(100ms)));
    CHECK_FALSE(marks.is_behind(replica2, after(99ms)));
    marks.raise(replica1, number("1"), after(50ms));
    CHECK_FALSE(marks.is_behind(replica1, after(60ms)));
}

TEST_CASE("many writes far apart stay bounded")
{
    SessionReads reads;
    for (int i = 1; i < 10'000; i += 2)
        reads.wrote(number(std::to_string(i)), primary, true, after(0ms));
    const auto needed = std::get<protocol::GtidSet>(reads.needed());
    REQUIRE(needed.sources().size() == 1);
    CHECK(needed.sources()[0].intervals.size() <= 64);
    CHECK(needed.contains(std::get<protocol::GtidSet>(number("1:4999:9999"))));
}

TEST_CASE("MariaDB's positions")
{
    const auto list = [](const std::string& text) { return at(text, GtidFlavour::mariadb); };
    SessionReads reads;
    ServerMarks marks;
    marks.learn(replica1, shared(list("0-1-9")), after(0ms));
    reads.wrote(list("0-1-10"), primary, true, after(0ms));
    CHECK_FALSE(reads.is_met(replica1, marks));
    CHECK(wait_statement(marks.missing(replica1, reads.needed()), 50ms) ==
          "SELECT MASTER_GTID_WAIT('0-1-10',0.050)");
    marks.raise(replica1, list("0-1-10"), after(1ms));
    CHECK(reads.is_met(replica1, marks));
    reads.wrote(list("0-1-12"), primary, true, after(2ms));
    marks.learn(primary, shared(list("0-2-11")), after(3ms));
    reads.forget_lost(marks, primary);
    CHECK(reads.needed() == list("0-2-11"));
}

TEST_CASE("the waiting statement has its time in seconds")
{
    CHECK(wait_statement(number("5"), 50ms) ==
          "SELECT WAIT_FOR_EXECUTED_GTID_SET('" + uuid + ":5',0.050)");
    CHECK(wait_statement(number("5"), 1234ms).ends_with(",1.234)"));
    CHECK(wait_statement(number("5"), 2s).ends_with(",2.000)"));
    CHECK(wait_for_commits(50ms).ends_with(",0.050)"));
}
