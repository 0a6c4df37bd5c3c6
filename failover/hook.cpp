#include "failover/hook.hpp"

#include <algorithm>
#include <cctype>

namespace pointsman::failover {
namespace {

struct Row {
    HookKind kind;
    std::string_view name;
    config::Hooks::Commands config::Hooks::*commands;
};
constexpr Row table[] = {
    {HookKind::before_switchover, "before_switchover", &config::Hooks::before_switchover},
    {HookKind::before_failover, "before_failover", &config::Hooks::before_failover},
    {HookKind::on_detection, "on_detection", &config::Hooks::on_detection},
    {HookKind::after_switchover, "after_switchover", &config::Hooks::after_switchover},
    {HookKind::after_failover, "after_failover", &config::Hooks::after_failover},
    {HookKind::after_unsuccessful, "after_unsuccessful", &config::Hooks::after_unsuccessful},
};

const Row& row_of(HookKind kind)
{
    return *std::ranges::find(table, kind, &Row::kind);
}

bool is_switchover(const JournalEntry& entry)
{
    return entry.cause == "switchover";
}

const config::Server* find(const HookScene& scene, const std::string& name)
{
    auto at = std::ranges::find(scene.servers, name, &config::Server::name);
    return at == scene.servers.end() ? nullptr : &*at;
}

std::string host_of(const config::Server* server)
{
    return server ? server->address.host : "";
}

std::string port_of(const config::Server* server)
{
    return server ? std::to_string(server->address.port) : "";
}

bool is_plain(std::string_view value)
{
    return !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
        constexpr std::string_view safe = "_.,:/@%+=-";
        return (c < 0x80 && std::isalnum(c)) || safe.find(static_cast<char>(c)) != safe.npos;
    });
}

std::string shell_word(const std::string& value)
{
    if (is_plain(value)) return value;
    std::string quoted = "'";
    for (char c : value) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    return quoted + "'";
}

/// failedHost → ORC_FAILED_HOST.
std::string environment_name(std::string_view name)
{
    std::string out = "ORC_";
    for (char c : name) {
        if (c >= 'A' && c <= 'Z') out += '_';
        out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

}  // namespace

std::string_view to_text(HookKind kind)
{
    return row_of(kind).name;
}

const config::Hooks::Commands& commands_for(HookKind kind, const config::Hooks& hooks)
{
    return hooks.*row_of(kind).commands;
}

std::optional<HookKind> hook_for(const JournalEntry& entry)
{
    // The way back of a returned server, or of a primary that restarted, moves no role.
    bool is_takeover = is_switchover(entry) || entry.cause == "failover" || entry.cause == "resume";
    switch (entry.kind) {
        case JournalKind::finding:
            return HookKind::on_detection;
        case JournalKind::completed:
            if (!is_takeover) return std::nullopt;
            return is_switchover(entry) ? HookKind::after_switchover : HookKind::after_failover;
        case JournalKind::undone:
        case JournalKind::given_up:
            return is_takeover ? std::optional(HookKind::after_unsuccessful) : std::nullopt;
        default:
            return std::nullopt;
    }
}

std::optional<HookKind> hook_named(std::string_view name)
{
    auto at = std::ranges::find(table, name, &Row::name);
    return at == std::end(table) ? std::nullopt : std::optional(at->kind);
}

void add_hook_step(Takeover& takeover, const config::Hooks& hooks)
{
    bool planned = takeover.cause == Cause::switchover;
    if (!planned && takeover.cause != Cause::failover) return;
    auto kind = planned ? HookKind::before_switchover : HookKind::before_failover;
    if (commands_for(kind, hooks).empty()) return;
    bool has_it = !takeover.steps.empty() && !takeover.steps.front().orders.empty() &&
                  takeover.steps.front().orders.front().verb == Verb::call_hook;
    if (has_it) return;
    Step step{StepKind::check, std::string(to_text(kind)) + " is done"};
    step.orders.push_back({.server = takeover.from,
                           .verb = Verb::call_hook,
                           .within = hooks.before_timeout,
                           .setting = std::string(to_text(kind))});
    // Whoever lost their primary do not lose its successor to a broken script.
    step.on_failure = planned ? OnFailure::undo : OnFailure::go_on;
    takeover.steps.insert(takeover.steps.begin(), std::move(step));
    ++takeover.point_of_no_return;
}

HookValues hook_values(HookKind kind, const JournalEntry& entry, const HookScene& scene)
{
    const auto* failed =
        find(scene, entry.from.name.empty() ? scene.primary.value_or("") : entry.from.name);
    bool successful = kind == HookKind::after_switchover || kind == HookKind::after_failover;
    const auto* successor = successful ? find(scene, entry.to.name) : nullptr;
    std::string replicas, lost;
    std::size_t lost_count = 0;
    std::size_t count = 0;
    for (const auto& server : scene.servers) {
        if (failed && server.id == failed->id) continue;
        bool is_lost = std::ranges::find(scene.lost, server.id) != scene.lost.end();
        if (is_lost) lost += (lost_count++ ? "," : "") + server.address.text();
        replicas += (count++ ? "," : "") + server.address.text();
    }
    auto number = std::to_string(count);
    auto alias = failed ? failed->name : "";
    return {
        {"failureType", scene.analysis},
        {"failureDescription", entry.text},
        {"command", is_switchover(entry) ? "graceful-master-takeover" : ""},
        {"failedHost", host_of(failed)},
        {"failedPort", port_of(failed)},
        {"failedAlias", alias},
        {"failureCluster", failed ? failed->address.text() : ""},
        {"failureClusterAlias", scene.cluster},
        {"countReplicas", number},
        {"countSlaves", number},
        {"replicaHosts", replicas},
        {"slaveHosts", replicas},
        {"lostReplicas", lost},
        {"countLostReplicas", std::to_string(lost_count)},
        {"failureClusterDomain", ""},
        {"instanceType", "master"},
        {"isCoMaster", "false"},
        {"isDowntimed", failed && failed->maintenance ? "true" : "false"},
        {"autoMasterRecovery", scene.automatic ? "true" : "false"},
        {"autoIntermediateMasterRecovery", "false"},
        {"orchestratorHost", scene.host},
        {"successorBinlogCoordinates", ""},
        {"isMaster", "true"},
        {"isSuccessful", successful ? "true" : "false"},
        {"successorHost", host_of(successor)},
        {"successorPort", port_of(successor)},
        {"successorAlias", successor ? successor->name : ""},
        {"recoveryUID", entry.takeover ? std::to_string(entry.takeover) : ""},
    };
}

std::string expand(std::string_view command, const HookValues& values)
{
    std::string out;
    while (!command.empty()) {
        auto begin = command.find('{');
        auto end = begin == command.npos ? begin : command.find('}', begin);
        if (end == command.npos) return out.append(command);
        auto name = command.substr(begin + 1, end - begin - 1);
        auto at = std::ranges::find(
            values, name, [](const auto& pair) -> std::string_view { return pair.first; });
        out += command.substr(0, begin);
        if (at == values.end()) {
            out += '{';  // another may begin right behind it: shells have braces too
            command.remove_prefix(begin + 1);
            continue;
        }
        out += shell_word(at->second);
        command.remove_prefix(end + 1);
    }
    return out;
}

std::vector<std::string> hook_environment(const HookValues& values)
{
    std::vector<std::string> environment;
    for (const auto& [name, value] : values)
        environment.push_back(environment_name(name) + "=" + value);
    return environment;
}

}  // namespace pointsman::failover
