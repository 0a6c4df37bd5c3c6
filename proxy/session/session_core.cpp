#include "proxy/session/session_core.hpp"

namespace pointsman::proxy {

net::Task<bool> reply_payload(SessionCore& core, protocol::Buffer payload)
{
    protocol::Buffer wire;
    protocol::append_message(wire, payload, core.reply_sequence);
    core.worker.counters.bytes_to_clients.add(wire.size());
    auto sent = co_await core.client.write_all(wire);
    co_return sent.status == net::IoStatus::ok;
}

net::Task<bool> reply_error(SessionCore& core, protocol::Err error)
{
    core.worker.counters.count_own_error(error.code);
    auto payload = protocol::encode_err(error, core.account.capabilities);
    bool sent = co_await reply_payload(core, std::move(payload));
    co_return sent;
}

}  // namespace pointsman::proxy
