#include "proxy/control/blocking_pool.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <latch>
#include <set>

using namespace pointsman::proxy;

TEST_CASE("jobs run beside each other, as many as the pool has threads")
{
    std::latch all_there{3};
    std::latch done{3};
    BlockingPool pool{3};
    for (int i = 0; i < 3; ++i)
        REQUIRE(pool.post([&] {
            all_there.arrive_and_wait();  // would never pass with fewer threads
            done.count_down();
        }));
    done.wait();
}

TEST_CASE("a pool makes no more threads than it may")
{
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::latch done{50};
    BlockingPool pool{2};
    for (int i = 0; i < 50; ++i)
        REQUIRE(pool.post([&] {
            std::lock_guard lock(mutex);
            threads.insert(std::this_thread::get_id());
            done.count_down();
        }));
    done.wait();
    std::lock_guard lock(mutex);
    CHECK(threads.size() <= 2);
}

TEST_CASE("a pool that is full refuses, and drops what waits when it ends")
{
    std::promise<void> go;
    std::atomic<int> ran{0};
    {
        std::promise<void> busy;
        BlockingPool pool{1};
        REQUIRE(pool.post([&] {
            busy.set_value();
            go.get_future().wait();
        }));
        busy.get_future().wait();
        for (std::size_t i = 0; i < BlockingPool::max_waiting; ++i)
            REQUIRE(pool.post([&] { ++ran; }));
        CHECK_FALSE(pool.post([&] { ++ran; }));
        // The pool's end begins while its only thread is busy: let it go from another one.
        std::jthread release([&] { go.set_value(); });
    }
    CHECK(ran <= static_cast<int>(BlockingPool::max_waiting));
}
