#include "failover/canary.hpp"

#include "failover/doubt.hpp"
#include "failover/takeover.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

const auto own = canary_source("host 127.0.0.1:3000");

void executed(Scene& scene, std::size_t i, const std::string& gtids)
{
    scene.report(i).executed = gtids;
    scene.report(i).position = std::make_shared<const protocol::Position>(
        *protocol::parse_position(gtids, protocol::GtidFlavour::mysql));
}

/// What is sent at `after` since the scene began; empty: nothing.
std::string sent(Canary& canary, Scene& scene, milliseconds after)
{
    auto order = canary.next(scene.evidence, scene.evidence.now + after);
    if (!order) return {};
    CHECK(order->verb == Verb::inject_empty);
    CHECK(order->server == scene.id(*scene.evidence.primary));
    return order->gtids;
}

std::string numbered(int number)
{
    return protocol::to_string(own) + ":" + std::to_string(number);
}

struct Cage {
    Cage()
    {
        canary.set_interval(500ms);
        executed(scene, 0, made_by(0, 100));
        executed(scene, 1, made_by(0, 100));
    }
    void ends(OutcomeKind how, milliseconds after)
    {
        canary.on_outcome({how, {}, {}}, scene.evidence.now + after);
    }
    Scene scene;
    Canary canary{own};
};

}  // namespace

TEST_CASE("a canary's UUID says what it is, and whose")
{
    CHECK(protocol::to_string(own).starts_with("706f696e-7473-6d61-6e"));
    CHECK(canary_source("host 127.0.0.1:3000") == own);
    CHECK(canary_source("host 127.0.0.1:3001") != own);
    auto set = *protocol::GtidSet::parse(made_by(0, 9) + "," + numbered(4));
    CHECK(canaries_of(set).to_string() == numbered(4));
}

TEST_CASE("one canary after the other is sent, none while one is under way")
{
    Cage cage;
    CHECK(sent(cage.canary, cage.scene, 0ms) == numbered(1));
    CHECK(sent(cage.canary, cage.scene, 900ms).empty());
    cage.ends(OutcomeKind::done, 900ms);
    CHECK(sent(cage.canary, cage.scene, 1300ms).empty());
    CHECK(sent(cage.canary, cage.scene, 1400ms) == numbered(2));
}

TEST_CASE("a canary goes on where the one of the process before it ended")
{
    Cage cage;
    executed(cage.scene, 0, made_by(0, 100) + "," + protocol::to_string(own) + ":1-41");
    CHECK(sent(cage.canary, cage.scene, 0ms) == numbered(42));
}

TEST_CASE("a canary is sent to a primary that takes writes, and to nobody else")
{
    Cage cage;
    SECTION("none is wanted")
    {
        cage.canary.set_interval(0ms);
    }
    SECTION("nobody has the role")
    {
        cage.scene.evidence.primary.reset();
    }
    SECTION("the primary does not answer")
    {
        cage.scene.lose(0, health::ProbeResult::query_timeout);
    }
    SECTION("it is read-only")
    {
        cage.scene.report(0).read_only = true;
    }
    SECTION("it is in maintenance")
    {
        cage.scene.sight(0).server.maintenance = true;
    }
    SECTION("it has no GTIDs")
    {
        cage.scene.report(0).facts.gtids = false;
    }
    CHECK(sent(cage.canary, cage.scene, 0ms).empty());
}

TEST_CASE("canaries that get stuck are few, since the server keeps them")
{
    Cage cage;
    int given = 0;
    for (auto at = 0ms; at < 3'600'000ms; at += 100ms) {
        if (sent(cage.canary, cage.scene, at).empty()) continue;
        ++given;
        cage.ends(OutcomeKind::unknown, at + Canary::within);
    }
    CHECK(given <= 20);
    CHECK(cage.canary.is_stuck());
}

TEST_CASE("once replicas acknowledge again a stuck canary is followed by the one that frees it")
{
    Cage cage;
    cage.scene.sight(0).survey.semi_sync_source = true;
    CHECK(sent(cage.canary, cage.scene, 0ms) == numbered(1));
    cage.ends(OutcomeKind::unknown, 1000ms);
    CHECK(sent(cage.canary, cage.scene, 1100ms).empty());
    cage.scene.sight(1).survey.semi_sync_replica = true;
    CHECK(sent(cage.canary, cage.scene, 1200ms) == numbered(2));
    cage.ends(OutcomeKind::done, 1300ms);
    CHECK_FALSE(cage.canary.is_stuck());
}

TEST_CASE("a new primary gets its canary at once")
{
    Cage cage;
    CHECK(sent(cage.canary, cage.scene, 0ms) == numbered(1));
    cage.ends(OutcomeKind::done, 1ms);
    cage.scene.evidence.primary = 1;
    cage.scene.report(1).read_only = cage.scene.report(1).super_read_only = false;
    CHECK(sent(cage.canary, cage.scene, 2ms) == numbered(2));
}

TEST_CASE("canaries leave no doubt about a client's statement")
{
    auto before = *protocol::GtidSet::parse(made_by(0, 10));
    auto found = *protocol::GtidSet::parse(made_by(0, 10) + "," + numbered(7));
    auto sent_at = TimePoint{} + 1h;
    Doubt doubt{config::ServerId{0}, sent_at};
    Succession succession{
        config::ServerId{0}, config::ServerId{1}, sent_at + 1s, found, {{sent_at - 1s, before}}};
    CHECK(is_absent(doubt, succession, {}));
}

TEST_CASE("an old primary with canaries that nobody else has follows again, whatever `repair` says")
{
    Scene scene;
    scene.report(2).channels.clear();
    scene.report(2).executed = made_by(0, 100) + "," + numbered(7);
    auto planned = plan_rejoin(scene.evidence, scene.id(2), config::Repair::leave);
    REQUIRE(std::holds_alternative<Takeover>(planned));
    auto text = to_text(std::get<Takeover>(planned), scene.evidence);
    CHECK(text.find("inject_empty") != std::string::npos);
    CHECK(text.find("follow") != std::string::npos);
    scene.report(2).executed = made_by(0, 101) + "," + numbered(7);
    CHECK(std::holds_alternative<Refusal>(
        plan_rejoin(scene.evidence, scene.id(2), config::Repair::leave)));
}
