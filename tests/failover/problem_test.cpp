#include "failover/problem.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace pointsman;
using namespace pointsman::failover;
using namespace pointsman::tests;
using health::ProbeResult;

TEST_CASE("nothing is found in a cluster that is well")
{
    Scene scene;
    CHECK(findings_in(scene) == "");
}

namespace {

struct Case {
    const char* what;
    void (*happens)(Scene&);
    const char* findings;
    Reaction reaction;
};

const Case cases[] = {
    {"killed: refused twice, the receivers reconnect",
     [](Scene& s) {
         s.lose(0, ProbeResult::connect_refused, 120ms);
         s.disconnect(1);
         s.disconnect(2);
     },
     "primary_dead primary_hung", Reaction::fail_over},
    {"killed, and one replica with it",
     [](Scene& s) {
         s.lose(0, ProbeResult::connect_refused, 120ms);
         s.lose(1, ProbeResult::connect_refused, 120ms);
         s.disconnect(2);
     },
     "primary_and_some_replicas_dead primary_hung", Reaction::fail_over},
    {"hung: no answer, and the heartbeats have stopped",
     [](Scene& s) {
         s.lose(0, ProbeResult::query_timeout, 310ms);
         s.silence(1);
         s.silence(2);
     },
     "primary_hung", Reaction::fail_over},
    {"one fresh witness vetoes",
     [](Scene& s) {
         s.lose(0, ProbeResult::query_timeout, 2s);
         s.silence(1);
     },
     "primary_unreachable_from_here", Reaction::alert},
    {"shutting down: refused, while replicas still hear of it",
     [](Scene& s) { s.lose(0, ProbeResult::connect_refused, 200ms); },
     "primary_closing primary_unreachable_from_here", Reaction::confirm},
    {"this process is cut off from everything",
     [](Scene& s) {
         for (std::size_t i = 0; i < 3; ++i) s.lose(i, ProbeResult::connect_timeout, 2s);
     },
     "primary_and_replicas_gone", Reaction::alert},
    {"a primary without replicas",
     [](Scene& s) {
         s.evidence.servers.resize(1);
         s.lose(0, ProbeResult::connect_refused);
     },
     "primary_gone_without_replicas", Reaction::alert},
    {"a full primary lives", [](Scene& s) { s.lose(0, ProbeResult::saturated, 5s); },
     "primary_full", Reaction::alert},
    {"a primary that refuses the monitor lives, even with silent replicas",
     [](Scene& s) {
         s.lose(0, ProbeResult::access_denied, 5s);
         s.silence(1);
         s.silence(2);
     },
     "", Reaction::none},
    {"made read-only by hand", [](Scene& s) { s.report(0).super_read_only = true; },
     "primary_read_only", Reaction::alert},
    {"two servers take writes",
     [](Scene& s) { s.report(2).read_only = s.report(2).super_read_only = false; }, "two_writable",
     Reaction::alert},
    {"replication broken everywhere, the primary well",
     [](Scene& s) {
         s.channel(1).applier_on = false;
         s.disconnect(2);
     },
     "replication_stopped", Reaction::alert},
    {"the disk is full: no commit for long", [](Scene& s) { s.stall(Stall::disk_full); },
     "writes_wait_disk_full", Reaction::fail_over},
    {"no replica acknowledges", [](Scene& s) { s.stall(Stall::semi_sync); },
     "writes_wait_semi_sync", Reaction::alert},
    {"a backup's global lock", [](Scene& s) { s.stall(Stall::lock); }, "writes_wait_lock",
     Reaction::alert},
    {"commits that do not end", [](Scene& s) { s.stall(Stall::commit); }, "writes_wait_commit",
     Reaction::alert},
    {"one late statement among commits is no stall", [](Scene& s) { s.stall(Stall::commit, 1s); },
     "", Reaction::none},
    {"a read-only primary is not said to stall",
     [](Scene& s) {
         s.stall(Stall::lock);
         s.report(0).super_read_only = true;
     },
     "primary_read_only", Reaction::alert},
    {"a failure of 100 ms is none yet",
     [](Scene& s) {
         s.lose(0, ProbeResult::query_timeout, 100ms);
         s.silence(1);
         s.silence(2);
     },
     "", Reaction::none},
    {"refused once is not refused",
     [](Scene& s) {
         s.lose(0, ProbeResult::connect_refused, 30ms);
         s.sight(0).refused_in_a_row = 1;
         s.disconnect(1);
         s.disconnect(2);
     },
     "", Reaction::none},
    {"a replica asked before the trouble began is no witness of it",
     [](Scene& s) {
         s.lose(0, ProbeResult::connect_refused, 60ms);
         s.disconnect(1);
         s.disconnect(2);
         s.sight(2).reported_at = s.evidence.now - 90ms;
     },
     "primary_closing primary_unreachable_from_here", Reaction::confirm},
    {"with a slow heartbeat silence proves nothing",
     [](Scene& s) {
         s.lose(0, ProbeResult::query_timeout, 310ms);
         s.silence(1);
         s.silence(2);
         s.channel(2).heartbeat = 30s;
     },
     "primary_unreachable_from_here", Reaction::alert},
    {"a replica in the middle of a large transaction is no witness of silence",
     [](Scene& s) {
         s.lose(0, ProbeResult::query_timeout, 310ms);
         s.silence(1);
         s.silence(2);
         s.channel(2).receiving = true;
     },
     "primary_unreachable_from_here", Reaction::alert},
    {"when this process was late nothing else counts",
     [](Scene& s) {
         s.lose(0, ProbeResult::connect_refused);
         s.disconnect(1);
         s.disconnect(2);
         s.evidence.late = 80ms;
     },
     "detector_late", Reaction::none},
};

}  // namespace

TEST_CASE("each case is what the table says, and only lost primaries are replaced")
{
    for (const auto& one : cases) {
        INFO(one.what);
        Scene scene;
        one.happens(scene);
        CHECK(findings_in(scene) == one.findings);
        auto found = diagnose(scene.evidence, scene.settings);
        auto reaction = found.empty() ? Reaction::none : found.front().problem->reaction;
        CHECK(reaction == one.reaction);
    }
}

TEST_CASE("each problem has a sentence, a word of its own, and a case here")
{
    std::set<std::string_view> words;
    std::string all;
    for (const auto& one : cases) all += std::string(one.findings) + " ";
    for (const auto& row : problems()) {
        CHECK(words.insert(row.word).second);
        CHECK(row.meaning.ends_with("."));
        INFO(row.word);
        CHECK(all.find(row.word) != std::string::npos);
        CHECK(&problem(row.code) == &row);
    }
}

TEST_CASE("a finding says how many replicas were asked")
{
    Scene scene;
    scene.lose(0, ProbeResult::query_timeout, 2s);
    scene.silence(1);
    auto found = diagnose(scene.evidence, scene.settings);
    REQUIRE(found.size() == 1);
    CHECK(to_text(found[0]).ends_with("(2 of 2 replicas asked, 1 hear of it)"));
}
