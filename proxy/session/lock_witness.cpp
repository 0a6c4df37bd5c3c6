#include "proxy/session/lock_witness.hpp"

#include "proxy/pool/own_query.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace pointsman::proxy {

namespace {

/// A row with the number of user locks and no name, if locks are watched; a row with the name of
/// each user variable.
std::string question_about(std::uint32_t connection_id)
{
    std::string thread = "(SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID=" +
                         std::to_string(connection_id) + ")";
    return "(SELECT COUNT(*), NULL FROM performance_schema.metadata_locks WHERE OBJECT_TYPE="
           "'USER LEVEL LOCK' AND OWNER_THREAD_ID=" +
           thread +
           " HAVING (SELECT ENABLED FROM performance_schema.setup_instruments WHERE"
           " NAME='wait/lock/metadata/sql/mdl')='YES') UNION ALL (SELECT 0, VARIABLE_NAME FROM"
           " performance_schema.user_variables_by_thread WHERE THREAD_ID=" +
           thread + ")";
}

constexpr std::size_t most_asked_for = 100;

void add_variable(LeftByRoutines& left, std::string name)
{
    auto is_plain = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    bool fits = std::ranges::all_of(name, is_plain) && left.user_variables.size() < most_asked_for;
    if (!fits) {
        left.has_others = true;
        return;
    }
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    left.user_variables.push_back(std::move(name));
}

std::optional<LeftByRoutines> read_answer(const std::optional<std::vector<OwnRow>>& rows)
{
    LeftByRoutines left;
    bool watched = false;
    if (!rows) return std::nullopt;
    for (const auto& row : *rows) {
        if (row.size() != 2 || !row[0]) return std::nullopt;
        if (row[1]) {
            add_variable(left, *row[1]);
            continue;
        }
        watched = true;
        left.user_locks = *row[0] != "0";
    }
    return watched ? std::optional(std::move(left)) : std::nullopt;
}

}  // namespace

net::Task<std::optional<LeftByRoutines>> LockWitness::look(ConnectorContext context,
                                                           health::ServerView server,
                                                           LinkRequest monitor,
                                                           std::uint32_t connection_id)
{
    auto id = server.id;
    auto deadline = context.reactor.now() + context.timeout;
    auto link = std::move(idle_[id]);
    idle_.erase(id);
    if (link && link->stream->has_unexpected_input()) {
        link->broken = true;  // the server hung up
        link.reset();
    }
    if (!link) {
        auto opened = co_await open_link(std::move(context), std::move(server), std::move(monitor));
        if (!std::holds_alternative<BackendLinkPtr>(opened)) co_return std::nullopt;
        link = std::move(std::get<BackendLinkPtr>(opened));
    }
    link->stream->handle().set_deadline(deadline);
    auto question = question_about(connection_id);
    auto rows = co_await query_rows(*link, std::move(question));
    link->stream->handle().set_deadline(net::never);
    if (link->broken) co_return std::nullopt;
    keep(id, std::move(link));
    co_return read_answer(rows);
}

void LockWitness::keep(config::ServerId server, BackendLinkPtr link)
{
    if (draining_) return;
    link->parked_at = reactor_.now();
    idle_[server] = std::move(link);
    if (tend_.deadline() == net::never) tend_.set(reactor_.now() + idle_timeout_);
}

void LockWitness::begin_drain()
{
    draining_ = true;
    idle_.clear();
}

void LockWitness::close_unused()
{
    auto now = reactor_.now();
    std::erase_if(
        idle_, [&](const auto& entry) { return now - entry.second->parked_at >= idle_timeout_; });
    tend_.clear();
    for (const auto& [server, link] : idle_)
        tend_.set(std::min(tend_.deadline(), link->parked_at + idle_timeout_));
}

void LockWitness::close_idle_except(const std::vector<config::ServerId>& keep)
{
    std::erase_if(idle_, [&](const auto& entry) {
        return std::find(keep.begin(), keep.end(), entry.first) == keep.end();
    });
}

}  // namespace pointsman::proxy
