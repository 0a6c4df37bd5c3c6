#include "proxy/session/lock_witness.hpp"

#include "proxy/pool/own_query.hpp"

#include <algorithm>
#include <string>

namespace pointsman::proxy {

namespace {

/// One row of '0' when locks are watched and none is held.
std::string question_about(std::uint32_t connection_id)
{
    return "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_TYPE="
           "'USER LEVEL LOCK' AND OWNER_THREAD_ID=(SELECT THREAD_ID FROM"
           " performance_schema.threads WHERE PROCESSLIST_ID=" +
           std::to_string(connection_id) +
           ") HAVING (SELECT ENABLED FROM performance_schema.setup_instruments WHERE"
           " NAME='wait/lock/metadata/sql/mdl')='YES'";
}

}  // namespace

net::Task<bool> LockWitness::sees_none(ConnectorContext context, health::ServerView server,
                                       LinkRequest monitor, std::uint32_t connection_id)
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
        if (!std::holds_alternative<BackendLinkPtr>(opened)) co_return false;
        link = std::move(std::get<BackendLinkPtr>(opened));
    }
    link->stream->handle().set_deadline(deadline);
    auto question = question_about(connection_id);
    auto rows = co_await query_rows(*link, std::move(question));
    link->stream->handle().set_deadline(net::never);
    if (link->broken) co_return false;
    keep(id, std::move(link));
    co_return rows && rows->size() == 1 && rows->front().size() == 1 && rows->front()[0] == "0";
}

void LockWitness::keep(config::ServerId server, BackendLinkPtr link)
{
    link->parked_at = reactor_.now();
    idle_[server] = std::move(link);
    if (tend_.deadline() == net::never) tend_.set(reactor_.now() + idle_timeout_);
}

void LockWitness::close_unused()
{
    auto now = reactor_.now();
    std::erase_if(idle_, [&](const auto& entry) {
        return now - entry.second->parked_at >= idle_timeout_;
    });
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
