#include "health/server_health.hpp"

#include <catch2/catch.hpp>

#include <string_view>

using namespace pointsman;
using namespace pointsman::health;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint{} + 1h;

ProbeSample sample_of(ProbeResult result, TimePoint at)
{
    ProbeSample sample;
    sample.result = result;
    sample.started = at;
    sample.finished = at + 1ms;
    if (result == ProbeResult::ok)
        sample.report.emplace();
    else
        sample.error = "broken";
    return sample;
}

/// Plays probes, one each 100 ms: o is good, x silence, r a refusal. Gives the states after each:
/// S starting, U up, s suspect, D down.
std::string play(ServerHealth& health, std::string_view probes)
{
    std::string states;
    auto now = start;
    for (char probe : probes) {
        health.on_probe_started(now);
        health.on_sample(sample_of(probe == 'o'   ? ProbeResult::ok
                                   : probe == 'x' ? ProbeResult::query_timeout
                                                  : ProbeResult::saturated,
                                   now));
        states += std::string_view("SUsDM")[static_cast<std::size_t>(health.state())];
        now += 100ms;
    }
    return states;
}

}  // namespace

TEST_CASE("a server goes up after `rise` good probes and down after `fall` silent ones")
{
    struct Row {
        std::uint32_t rise, fall;
        std::string_view probes, states;
    };
    const Row rows[] = {
        {1, 2, "oxoxx", "UsUsD"},
        {1, 2, "xoxx", "SUsD"},
        {1, 2, "xxxo", "SDDU"},
        {1, 1, "oxo", "UDU"},
        {3, 2, "ooo", "SSU"},
        {3, 2, "oooxo", "SSUsU"},
        {3, 2, "oooxxooxooo", "SSUsDDDDDDU"},
        {1, 3, "oxxoxxx", "UssUssD"},
        {1, 2, "orrrrr", "Usssss"},  // it lives: never down
        {1, 2, "oxrxo", "UsssU"},    // and silence is counted anew
        {1, 2, "rx", "ss"},
        {1, 2, "xxro", "SDsU"},
    };
    for (const auto& row : rows) {
        config::Probe rules;
        rules.rise = row.rise;
        rules.fall = row.fall;
        ServerHealth health{rules, false, start};
        INFO(row.probes);
        CHECK(play(health, row.probes) == row.states);
    }
}

TEST_CASE("what a server said last is kept while it is suspect and forgotten when it is down")
{
    ServerHealth health{{}, false, start};
    play(health, "o");
    REQUIRE(health.report());
    play(health, "x");
    CHECK(health.report());
    CHECK(health.failing_since() == start);
    play(health, "x");
    CHECK_FALSE(health.report());
    // A server that is full once it answers again does not get back the role it had.
    play(health, "r");
    CHECK_FALSE(health.report());
}

TEST_CASE("a server in maintenance is probed on and comes back as what it is")
{
    ServerHealth health{{}, true, start};
    play(health, "o");
    CHECK(health.state() == HealthState::maintenance);
    health.reconfigure({}, false);
    CHECK(health.state() == HealthState::up);
}

TEST_CASE("probes leave each interval, and the second look at a silent server comes sooner")
{
    config::Probe rules;
    rules.interval = 100ms;
    ServerHealth health{rules, false, start};
    CHECK(health.next_probe() == start);

    health.on_probe_started(start);
    CHECK(health.next_probe() == start + 100ms);
    health.on_sample(sample_of(ProbeResult::ok, start));
    CHECK(health.next_probe() == start + 100ms);

    health.on_probe_started(start + 100ms);
    health.on_sample(sample_of(ProbeResult::connect_refused, start + 100ms));
    CHECK(health.next_probe() == start + 126ms);

    // Once it is down nothing is in a hurry.
    health.on_probe_started(start + 126ms);
    health.on_sample(sample_of(ProbeResult::connect_refused, start + 126ms));
    REQUIRE(health.state() == HealthState::down);
    CHECK(health.next_probe() == start + 226ms);
}

TEST_CASE("a server that refuses is looked at once a second, sooner only if sessions lose links")
{
    ServerHealth health{{}, false, start};
    health.on_probe_started(start);
    health.on_sample(sample_of(ProbeResult::access_denied, start));
    CHECK(health.next_probe() == start + 1s);
    health.on_suspicion(start + 200ms);
    CHECK(health.next_probe() == start + 200ms);
}

TEST_CASE("suspicion brings the next probe forward, a storm of it makes no storm of probes")
{
    struct Row {
        std::chrono::milliseconds interval, spacing;
    };
    for (auto row : {Row{100ms, 25ms}, Row{40ms, 10ms}, Row{1h, 25ms}}) {
        config::Probe rules;
        rules.interval = row.interval;
        ServerHealth health{rules, false, start};
        health.on_probe_started(start);
        health.on_suspicion(start + 30ms);
        CHECK(health.next_probe() == start + 30ms);

        health.on_probe_started(start + 30ms);
        health.on_suspicion(start + 31ms);
        CHECK(health.next_probe() == start + 30ms + row.spacing);
    }
}
