#include "health/replication_graph.hpp"

#include "tests/health/model_cluster.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace pointsman::tests;

namespace {

/// db1 ← db2 ← db3, and db4 alone.
struct Chain {
    std::vector<ServerReport> reports = std::vector<ServerReport>(4);
    std::vector<Member> members;

    Chain()
    {
        for (std::size_t i = 0; i < reports.size(); ++i) {
            reports[i].facts.uuid = uuid_of(i);
            reports[i].facts.server_id = static_cast<std::uint32_t>(i + 1);
            reports[i].executed = gtids(100);
            Member member;
            member.id = config::ServerId(static_cast<std::uint32_t>(i));
            member.address = {"10.0.0." + std::to_string(i + 1), 3306, {}};
            member.report = &reports[i];
            members.push_back(member);
        }
        follow(1, uuid_of(0));
        follow(2, uuid_of(1));
    }

    ReplicationChannel& follow(std::size_t replica, const std::string& uuid)
    {
        reports[replica].channels.emplace_back().source_uuid = uuid;
        return reports[replica].channels.back();
    }
};

}  // namespace

TEST_CASE("who follows whom is found through others as well")
{
    Chain chain;
    ReplicationGraph graph{chain.members};
    CHECK(graph.follows(1, 0));
    CHECK(graph.follows(2, 0));
    CHECK_FALSE(graph.follows(0, 2));
    CHECK_FALSE(graph.follows(3, 0));
    CHECK_FALSE(graph.follows(0, 0));
    CHECK(graph.followers(0) == std::vector<std::size_t>{1, 2});
    CHECK(graph.followers(3).empty());
}

TEST_CASE("a source is known by its uuid, else by its address, else by a server id that is unique")
{
    Chain chain;
    auto& channel = chain.follow(3, uuid_of(2));
    channel.source = {"10.0.0.1", 3306, {}};
    channel.source_server_id = 2;
    ReplicationGraph graph{chain.members};
    CHECK(graph.source_of(3, channel) == 2u);

    channel.source_uuid.clear();
    CHECK(graph.source_of(3, channel) == 0u);

    channel.source = {"alias", 3306, {}};
    CHECK(graph.source_of(3, channel) == 1u);

    chain.reports[0].facts.server_id = 2;
    CHECK_FALSE(graph.source_of(3, channel).has_value());
}

TEST_CASE("servers that do not report follow nobody and are still known by their address")
{
    Chain chain;
    chain.members[0].report = nullptr;
    chain.reports[1].channels[0].source = chain.members[0].address;
    ReplicationGraph graph{chain.members};
    CHECK(graph.follows(1, 0));
    CHECK_FALSE(graph.follows(0, 1));
}

TEST_CASE("history is shared by transactions in common")
{
    struct Row {
        Flavour flavour;
        std::string a, b;
        bool shared;
    };
    const Row rows[] = {
        {Flavour::mysql, gtids(100), gtids(3), true},
        {Flavour::mysql, gtids(100) + "," + gtids(2, 1), gtids(90) + "," + gtids(8, 2), true},
        {Flavour::mysql, gtids(100, 0), gtids(100, 1), false},
        {Flavour::mysql, gtids(100), "", true},  // no GTIDs: cannot be told
        {Flavour::mysql, gtids(100), "not a set", false},
        {Flavour::mariadb, "0-1-100", "0-2-90", true},
        {Flavour::mariadb, "1-1-100", "2-2-90", false},
    };
    for (const auto& row : rows) {
        INFO(row.a << " and " << row.b);
        CHECK(gtids_in_common(row.flavour, row.a, row.b) == row.shared);
    }
}

TEST_CASE("one server covers another when it has all of its transactions, as far as can be told")
{
    Chain chain;
    chain.reports[3].executed = gtids(80);
    ReplicationGraph graph{chain.members};
    CHECK(graph.covers(0, 3));
    CHECK_FALSE(graph.covers(3, 0));
    chain.reports[3].executed.clear();
    CHECK_FALSE(graph.covers(0, 3));
}

TEST_CASE("that one lacks something is said only of what can be told")
{
    auto lacks = [](const std::string& a, const std::string& b) {
        return gtids_lack(Flavour::mysql, a, b);
    };
    CHECK(lacks(gtids(80), gtids(100)));
    CHECK_FALSE(lacks(gtids(100), gtids(80)));
    CHECK_FALSE(lacks(gtids(80), gtids(80)));
    CHECK_FALSE(lacks("", gtids(80)));
    CHECK_FALSE(lacks(gtids(80), ""));
    CHECK_FALSE(lacks("nonsense", gtids(80)));
    CHECK(gtids_lack(Flavour::mariadb, "0-1-5", "0-1-7"));
}
