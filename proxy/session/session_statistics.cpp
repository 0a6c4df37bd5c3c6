// Session: what it tells of itself and, by COM_STATISTICS, of the process.

#include "proxy/session/session.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

/// As a server writes it, since mysqladmin shows it as it is; what only a server has is 0.
std::string statistics_text(const Totals& totals)
{
    auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(totals.uptime.count(), 1));
    auto thousandths = std::to_string(totals.statements * 1000 / seconds % 1000);
    thousandths.insert(0, 3 - thousandths.size(), '0');
    return "Uptime: " + std::to_string(totals.uptime.count()) +
           "  Threads: " + std::to_string(totals.sessions) +
           "  Questions: " + std::to_string(totals.statements) +
           "  Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0" +
           "  Queries per second avg: " + std::to_string(totals.statements / seconds) + "." +
           thousandths;
}

}  // namespace

net::Task<Session::Ended> Session::answer_statistics(ClientCommand command)
{
    bool client_there = co_await discard(core_, command);
    if (!client_there) co_return CloseReason::client_closed;
    auto text = statistics_text(core_.worker.shared.totals());
    auto bytes = protocol::as_bytes(text);
    protocol::Buffer payload(bytes.begin(), bytes.end());
    client_there = co_await reply_payload(core_, std::move(payload));
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

SessionInfo Session::describe() const
{
    SessionInfo info;
    info.connection_id = core_.connection_id;
    info.user = core_.tag->user();
    info.client_host = core_.client_host;
    info.client_port = core_.client_port;
    info.listener = core_.listener.name;
    info.schema = core_.state.schema();
    if (idle_) {
        info.activity = SessionInfo::Activity::idle;
        info.idle_for = std::chrono::duration_cast<std::chrono::milliseconds>(
            core_.worker.reactor.now() - silent_since_);
    } else if (silent_since_ != net::TimePoint{}) {
        info.activity = SessionInfo::Activity::active;
    }
    for (const auto& lease : core_.links.all()) {
        auto* server = lease->held() ? core_.worker.topology->find(lease->server()) : nullptr;
        if (server) info.links.push_back(server->name);
    }
    auto pins = reasons_to_keep_link(core_);
    for (const auto& row : pin_names)
        if ((pins & row.pin) != 0) info.pins.push_back(row.name);
    return info;
}

}  // namespace pointsman::proxy
