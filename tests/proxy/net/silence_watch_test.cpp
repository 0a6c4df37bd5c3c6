// Whether the other end is gone. In a network of its own, which can be broken.

#include "proxy/net/silence_watch.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

using namespace pointsman::proxy::net;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = 400ms;

void set_up_loopback(bool up)
{
    const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    constexpr std::string_view name = "lo";
    std::copy(name.begin(), name.end(), request.ifr_name);
    request.ifr_flags = static_cast<short>(up ? IFF_UP : 0);
    REQUIRE(::ioctl(any, SIOCSIFFLAGS, &request) == 0);
    ::close(any);
}

/// Two connected sockets in the network of the calling thread; the near one does not block.
struct Pair {
    int near = -1, far = -1;

    Pair()
    {
        const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listener, 1) == 0);
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
        near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(::connect(near, reinterpret_cast<sockaddr*>(&address), size) == 0);
        far = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        ::close(listener);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair()
    {
        ::close(near);
        ::close(far);
    }
    /// Until the kernel takes no more of it.
    void fill() const
    {
        const std::vector<char> much(1 << 20, 'x');
        while (::send(near, much.data(), much.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
        }
    }
};

/// Asks for so long, or until it is lost.
bool is_lost_within(int fd, Clock::duration time)
{
    SilenceWatch watch;
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
        if (watch.is_lost(fd, Clock::now(), limit)) return true;
        ::poll(nullptr, 0, 10);
    }
    return false;
}

/// Runs it in a thread whose network is its own. Nothing where that is not allowed.
void in_own_network(const std::function<void()>& check)
{
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) != 0) return;
        set_up_loopback(true);
        check();
    }).join();
}

}  // namespace

TEST_CASE("an end that takes nothing but answers is not lost, one that is gone is", "[silence]")
{
    in_own_network([] {
        const Pair pair;
        pair.fill();
        CHECK_FALSE(is_lost_within(pair.near, 5 * limit));
        set_up_loopback(false);
        CHECK(is_lost_within(pair.near, 30s));
    });
}

TEST_CASE("what was sent and is not acknowledged tells that the other end is gone", "[silence]")
{
    in_own_network([] {
        const Pair pair;
        CHECK_FALSE(is_lost_within(pair.near, limit));
        set_up_loopback(false);
        CHECK_FALSE(is_lost_within(pair.near, 2 * limit));  // nothing was asked of it
        REQUIRE(::send(pair.near, "x", 1, MSG_NOSIGNAL) == 1);
        const auto asked = Clock::now();
        CHECK(is_lost_within(pair.near, 30s));
        CHECK(Clock::now() - asked >= limit);
        set_up_loopback(true);
        char got = 0;
        REQUIRE(::recv(pair.far, &got, 1, 0) == 1);
        CHECK_FALSE(is_lost_within(pair.near, 2 * limit));
    });
}

TEST_CASE("what is no TCP connection is never lost", "[silence]")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    SilenceWatch watch;
    CHECK_FALSE(watch.is_lost(ends[0], Clock::now(), 0ms));
    ::close(ends[0]);
    ::close(ends[1]);
}
