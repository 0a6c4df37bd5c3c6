#include "proxy/session/registry.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <set>
#include <vector>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

const auto nothing = [](std::uint32_t) {};

}  // namespace

TEST_CASE("sessions get different connection ids, above those of servers")
{
    SessionRegistry registry;
    std::set<std::uint32_t> ids;
    for (int i = 0; i < 1000; ++i) {
        const auto [id, tag] = registry.add(nothing);
        CHECK(id >= 1u << 30);
        CHECK(ids.insert(id).second);
        CHECK(registry.find(id) == tag);
    }
    CHECK(registry.find(5) == nullptr);
}

TEST_CASE("a session that is over is not found, and its tag lives as long as someone holds it")
{
    SessionRegistry registry;
    const auto [id, tag] = registry.add(nothing);
    registry.remove(id);
    CHECK(registry.find(id) == nullptr);
    CHECK_FALSE(tag->link());
    registry.remove(id);
}

TEST_CASE("a tag says which link its session uses")
{
    SessionTag tag;
    CHECK_FALSE(tag.link());
    tag.set_link(static_cast<config::ServerId>(2), 0xfffffff0u);
    CHECK(index_of(tag.link()->server) == 2);
    CHECK(tag.link()->backend_connection_id == 0xfffffff0u);
    tag.set_link(static_cast<config::ServerId>(0), 7);
    CHECK(index_of(tag.link()->server) == 0);
    CHECK(tag.link()->backend_connection_id == 7);
}

TEST_CASE("a tag ends its own session")
{
    SessionRegistry registry;
    std::vector<std::uint32_t> ended;
    const auto end = [&](std::uint32_t id) { ended.push_back(id); };
    registry.add(end);
    const auto [id, tag] = registry.add(end);
    tag->end_session();
    CHECK(ended == std::vector{id});
}

TEST_CASE("several workers add and remove sessions at once", "[threads]")
{
    SessionRegistry registry;
    const auto work = [&registry] {
        std::set<std::uint32_t> ids;
        for (int i = 0; i < 500; ++i) {
            const auto [id, tag] = registry.add(nothing);
            tag->set_link(static_cast<config::ServerId>(1), id);
            ids.insert(id);
            if (i % 3 == 0) {
                registry.remove(id);
                continue;
            }
            if (const auto found = registry.find(id - 1)) found->link();
        }
        return ids;
    };
    auto one = std::async(std::launch::async, work);
    auto two = std::async(std::launch::async, work);
    auto ids = one.get();
    ids.merge(two.get());
    CHECK(ids.size() == 1000);
}
