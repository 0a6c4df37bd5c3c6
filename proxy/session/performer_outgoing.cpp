// Performer: the bytes that go to the server, and the prepared statement that they may name.

#include "protocol/messages/prepare.hpp"
#include "protocol/messages/query.hpp"
#include "protocol/messages/simple_commands.hpp"
#include "protocol/messages/statement.hpp"
#include "protocol/sql/connection_id.hpp"

#include "proxy/session/count_rows.hpp"
#include "proxy/session/parameter_types.hpp"
#include "proxy/session/performer.hpp"
#include "proxy/session/process_list.hpp"

namespace pointsman::proxy {

using protocol::Command;

bool Performer::names_statement() const
{
    return text_.statement_id && facts_.command != Command::stmt_prepare && !wait_.asking;
}

bool Performer::is_prepared(const BackendLink& link) const
{
    if (!names_statement()) return true;
    auto id = *text_.statement_id;
    auto found = link.statements.find(core_.prepared.find(id)->key.get());
    return found != link.statements.end() && fits_types(found->second);
}

/// What other sessions executed it with on this link must make no difference.
bool Performer::fits_types(const LinkStatement& on_link) const
{
    bool is_own = on_link.types.empty() || on_link.executed_by == core_.connection_id;
    if (is_own) return true;
    if (facts_.command != Command::stmt_execute || on_link.has_mixed_types) return false;
    auto id = *text_.statement_id;
    const auto& statement = *core_.prepared.find(id);
    auto execute = protocol::decode_execute(payload_of(core_, command_), core_.account.capabilities,
                                            statement.parameter_count);
    if (!execute) return false;
    const auto& block = execute->parameters;
    return same_types(on_link.types, block.types_sent ? block.types : statement.types);
}

void Performer::take_types(protocol::Bytes types, LinkStatement& on_link)
{
    auto id = *text_.statement_id;
    auto& statement = *core_.prepared.find(id);
    bool known = same_bytes(types, statement.types) && same_bytes(types, on_link.types);
    if (known) return;
    types_before_ = TypesBefore{statement.types, on_link.types};
    if (!same_types(on_link.types, types)) on_link.has_mixed_types = !on_link.types.empty();
    if (!same_bytes(types, statement.types)) statement.types.assign(types.begin(), types.end());
    on_link.types = statement.types;
}

/// A server that can't read an execution takes nothing of it.
void Performer::give_back_refused_types(BackendLink& link)
{
    constexpr std::uint16_t er_malformed_packet = 1835;
    if (report_.error_code != er_malformed_packet) return;
    auto id = *text_.statement_id;
    auto* statement = core_.prepared.find(id);
    auto on_link = link.statements.find(statement->key.get());
    statement->types = std::move(types_before_->of_statement);
    if (on_link != link.statements.end()) on_link->second.types = std::move(types_before_->on_link);
}

/// At the schema and the settings of its first preparation, and then back at the session's.
net::Task<bool> Performer::ensure_prepared(BackendLink& link)
{
    auto id = *text_.statement_id;
    auto key = core_.prepared.find(id)->key;
    // What was not read yet would not come back.
    const auto& unread = core_.state.unread();
    bool has_more = unread.collation && unread.server == link.server;
    if (has_more && !unify(link.variables, key->variables)) co_await read_back_link(core_, link);
    if (link.broken) co_return false;
    bool elsewhere = link.schema != key->schema && !key->schema.empty();
    std::vector<protocol::Buffer> commands;
    if (elsewhere) commands.push_back(protocol::encode_init_db(key->schema));
    auto variables = elsewhere ? without_schema_collation(link.variables) : link.variables;
    auto settings = sync_statement(*variables, *key->variables, *link.login_variables);
    if (settings) commands.push_back(protocol::encode_query(*settings, link.negotiated));
    bool moved = !commands.empty();
    if (moved) {
        bool done = co_await run_pipeline(link, std::move(commands));
        if (!done) co_return false;
        if (elsewhere) link.schema = key->schema;
        link.variables = key->variables;
    }
    auto payload = protocol::encode_prepare(key->text);
    auto prepared = co_await run_command(link, payload);
    if (prepared.ok())
        remember_statement(link, std::move(key), prepared.report.statement_id,
                           core_.worker.settings->config.pool.max_statements);
    if (!moved || link.broken) co_return prepared.ok();
    auto need = state_need();
    bool back = co_await bring_to_state(link, core_.state, need);
    co_return prepared.ok() && back;
}

protocol::Buffer Performer::execution_with_types(protocol::Bytes payload, LinkStatement& on_link)
{
    auto& statement = *core_.prepared.find(*text_.statement_id);
    auto execute =
        protocol::decode_execute(payload, core_.account.capabilities, statement.parameter_count);
    if (!execute || execute->parameters.count == 0) return {};
    const auto& block = execute->parameters;
    if (block.types_sent) {
        take_types(block.types, on_link);
        return {};
    }
    if (on_link.types == statement.types || statement.types.empty()) return {};
    if (!has_room_for(statement.types.size())) return {};
    // This server has seen others, or none: they go in behind the bind flag, which becomes 1.
    auto bitmap_end = block.null_bitmap.data() + block.null_bitmap.size();
    auto flag_at = static_cast<std::size_t>(bitmap_end - payload.data());
    protocol::Buffer whole(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(flag_at));
    whole.push_back(1);
    whole.insert(whole.end(), statement.types.begin(), statement.types.end());
    auto values = payload.subspan(flag_at + 1);
    whole.insert(whole.end(), values.begin(), values.end());
    take_types(statement.types, on_link);
    return whole;
}

/// Nothing when the client's own text is to go out.
protocol::Buffer Performer::with_own_ids(const BackendLink& link) const
{
    auto capabilities = core_.account.capabilities;
    auto query = protocol::decode_query(payload_of(core_, command_), capabilities);
    if (!query) return {};
    if (knows_answer_) query->text = counts_text_;
    const protocol::sql::SessionIds ids{core_.connection_id,
                                        core_.worker.shared.registry.ids_at(link.server)};
    auto text = protocol::sql::with_session_ids(query->text, core_.state.dialect(),
                                                core_.state.schema(), ids);
    if (!text) return with_counts();
    query->text = *text;
    return protocol::encode_query(*query, capabilities);
}

/// A syntax error quotes the text, and nothing was done yet: then the client's own goes out.
bool Performer::shows_edited_text(std::uint16_t code) const
{
    constexpr std::uint16_t er_parse = 1064;
    if (code != er_parse || !text_.names_ids || text_.payload.empty()) return false;
    const auto& statement = *facts_.statement;
    bool several_allowed =
        (core_.account.capabilities & protocol::capability::multi_statements) != 0;
    bool nothing_ran = statement.statement_count == 1 || !several_allowed;
    return nothing_ran && statement.kind != protocol::sql::StatementKind::call;
}

protocol::Buffer Performer::edit_answer(protocol::Buffer answer)
{
    if (!count_columns_.empty())
        return with_counts_in_rows(answer, link_->negotiated, count_columns_, counts_);
    auto ids = core_.worker.shared.registry.ids_at(link_->server);
    return with_session_ids_in_rows(answer, link_->negotiated, ids);
}

protocol::Bytes Performer::outgoing_bytes(BackendLink& link)
{
    if (text_.names_ids)
        text_.payload = with_own_ids(link);
    else if (knows_answer_ && !counts_text_.empty())
        text_.payload = with_counts();
    own_bytes_.swap(link.to_send_first);
    link.to_send_first.clear();
    auto wire = core_.client_buffer.mutable_data().first(command_.wire_size);
    if (!text_.payload.empty()) {
        protocol::append_message(own_bytes_, text_.payload, 0);
        return own_bytes_;
    }
    protocol::Buffer with_types;
    if (names_statement()) {
        auto id = *text_.statement_id;
        auto& on_link = link.statements.find(core_.prepared.find(id)->key.get())->second;
        on_link.last_use = ++link.statement_uses;
        on_link.executed_by = core_.connection_id;
        auto payload = wire.subspan(protocol::packet_header_size);
        if (facts_.command == Command::stmt_execute)
            with_types = execution_with_types(payload, on_link);
        auto target = with_types.empty() ? payload : protocol::MutableBytes(with_types);
        (void)protocol::replace_statement_id(target, on_link.backend_id);
    }
    if (with_types.empty() && own_bytes_.empty()) return wire;
    if (with_types.empty())
        own_bytes_.insert(own_bytes_.end(), wire.begin(), wire.end());
    else
        append_execution(with_types,
                         with_types.size() - (wire.size() - protocol::packet_header_size));
    return own_bytes_;
}

/// Can the command's one packet grow by so many bytes?
bool Performer::has_room_for(std::size_t bytes) const
{
    return !command_.header.continues() &&
           command_.header.payload_size + bytes < protocol::max_packet_payload;
}

/// What is in the buffer of an execution that grew; the rest of it follows from the client.
void Performer::append_execution(protocol::Bytes begin, std::size_t grown)
{
    protocol::PacketHeader header = command_.header;
    header.payload_size += static_cast<std::uint32_t>(grown);
    protocol::append_header(own_bytes_, header);
    own_bytes_.insert(own_bytes_.end(), begin.begin(), begin.end());
}

protocol::Buffer Performer::edit_prepare_ok(protocol::Bytes payload)
{
    auto prepared = protocol::decode_prepare_ok(payload, link_->negotiated);
    protocol::Buffer edited(payload.begin(), payload.end());
    if (!prepared || !text_.statement_id) return edited;
    auto id = *text_.statement_id;
    if (auto* statement = core_.prepared.find(id)) {
        statement->parameter_count = prepared->parameter_count;
        remember_statement(*link_, statement->key, prepared->statement_id,
                           core_.worker.settings->config.pool.max_statements);
    }
    (void)protocol::replace_statement_id(edited, id);
    return edited;
}

}  // namespace pointsman::proxy
