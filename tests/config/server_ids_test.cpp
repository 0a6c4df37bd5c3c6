#include "config/server_ids.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::config;

namespace {

Config with_servers(std::initializer_list<std::pair<std::string, std::string>> servers)
{
    Config config;
    for (const auto& [name, host] : servers)
        config.servers.push_back({ServerId{}, name, {host, 3306, {}}});
    return config;
}

std::vector<std::uint32_t> ids(const Config& config)
{
    std::vector<std::uint32_t> all;
    for (const Server& server : config.servers) all.push_back(index_of(server.id));
    return all;
}

using Ids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("ids start at 0, stay with name and address, and are never used again")
{
    std::uint32_t next_free = 0;
    Config first = with_servers({{"a", "h1"}, {"b", "h2"}});
    REQUIRE_FALSE(assign_server_ids(first, nullptr, next_free).has_value());
    CHECK(ids(first) == Ids{0, 1});

    Config second = with_servers({{"c", "h3"}, {"b", "h2"}, {"a", "moved"}});
    REQUIRE_FALSE(assign_server_ids(second, &first, next_free).has_value());
    CHECK(ids(second) == Ids{2, 1, 3});

    // "a" comes back to where it was: what was known of it is gone, so it is a new server.
    Config third = with_servers({{"a", "h1"}});
    REQUIRE_FALSE(assign_server_ids(third, &second, next_free).has_value());
    CHECK(ids(third) == Ids{4});
    CHECK(next_free == 5);
}

TEST_CASE("when ids run out the reload is refused and nothing has changed")
{
    std::uint32_t next_free = max_server_ids - 1;
    Config last = with_servers({{"a", "h1"}});
    REQUIRE_FALSE(assign_server_ids(last, nullptr, next_free).has_value());
    CHECK(ids(last) == Ids{255});

    Config unchanged = with_servers({{"a", "h1"}});
    CHECK_FALSE(assign_server_ids(unchanged, &last, next_free).has_value());
    CHECK(ids(unchanged) == Ids{255});

    Config more = with_servers({{"b", "h2"}});
    const auto mistake = assign_server_ids(more, &last, next_free);
    REQUIRE(mistake.has_value());
    CHECK(mistake->message.find("restart") != std::string::npos);
    CHECK(next_free == max_server_ids);
}
