// Session: COM_STATISTICS, answered here.

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

}  // namespace pointsman::proxy
