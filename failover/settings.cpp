#include "failover/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace pointsman::failover {
namespace {

enum class Test : std::uint8_t { equals, at_least, at_most };

/// When a rule matters.
enum class Where : std::uint8_t { always, semi_sync, strict, on_replicas };

struct Rule {
    std::string_view name;
    Test test;
    std::string_view wanted;
    bool required;
    bool at_run_time;
    Where where;
    std::string_view why;
};

// The values are of the MySQL 9.7 manual's replication chapters and of measurements on 9.7.
constexpr Rule rules[] = {
    {"gtid_mode", Test::equals, "ON", true, false, Where::always,
     "without GTIDs nobody can tell what a replica has"},
    {"enforce_gtid_consistency", Test::equals, "ON", true, false, Where::always, "GTIDs need it"},
    {"log_bin", Test::equals, "ON", true, false, Where::always,
     "a server without a binary log cannot become the primary"},
    {"log_replica_updates", Test::equals, "ON", true, false, Where::always,
     "others could not replicate from it what it has replicated itself"},
    {"binlog_format", Test::equals, "ROW", true, true, Where::always,
     "statements may do something else on a replica"},
    {"binlog_row_image", Test::equals, "FULL", false, true, Where::always,
     "a replica that differs is noticed later"},
    {"sync_binlog", Test::equals, "1", false, true, Where::always,
     "a crash of its machine loses the end of its binary log"},
    {"innodb_flush_log_at_trx_commit", Test::equals, "1", false, true, Where::always,
     "a crash of its machine loses commits"},
    {"max_binlog_size", Test::at_most, "134217728", false, true, Where::always,
     "a replica that attaches scans the file (219 ms for 662 MB)"},
    {"relay_log_recovery", Test::equals, "ON", false, false, Where::always,
     "after a crash a replica may apply broken relay logs"},
    {"replica_net_timeout", Test::at_most, "10", false, true, Where::always,
     "replicas notice a broken connection late"},
    {"replica_net_timeout", Test::at_least, "3", false, true, Where::always,
     "a receiver that reconnects too early stops late: it delays a failover by seconds"},
    {"replica_parallel_workers", Test::at_least, "4", false, true, Where::always,
     "a replica that lags makes takeovers long"},
    {"replica_preserve_commit_order", Test::equals, "ON", true, false, Where::always,
     "its history would have gaps"},
    {"boot.super_read_only", Test::equals, "ON", false, false, Where::always,
     "a primary that restarts takes writes before anybody has looked at it"},
    {"rpl_semi_sync_replica_enabled", Test::equals, "ON", true, true, Where::semi_sync,
     "it does not acknowledge what it has received: the primary's last commits may be lost"},
    {"rpl_semi_sync_source_wait_point", Test::equals, "AFTER_SYNC", true, true, Where::semi_sync,
     "others see commits that a failover may lose"},
    {"rpl_semi_sync_source_wait_no_replica", Test::equals, "ON", true, true, Where::strict,
     "the primary goes on alone when its replicas are gone"},
    {"rpl_semi_sync_source_timeout", Test::equals, "4294967295", true, true, Where::strict,
     "the primary goes on alone after it"},
    {"boot.rpl_semi_sync_source_enabled", Test::equals, "OFF", false, false, Where::semi_sync,
     "a replica that waits for replicas of its own applies nothing; Pointsman turns it on"},
    {"channel.auto_position", Test::equals, "1", true, false, Where::on_replicas,
     "it cannot be put below another source"},
    {"channel.heartbeat", Test::at_most, "0.5", false, true, Where::on_replicas,
     "a lost primary is noticed only after three heartbeats"},
    {"channel.retry_interval", Test::at_most, "5", false, true, Where::on_replicas,
     "it comes back late to a source that was gone"},
    {"channel.retry_count", Test::at_least, "86400", false, true, Where::on_replicas,
     "it gives its source up for good after so many attempts"},
};

// README.md has the statement that grants them.
constexpr std::string_view privileges[] = {"REPLICATION_SLAVE_ADMIN",
                                           "SYSTEM_VARIABLES_ADMIN",
                                           "CONNECTION_ADMIN",
                                           "XA_RECOVER_ADMIN",
                                           "PROCESS",
                                           "RELOAD",
                                           "SYSTEM_USER"};

std::optional<double> number_in(std::string_view text)
{
    double value = 0;
    auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

bool holds(const Rule& rule, std::string_view has)
{
    if (rule.test == Test::equals) return has == rule.wanted;
    auto value = number_in(has);
    auto bound = number_in(rule.wanted);
    if (!value || !bound) return false;
    return rule.test == Test::at_least ? *value >= *bound : *value <= *bound;
}

bool matters(const Rule& rule, const Settings& settings, const config::Failover& failover)
{
    switch (rule.where) {
        case Where::always:
            return true;
        case Where::semi_sync:
            return failover.durability != config::Durability::off;
        case Where::strict:
            return failover.durability == config::Durability::strict;
        case Where::on_replicas:
            return settings.contains("channel.auto_position");
    }
    return true;
}

std::string wanted_text(const Rule& rule)
{
    std::string bound = rule.test == Test::at_least  ? "at least "
                        : rule.test == Test::at_most ? "at most "
                                                     : "";
    return bound + std::string(rule.wanted);
}

/// Options of a channel are no lines of a file; a plugin's variable needs the plugin.
std::string my_cnf_line(const Rule& rule)
{
    auto name = rule.name;
    if (name.starts_with("channel.")) return {};
    if (name.starts_with("boot.")) name.remove_prefix(5);
    std::string prefix = name.starts_with("rpl_semi_sync_") ? "loose_" : "";
    return prefix + std::string(name) + " = " + std::string(rule.wanted);
}

void advise_grants(const Settings& settings, std::vector<Advice>& advice)
{
    // What comes by roles is not listed with the account's own.
    auto roles = settings.find("roles");
    bool listed = roles != settings.end() && roles->second == "NONE";
    if (!listed) return;
    for (auto privilege : privileges)
        if (!settings.contains("grant." + std::string(privilege)))
            advice.push_back({"grant." + std::string(privilege), "", "granted", "",
                              "the account that moves the role needs it", true, false, ""});
}

}  // namespace

Settings parse_settings(std::string_view text)
{
    Settings settings;
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        auto equals = line.find('=');
        if (equals == line.npos || equals == 0) continue;
        settings.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return settings;
}

std::vector<Advice> advise(const Settings& settings, const config::Failover& failover)
{
    std::vector<Advice> advice;
    for (const auto& rule : rules) {
        if (!matters(rule, settings, failover)) continue;
        auto at = settings.find(rule.name);
        bool there = at != settings.end();
        // Set while it ran: what it will be after a restart cannot be seen.
        bool at_boot = rule.name.starts_with("boot.");
        if (at_boot && (!there || at->second == "unknown")) continue;
        if (there && holds(rule, at->second)) continue;
        advice.push_back({std::string(rule.name), there ? at->second : "", wanted_text(rule),
                          std::string(rule.wanted), std::string(rule.why), rule.required,
                          rule.at_run_time && there, my_cnf_line(rule)});
    }
    advise_grants(settings, advice);
    std::ranges::stable_partition(advice, &Advice::required);
    return advice;
}

std::vector<std::string_view> advised_variables()
{
    std::vector<std::string_view> names;
    for (const auto& rule : rules)
        if (rule.name.find('.') == rule.name.npos) names.push_back(rule.name);
    return names;
}

std::string my_cnf_of(const std::vector<Advice>& advice)
{
    std::string lines;
    for (const auto& one : advice)
        if (!one.my_cnf.empty()) lines += one.my_cnf + "\n";
    bool semi_sync = lines.find("loose_rpl_semi_sync_") != lines.npos;
    if (semi_sync)
        lines =
            "plugin_load_add = semisync_source.so\nplugin_load_add = semisync_replica.so\n" + lines;
    return lines.empty() ? lines : "[mysqld]\n" + lines;
}

std::string to_text(const std::string& server, const std::vector<Advice>& advice)
{
    std::string text = server + "'s settings: ";
    for (const auto& one : advice) {
        bool first = &one == &advice.front();
        text += (first ? "" : "; ") + one.name + " is " + (one.has.empty() ? "missing" : one.has) +
                " (wanted: " + one.wanted + ")";
    }
    return text;
}

}  // namespace pointsman::failover
