#include "failover/repair.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;

namespace {

/// The applier of db3 stopped with an error.
void break_applier(Scene& scene)
{
    scene.channel(2).applier_on = scene.channel(2).caught_up = false;
    scene.channel(2).error = "1062 Duplicate entry 'secret'";
}

std::string mended(const Scene& scene, unsigned attempts)
{
    auto planned = plan_mend(scene.evidence, scene.evidence.servers[2].server.id, attempts);
    if (const auto* refusal = std::get_if<Refusal>(&planned)) return "refused: " + refusal->reason;
    return to_text(std::get<Takeover>(planned), scene.evidence);
}

std::string donor_for(const Scene& scene, std::size_t recipient,
                      std::optional<config::ServerId> last = {})
{
    auto chosen = choose_donor(scene.evidence, scene.evidence.servers[recipient].server.id, last);
    if (const auto* refusal = std::get_if<Refusal>(&chosen)) return "refused: " + refusal->reason;
    return std::get<Donor>(chosen).name;
}

/// db3 follows nobody.
void set_apart(Scene& scene)
{
    scene.report(2).channels.clear();
}

}  // namespace

TEST_CASE("broken replication is started again, then set up anew, then left")
{
    Scene scene;
    break_applier(scene);
    auto first = mended(scene, 0);
    CHECK(first.find("[db3 restart_replication]") != std::string::npos);
    CHECK(mended(scene, most_restarts - 1) == first);
    CHECK(mended(scene, most_restarts).find("[db3 follow 10.0.0.1:3306]") != std::string::npos);
    CHECK(mended(scene, most_mends).starts_with("refused: its applier stopped"));
    CHECK(first.find("secret") == std::string::npos);
}

TEST_CASE("what somebody stopped, or cannot be helped now, is left alone")
{
    Scene scene;
    scene.channel(2).receiver = health::ReceiverState::off;
    CHECK_FALSE(broken_replication(scene.evidence, scene.sight(2)));
    scene.channel(2).error = "1236 purged";
    CHECK(broken_replication(scene.evidence, scene.sight(2)));
    SECTION("in maintenance")
    {
        scene.sight(2).server.maintenance = true;
    }
    SECTION("the primary is away")
    {
        scene.lose(0, health::ProbeResult::connect_refused);
    }
    SECTION("it is away itself")
    {
        scene.lose(2, health::ProbeResult::connect_refused);
    }
    SECTION("it goes on in spite of an old error")
    {
        scene.channel(2).receiver = health::ReceiverState::on;
    }
    CHECK_FALSE(broken_replication(scene.evidence, scene.sight(2)));
}

TEST_CASE("a copy is taken from the replica that lags least, else from the primary")
{
    Scene scene(4);
    set_apart(scene);
    scene.channel(1).lag = 50ms;
    CHECK(donor_for(scene, 2) == "db4");
    CHECK(donor_for(scene, 2, scene.id(1)) == "db2");  // who gave the copy that did not end
    scene.channel(3).applier_on = false;
    CHECK(donor_for(scene, 2, scene.id(3)) == "db2");
    scene.sight(1).server.maintenance = true;
    CHECK(donor_for(scene, 2) == "db1");
    scene.report(2).facts.version = "8.4.5";
    CHECK(donor_for(scene, 2).starts_with("refused: no server of its version"));
}

TEST_CASE("what takes writes, or has the role, never becomes a copy")
{
    Scene scene;
    CHECK(donor_for(scene, 0).starts_with("refused"));
    set_apart(scene);
    scene.report(2).read_only = scene.report(2).super_read_only = false;
    CHECK(donor_for(scene, 2) == "refused: it takes writes");
}

TEST_CASE("a server is new when it shares no history and follows nobody")
{
    Scene scene;
    CHECK_FALSE(is_new(scene.evidence, scene.sight(2)));
    scene.report(2).executed = "";
    CHECK_FALSE(is_new(scene.evidence, scene.sight(2)));
    set_apart(scene);
    CHECK(is_new(scene.evidence, scene.sight(2)));
    scene.report(2).executed = uuid_number(2) + ":1-4";  // its own accounts
    CHECK(is_new(scene.evidence, scene.sight(2)));
    scene.report(2).executed = made_by(0, 1);
    CHECK_FALSE(is_new(scene.evidence, scene.sight(2)));
}

TEST_CASE("what a server says of its clone is read")
{
    auto state = parse_clone_state(
        "In Progress\t2026-11-23 06:11:22.556\t127.0.0.1:25758\t0 \tFILE COPY\t379702891\t"
        "108121707");
    CHECK(state.kind == CloneState::Kind::under_way);
    CHECK(state.source == "127.0.0.1:25758");
    CHECK(progress_text(state) == "FILE COPY, 108 of 379 MB");
    CHECK(parse_clone_state("").kind == CloneState::Kind::none);
    auto failed = parse_clone_state("Failed\tt\ts\t3862 Clone Donor Error\t\t0\t0");
    CHECK(failed.kind == CloneState::Kind::failed);
    CHECK(failed.error == "3862 Clone Donor Error");
}

TEST_CASE("a MariaDB replica with an error is not stopped: it would throw away what it received")
{
    Scene scene;
    scene.disconnect(1);
    scene.channel(1).error = "wrong password";
    REQUIRE(broken_replication(scene.evidence, scene.sight(1)));
    scene.report(1).facts.flavour = health::Flavour::mariadb;
    CHECK(!broken_replication(scene.evidence, scene.sight(1)));
    CHECK(std::holds_alternative<Refusal>(plan_mend(scene.evidence, scene.id(1), 0)));
}
