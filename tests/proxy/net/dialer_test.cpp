// Dialling what a Listener accepts: dialer.hpp and listener.hpp.

#include "proxy/net/dialer.hpp"

#include "proxy/net/listener.hpp"
#include "proxy/net/random_bytes.hpp"

#include "tests/support/certificates.hpp"
#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

using namespace pointsman;
using namespace pointsman::proxy::net;
using namespace pointsman::tests;
using namespace std::chrono_literals;

namespace {

int listen_on(const config::Endpoint& endpoint)
{
    auto opened = open_listening_socket(endpoint);
    if (auto* problem = std::get_if<std::string>(&opened)) FAIL(*problem);
    return std::get<int>(opened);
}

Task<void> dial_to(Reactor& reactor, config::Endpoint endpoint, std::string& problem)
{
    auto result = co_await dial(reactor, endpoint, reactor.now() + 10s);
    if (auto* text = std::get_if<std::string>(&result)) problem = *text;
}

struct Visit {
    std::string problem;
    std::vector<Accepted> accepted;
};

/// One dial to `endpoint`, on whose socket `listening_fd` a Listener sits.
Visit visit(const config::Endpoint& endpoint, int listening_fd)
{
    Visit seen;
    Reactor reactor;
    Timer patience(reactor, [&] { reactor.stop(); });
    patience.set(reactor.now() + 10s);
    {
        const Listener listener(reactor, listening_fd, [&](Accepted accepted) {
            ::close(accepted.fd);
            seen.accepted.push_back(std::move(accepted));
            reactor.stop();
        });
        spawn(dial_to(reactor, endpoint, seen.problem));
        reactor.run();
    }
    return seen;
}

}  // namespace

TEST_CASE("a dialled connection reaches the listener, which knows where it comes from")
{
    const int fd = listen_on({"127.0.0.1", 0, {}});
    const auto port = bound_port(fd);
    REQUIRE(port != 0);
    const auto seen = visit({"127.0.0.1", port, {}}, fd);
    CHECK(seen.problem.empty());
    REQUIRE(seen.accepted.size() == 1);
    CHECK(seen.accepted[0].peer_host == "127.0.0.1");
    CHECK(seen.accepted[0].peer_port != 0);
    CHECK_FALSE(seen.accepted[0].is_unix);
}

TEST_CASE("so does one over a unix socket")
{
    const Directory directory;
    const config::Endpoint endpoint{"", 0, directory / "sock"};
    const auto seen = visit(endpoint, listen_on(endpoint));
    CHECK(seen.problem.empty());
    REQUIRE(seen.accepted.size() == 1);
    CHECK(seen.accepted[0].peer_host == "localhost");
    CHECK(seen.accepted[0].is_unix);
}

TEST_CASE("a name is looked up", "[threads]")
{
    const int fd = listen_on({"127.0.0.1", 0, {}});
    const auto seen = visit({"localhost", bound_port(fd), {}}, fd);
    CHECK(seen.accepted.size() == 1);
}

TEST_CASE("nobody listening is a sentence")
{
    // A port that was free a moment ago, and a path that never was.
    const int fd = listen_on({"127.0.0.1", 0, {}});
    const auto port = bound_port(fd);
    ::close(fd);
    const Directory directory;
    std::string refused, missing;
    Loop loop;
    loop.start(dial_to(loop.reactor, {"127.0.0.1", port, {}}, refused));
    loop.start(dial_to(loop.reactor, {"", 0, directory / "sock"}, missing));
    loop.run();
    CHECK_THAT(refused, Catch::Contains("refused"));
    CHECK_FALSE(missing.empty());
}

TEST_CASE("a port in use is a sentence, but for other workers of this process")
{
    const int fd = listen_on({"127.0.0.1", 0, {}});
    const auto port = bound_port(fd);
    const int again = listen_on({"127.0.0.1", port, {}});
    ::close(fd);
    ::close(again);

    auto nowhere = open_listening_socket({"192.0.2.1", port, {}});  // no address of this machine
    REQUIRE(std::holds_alternative<std::string>(nowhere));
    CHECK_FALSE(std::get<std::string>(nowhere).empty());
}

TEST_CASE("random bytes fill all of the room, differently each time")
{
    protocol::Buffer one(64), two(64);
    fill_random(one);
    fill_random(two);
    CHECK(one != two);
    CHECK(one != protocol::Buffer(64));
    CHECK(std::count(one.begin(), one.end(), protocol::Byte{0}) < 8);
    fill_random({});
}
