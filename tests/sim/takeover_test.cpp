#include "tests/sim/world.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace pointsman::sim;

namespace {

/// `./dev sim` sets it.
std::uint64_t seeds()
{
    const char* wanted = std::getenv("POINTSMAN_SIM_SEEDS");
    return wanted ? std::strtoull(wanted, nullptr, 10) : 1'000;
}

struct Sum {
    std::uint64_t failovers = 0, switchovers = 0, reopened = 0, deaths = 0, resumed = 0;
    std::uint64_t broken = 0;
};

Sum run_all(Options options, std::uint64_t count)
{
    Sum sum;
    for (options.seed = 1; options.seed <= count; ++options.seed) {
        World world(options);
        world.run();
        const auto& truth = world.truth;
        sum.failovers += truth.failovers;
        sum.switchovers += truth.switchovers;
        sum.reopened += truth.reopened;
        sum.deaths += truth.deaths;
        sum.resumed += truth.resumed;
        if (truth.broken.empty()) continue;
        ++sum.broken;
        if (options.forgets) break;
        std::string log;
        for (const auto& line : truth.log) log += line + "\n";
        FAIL("seed " << options.seed << ": " << truth.broken << "\n" << log);
    }
    return sum;
}

}  // namespace

TEST_CASE("with semi-synchronous replicas no acknowledged write is lost, whatever breaks")
{
    auto sum = run_all({}, seeds());
    CHECK(sum.failovers > seeds() / 10);
    CHECK(sum.switchovers > seeds() / 10);
    CHECK(sum.reopened > seeds() / 100);
}

TEST_CASE("without them a cluster comes back as well")
{
    auto sum = run_all({.semi_sync = false}, seeds() / 2);
    CHECK(sum.failovers > seeds() / 20);
}

TEST_CASE("a cluster that nothing happens to is switched over, and never failed over")
{
    auto sum = run_all({.faults = false}, seeds() / 10);
    CHECK(sum.failovers == 0);
    CHECK(sum.switchovers >= seeds() / 10);
}

TEST_CASE("a takeover that dies with Pointsman is finished or undone by the next process")
{
    auto sum = run_all({.deaths = true}, seeds());
    CHECK(sum.deaths > seeds());
    CHECK(sum.resumed > seeds() / 5);
    sum = run_all({.semi_sync = false, .deaths = true}, seeds() / 2);
    CHECK(sum.resumed > seeds() / 10);
}

TEST_CASE("it is the journal that makes that possible")
{
    // One seed in 170 shows it, and the first ends it.
    auto sum = run_all({.deaths = true, .forgets = true}, 5'000);
    CHECK(sum.resumed == 0);
    CHECK(sum.broken == 1);
}
