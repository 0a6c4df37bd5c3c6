#include "proxy/pool/link_pool.hpp"

#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>

using namespace pointsman;
using namespace pointsman::proxy;
using tests::Loop;
using Turn = LinkPool::Turn;

namespace {

constexpr auto db1 = static_cast<config::ServerId>(0);
constexpr auto db2 = static_cast<config::ServerId>(1);

/// A pool without servers: its links are one end of a socket pair.
struct Fixture {
    explicit Fixture(std::uint32_t max_links = 2, std::uint32_t per_account = 0)
    {
        config::Pool limits;
        limits.max_links = max_links;
        limits.max_links_per_account = per_account;
        pool.set_limits(limits, 1);
    }
    ~Fixture()
    {
        for (int fd : peers) ::close(fd);
    }

    std::unique_ptr<Lease> lease(const std::string& user = "joe", config::ServerId server = db1,
                                 std::uint64_t era = 1)
    {
        return std::make_unique<Lease>(pool, pool.group({server, user, 0, 45, "", era}));
    }
    void open(Lease& lease, const std::string& schema = "")
    {
        auto fds = tests::connected_pair();
        peers.push_back(fds[1]);
        auto stream = std::make_unique<net::Stream>(loop.reactor, fds[0]);
        auto link = std::make_unique<BackendLink>(lease.server(), std::move(stream), buffers,
                                                  counters);
        link->schema = schema;
        pool.adopt(lease, std::move(link));
    }
    bool take(Lease& lease, const std::string& schema = "app")
    {
        LinkWish wish{no_variables(), schema};
        return pool.try_take(lease, wish);
    }

    Loop loop;
    Counters counters;
    net::BufferPool buffers{4096, 16};
    LinkPool pool{loop.reactor, counters};
    std::vector<int> peers;
};

net::Task<void> wait_for(LinkPool& pool, Lease& lease, std::chrono::milliseconds patience,
                         std::vector<std::string>& log, std::string name)
{
    auto deadline = net::Clock::now() + patience;
    auto turn = co_await pool.wait(lease, deadline);
    constexpr const char* names[] = {" has a link", " may open", " timed out"};
    log.push_back(name + names[static_cast<int>(turn)]);
    if (turn == Turn::has_link) lease.park();
    if (turn == Turn::may_open) pool.unreserve(lease);
}

}  // namespace

TEST_CASE("a parked link waits for the session that parked it")
{
    Fixture f;
    auto mine = f.lease();
    REQUIRE(f.pool.reserve(*mine));
    f.open(*mine);
    auto* link = mine->held();
    mine->park();
    CHECK(mine->held() == nullptr);
    CHECK(mine->retake());
    CHECK(mine->held() == link);
    CHECK_FALSE(mine->retake());
    CHECK(f.counters.server(db1).links_moved.get() == 0);
}

TEST_CASE("another session of the group may take it, and the first one notices")
{
    Fixture f;
    auto mine = f.lease(), yours = f.lease();
    REQUIRE(f.pool.reserve(*mine));
    f.open(*mine);
    auto* link = mine->held();
    mine->park();
    CHECK(f.take(*yours));
    CHECK(yours->held() == link);
    CHECK_FALSE(mine->retake());
    CHECK(f.counters.server(db1).links_moved.get() == 1);
    yours->park();
    CHECK_FALSE(mine->retake());  // it is no longer the one that mine knows
    CHECK(yours->retake());
}

TEST_CASE("only sessions of the same account, flags and era share")
{
    Fixture f(10);
    auto mine = f.lease();
    REQUIRE(f.pool.reserve(*mine));
    f.open(*mine);
    mine->park();
    auto other_user = f.lease("ann"), other_server = f.lease("joe", db2),
         other_era = f.lease("joe", db1, 2);
    for (auto* lease : {other_user.get(), other_server.get(), other_era.get()})
        CHECK_FALSE(f.take(*lease));
}

TEST_CASE("a link with a default schema is not for a session without")
{
    Fixture f;
    auto mine = f.lease(), yours = f.lease();
    REQUIRE(f.pool.reserve(*mine));
    f.open(*mine, "app");
    mine->park();
    CHECK_FALSE(f.take(*yours, ""));
    CHECK(f.take(*yours, "shop"));
}

TEST_CASE("a link that is at the wished state already is preferred")
{
    Fixture f;
    auto one = f.lease(), two = f.lease(), three = f.lease();
    for (auto* lease : {one.get(), two.get()}) REQUIRE(f.pool.reserve(*lease));
    f.open(*one, "shop");
    f.open(*two, "app");
    auto* at_app = two->held();
    one->park();
    two->park();
    CHECK(f.take(*three, "app"));
    CHECK(three->held() == at_app);
}

TEST_CASE("limits hold by server and by account, and idle links of others make room")
{
    Fixture f(3, 2);
    auto a = f.lease(), b = f.lease(), c = f.lease(), ann = f.lease("ann"), bob = f.lease("bob");
    REQUIRE(f.pool.reserve(*a));
    f.open(*a);
    REQUIRE(f.pool.reserve(*b));
    f.open(*b);
    CHECK_FALSE(f.pool.reserve(*c));  // two are joe's
    REQUIRE(f.pool.reserve(*ann));
    f.open(*ann);
    CHECK_FALSE(f.pool.reserve(*bob));  // three in all
    CHECK(f.pool.open_links(db1) == 3);
    a->park();
    CHECK(f.pool.reserve(*bob));  // joe's idle one was closed for it
    CHECK(f.pool.open_links(db1) == 3);
    CHECK_FALSE(a->retake());
    f.pool.unreserve(*bob);
    CHECK(f.pool.open_links(db1) == 2);
}

TEST_CASE("who waits is served in the order of arrival, and nobody overtakes")
{
    Fixture f(1);
    auto holder = f.lease(), first = f.lease(), second = f.lease(), third = f.lease();
    REQUIRE(f.pool.reserve(*holder));
    f.open(*holder);
    std::vector<std::string> log;
    f.loop.start(wait_for(f.pool, *first, std::chrono::seconds(20), log, "first"));
    f.loop.start(wait_for(f.pool, *second, std::chrono::seconds(20), log, "second"));
    holder->park();
    CHECK_FALSE(holder->retake());
    CHECK_FALSE(f.take(*third));
    CHECK_FALSE(f.pool.reserve(*third));
    f.loop.run();
    CHECK(log == std::vector<std::string>{"first has a link", "second has a link"});
}

TEST_CASE("a link that is closed lets the next one open its own")
{
    Fixture f(1);
    auto holder = f.lease(), next = f.lease("ann");
    REQUIRE(f.pool.reserve(*holder));
    f.open(*holder);
    std::vector<std::string> log;
    f.loop.start(wait_for(f.pool, *next, std::chrono::seconds(20), log, "next"));
    SECTION("because it broke") { holder->drop(); }
    SECTION("because it is idle, and another account's") { holder->park(); }
    f.loop.run();
    CHECK(log == std::vector<std::string>{"next may open"});
    CHECK(f.pool.open_links(db1) == 0);
}

TEST_CASE("waiting ends at its deadline")
{
    Fixture f(1);
    auto holder = f.lease(), next = f.lease();
    REQUIRE(f.pool.reserve(*holder));
    f.open(*holder);
    std::vector<std::string> log;
    f.loop.run(wait_for(f.pool, *next, std::chrono::milliseconds(5), log, "next"));
    CHECK(log == std::vector<std::string>{"next timed out"});
    CHECK(f.counters.link_wait_timeouts.get() == 1);
    holder->park();
    CHECK(holder->retake());  // nobody waits for it any more
}

net::Task<void> until_closed(Loop& loop, const LinkPool& pool, std::uint32_t left)
{
    while (pool.open_links(db1) > left) {
        net::Signal nobody(loop.reactor);
        auto soon = net::Clock::now() + std::chrono::milliseconds(20);
        co_await nobody.wait_until(soon);
    }
}

TEST_CASE("links of an era that nobody belongs to any more are closed")
{
    Fixture f(8);
    auto staying = f.lease("joe", db1, 1);
    REQUIRE(f.pool.reserve(*staying));
    f.open(*staying);
    staying->park();
    {
        auto leaving = f.lease("ann", db1, 1);
        REQUIRE(f.pool.reserve(*leaving));
        f.open(*leaving);
        leaving->park();
    }
    auto newer = f.lease("ann", db1, 2);
    f.loop.run(until_closed(f.loop, f.pool, 1));
    CHECK(staying->retake());
}

TEST_CASE("a lease that ends with its link in hand closes it")
{
    Fixture f;
    {
        auto mine = f.lease();
        REQUIRE(f.pool.reserve(*mine));
        f.open(*mine);
        CHECK(f.pool.open_links(db1) == 1);
    }
    CHECK(f.pool.open_links(db1) == 0);
    CHECK(f.counters.server(db1).links_open.get() == 0);
}
