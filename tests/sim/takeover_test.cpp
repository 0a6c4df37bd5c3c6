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
    std::uint64_t failovers = 0, switchovers = 0, reopened = 0;
};

Sum run_all(bool semi_sync, bool faults, std::uint64_t count)
{
    Sum sum;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        World world({.seed = seed, .semi_sync = semi_sync, .faults = faults});
        world.run();
        sum.failovers += world.failovers;
        sum.switchovers += world.switchovers;
        sum.reopened += world.reopened;
        if (world.broken.empty()) continue;
        std::string log;
        for (const auto& line : world.log) log += line + "\n";
        FAIL("seed " << seed << ": " << world.broken << "\n" << log);
    }
    return sum;
}

}  // namespace

TEST_CASE("with semi-synchronous replicas no acknowledged write is lost, whatever breaks")
{
    auto sum = run_all(true, true, seeds());
    CHECK(sum.failovers > seeds() / 10);
    CHECK(sum.switchovers > seeds() / 10);
    CHECK(sum.reopened > seeds() / 100);
}

TEST_CASE("without them a cluster comes back as well")
{
    auto sum = run_all(false, true, seeds() / 2);
    CHECK(sum.failovers > seeds() / 20);
}

TEST_CASE("a cluster that nothing happens to is switched over, and never failed over")
{
    auto sum = run_all(true, false, seeds() / 10);
    CHECK(sum.failovers == 0);
    CHECK(sum.switchovers >= seeds() / 10);
}
