#include "config/loader.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::config;

namespace {

const std::string one_server = "servers: [{name: db1, address: db1}]\n";
const std::string certificate = "-----BEGIN CERTIFICATE-----\n";
const std::string key = "-----BEGIN PRIVATE KEY-----\n";

Surroundings with_pem_files()
{
    auto read = [](const std::string& path) -> FileText {
        if (path == "/cert.pem") return {certificate, {}};
        if (path == "/key.pem") return {key, {}};
        if (path == "/text") return {"hello", {}};
        return {{}, "Permission denied"};
    };
    return {[](const std::string&) { return std::nullopt; }, read};
}

/// The mistakes as "line path: message".
std::vector<std::string> mistakes_in(const std::string& text)
{
    std::vector<std::string> lines;
    for (const Mistake& mistake : load_config_text(text, "f", with_pem_files()).mistakes)
        lines.push_back(std::to_string(mistake.line) + " " + mistake.path + ": " + mistake.message);
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("names and addresses that occur twice point at each other")
{
    CHECK(mistakes_in(R"(servers:
  - {name: db1, address: db1}
  - {name: db1, address: db2}
  - {name: db3, address: db1:3306}
users:
  - {name: app, password: a}
  - {name: app, password: b}
listeners:
  - {address: a:1}
  - {address: a:2}
)") == Lines{
           "10 listeners[1].name: the name \"default\" is already taken by the entry in line 9",
           "3 servers[1].name: the name \"db1\" is already taken by the entry in line 2",
           "4 servers[2].address: the address \"db1:3306\" is already taken by the entry in line 2",
           "7 users[1].name: the name \"app\" is already taken by the entry in line 6"});
}

TEST_CASE("addresses that cannot be listened on at once are found")
{
    CHECK(mistakes_in(one_server + R"(listeners:
  - {name: a, address: 0.0.0.0:3306}
  - {name: b, address: 127.0.0.1:3306}
  - {name: c, address: "[::]:3306"}
  - {name: d, address: 127.0.0.1:0}
  - {name: e, address: 127.0.0.1:0}
  - {name: f, address: /run/a.sock}
  - {name: g, address: /run/a.sock}
  - {name: h, address: 0.0.0.0:9127}
)") == Lines{"4 listeners[1].address: 127.0.0.1:3306 collides with listeners[0].address "
             "(0.0.0.0:3306)",
             "9 listeners[6].address: /run/a.sock collides with listeners[5].address (/run/a.sock)",
             "10 listeners[7].address: 0.0.0.0:9127 collides with metrics.address "
             "(127.0.0.1:9127)"});
    CHECK(mistakes_in(one_server + "metrics: {enabled: false}\nlisteners: [{address: a:9127}]\n")
              .empty());
}

TEST_CASE("TLS settings that do not fit together are told")
{
    CHECK(mistakes_in(one_server + R"(client_tls:
  certificate: /cert.pem
  min_version: "1.1"
server_tls:
  mode: verify_ca
  key: /key.pem
)") == Lines{"2 client_tls: certificate and key go together; key is missing",
             "4 client_tls.min_version: expected \"1.2\" or \"1.3\"; got \"1.1\"",
             "5 server_tls: certificate and key go together; certificate is missing",
             "6 server_tls.mode: verify_ca needs server_tls.ca, the file of certificates to verify "
             "against"});
    CHECK(mistakes_in(one_server + R"(client_tls: {certificate: /cert.pem, key: /key.pem}
server_tls: {mode: verify_identity, ca: /cert.pem}
)")
              .empty());
}

TEST_CASE("files that cannot be read or are no certificates are told")
{
    CHECK(mistakes_in(one_server + R"(client_tls: {certificate: /nowhere, key: /text}
server_tls: {ca: /key.pem}
)") == Lines{"2 client_tls.certificate: cannot read \"/nowhere\": Permission denied",
             "2 client_tls.key: \"/text\" is not a PEM file with a \"PRIVATE KEY\" in it",
             "3 server_tls.ca: \"/key.pem\" is not a PEM file with a \"CERTIFICATE\" in it"});
}

TEST_CASE("times that make no sense together are told")
{
    CHECK(mistakes_in(one_server + R"(limits:
  handshake_timeout: 500ms
  connect_timeout: 1s
  wait_timeout: 10ms
)") == Lines{"4 limits.connect_timeout: 1s is longer than limits.handshake_timeout (500ms), but a "
             "client's login waits for a server's",
             "5 limits.wait_timeout: expected 0 (as the servers say) or at least 1s; got 10ms"});
}

TEST_CASE("every number has bounds")
{
    const std::string rows[] = {
        "workers: 257",
        "listeners: [{max_connections: 0}]",
        "probe: {interval: 0}",
        "probe: {interval: 2min}",
        "probe: {timeout: 0}",
        "probe: {connect_timeout: 0}",
        "probe: {rise: 0}",
        "probe: {fall: 101}",
        "routing: {max_lag: 0}",
        "routing: {hold_timeout: 1h}",
        "credentials: {ttl: 0}",
        "credentials: {max_entries: 0}",
        "limits: {handshake_timeout: 0}",
        "limits: {connect_timeout: 0}",
        "limits: {drain_timeout: 2d}",
        "limits: {max_connect_errors: 0}",
        "limits: {connect_error_block: 0}",
        "limits: {session_buffer: 4095B}",
        "limits: {session_buffer: 17MiB}",
        "limits: {max_status_packet: 17MiB}",
        "limits: {max_retry_command: 1GiB}",
        "workers: -1",
        "workers: 99999999999999999999",
    };
    for (const auto& row : rows) {
        INFO(row);
        const auto lines = mistakes_in(one_server + row + "\n");
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].find(", from ") != std::string::npos);
    }
}

TEST_CASE("a version that clients could not read is refused")
{
    CHECK(mistakes_in(one_server + "server_version: 8.4.3-pointsman\n").empty());
    for (std::string version : {"mysql", "8", "\"8.0 beta\"", "\"8.0\\u00e9\""}) {
        INFO(version);
        CHECK(mistakes_in(one_server + "server_version: " + version + "\n").size() == 1);
    }
}

TEST_CASE("a server needs a port and lists have an end")
{
    CHECK(mistakes_in("servers: [{name: a, address: a:0}]\n") ==
          Lines{"1 servers[0].address: a server's port cannot be 0"});
    CHECK(mistakes_in("servers: []\nlisteners: []\n").size() == 2);
    std::string many = "servers:\n";
    for (int i = 0; i < 257; ++i)
        many += "  - {name: s" + std::to_string(i) + ", address: h" + std::to_string(i) + "}\n";
    CHECK(mistakes_in(many) == Lines{"1 servers: at most 256 can be listed"});
}
