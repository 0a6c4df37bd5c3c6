#include "proxy/control/topology_board.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

health::TopologyPtr revision(std::uint64_t number)
{
    auto topology = std::make_shared<health::Topology>();
    topology->revision = number;
    return topology;
}

}  // namespace

TEST_CASE("a board is never without a topology")
{
    TopologyBoard board;
    REQUIRE(board.get());
    CHECK(board.get()->servers.empty());
    CHECK(board.get()->writes == health::WriteState::none);
}

TEST_CASE("subscribers get the current snapshot at once, each new one, and none after they left")
{
    TopologyBoard board;
    board.publish(revision(7));
    std::vector<std::uint64_t> seen;
    auto subscription = board.subscribe([&](const auto& t) { seen.push_back(t->revision); });
    board.publish(revision(8));
    board.unsubscribe(subscription);
    board.publish(revision(9));
    CHECK(seen == std::vector<std::uint64_t>{7, 8});
    CHECK(board.get()->revision == 9);
}

TEST_CASE("whoever is called finds the new snapshot on the board")
{
    TopologyBoard board;
    std::uint64_t found = 0;
    board.subscribe([&](const auto&) { found = board.get()->revision; });
    board.publish(revision(3));
    CHECK(found == 3);
}
