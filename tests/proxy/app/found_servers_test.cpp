#include "proxy/app/found_servers.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;

namespace {

config::Server server(const std::string& name, const std::string& host)
{
    config::Server one;
    one.name = name;
    one.address = {host, 3306, {}};
    return one;
}

struct Scene {
    config::Config listed;
    health::Topology topology;
    FoundServers found;
    net::TimePoint now{1h};

    Scene()
    {
        listed.discover = true;
        listed.servers = {server("db1", "a")};
        health::ServerView primary;
        primary.uuid = "uuid-a";
        primary.health = health::HealthState::up;
        topology.servers = {primary};
        topology.primary = 0;
    }

    bool look(std::vector<std::string> named, std::vector<health::FoundReplica> replicas)
    {
        std::vector<std::string> fresh;
        health::Discovery seen{true, std::move(named), std::move(replicas), {}};
        return found.take(seen, listed, topology, now, fresh);
    }

    std::vector<std::string> names()
    {
        auto config = listed;
        found.add_to(config);
        std::vector<std::string> names;
        for (const auto& one : config.servers) names.push_back(one.name);
        return names;
    }
};

using Names = std::vector<std::string>;
const health::FoundReplica replica_b{"uuid-b", {"b", 3306, {}}};

}  // namespace

TEST_CASE("what was found is added to what is listed, once")
{
    Scene scene;
    CHECK(scene.look({"uuid-b"}, {replica_b}));
    CHECK(scene.names() == Names{"db1", "b:3306"});
    CHECK_FALSE(scene.look({"uuid-b"}, {}));
    scene.listed.servers.push_back(server("db2", "b"));
    CHECK(scene.names() == Names{"db1", "db2"});
}

TEST_CASE("a listed server is not doubled, and no more than allowed are added")
{
    Scene scene;
    CHECK_FALSE(scene.look({"uuid-x"}, {{"uuid-x", {"a", 3306, {}}}}));
    scene.listed.discover_limit = 1;
    CHECK(scene.look({"uuid-b", "uuid-c"}, {replica_b, {"uuid-c", {"c", 3306, {}}}}));
    CHECK(scene.names() == Names{"db1", "b:3306"});
}

TEST_CASE("one that replicates no longer is forgotten, but not for want of a primary")
{
    Scene scene;
    scene.look({"uuid-b"}, {replica_b});
    scene.topology.primary.reset();
    scene.now += 1h;
    CHECK_FALSE(scene.look({}, {}));
    scene.topology.primary = 0;
    scene.now += 1min;
    CHECK_FALSE(scene.look({}, {}));
    scene.now += 9min;
    CHECK(scene.look({}, {}));
    CHECK(scene.names() == Names{"db1"});
}

TEST_CASE("the primary is never forgotten")
{
    Scene scene;
    scene.look({"uuid-b"}, {replica_b});
    scene.topology.servers[0].uuid = "uuid-b";
    scene.now += 24h;
    CHECK_FALSE(scene.look({}, {}));
}

TEST_CASE("what was found goes when discovery is switched off")
{
    Scene scene;
    scene.look({"uuid-b"}, {replica_b});
    scene.listed.discover = false;
    CHECK(scene.names() == Names{"db1"});
}

namespace {

const health::FoundReplica known_b{"00000000-0000-0000-0000-00000000000b", {"b", 3306, {}}};

/// Another process with this configuration, and what it says to the text.
std::pair<Names, std::string> recalled(const std::string& text, config::Config listed)
{
    Scene next;
    next.listed = std::move(listed);
    auto said = next.found.recall(text, next.listed, next.now);
    return {next.names(), said.value_or("")};
}

}  // namespace

TEST_CASE("what was found is known at the next start")
{
    Scene scene;
    CHECK(scene.found.text(scene.listed.servers).empty());
    scene.look({known_b.uuid}, {known_b});
    auto text = scene.found.text(scene.listed.servers);
    CHECK(recalled(text, scene.listed) == std::pair{Names{"db1", "b:3306"}, std::string{}});
    auto both = scene.listed;
    both.servers.push_back(server("db2", "b"));
    CHECK(recalled(text, both).first == Names{"db1", "db2"});
}

TEST_CASE("what was recalled is forgotten like the others")
{
    Scene scene;
    scene.look({known_b.uuid}, {known_b});
    Scene next;
    next.now = scene.now + 24h;
    REQUIRE_FALSE(next.found.recall(scene.found.text(scene.listed.servers), next.listed, next.now));
    next.now += 9min;
    CHECK_FALSE(next.look({}, {}));
    next.now += 1min;
    CHECK(next.look({}, {}));
    CHECK(next.names() == Names{"db1"});
}

TEST_CASE("a damaged list, or another cluster's, is not used")
{
    Scene scene;
    scene.look({known_b.uuid}, {known_b});
    auto text = scene.found.text(scene.listed.servers);
    for (std::size_t size = 0; size < text.size(); ++size) {
        auto [names, said] = recalled(text.substr(0, size), scene.listed);
        CHECK(names == Names{"db1"});
        CHECK(said.find("damaged") != said.npos);
    }
    auto changed = text;
    changed.replace(changed.find("0000"), 4, "zzzz");
    CHECK(recalled(changed, scene.listed).first == Names{"db1"});
    CHECK(recalled(text + "more\n", scene.listed).first == Names{"db1"});
    auto other = scene.listed;
    other.servers = {server("db9", "z")};
    auto [names, said] = recalled(text, other);
    CHECK(names == Names{"db9"});
    CHECK(said.find("other servers") != said.npos);
}
