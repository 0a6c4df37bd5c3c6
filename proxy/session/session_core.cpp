#include "proxy/session/session_core.hpp"

namespace pointsman::proxy {

void count_pins(SessionCore& core, std::uint32_t pins)
{
    constexpr std::uint32_t lasting = (1u << 24) - 1;
    auto& counters = core.worker.counters;
    for (std::size_t i = 0; i < pin_count; ++i) {
        auto pin = pin_names[i].pin;
        bool is = (pins & pin) != 0, was = (core.counted_pins & pin) != 0;
        if (was && !is) counters.pins_held[i].sub();
        if (was || !is) continue;
        counters.pins_held[i].add();
        counters.pins_taken[i].add();
        auto server = core.state.bound_to();
        if ((pin & lasting) != 0 && server)
            core.worker.note_pinned(core.connection_id, *server, pin_names[i].name);
    }
    core.counted_pins = pins;
}

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
    core.state.note_own_error(error);
    auto payload = protocol::encode_err(error, core.account.capabilities);
    bool sent = co_await reply_payload(core, std::move(payload));
    co_return sent;
}

}  // namespace pointsman::proxy
