// Performer: the bytes that go to the server, and the prepared statement that they may name.

#include "protocol/messages/prepare.hpp"
#include "protocol/messages/statement.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

using protocol::Command;

bool Performer::names_statement() const
{
    return text_.statement_id && facts_.command != Command::stmt_prepare && !wait_.asking;
}

bool Performer::is_prepared(const BackendLink& link) const
{
    return !names_statement() || link.statements.contains(*text_.statement_id);
}

net::Task<bool> Performer::ensure_prepared(BackendLink& link)
{
    auto id = *text_.statement_id;
    auto* statement = core_.prepared.find(id);
    auto payload = protocol::encode_prepare(statement->text);
    auto prepared = co_await run_command(link, payload);
    if (!prepared.ok()) co_return false;
    link.statements[id] = {prepared.report.statement_id, false};
    co_return true;
}

protocol::Buffer Performer::execution_with_types(protocol::Bytes payload, LinkStatement& on_link)
{
    auto& statement = *core_.prepared.find(*text_.statement_id);
    auto execute =
        protocol::decode_execute(payload, core_.account.capabilities, statement.parameter_count);
    if (!execute || execute->parameters.count == 0) return {};
    const auto& block = execute->parameters;
    if (block.types_sent) {
        statement.types.assign(block.types.begin(), block.types.end());
        on_link.types_known = true;
        return {};
    }
    if (on_link.types_known || statement.types.empty()) return {};
    // This server has not seen the types: they go in behind the bind flag, which becomes 1.
    auto bitmap_end = block.null_bitmap.data() + block.null_bitmap.size();
    auto flag_at = static_cast<std::size_t>(bitmap_end - payload.data());
    protocol::Buffer whole(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(flag_at));
    whole.push_back(1);
    whole.insert(whole.end(), statement.types.begin(), statement.types.end());
    auto values = payload.subspan(flag_at + 1);
    whole.insert(whole.end(), values.begin(), values.end());
    on_link.types_known = true;
    return whole;
}

protocol::Bytes Performer::outgoing_bytes(BackendLink& link)
{
    own_bytes_.clear();
    auto wire = core_.client_buffer.mutable_data().first(command_.wire_size);
    if (!text_.payload.empty()) {
        protocol::append_message(own_bytes_, text_.payload, 0);
        return own_bytes_;
    }
    if (!names_statement()) return wire;
    auto& on_link = link.statements[*text_.statement_id];
    auto payload = wire.subspan(protocol::packet_header_size);
    protocol::Buffer with_types;
    if (facts_.command == Command::stmt_execute && command_.is_whole())
        with_types = execution_with_types(payload, on_link);
    auto target = with_types.empty() ? payload : protocol::MutableBytes(with_types);
    (void)protocol::replace_statement_id(target, on_link.backend_id);
    if (with_types.empty()) return wire;
    protocol::append_message(own_bytes_, with_types, 0);
    return own_bytes_;
}

}  // namespace pointsman::proxy
