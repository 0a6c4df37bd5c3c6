#include "proxy/routing/acknowledged_writes.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;
using protocol::GtidFlavour;
using protocol::Position;

namespace {

constexpr auto primary = static_cast<config::ServerId>(0);
const std::string uuid = "11111111-1111-1111-1111-111111111111";

Position at(const std::string& text, GtidFlavour flavour = GtidFlavour::mysql)
{
    const auto parsed = protocol::parse_position(text, flavour);
    REQUIRE(parsed.has_value());
    return *parsed;
}

Moment after(std::chrono::milliseconds span)
{
    return Moment{} + 1h + span;
}

}  // namespace

TEST_CASE("the newest write of each source counts")
{
    AcknowledgedWrites writes;
    CHECK(is_empty(*writes.position()));
    const auto before = writes.version();
    writes.note(at(uuid + ":5"), after(0ms));
    CHECK(writes.version() != before);
    writes.note(at(uuid + ":3"), after(1ms));
    writes.note(at(uuid + ":app:1-2"), after(2ms));
    CHECK(*writes.position() == at(uuid + ":5," + uuid + ":app:2"));
}

TEST_CASE("MariaDB's writes count by domain")
{
    const auto list = [](const std::string& text) { return at(text, GtidFlavour::mariadb); };
    AcknowledgedWrites writes;
    writes.note(list("0-1-5"), after(0ms));
    writes.note(list("1-1-7,0-2-6"), after(0ms));
    CHECK(contains(*writes.position(), list("0-1-6,1-1-7")));
    CHECK(contains(list("0-1-6,1-1-7"), *writes.position()));
}

TEST_CASE("a write that the primary turns out not to have is lost")
{
    AcknowledgedWrites writes;
    ServerMarks marks;
    writes.note(at(uuid + ":5"), after(1ms));
    marks.learn(primary, std::make_shared<const Position>(at(uuid + ":1-4")), after(1ms));
    writes.forget_lost(marks, primary);  // asked too early to tell
    CHECK(*writes.position() == at(uuid + ":5"));
    marks.learn(primary, std::make_shared<const Position>(at(uuid + ":1-4")), after(2ms));
    writes.forget_lost(marks, primary);
    CHECK(is_empty(*writes.position()));
    writes.note(at(uuid + ":6"), after(3ms));
    CHECK(*writes.position() == at(uuid + ":6"));
}

TEST_CASE("sources beyond the bound are admitted, not forgotten")
{
    AcknowledgedWrites writes;
    for (std::size_t i = 0; i < AcknowledgedWrites::most_sources; ++i)
        writes.note(at(uuid + ":t" + std::to_string(i) + ":1"), after(0ms));
    CHECK(writes.position().has_value());
    writes.note(at(uuid + ":one_more:1"), after(0ms));
    CHECK_FALSE(writes.position().has_value());
}

TEST_CASE("threads note their writes at once")
{
    AcknowledgedWrites writes;
    std::vector<std::thread> threads;
    std::vector<std::vector<Position>> theirs(4);
    for (int thread = 0; thread < 4; ++thread)
        for (int i = 0; i < 500; ++i)
            theirs[std::size_t(thread)].push_back(at(
                uuid + ":s" + std::to_string(i % 8) + ":" + std::to_string(1 + 4 * i + thread)));
    for (const auto& mine : theirs)
        threads.emplace_back([&writes, &mine] {
            for (const auto& gtid : mine) writes.note(gtid, after(0ms));
        });
    for (auto& thread : threads) thread.join();
    Position all;
    for (const auto& mine : theirs)
        for (const auto& gtid : mine) unite(all, gtid);
    const auto newest = *writes.position();
    CHECK(contains(all, newest));
    CHECK(std::get<protocol::GtidSet>(newest).count() == 8);
    for (int source = 0; source < 8; ++source) {
        const auto last = 1 + 4 * (496 + source - (source > 3 ? 8 : 0)) + 3;
        CHECK(contains(newest, at(uuid + ":s" + std::to_string(source) + ":" +
                                  std::to_string(last))));
    }
}
