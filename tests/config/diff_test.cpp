#include "config/diff.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::config;

namespace {

using Names = std::vector<std::string>;

Config two_servers()
{
    Config config;
    config.listeners.emplace_back();
    config.servers = {{ServerId{0}, "db1", {"db1", 3306, {}}},
                      {ServerId{1}, "db2", {"db2", 3306, {}}}};
    config.users = {{"app", {"secret-one", {}, {}}}};
    return config;
}

}  // namespace

TEST_CASE("equal configurations have no difference, whatever ids and order")
{
    const Config from = two_servers();
    Config to = two_servers();
    std::swap(to.servers[0], to.servers[1]);
    to.servers[0].id = ServerId{9};
    CHECK(diff(from, to).empty());
    CHECK(diff(from, to).servers.empty());
}

TEST_CASE("a changed value is told with its old and new text and flags its part only")
{
    const Config from = two_servers();
    Config to = two_servers();
    to.servers[1].weight = 50;
    to.probe.interval = Milliseconds{50};
    to.log.file = "/var/log/p.log";
    const Diff found = diff(from, to);
    CHECK(found.sentences == Names{"server db2: weight 100 → 50", "probe: interval 100ms → 50ms",
                                   "log: file \"\" → /var/log/p.log"});
    CHECK(found.servers.changed == Names{"db2"});
    CHECK(found.servers.added.empty());
    CHECK(found.servers.removed.empty());
    CHECK(found.probe);
    CHECK(found.log);
    CHECK_FALSE(found.limits);
    CHECK_FALSE(found.monitor);
    CHECK(found.needs_restart.empty());
}

TEST_CASE("servers that come, go and move are named")
{
    const Config from = two_servers();
    Config to = two_servers();
    to.servers[0].address.host = "10.0.0.1";
    to.servers[1].name = "db3";
    const Diff found = diff(from, to);
    CHECK(found.sentences == Names{"server db2 (db2:3306) removed",
                                   "server db1: address db1:3306 → 10.0.0.1:3306",
                                   "server db3 (db2:3306) added"});
    CHECK(found.servers.removed == Names{"db2", "db1"});
    CHECK(found.servers.added == Names{"db1", "db3"});
    CHECK(found.servers.changed.empty());
}

TEST_CASE("a listener with another address is one less and one more, not a restart")
{
    const Config from = two_servers();
    Config to = two_servers();
    to.listeners[0].address = {"", 0, "/run/p.sock"};
    to.listeners.push_back({"ro", {"0.0.0.0", 3307, {}}, ListenerMode::replicas});
    const Diff found = diff(from, to);
    CHECK(found.listeners.removed == Names{"default"});
    CHECK(found.listeners.added == Names{"default", "ro"});
    CHECK(found.needs_restart.empty());
}

TEST_CASE("a changed secret is told without its text")
{
    const Config from = two_servers();
    Config to = two_servers();
    to.users[0].password.value = "secret-two";
    to.monitor.password = {"secret-three", "VARIABLE", {}};
    const Diff found = diff(from, to);
    CHECK(found.sentences == Names{"monitor: password changed", "user app: password changed"});
    CHECK(found.users.changed == Names{"app"});
    CHECK(found.monitor);
}

TEST_CASE("what cannot be applied says that it needs a start")
{
    const Config from = two_servers();
    Config to = two_servers();
    to.workers = 4;
    to.state_directory = "/srv";
    to.metrics.address.port = 9200;
    to.routing.retry_reads = false;
    const Diff found = diff(from, to);
    CHECK(found.sentences.size() == 4);
    CHECK(
        found.needs_restart ==
        Names{"workers 0 → 4 takes effect with the next start",
              "state_directory /var/lib/pointsman → /srv takes effect with the next start",
              "metrics: address 127.0.0.1:9127 → 127.0.0.1:9200 takes effect with the next start"});
}
