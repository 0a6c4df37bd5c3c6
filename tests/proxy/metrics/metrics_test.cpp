#include "proxy/metrics/metrics.hpp"

#include "proxy/metrics/exporter.hpp"
#include "proxy/metrics/families.hpp"
#include "proxy/session/close_reason.hpp"

#include <catch2/catch.hpp>
#include <prometheus/metric_family.h>

#include <memory>
#include <set>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;

namespace {

health::TopologyPtr two_servers()
{
    auto topology = std::make_shared<health::Topology>();
    topology->epoch = 3;
    topology->writes = health::WriteState::open;
    health::ServerView primary;
    primary.id = config::ServerId{0};
    primary.name = "db1";
    primary.address = {"127.0.0.1", 3306, {}};
    primary.role = health::Role::primary;
    primary.health = health::HealthState::up;
    primary.version = "9.7.4";
    auto replica = primary;
    replica.id = config::ServerId{1};
    replica.name = "db2";
    replica.role = health::Role::replica;
    replica.takes_reads = true;
    replica.lag = 250ms;
    topology->servers = {primary, replica};
    topology->primary = 0;
    return topology;
}

/// Two workers in front of two servers.
struct Scrape {
    std::unique_ptr<Counters> first = std::make_unique<Counters>();
    std::unique_ptr<Counters> second = std::make_unique<Counters>();
    health::TopologyPtr topology = two_servers();
    std::vector<ProbeStats> probes;

    std::string text() const
    {
        MetricsSources sources;
        sources.cluster = "main";
        sources.version = "1.2.3";
        sources.workers = [this] {
            return std::vector<const Counters*>{first.get(), second.get()};
        };
        sources.topology = [this] { return topology; };
        sources.probes = [this] { return probes; };
        return Exporter(std::move(sources)).text();
    }
    bool has(std::string_view line) const
    {
        return ("\n" + text()).find("\n" + std::string(line) + "\n") != std::string::npos;
    }
};

}  // namespace

TEST_CASE("family names follow Prometheus' conventions and stand at their enumerator")
{
    std::set<std::string_view> names;
    std::size_t index = 0;
    for (const auto& family : families()) {
        INFO(family.name);
        CHECK(static_cast<std::size_t>(family.family) == index++);
        CHECK(names.insert(family.name).second);
        CHECK((family.name.starts_with("pointsman_") || family.name.starts_with("process_")));
        CHECK(family.help.ends_with('.'));
        auto is_counter = family.type == prometheus::MetricType::Counter;
        CHECK(family.name.ends_with("_total") == is_counter);
        CHECK(family.name.find("_ms") == family.name.npos);
    }
}

TEST_CASE("a scrape sums what all workers counted")
{
    Scrape scrape;
    scrape.first->sessions_opened.add(2);
    scrape.second->sessions_opened.add(3);
    scrape.first->logins_denied.add();
    scrape.second->bytes_to_clients.add(1000);
    scrape.second->sessions_closed[static_cast<std::size_t>(CloseReason::idle_timeout)].add(4);
    CHECK(scrape.has("pointsman_sessions_opened_total{cluster=\"main\"} 5"));
    CHECK(scrape.has("pointsman_logins_total{cluster=\"main\",result=\"denied\"} 1"));
    CHECK(scrape.has("pointsman_logins_total{cluster=\"main\",result=\"ok\"} 0"));
    CHECK(scrape.has("pointsman_client_sent_bytes_total{cluster=\"main\"} 1000"));
    CHECK(
        scrape.has("pointsman_sessions_closed_total{cluster=\"main\",reason=\"idle_timeout\"} 4"));
    CHECK(scrape.has("pointsman_workers{cluster=\"main\"} 2"));
    CHECK(scrape.has("pointsman_build_info{cluster=\"main\",version=\"1.2.3\"} 1"));
}

TEST_CASE("a gauge that went up on one worker and down on another is their sum")
{
    Scrape scrape;
    scrape.first->server(config::ServerId{1}).links_open.add(5);
    scrape.second->server(config::ServerId{1}).links_open.sub(2);
    CHECK(scrape.has("pointsman_links_open{cluster=\"main\",server=\"db2\"} 3"));
}

TEST_CASE("statements and errors stand under the server's name")
{
    Scrape scrape;
    auto read = static_cast<std::size_t>(StatementClass::read);
    scrape.first->server(config::ServerId{1}).statements[read].add(7);
    scrape.first->count_error(config::ServerId{0}, 1213);
    scrape.second->count_error(config::ServerId{0}, 1213);
    scrape.second->count_own_error(1040);
    CHECK(
        scrape.has("pointsman_statements_total{cluster=\"main\",server=\"db2\",kind=\"read\"} 7"));
    CHECK(scrape.has(
        "pointsman_server_errors_total{cluster=\"main\",server=\"db1\",code=\"1213\"} 2"));
    CHECK(scrape.has("pointsman_errors_total{cluster=\"main\",code=\"1040\"} 1"));
}

TEST_CASE("latency buckets are cumulative, in seconds, and end at infinity")
{
    Scrape scrape;
    scrape.first->server(config::ServerId{0}).write_latency.record(100us);
    scrape.second->server(config::ServerId{0}).write_latency.record(10s);
    std::string name = "pointsman_statement_duration_seconds";
    std::string labels = "cluster=\"main\",server=\"db1\",access=\"write\"";
    CHECK(scrape.has(name + "_bucket{" + labels + ",le=\"6.4e-05\"} 0"));
    CHECK(scrape.has(name + "_bucket{" + labels + ",le=\"0.000128\"} 1"));
    CHECK(scrape.has(name + "_bucket{" + labels + ",le=\"+Inf\"} 2"));
    CHECK(scrape.has(name + "_count{" + labels + "} 2"));
    CHECK(scrape.has(name + "_sum{" + labels + "} 10.0001"));
}

TEST_CASE("the topology is shown: roles, health, lag where known, writes")
{
    Scrape scrape;
    CHECK(scrape.has("pointsman_server_role{cluster=\"main\",server=\"db1\",role=\"primary\"} 1"));
    CHECK(scrape.has("pointsman_server_role{cluster=\"main\",server=\"db2\",role=\"primary\"} 0"));
    CHECK(scrape.has("pointsman_server_health{cluster=\"main\",server=\"db2\",state=\"up\"} 1"));
    CHECK(scrape.has("pointsman_server_takes_reads{cluster=\"main\",server=\"db2\"} 1"));
    CHECK(scrape.has("pointsman_server_lag_seconds{cluster=\"main\",server=\"db2\"} 0.25"));
    CHECK(scrape.text().find("lag_seconds{cluster=\"main\",server=\"db1\"") == std::string::npos);
    CHECK(scrape.has("pointsman_writes_state{cluster=\"main\",state=\"open\"} 1"));
    CHECK(scrape.has("pointsman_topology_epoch{cluster=\"main\"} 3"));
}

TEST_CASE("probes are shown by server and result, and those of removed servers are not")
{
    Scrape scrape;
    ProbeStats probe;
    probe.server = config::ServerId{1};
    probe.results = {{"ok", 9}, {"timeout", 1}};
    probe.timed = 10;
    probe.total_duration = 500ms;
    auto removed = probe;
    removed.server = config::ServerId{40};
    scrape.probes = {probe, removed};
    CHECK(
        scrape.has("pointsman_probes_total{cluster=\"main\",server=\"db2\",result=\"timeout\"} 1"));
    CHECK(scrape.has("pointsman_probe_duration_seconds_sum{cluster=\"main\",server=\"db2\"} 0.5"));
    CHECK(scrape.has("pointsman_probe_duration_seconds_count{cluster=\"main\",server=\"db2\"} 10"));
}

TEST_CASE("a scrape before anything is there still tells build and process")
{
    auto text = Exporter(MetricsSources{}).text();
    CHECK(text.find("pointsman_build_info{") != std::string::npos);
    CHECK(text.find("\nprocess_resident_memory_bytes ") != std::string::npos);
    CHECK(text.find("server=") == std::string::npos);
}
