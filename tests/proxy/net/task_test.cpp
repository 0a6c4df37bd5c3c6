#include "proxy/net/task.hpp"

#include "tests/support/loop.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

using namespace pointsman::proxy::net;
using pointsman::tests::Loop;

namespace {

Task<int> answer(int value, std::vector<int>& order)
{
    order.push_back(value);
    co_return value;
}

Task<std::unique_ptr<int>> owner()
{
    co_return std::make_unique<int>(7);
}

Task<int> thrower()
{
    throw std::runtime_error("deep");
    co_return 0;
}

Task<int> passer()
{
    co_return co_await thrower();
}

Task<void> in_order(std::vector<int>& order)
{
    auto second = answer(2, order);
    const auto first = co_await answer(1, order);
    const auto last = co_await std::move(second);
    CHECK(first + last == 3);
    const auto owned = co_await owner();
    CHECK(*owned == 7);
}

Task<void> catching(std::string& caught)
{
    try {
        co_await passer();
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
}

// A resumed coroutine is a jump where g++ optimizes, and a call, with its stack, in a sanitized
// build.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 1'000;
#else
constexpr int rounds = 100'000;
#endif

Task<void> many(int& sum)
{
    std::vector<int> order;
    for (int i = 0; i < rounds; ++i) sum += co_await answer(1, order);
}

}  // namespace

TEST_CASE("a task begins when it is awaited and hands on its value")
{
    std::vector<int> order;
    Loop loop;
    loop.run(in_order(order));
    CHECK(order == std::vector{1, 2});
}

TEST_CASE("a task that nobody awaits does nothing")
{
    std::vector<int> order;
    {
        const auto never_awaited = answer(1, order);
    }
    CHECK(order.empty());
}

TEST_CASE("an exception passes through tasks to who awaits them")
{
    std::string caught;
    Loop loop;
    loop.run(catching(caught));
    CHECK(caught == "deep");
}

TEST_CASE("awaiting many tasks in a row takes no stack")
{
    int sum = 0;
    Loop loop;
    loop.run(many(sum));
    CHECK(sum == rounds);
}
