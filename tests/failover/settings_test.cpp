#include "failover/settings.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;

namespace {

/// A replica on which nothing is to be mended, in the strictest mode.
const std::string sound =
    "gtid_mode=ON\nenforce_gtid_consistency=ON\nlog_bin=ON\nlog_replica_updates=ON\n"
    "binlog_format=ROW\nbinlog_row_image=FULL\nsync_binlog=1\ninnodb_flush_log_at_trx_commit=1\n"
    "max_binlog_size=134217728\nrelay_log_recovery=ON\nreplica_net_timeout=3\n"
    "replica_parallel_workers=4\nreplica_preserve_commit_order=ON\nboot.super_read_only=ON\n"
    "rpl_semi_sync_replica_enabled=ON\nrpl_semi_sync_source_wait_point=AFTER_SYNC\n"
    "rpl_semi_sync_source_wait_no_replica=ON\nrpl_semi_sync_source_timeout=4294967295\n"
    "boot.rpl_semi_sync_source_enabled=OFF\nchannel.auto_position=1\nchannel.heartbeat=0.100\n"
    "channel.retry_interval=1\nchannel.retry_count=86400\nroles=`dba`@`%`\n";

config::Failover strict()
{
    config::Failover failover;
    failover.durability = config::Durability::strict;
    return failover;
}

/// The advice when one setting is another; an empty value: the server does not have it.
std::vector<Advice> advice_with(const std::string& name, const std::string& value,
                                const config::Failover& failover = strict())
{
    auto settings = parse_settings(sound);
    settings.erase(name);
    if (!value.empty()) settings[name] = value;
    return advise(settings, failover);
}

}  // namespace

TEST_CASE("a server that is set up well needs nothing")
{
    CHECK(advise(parse_settings(sound), strict()).empty());
    CHECK(my_cnf_of({}).empty());
}

TEST_CASE("each setting that is not as it should be is named with what to do")
{
    struct Case {
        const char *name, *value;
        bool required, at_run_time;
        const char* line;
    };
    const Case cases[] = {
        {"gtid_mode", "OFF", true, false, "gtid_mode = ON"},
        {"log_bin", "", true, false, "log_bin = ON"},
        {"sync_binlog", "0", false, true, "sync_binlog = 1"},
        {"replica_net_timeout", "60", false, true, "replica_net_timeout = 10"},
        {"replica_net_timeout", "1", false, true, "replica_net_timeout = 3"},
        {"boot.super_read_only", "OFF", false, false, "super_read_only = ON"},
        {"rpl_semi_sync_replica_enabled", "OFF", true, true,
         "loose_rpl_semi_sync_replica_enabled = ON"},
        {"rpl_semi_sync_source_timeout", "10000", true, true,
         "loose_rpl_semi_sync_source_timeout = 4294967295"},
        {"channel.heartbeat", "30.000", false, true, ""},
        {"channel.retry_count", "10", false, true, ""},
        {"channel.auto_position", "0", true, false, ""},
    };
    for (const auto& one : cases) {
        INFO(one.name << " = " << one.value);
        auto advice = advice_with(one.name, one.value);
        REQUIRE(advice.size() == 1);
        CHECK(advice[0].name == one.name);
        CHECK(advice[0].has == one.value);
        CHECK(advice[0].required == one.required);
        CHECK(advice[0].at_run_time == one.at_run_time);
        CHECK(advice[0].my_cnf == one.line);
        CHECK_FALSE(advice[0].why.empty());
    }
}

TEST_CASE("semi-synchronous settings matter as far as durability asks for them")
{
    config::Failover failover;
    failover.durability = config::Durability::off;
    CHECK(advice_with("rpl_semi_sync_replica_enabled", "OFF", failover).empty());
    failover.durability = config::Durability::degradable;
    CHECK(advice_with("rpl_semi_sync_source_timeout", "10000", failover).empty());
    CHECK(advice_with("rpl_semi_sync_replica_enabled", "OFF", failover).size() == 1);
}

TEST_CASE("without the plugins the file gets the lines that load them")
{
    auto advice = advice_with("rpl_semi_sync_replica_enabled", "");
    REQUIRE(advice.size() == 1);
    CHECK_FALSE(advice[0].at_run_time);
    CHECK(my_cnf_of(advice) ==
          "[mysqld]\nplugin_load_add = semisync_source.so\nplugin_load_add = semisync_replica.so\n"
          "loose_rpl_semi_sync_replica_enabled = ON\n");
}

TEST_CASE("what a restart brings is not guessed")
{
    CHECK(advice_with("boot.super_read_only", "unknown").empty());
}

TEST_CASE("a primary has no channel to be set up")
{
    auto settings = parse_settings(sound);
    std::erase_if(settings, [](const auto& entry) { return entry.first.starts_with("channel."); });
    CHECK(advise(settings, strict()).empty());
}

TEST_CASE("missing privileges are named, but not those that may come by a role")
{
    CHECK(advice_with("roles", "NONE").size() == 7);
    auto settings = parse_settings(sound + "grant.PROCESS=yes\n");
    settings["roles"] = "NONE";
    auto advice = advise(settings, strict());
    CHECK(advice.size() == 6);
    CHECK(advice.front().required);
}

TEST_CASE("what is required comes first")
{
    auto settings = parse_settings(sound);
    settings["sync_binlog"] = "0";
    settings["channel.auto_position"] = "0";
    auto advice = advise(settings, strict());
    REQUIRE(advice.size() == 2);
    CHECK(advice[0].name == "channel.auto_position");
    CHECK(to_text("db1", advice) ==
          "db1's settings: channel.auto_position is 0 (wanted: 1); sync_binlog is 0 (wanted: 1)");
}
