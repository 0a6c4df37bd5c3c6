#include "failover/repair.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace pointsman::failover {
namespace {

constexpr milliseconds at_leisure{5'000};
constexpr milliseconds most_donor_lag{10'000};
constexpr std::uint64_t megabyte = 1'000'000;

Refusal used_up(const std::string& what)
{
    return {what + ", and neither a new start nor setting it up anew mended it", true};
}

/// Does it follow the primary, with both threads, and not far behind?
bool is_good_replica(const ServerSight& server, const ServerSight& primary)
{
    if (!server.answers() || server.server.maintenance) return false;
    const auto* channel = channel_from(server, primary);
    return channel && channel->receiver == health::ReceiverState::on && channel->applier_on &&
           channel->lag.value_or(most_donor_lag) < most_donor_lag;
}

bool may_give(const ServerSight& donor, const ServerSight& recipient)
{
    return &donor != &recipient && donor.report->facts.flavour == health::Flavour::mysql &&
           donor.report->facts.version == recipient.report->facts.version;
}

milliseconds lag_of(const ServerSight& replica, const ServerSight& primary)
{
    return channel_from(replica, primary)->lag.value_or(most_donor_lag);
}

}  // namespace

std::optional<std::string> broken_replication(const Evidence& evidence, const ServerSight& server)
{
    const auto* primary = evidence.primary_sight();
    if (!primary || !primary->answers() || !primary->report->is_writable()) return std::nullopt;
    if (&server == primary || !server.answers() || server.server.maintenance) return std::nullopt;
    // A MariaDB server whose threads were both stopped throws away what it has not applied yet: the
    // only copy of it, should the primary be gone a moment later.
    if (server.report->facts.flavour == health::Flavour::mariadb) return std::nullopt;
    const auto* channel = channel_from(server, *primary);
    // The error's text may quote rows: it stays on the server.
    if (!channel || channel->error.empty()) return std::nullopt;
    if (!channel->applier_on)
        return "its applier stopped with an error (SHOW REPLICA STATUS tells it)";
    if (channel->receiver != health::ReceiverState::on)
        return "its receiver fails with an error (SHOW REPLICA STATUS tells it)";
    return std::nullopt;
}

Planned plan_mend(const Evidence& evidence, config::ServerId broken, unsigned attempts)
{
    const auto* server = evidence.find(broken);
    auto what = server ? broken_replication(evidence, *server) : std::nullopt;
    if (!what) return Refusal{"its replication is not broken"};
    if (attempts >= most_mends) return used_up(*what);
    const auto& primary = *evidence.primary_sight();
    const auto& name = server->server.name;
    Takeover plan;
    plan.cause = Cause::rejoin;
    plan.from = plan.to.emplace(broken);
    plan.from_name = plan.to_name = name;
    Order order{.server = broken, .verb = Verb::restart_replication, .within = at_leisure};
    auto title = name + " starts replication again: " + *what;
    if (attempts >= most_restarts) {
        order.verb = Verb::follow;
        order.source = primary.server.address;
        title = name + " replicates from " + primary.server.name + " anew: " + *what;
    }
    plan.steps.push_back({StepKind::finish, std::move(title), {std::move(order)}});
    plan.point_of_no_return = plan.steps.size();
    return plan;
}

std::variant<Donor, Refusal> choose_donor(const Evidence& evidence, config::ServerId recipient,
                                          std::optional<config::ServerId> last)
{
    const auto* primary = evidence.primary_sight();
    const auto* taker = evidence.find(recipient);
    if (!primary || !primary->answers() || !taker || !taker->answers())
        return Refusal{"the primary or the server itself does not answer"};
    if (taker == primary || taker->report->is_writable()) return Refusal{"it takes writes"};
    const ServerSight* best = nullptr;
    for (const auto& sight : evidence.servers) {
        if (&sight == primary || !is_good_replica(sight, *primary) || !may_give(sight, *taker))
            continue;
        bool better = !best || lag_of(sight, *primary) < lag_of(*best, *primary);
        if (last && best && best->server.id == *last) better = false;
        if (better || (last && sight.server.id == *last)) best = &sight;
    }
    if (last && *last == primary->server.id) best = nullptr;
    if (!best && may_give(*primary, *taker)) best = primary;
    if (!best) return Refusal{"no server of its version can give it a copy", true};
    return Donor{best->server.id, best->server.name, best->server.address};
}

bool is_new(const Evidence& evidence, const ServerSight& server)
{
    const auto* primary = evidence.primary_sight();
    if (!primary || !primary->answers() || &server == primary || !server.answers()) return false;
    if (server.server.maintenance || server.report->is_replica()) return false;
    if (server.report->facts.flavour != health::Flavour::mysql) return false;
    auto had = protocol::GtidSet::parse(server.report->executed);
    auto has = protocol::GtidSet::parse(primary->report->executed);
    return had && has && !has->empty() && !had->intersects(*has);
}

CloneState parse_clone_state(std::string_view text)
{
    std::array<std::string, 7> fields;  // state, began, source, error, stage, estimate, copied
    std::size_t at = 0;
    for (char c : text) {
        if (c == '\t' && at + 1 < fields.size())
            ++at;
        else
            fields[at] += c;
    }
    CloneState state;
    if (fields[0] == "In Progress") state.kind = CloneState::Kind::under_way;
    if (fields[0] == "Completed") state.kind = CloneState::Kind::completed;
    if (fields[0] == "Failed") state.kind = CloneState::Kind::failed;
    state.began = fields[1];
    state.source = fields[2];
    state.error = fields[3];
    state.stage = fields[4];
    state.estimate = std::strtoull(fields[5].c_str(), nullptr, 10);
    state.copied = std::strtoull(fields[6].c_str(), nullptr, 10);
    return state;
}

std::string progress_text(const CloneState& state)
{
    auto text = state.stage.empty() ? std::string("beginning") : state.stage;
    if (state.estimate == 0) return text;
    return text + ", " + std::to_string(state.copied / megabyte) + " of " +
           std::to_string(state.estimate / megabyte) + " MB";
}

}  // namespace pointsman::failover
