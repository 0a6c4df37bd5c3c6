#include "proxy/net/reactor.hpp"

#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace pointsman::proxy::net;
using namespace std::chrono_literals;
using pointsman::tests::connected_pair;
using pointsman::tests::Loop;

namespace {

Task<void> wait_readable(IoHandle& handle, Wait& result)
{
    const auto wait = co_await handle.until_readable();
    result = wait;
}

Task<void> wait_signal(Signal& signal, TimePoint deadline, std::string name,
                       std::vector<std::string>& woken)
{
    const auto wait = co_await signal.wait_until(deadline);
    woken.push_back(name + (wait == Wait::ready ? "" : " late"));
}

Task<void> wait_twice(Signal& signal, int& times)
{
    co_await signal.wait_until(never);
    ++times;
    co_await signal.wait_until(never);
    ++times;
}

}  // namespace

TEST_CASE("timers end in the order of their moments, as last set")
{
    Reactor reactor;
    std::vector<std::string> order;
    const auto start = Clock::now();
    Timer plain(reactor, [&] { order.push_back("plain"); });
    Timer later(reactor, [&] { order.push_back("later"); });
    Timer earlier(reactor, [&] { order.push_back("earlier"); });
    Timer cleared(reactor, [&] { order.push_back("cleared"); });
    Timer again(reactor, [&] { order.push_back("again"); });
    Timer last(reactor, [&] {
        order.push_back("last");
        reactor.stop();
    });
    plain.set(start + 8ms);
    later.set(start + 2ms);
    later.set(start + 12ms);
    earlier.set(start + 1h);
    earlier.set(start + 4ms);
    cleared.set(start + 2ms);
    cleared.clear();
    again.set(start + 2ms);
    again.clear();
    again.set(start + 16ms);
    last.set(start + 20ms);
    reactor.run();

    CHECK(order == std::vector<std::string>{"earlier", "plain", "later", "again", "last"});
    CHECK(Clock::now() >= start + 20ms);
}

TEST_CASE("a timer may be set anew, and others destroyed, while timers end")
{
    Reactor reactor;
    const auto start = Clock::now();
    bool destroyed_ran = false;
    int times = 0;
    auto victim = std::make_unique<Timer>(reactor, [&] { destroyed_ran = true; });
    Timer first(reactor, [&] { victim.reset(); });
    std::unique_ptr<Timer> repeating;
    repeating = std::make_unique<Timer>(reactor, [&] {
        if (++times == 3) return reactor.stop();
        repeating->set(reactor.now() + 1ms);
    });
    first.set(start + 1ms);
    victim->set(start + 2ms);
    repeating->set(start + 3ms);
    reactor.run();
    CHECK_FALSE(destroyed_ran);
    CHECK(times == 3);
}

TEST_CASE("a wait ends at the handle's deadline, and at once when it has passed")
{
    Loop loop;
    const auto fds = connected_pair();
    IoHandle near(loop.reactor, fds[0]);
    IoHandle far(loop.reactor, fds[1]);
    Wait result = Wait::ready, passed = Wait::ready;
    near.set_deadline(loop.reactor.now() + 2ms);
    far.set_deadline(loop.reactor.now() - 1ms);
    loop.start(wait_readable(near, result));
    loop.start(wait_readable(far, passed));
    CHECK(passed == Wait::timed_out);
    loop.run();
    CHECK(result == Wait::timed_out);
}

TEST_CASE("a handle whose deadline passed waits again once it has a later one")
{
    Loop loop;
    const auto fds = connected_pair();
    IoHandle near(loop.reactor, fds[0]);
    IoHandle far(loop.reactor, fds[1]);
    near.set_deadline(loop.reactor.now() - 1ms);
    near.set_deadline(never);
    Wait result = Wait::cancelled;
    loop.start(wait_readable(near, result));
    REQUIRE(near.is_waited_on());
    REQUIRE(::write(far.fd(), "x", 1) == 1);
    loop.run();
    CHECK(result == Wait::ready);
}

TEST_CASE("cancelling ends the wait under way, or the next one")
{
    Loop loop;
    const auto fds = connected_pair();
    IoHandle near(loop.reactor, fds[0]);
    IoHandle far(loop.reactor, fds[1]);
    Wait under_way = Wait::ready, next = Wait::ready, after = Wait::ready;

    loop.start(wait_readable(near, under_way));
    CHECK(near.is_waited_on());
    near.cancel();
    CHECK(under_way == Wait::cancelled);
    CHECK_FALSE(near.is_waited_on());

    far.cancel();
    loop.start(wait_readable(far, next));
    CHECK(next == Wait::cancelled);
    loop.start(wait_readable(far, after));
    CHECK(after == Wait::cancelled);
}

TEST_CASE("a mark for waits to come leaves the wait under way alone")
{
    Loop loop;
    const auto fds = connected_pair();
    IoHandle near(loop.reactor, fds[0]);
    IoHandle far(loop.reactor, fds[1]);
    Wait result = Wait::ready;
    loop.start(wait_readable(near, result));
    near.mark_cancelled();
    CHECK(near.is_waited_on());
    near.cancel();
    CHECK(result == Wait::cancelled);
}

TEST_CASE("an event for a handle that another event's work destroyed reaches nobody")
{
    Reactor reactor;
    const auto one = connected_pair(), two = connected_pair();
    auto first = std::make_unique<IoHandle>(reactor, one[0]);
    auto second = std::make_unique<IoHandle>(reactor, two[0]);
    // Both are readable in the same turn; whichever comes first destroys the other.
    REQUIRE(::write(one[1], "x", 1) == 1);
    REQUIRE(::write(two[1], "x", 1) == 1);
    struct Killer {
        static Task<void> run(IoHandle& mine, std::unique_ptr<IoHandle>& other, int& ran)
        {
            co_await mine.until_readable();
            ++ran;
            if (!other->is_waited_on()) co_return;
            other->mark_cancelled();
            other->cancel();  // ends the other coroutine before its handle goes
            other.reset();
        }
    };
    int ran = 0;
    spawn(Killer::run(*first, second, ran));
    spawn(Killer::run(*second, first, ran));
    Timer end(reactor, [&] { reactor.stop(); });
    end.set(Clock::now() + 5ms);
    reactor.run();
    CHECK(ran == 2);
    CHECK((first == nullptr) != (second == nullptr));
    ::close(one[1]);
    ::close(two[1]);
}

TEST_CASE("a signal wakes all who wait, in the order they came")
{
    Loop loop;
    Signal signal(loop.reactor);
    std::vector<std::string> woken;
    signal.notify_all();  // nobody is there: nothing is remembered
    for (const auto* name : {"a", "b", "c"}) loop.start(wait_signal(signal, never, name, woken));
    CHECK(woken.empty());
    signal.notify_all();
    CHECK(woken == std::vector<std::string>{"a", "b", "c"});
    loop.run();
}

TEST_CASE("who waits for a signal waits no longer than asked")
{
    Loop loop;
    Signal signal(loop.reactor);
    std::vector<std::string> woken;
    const auto now = loop.reactor.now();
    loop.start(wait_signal(signal, now + 6ms, "b", woken));
    loop.start(wait_signal(signal, now + 2ms, "a", woken));
    loop.start(wait_signal(signal, now - 1ms, "c", woken));
    Timer notify(loop.reactor, [&] { signal.notify_all(); });
    notify.set(now + 12ms);
    loop.start(wait_signal(signal, never, "d", woken));
    loop.run();
    CHECK(woken == std::vector<std::string>{"c late", "a late", "b late", "d"});
}

TEST_CASE("who waits again while being woken is woken by the next notice only")
{
    Loop loop;
    Signal signal(loop.reactor);
    int times = 0;
    loop.start(wait_twice(signal, times));
    signal.notify_all();
    CHECK(times == 1);
    signal.notify_all();
    CHECK(times == 2);
    loop.run();
}

TEST_CASE("work posted by other threads runs on the loop's, in the order of each", "[threads]")
{
    constexpr int each = 1000;
    Reactor reactor;
    const auto here = std::this_thread::get_id();
    std::vector<int> seen[2];
    bool elsewhere = false;
    int left = 2 * each;
    const auto poster = [&](int number) {
        for (int i = 0; i < each; ++i)
            reactor.post([&, number, i] {
                seen[number].push_back(i);
                elsewhere = elsewhere || std::this_thread::get_id() != here;
                if (--left == 0) reactor.stop();
            });
    };
    auto one = std::async(std::launch::async, poster, 0);
    auto two = std::async(std::launch::async, poster, 1);
    reactor.run();
    one.get();
    two.get();

    CHECK_FALSE(elsewhere);
    for (const auto& order : seen) {
        CHECK(order.size() == each);
        CHECK(std::is_sorted(order.begin(), order.end()));
    }
}

TEST_CASE("another thread stops a loop that waits for nothing", "[threads]")
{
    Reactor reactor;
    auto stopper = std::async(std::launch::async, [&] { reactor.stop(); });
    reactor.run();
    stopper.get();
    SUCCEED();
}

TEST_CASE("work posted by posted work runs too")
{
    Reactor reactor;
    int depth = 0;
    std::function<void()> work = [&] {
        if (++depth == 5) return reactor.stop();
        reactor.post(work);
    };
    reactor.post(work);
    reactor.run();
    CHECK(depth == 5);
}
