#include "failover/precheck.hpp"

#include <algorithm>

namespace pointsman::failover {
namespace {

bool is_mariadb(const ServerSight& sight)
{
    return sight.report && sight.report->facts.flavour == health::Flavour::mariadb;
}

}  // namespace

/// No order is given before this was asked: the verbs are MySQL's SQL, of which MariaDB knows a
/// part (STOP REPLICA IO_THREAD, not gtid_executed). Half a freeze is worse than none.
std::optional<std::string> flavour_objection(const Evidence& evidence)
{
    const auto& primary = *evidence.primary_sight();
    bool mariadb = is_mariadb(primary);
    if (!primary.report)  // its replicas know
        mariadb = std::ranges::any_of(evidence.servers, [&](const ServerSight& sight) {
            return is_mariadb(sight) && follows(sight, primary);
        });
    if (!mariadb) return std::nullopt;
    return primary.server.name +
           " is a MariaDB server: moving the role among those is not supported yet";
}

std::optional<std::string> switchover_objection(const Evidence& evidence,
                                                const config::Failover& settings)
{
    const auto& primary = *evidence.primary_sight();
    if (settings.replication_user.empty())
        return "failover.replication_user is not set: " + primary.server.name +
               " could not become a replica";
    if (!primary.answers()) return primary.server.name + ", the primary, does not answer";
    if (!primary.report->is_writable())
        return primary.server.name + ", the primary, is read-only already";
    if (!primary.survey.known) return primary.server.name + " has not told its settings yet";
    if (primary.survey.stall == Stall::disk_full)
        return "the disk of " + primary.server.name +
               ", the primary, is full: no commit ends there, and nobody waits for it in a "
               "failover";
    for (const auto& sight : evidence.servers)
        if (&sight != &primary && sight.answers() && sight.report->is_writable())
            return sight.server.name + " is writable beside the primary: make it read-only first";
    return std::nullopt;
}

std::optional<std::string> objection_in(const Order& order, const Outcome& outcome)
{
    if (!outcome.ok()) return std::nullopt;
    if (order.verb == Verb::find_blockers && !outcome.answer.empty()) return outcome.answer;
    if (order.verb == Verb::lacking && !outcome.answer.empty())
        return "it has transactions that the primary lacks: " + outcome.answer;
    if (order.verb == Verb::restart_receiver && outcome.answer == "ON")
        return "a replica reaches the primary, which is alive: only Pointsman cannot";
    return std::nullopt;
}

}  // namespace pointsman::failover
