#include "health/discovery.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;

namespace {

ResultSet replicas(std::vector<Row> rows)
{
    return {{"Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"}, std::move(rows)};
}

ResultSet callers(std::vector<Row> rows)
{
    return {{"PROCESSLIST_HOST"}, std::move(rows)};
}

}  // namespace

TEST_CASE("a replica is looked for where it says, then where its connection comes from")
{
    auto named = read_replicas(replicas({{"2", "db2", "3307", "1", "uuid-2"}}),
                               callers({{"10.0.0.2"}, {"db2"}}));
    REQUIRE(named.size() == 1);
    CHECK(named[0] == NamedReplica{"uuid-2", {{"db2", 3307, {}}, {"10.0.0.2", 3307, {}}}});
}

TEST_CASE("a replica that tells no host is one of the callers")
{
    auto named =
        read_replicas(replicas({{"2", "", "3306", "1", "uuid-2"}}), callers({{"10.0.0.2"}, {}}));
    REQUIRE(named.size() == 1);
    CHECK(named[0].addresses == std::vector<config::Endpoint>{{"10.0.0.2", 3306, {}}});
}

TEST_CASE("a replica without a uuid or a port cannot be found")
{
    CHECK(read_replicas(replicas({{"2", "db2", "3306", "1", ""}, {"3", "db3", "0", "1", "uuid-3"}}),
                        callers({}))
              .empty());
}

TEST_CASE("few addresses are tried for each replica")
{
    auto named = read_replicas(replicas({{"2", "db2", "3306", "1", "uuid-2"}}),
                               callers({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}}));
    REQUIRE(named.size() == 1);
    CHECK(named[0].addresses.size() == 4);
}
