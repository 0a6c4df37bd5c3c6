#include "failover/hook.hpp"

#include <algorithm>
#include <cctype>

namespace pointsman::failover {
namespace {

struct Row {
    HookKind kind;
    std::string_view name;
    std::string config::Hooks::*command;
};
constexpr Row table[] = {
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

const std::string& command_for(HookKind kind, const config::Hooks& hooks)
{
    return hooks.*row_of(kind).command;
}

std::optional<HookKind> hook_for(const JournalEntry& entry)
{
    // The way back of a returned server, or of a primary that restarted, moves no role.
    bool is_takeover =
        is_switchover(entry) || entry.cause == "failover" || entry.cause == "resume";
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

HookValues hook_values(HookKind kind, const JournalEntry& entry, const HookScene& scene)
{
    const auto* failed =
        find(scene, entry.from.name.empty() ? scene.primary.value_or("") : entry.from.name);
    bool successful = kind == HookKind::after_switchover || kind == HookKind::after_failover;
    const auto* successor = successful ? find(scene, entry.to.name) : nullptr;
    std::string replicas;
    std::size_t count = 0;
    for (const auto& server : scene.servers) {
        if (failed && server.id == failed->id) continue;
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
        auto at = std::ranges::find(values, name, [](const auto& pair) -> std::string_view {
            return pair.first;
        });
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
