#include "proxy/app/found_servers.hpp"

#include "protocol/gtid_set.hpp"

#include "failover/mysql_server_control.hpp"

#include <algorithm>

namespace pointsman::proxy {
namespace {

constexpr std::size_t most_told = 64;
constexpr std::uint16_t default_port = 3306;

bool is_taken(const config::Config& config, const config::Server& found)
{
    return std::ranges::any_of(config.servers, [&](const auto& server) {
        return server.address == found.address || server.name == found.name;
    });
}

constexpr std::string_view first_line = "pointsman found servers 1";
constexpr std::string_view listed_word = "listed ", found_word = "found ", last_line = "end";

/// One line, which is taken off the text; nothing: there is none, or its end is missing.
std::optional<std::string_view> next_line(std::string_view& text)
{
    auto end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

bool contains(const std::vector<std::string>& texts, const std::string& text)
{
    return std::ranges::find(texts, text) != texts.end();
}

}  // namespace

void FoundServers::add_to(config::Config& config)
{
    if (!config.discover) found_.clear();
    std::erase_if(found_, [&](const auto& found) { return is_taken(config, found.server); });
    for (const auto& found : found_) config.servers.push_back(found.server);
}

health::DiscoveryTask FoundServers::task(const config::Config& config,
                                         const health::Topology& topology, std::size_t room)
{
    auto access = failover::access_of(config);
    health::DiscoveryTask task;
    task.access = {{}, access.user, access.password, access.tls, access.connect_timeout};
    task.most = room;
    for (const auto& server : topology.servers) {
        task.known.push_back({server.uuid, server.address});
        if (server.health == health::HealthState::up) task.sources.push_back(server.address);
    }
    return task;
}

std::size_t FoundServers::room(const config::Config& config) const
{
    return config.discover_limit - std::min<std::size_t>(config.discover_limit, found_.size());
}

bool FoundServers::take(const health::Discovery& seen, const config::Config& config,
                        const health::Topology& topology, net::TimePoint now,
                        std::vector<std::string>& fresh)
{
    auto tell = [&](const std::string& sentence) {
        if (contains(told_, sentence)) return;
        if (told_.size() >= most_told) told_.clear();
        told_.push_back(sentence);
        fresh.push_back(sentence);
    };
    std::ranges::for_each(seen.problems, tell);
    // While there is no primary, nobody can replicate from it.
    auto* primary = topology.primary_server();
    bool all_asked = seen.asked && primary && primary->health == health::HealthState::up;
    for (auto& found : found_)
        if (!all_asked || contains(seen.named, found.uuid) || primary->uuid == found.uuid)
            found.seen_at = now;
    auto before = found_.size();
    std::erase_if(found_,
                  [&](const auto& found) { return now - found.seen_at >= config.discover_forget; });
    bool changed = found_.size() != before;
    for (const auto& replica : seen.found) {
        config::Server server;
        server.name = replica.address.text();
        server.address = replica.address;
        if (is_taken(config, server) || found_.size() >= config.discover_limit) continue;
        found_.push_back({server, replica.uuid, now});
        changed = true;
    }
    return changed;
}

std::string FoundServers::text(const std::vector<config::Server>& listed) const
{
    if (found_.empty()) return {};
    auto text = std::string(first_line) + "\n";
    for (const auto& server : listed)
        text += std::string(listed_word) + server.address.text() + "\n";
    for (const auto& found : found_)
        text += std::string(found_word) + found.uuid + " " + found.server.address.text() + "\n";
    return text + std::string(last_line) + "\n";
}

std::optional<std::string> FoundServers::recall(std::string_view text, const config::Config& config,
                                                net::TimePoint now)
{
    auto damaged = [] {
        return std::string(
            "the list of servers that were found is damaged: they are looked for anew");
    };
    if (next_line(text) != first_line) return damaged();
    std::vector<Found> recalled;
    bool same_cluster = false;
    auto line = next_line(text);
    for (; line && *line != last_line; line = next_line(text)) {
        bool listed = line->starts_with(listed_word);
        if (!listed && !line->starts_with(found_word)) return damaged();
        line->remove_prefix(listed ? listed_word.size() : found_word.size());
        auto space = listed ? line->npos : line->find(' ');
        auto address =
            config::parse_endpoint(listed ? *line : line->substr(space + 1), default_port);
        bool has_uuid =
            listed || (space != line->npos && protocol::parse_uuid(line->substr(0, space)));
        if (!address || !has_uuid) return damaged();
        config::Server server;
        server.name = address->text();
        server.address = *address;
        if (listed)
            same_cluster = same_cluster || is_taken(config, server);
        else
            recalled.push_back({server, std::string(line->substr(0, space)), now});
    }
    if (!line || !text.empty()) return damaged();
    if (!same_cluster)
        return "the list of servers that were found is of a cluster with other servers: it is not "
               "used";
    for (auto& found : recalled)
        if (!is_taken(config, found.server) && found_.size() < config.discover_limit)
            found_.push_back(std::move(found));
    return std::nullopt;
}

}  // namespace pointsman::proxy
