// TLS with both ends in one process: stream.hpp and tls_context.hpp.

#include "proxy/net/stream.hpp"
#include "proxy/net/tls_context.hpp"

#include "tests/support/certificates.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

using namespace pointsman;
using namespace pointsman::proxy::net;
using namespace pointsman::tests;
using namespace std::chrono_literals;
using config::ServerTlsMode;

namespace {

TlsContextPtr good(TlsContextResult result)
{
    if (auto* problem = std::get_if<std::string>(&result)) FAIL(*problem);
    return std::get<TlsContextPtr>(result);
}

std::string problem_of(const TlsContextResult& result)
{
    auto* problem = std::get_if<std::string>(&result);
    return problem ? *problem : "";
}

TlsContextPtr server_with(const Authority& authority, const std::string& name)
{
    config::ClientTls settings;
    settings.certificate = authority.path(name + ".pem");
    settings.key = authority.path(name + "-key.pem");
    return good(make_client_side_tls(settings, ""));
}

TlsContextPtr client_with(ServerTlsMode mode, const std::string& ca = {})
{
    config::ServerTls settings;
    settings.mode = mode;
    settings.ca = ca;
    return good(make_server_side_tls(settings));
}

Task<void> serve(Stream& stream, TlsContextPtr context, bool& secure)
{
    const bool started = co_await stream.start_tls_server(context->get());
    secure = started;
}

Task<void> connect(Stream& stream, TlsContextPtr context, std::string name, bool& secure)
{
    const bool verified = context->verifies_identity();
    const bool started = co_await stream.start_tls_client(context->get(), name, verified);
    secure = started;
    if (!started) stream.shut_down();
}

struct Secured {
    explicit Secured(Loop& loop) : pair(loop.reactor) {}
    StreamPair pair;
    bool server = false, client = false;
};

void handshake(Loop& loop, Secured& both, const TlsContextPtr& server, const TlsContextPtr& client,
               const std::string& name)
{
    loop.start(serve(*both.pair.far, server, both.server));
    loop.start(connect(*both.pair.near, client, name, both.client));
    loop.run();
}

Task<void> converse(Stream& stream, TlsContextPtr context, bool as_server, std::string text)
{
    bool started = false;
    if (as_server)
        started = co_await stream.start_tls_server(context->get());
    else
        started = co_await stream.start_tls_client(context->get(), "", false);
    REQUIRE(started);
    const auto bytes = bytes_of(text);
    if (!as_server) {
        const auto sent = co_await stream.write_all(bytes);
        CHECK(sent.status == IoStatus::ok);
    }
    const auto got = co_await read_to_end(stream, text.size());
    CHECK(std::string(got.begin(), got.end()) == text);
    if (as_server) {
        const auto sent = co_await stream.write_all(bytes);
        CHECK(sent.status == IoStatus::ok);
    }
    stream.shut_down();
    const auto rest = co_await read_to_end(stream);
    CHECK(rest.empty());
}

std::string content(const std::string& path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("TLS carries short and long texts both ways, and its end")
{
    Authority authority;
    authority.issue("db1", "DNS:db1");
    for (const std::size_t size : {std::size_t{1}, std::size_t{20'000}, std::size_t{4} << 20}) {
        INFO(size);
        Loop loop;
        const StreamPair pair(loop.reactor);
        std::string text(size, '\0');
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 4096);
        loop.start(converse(*pair.far, server_with(authority, "db1"), true, text));
        loop.start(converse(*pair.near, client_with(ServerTlsMode::required), false, text));
        loop.run();
    }
}

TEST_CASE("what a client demands of a server's certificate")
{
    Authority authority, other;
    authority.issue("db1", "DNS:db1.example");
    authority.issue("address", "IP:127.0.0.1");
    const auto ca = authority.path("ca.pem"), wrong_ca = other.path("ca.pem");
    struct Row {
        std::string_view what;
        ServerTlsMode mode;
        std::string ca, certificate, name;
        bool accepted;
    };
    const std::vector<Row> rows{
        {"nothing", ServerTlsMode::required, "", "db1", "elsewhere", true},
        {"known authority", ServerTlsMode::verify_ca, ca, "db1", "elsewhere", true},
        {"known authority, by address", ServerTlsMode::verify_ca, ca, "db1", "127.0.0.1", true},
        {"unknown authority", ServerTlsMode::verify_ca, wrong_ca, "db1", "db1.example", false},
        {"its name", ServerTlsMode::verify_identity, ca, "db1", "db1.example", true},
        {"another name", ServerTlsMode::verify_identity, ca, "db1", "db2.example", false},
        {"its address", ServerTlsMode::verify_identity, ca, "address", "127.0.0.1", true},
        {"another address", ServerTlsMode::verify_identity, ca, "address", "127.0.0.2", false},
        {"a name, asked by address", ServerTlsMode::verify_identity, ca, "db1", "127.0.0.1", false},
        {"its name, unknown authority", ServerTlsMode::verify_identity, wrong_ca, "db1",
         "db1.example", false},
    };
    for (const auto& row : rows) {
        INFO(row.what);
        Loop loop;
        Secured both(loop);
        handshake(loop, both, server_with(authority, row.certificate),
                  client_with(row.mode, row.ca), row.name);
        CHECK(both.client == row.accepted);
        CHECK(both.pair.near->tls_error().empty() == row.accepted);
    }
}

TEST_CASE("a peer that speaks no TLS makes the handshake fail, with a reason")
{
    Authority authority;
    authority.issue("db1", "DNS:db1");
    Loop loop;
    Secured both(loop);
    both.pair.near->try_write(bytes_of("\x03 SELECT 1, as if there were no TLS at all"));
    loop.run(serve(*both.pair.far, server_with(authority, "db1"), both.server));
    CHECK_FALSE(both.server);
    CHECK_FALSE(both.pair.far->tls_error().empty());
}

TEST_CASE("a handshake that is cut or late fails")
{
    Authority authority;
    authority.issue("db1", "DNS:db1");
    for (const bool cut : {true, false}) {
        Loop loop;
        Secured both(loop);
        both.server = true;
        if (cut)
            both.pair.near.reset();
        else
            both.pair.far->handle().set_deadline(loop.reactor.now() + 2ms);
        loop.run(serve(*both.pair.far, server_with(authority, "db1"), both.server));
        CHECK_FALSE(both.server);
        if (!cut) CHECK(both.pair.far->tls_error() == "timed out");
    }
}

TEST_CASE("session tickets of TLS 1.3 do not count as unexpected input")
{
    Authority authority;
    authority.issue("db1", "DNS:db1");
    Loop loop;
    Secured both(loop);
    handshake(loop, both, server_with(authority, "db1"), client_with(ServerTlsMode::required), "");
    REQUIRE(both.client);
    REQUIRE(both.server);
    CHECK_FALSE(both.pair.near->has_unexpected_input());
}

TEST_CASE("a self-signed certificate is made once, for the owner's eyes only, and kept")
{
    const Directory directory;
    const config::ClientTls settings;
    good(make_client_side_tls(settings, directory.path()));
    const auto certificate = directory / "server-cert.pem", key = directory / "server-key.pem";
    const auto before = content(certificate) + content(key);
    CHECK(before.find("PRIVATE KEY") != std::string::npos);
    for (const auto& path : {certificate, key}) {
        struct stat facts {};
        REQUIRE(::stat(path.c_str(), &facts) == 0);
        CHECK((facts.st_mode & 0777) == 0600);
    }
    const auto context = good(make_client_side_tls(settings, directory.path()));
    CHECK(content(certificate) + content(key) == before);

    Loop loop;
    Secured both(loop);
    handshake(loop, both, context, client_with(ServerTlsMode::required), "");
    CHECK(both.client);
    CHECK(both.server);
}

TEST_CASE("what is wrong with which file is said")
{
    Authority authority;
    authority.issue("db1", "DNS:db1");
    authority.issue("db2", "DNS:db2");
    const Directory directory;
    std::ofstream(directory / "not.pem") << "nothing of use";

    config::ClientTls settings;
    settings.certificate = directory / "missing.pem";
    settings.key = authority.path("db1-key.pem");
    CHECK_THAT(problem_of(make_client_side_tls(settings, "")), Catch::Contains("missing.pem"));
    settings.certificate = directory / "not.pem";
    CHECK_THAT(problem_of(make_client_side_tls(settings, "")), Catch::Contains("not.pem"));
    settings.certificate = authority.path("db2.pem");
    CHECK_THAT(problem_of(make_client_side_tls(settings, "")), Catch::Contains("db1-key.pem"));
    const config::ClientTls none;
    CHECK_THAT(problem_of(make_client_side_tls(none, directory / "no/such/place")),
               Catch::Contains("no/such/place"));

    config::ServerTls server;
    server.mode = ServerTlsMode::verify_ca;
    server.ca = directory / "no-ca.pem";
    CHECK_THAT(problem_of(make_server_side_tls(server)), Catch::Contains("no-ca.pem"));
}
