#include "config/loader.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace pointsman::config;

namespace {

constexpr auto one_server = "servers:\n  - {name: db1, address: db1:3307}\n";

/// An environment and files for one test.
struct World {
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> files;

    Surroundings surroundings() const
    {
        auto variable = [this](const std::string& name) -> std::optional<std::string> {
            auto found = environment.find(name);
            if (found == environment.end()) return std::nullopt;
            return found->second;
        };
        auto read = [this](const std::string& path) -> FileText {
            auto found = files.find(path);
            if (found == files.end()) return {{}, "No such file or directory"};
            return {found->second, {}};
        };
        return {variable, read};
    }
};

LoadResult load(const std::string& text, const World& world = {})
{
    return load_config_text(text, "/etc/pointsman/p.yaml", world.surroundings());
}

/// All mistakes as the operator sees them, without the file's name.
std::vector<std::string> mistakes_in(const std::string& text, const World& world = {})
{
    std::vector<std::string> lines;
    for (Mistake mistake : load(text, world).mistakes) {
        mistake.file = "f";
        lines.push_back(to_text(mistake));
    }
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a file with one server has defaults for everything else")
{
    const auto result = load(one_server);
    REQUIRE(to_text(result.mistakes) == "");
    Config expected;
    expected.listeners.emplace_back();
    expected.servers.push_back({ServerId{}, "db1", {"db1", 3307, {}}, 100, false});
    CHECK(*result.config == expected);
    CHECK(result.config->listeners[0].name == "default");
}

TEST_CASE("values land in the fields of their names")
{
    const auto result = load(R"(
cluster: orders
workers: 3
state_directory: state
listeners:
  - {name: ro, address: /run/p.sock, mode: replicas, client_tls: required, max_connections: 7}
servers:
  - {name: db1, address: 10.0.0.1, weight: 0, maintenance: true}
users: [{name: app, password: ""}]
routing: {max_lag: 2s, no_replica: error, retry_reads: false, hold_timeout: 0}
limits: {session_buffer: 64KiB}
log: {level: debug, format: json, file: /var/log/p.log}
)");
    REQUIRE(to_text(result.mistakes) == "");
    const Config& config = *result.config;
    CHECK(config.cluster == "orders");
    CHECK(config.workers == 3);
    CHECK(config.state_directory == "/etc/pointsman/state");
    REQUIRE(config.listeners.size() == 1);
    Listener expected;
    expected.name = "ro";
    expected.address = {"", 0, "/run/p.sock"};
    expected.mode = ListenerMode::replicas;
    expected.client_tls = ClientTlsMode::required;
    expected.max_connections = 7;
    CHECK(config.listeners[0] == expected);
    CHECK(config.servers[0] == Server{ServerId{}, "db1", {"10.0.0.1", 3306, {}}, 0, true});
    CHECK(config.users[0].name == "app");
    CHECK(config.routing.max_lag == Milliseconds{2'000});
    CHECK(config.routing.no_replica == NoReplica::error);
    CHECK_FALSE(config.routing.retry_reads);
    CHECK(config.routing.hold_timeout == Milliseconds{0});
    CHECK(config.limits.session_buffer == ByteCount{65'536});
    CHECK(config.log == Log{LogLevel::debug, LogFormat::json, "/var/log/p.log"});
}

TEST_CASE("all mistakes come at once, each with its place and what was expected")
{
    const auto lines = mistakes_in(R"(clutser: main
servers:
  - {name: db1, address: db1}
  - name: db 2
    address: "db2:"
    wieght: 5
    weight: many
probe:
  interval: 100
  rise: [1]
routing:
  no_replica: primry
limits:
  session_buffer: 1KiB
  max_lag: 1s
  wait_timeout: 1h
  wait_timeout: 2h
log: loud
)");
    CHECK(lines ==
          Lines{
              "f:1:1: clutser: unknown key; did you mean cluster?",
              "f:4:5: servers[1].name: expected a name of 1 to 64 letters, digits, '_', '.' or "
              "'-', such "
              "as db-1; got \"db 2\"",
              "f:5:5: servers[1].address: expected an address such as db1.example.com:3306, "
              "10.0.0.5, "
              "[::1]:3306 or /run/mysqld.sock; got \"db2:\"",
              "f:6:5: servers[1].wieght: unknown key; did you mean weight?",
              "f:7:5: servers[1].weight: expected a whole number, from 0 to 10000; got \"many\"",
              "f:9:3: probe.interval: expected a duration such as 250ms, 5s, 10min, 8h or 1d, from "
              "10ms "
              "to 1min; got \"100\"",
              "f:10:3: probe.rise: expected a whole number, from 1 to 100; got a list",
              "f:12:3: routing.no_replica: expected primary or error (did you mean primary?); got "
              "\"primry\"",
              "f:14:3: limits.session_buffer: expected a size such as 512B, 16KiB, 4MiB or 1GiB, "
              "from "
              "4KiB to 16MiB; got \"1KiB\"",
              "f:15:3: limits.max_lag: unknown key here; it belongs to routing",
              "f:17:3: limits.wait_timeout: given twice; the first is in line 16",
              "f:18:1: log: expected a map with the keys level, format, file; got text",
          });
}

TEST_CASE("required keys that are missing are named at their entry")
{
    CHECK(mistakes_in("servers:\n  - {address: db1}\n  - {name: db2}\nusers:\n  - {name: app}\n") ==
          Lines{"f:2:5: servers[0]: the key name is missing",
                "f:3:5: servers[1]: the key address is missing",
                "f:5:5: users[0]: one of password, password_env and password_file is missing"});
}

TEST_CASE("a file that is no YAML is told with the place")
{
    const auto lines = mistakes_in("servers:\n  - {name: db1\nprobe: {}\n");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("f:3:6: not valid YAML: ") == 0);
}

TEST_CASE("an empty file, a scalar and a list are no configuration")
{
    CHECK(mistakes_in("").size() == 1);
    CHECK(mistakes_in("# nothing\n")[0].find("there are no servers") != std::string::npos);
    CHECK(mistakes_in("hello")[0].find("expected a map with the keys cluster") !=
          std::string::npos);
    CHECK_FALSE(mistakes_in("- servers").empty());
}

TEST_CASE("sections without anything below keep their defaults")
{
    const auto result = load(std::string{one_server} + "probe:\nusers:\nmonitor: {}\n");
    REQUIRE(to_text(result.mistakes) == "");
    CHECK(result.config->probe == Probe{});
    CHECK(result.config->users.empty());
}

TEST_CASE("a secret is read from the file, the environment or another file")
{
    const World world{
        {{"APP_PASSWORD", "from env"}},
        {{"/run/secrets/a", "from file\r\nsecond line\n"}, {"/etc/pointsman/b", "relative"}}};
    const auto result = load(std::string{one_server} + R"(
monitor: {password_env: APP_PASSWORD}
users:
  - {name: a, password_file: /run/secrets/a}
  - {name: b, password_file: b}
  - {name: c, password: 12345}
)",
                             world);
    REQUIRE(to_text(result.mistakes) == "");
    CHECK(result.config->monitor.password.value == "from env");
    CHECK(result.config->monitor.password.environment == "APP_PASSWORD");
    CHECK(result.config->users[0].password.value == "from file");
    CHECK(result.config->users[1].password.value == "relative");
    CHECK(result.config->users[2].password.value == "12345");
}

TEST_CASE("a secret that cannot be had is a mistake")
{
    CHECK(mistakes_in(std::string{one_server} + R"(monitor: {password_env: NOT_THERE}
users:
  - {name: a, password_file: /nowhere}
  - {name: b, password: x, password_env: Y}
)") == Lines{"f:3:11: monitor.password_env: the environment variable \"NOT_THERE\" is not set",
             "f:5:15: users[0].password_file: cannot read \"/nowhere\": No such file or directory",
             "f:6:5: users[1]: only one of password, password_env and password_file can be given"});
}

TEST_CASE("no message shows a secret")
{
    const std::string texts[] = {
        "monitor: {password: [hunter2]}",
        "monitor: {password: {hunter2: hunter2}}",
        "monitor: hunter2",
        "users: hunter2",
        "users: [hunter2]",
        "users: [{name: a, pasword: hunter2}]",
        "users: [{name: a, password: hunter2, password_file: /x}]",
        "users: [{name: a, password: hunter2, password: hunter2}]",
        "monitor: {password: !vault hunter2}",
        "monitor: {password: *hunter2}",
        "monitor: {password: \"hunter2}",
    };
    for (const auto& text : texts) {
        INFO(text);
        const auto result = load(std::string{one_server} + text + "\n");
        CHECK_FALSE(result.ok());
        CHECK(to_text(result.mistakes).find("hunter2") == std::string::npos);
    }
}

TEST_CASE("aliases, tags, second documents and odd keys are refused")
{
    CHECK(mistakes_in("cluster: &a x\nserver_version: *a\n")[0].find("f:2:17: YAML aliases") == 0);
    CHECK(mistakes_in("cluster: !env X\n")[0].find("f:1:10: YAML tags") == 0);
    CHECK_FALSE(mistakes_in(std::string{one_server} + "---\ncluster: b\n").empty());
    CHECK(mistakes_in("? [a, [b]]\n: c\n")[0].find("expected a key, got a list") !=
          std::string::npos);
}

TEST_CASE("a flood of mistakes is cut with a word that there are more")
{
    std::string text;
    for (int i = 0; i < 5'000; ++i) text += "unknown_" + std::to_string(i) + ": 1\n";
    const auto result = load(text);
    CHECK(result.mistakes.size() == Reading::max_mistakes + 1);
    CHECK(result.mistakes.back().message.find("more mistakes") != std::string::npos);
}

TEST_CASE("a file that is not there is a mistake and no crash")
{
    const auto result = load_config("/nowhere/p.yaml");
    REQUIRE(result.mistakes.size() == 1);
    CHECK(to_text(result.mistakes[0]) ==
          "/nowhere/p.yaml: cannot be read: No such file or directory");
    CHECK_FALSE(load_config("/").ok());
    CHECK_FALSE(load_config("/dev/zero").ok());
}

TEST_CASE("a list of networks is read, each entry with its place")
{
    const std::string servers =
        "servers: [{name: a, address: a}]\nlisteners:\n  - address: \"1\"\n";
    const auto good =
        load_config_text(servers + "    proxy_protocol: [10.0.0.0/8, 'fd00::/8']\n", "f");
    REQUIRE(to_text(good.mistakes) == "");
    const auto& networks = good.config->listeners[0].proxy_protocol;
    REQUIRE(networks.size() == 2);
    CHECK(networks[0].contains("10.9.9.9"));
    CHECK(networks[1].contains("fd01::1"));
    const auto one = load_config_text(servers + "    proxy_protocol: 192.0.2.7\n", "f");
    REQUIRE(to_text(one.mistakes) == "");
    CHECK(one.config->listeners[0].proxy_protocol.size() == 1);
    const auto bad = load_config_text(servers + "    proxy_protocol: [10.0.0.0/8, here]\n", "f");
    REQUIRE(bad.mistakes.size() == 1);
    CHECK(to_text(bad.mistakes[0]) ==
          "f:4:34: listeners[0].proxy_protocol[1]: expected a network such as 10.0.0.0/8, "
          "192.0.2.7 or fd00::/8 (no bits behind it); got \"here\"");
}

TEST_CASE("a hook is one command or a list of them")
{
    const std::string servers =
        "servers: [{name: db1, address: 10.0.0.1}]\nmonitor: {password: x}\n";
    auto hooks = [&](const std::string& text) {
        auto loaded = load_config_text(servers + "hooks: {after_failover: " + text + "}\n", "f");
        INFO((loaded.mistakes.empty() ? "" : to_text(loaded.mistakes.front())));
        REQUIRE(loaded.config);
        return loaded.config->hooks.after_failover;
    };
    CHECK(hooks("'notify {failedHost}'") == Hooks::Commands{"notify {failedHost}"});
    CHECK(hooks("[one, 'two 2']") == Hooks::Commands{"one", "two 2"});
    CHECK(hooks("''").empty());
    CHECK_FALSE(load_config_text(servers + "hooks: {after_failover: {a: b}}\n", "f").config);
}
