#include "proxy/control/health_loop.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;

namespace {

const tcp::endpoint any_port{boost::asio::ip::address_v4::loopback(), 0};

/// The loop with its surroundings, on this thread. No server speaks MySQL here: tests/integration
/// has those. Waiting ends with what is waited for; the limit only ends a test that fails.
class Bench {
public:
    Bench() { config.probe = {5ms, 50ms, 50ms, 1, 2}; }
    ~Bench() { loop.reset(); }

    void add(const std::string& name, std::uint16_t port)
    {
        config::Server server;
        server.id = config::ServerId(next_id_++);
        server.name = name;
        server.address = {"127.0.0.1", port, {}};
        config.servers.push_back(server);
    }
    /// A port that nobody listens on.
    std::uint16_t refusing_port()
    {
        tcp::acceptor acceptor{control, any_port};
        return acceptor.local_endpoint().port();
    }
    /// A port that takes connections and never says a word.
    std::uint16_t silent_port()
    {
        silent_.emplace_back(control, any_port);
        return silent_.back().local_endpoint().port();
    }

    void start()
    {
        HealthLoop::Surroundings around{control, pool, board, signals,
                                        [this](const auto& event) { events.push_back(event); }};
        loop.emplace(around, config);
        loop->start();
    }

    template <class Condition>
    bool run_until(Condition reached)
    {
        auto limit = net::Clock::now() + 20s;
        while (!reached() && net::Clock::now() < limit) control.run_one_for(100ms);
        return reached();
    }
    bool run_until_state(const std::string& name, health::HealthState state)
    {
        return run_until([&] {
            auto topology = board.get();
            auto at = std::ranges::find(topology->servers, name, &health::ServerView::name);
            return at != topology->servers.end() && at->health == state;
        });
    }
    std::uint64_t probes(const std::string& name, health::ProbeResult result)
    {
        for (const auto& totals : loop->probe_totals())
            if (totals.name == name) return totals.results[static_cast<std::size_t>(result)];
        return 0;
    }

    config::Config config;
    boost::asio::io_context control;
    TopologyBoard board;
    health::PassiveSignals signals;
    std::vector<health::HealthEvent> events;
    BlockingPool pool{4};
    std::optional<HealthLoop> loop;

private:
    std::uint32_t next_id_ = 0;
    std::vector<tcp::acceptor> silent_;
};

}  // namespace

TEST_CASE("before anything is known a snapshot says so")
{
    Bench bench;
    bench.add("db1", bench.refusing_port());
    bench.start();
    auto topology = bench.board.get();
    REQUIRE(topology->servers.size() == 1);
    CHECK(topology->servers[0].health == health::HealthState::starting);
    CHECK(topology->writes == health::WriteState::none);
    CHECK_FALSE(topology->why_not_open.empty());
}

TEST_CASE("a server that refuses connections is down, and it is said once")
{
    Bench bench;
    bench.add("db1", bench.refusing_port());
    bench.start();
    REQUIRE(bench.run_until_state("db1", health::HealthState::down));
    REQUIRE(bench.run_until(
        [&] { return bench.probes("db1", health::ProbeResult::connect_refused) > 5; }));
    auto downs = std::ranges::count(bench.events, health::HealthEventKind::server_down,
                                    &health::HealthEvent::kind);
    CHECK(downs == 1);
    CHECK(bench.board.get()->servers[0].problem.starts_with("db1 does not answer since "));
}

TEST_CASE("a server that never answers is down by its deadlines and delays no other")
{
    Bench bench;
    bench.config.probe.connect_timeout = 1s;
    bench.config.probe.fall = 1;
    bench.add("silent", bench.silent_port());
    bench.add("refusing", bench.refusing_port());
    bench.start();
    REQUIRE(bench.run_until(
        [&] { return bench.probes("refusing", health::ProbeResult::connect_refused) >= 10; }));
    CHECK(bench.probes("silent", health::ProbeResult::connect_timeout) == 0);
    REQUIRE(bench.run_until_state("silent", health::HealthState::down));
}

TEST_CASE("a lost link makes the loop look at once")
{
    Bench bench;
    bench.add("db1", bench.refusing_port());
    bench.config.probe.interval = 1h;
    bench.config.probe.fall = 1;
    bench.start();
    REQUIRE(bench.run_until_state("db1", health::HealthState::down));
    REQUIRE(bench.probes("db1", health::ProbeResult::connect_refused) == 1);

    bench.signals.note_link_lost(config::ServerId{0});
    CHECK(bench.run_until(
        [&] { return bench.probes("db1", health::ProbeResult::connect_refused) == 2; }));
}

TEST_CASE("a reload adds, re-weights and removes servers and leaves the others as they are")
{
    Bench bench;
    bench.add("db1", bench.refusing_port());
    bench.start();
    REQUIRE(bench.run_until_state("db1", health::HealthState::down));
    auto probes = bench.probes("db1", health::ProbeResult::connect_refused);

    bench.config.servers[0].weight = 7;
    bench.add("db2", bench.refusing_port());
    bench.loop->apply(bench.config);
    auto topology = bench.board.get();
    REQUIRE(topology->servers.size() == 2);
    CHECK(topology->servers[0].health == health::HealthState::down);
    CHECK(topology->servers[0].weight == 7);
    CHECK(topology->servers[1].health == health::HealthState::starting);
    CHECK(bench.probes("db1", health::ProbeResult::connect_refused) >= probes);
    REQUIRE(bench.run_until_state("db2", health::HealthState::down));

    bench.config.servers.erase(bench.config.servers.begin());
    bench.loop->apply(bench.config);
    REQUIRE(bench.board.get()->servers.size() == 1);
    CHECK(bench.board.get()->servers[0].name == "db2");
    CHECK(bench.events.back().kind == health::HealthEventKind::server_removed);
    CHECK(bench.loop->probe_totals().size() == 1);
}

TEST_CASE("a loop that ends while probes are under way is not called by them")
{
    Bench bench;
    bench.add("silent", bench.silent_port());
    bench.start();
    bench.control.run_one_for(1ms);
    bench.loop.reset();
    auto revision = bench.board.get()->revision;
    bench.control.run_for(100ms);
    CHECK(bench.board.get()->revision == revision);
}
