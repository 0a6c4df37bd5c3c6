#include "proxy/session/statement_commands.hpp"

#include "protocol/messages/statement.hpp"
#include "protocol/server_error.hpp"
#include "protocol/server_status.hpp"
#include "protocol/sql/connection_id.hpp"

#include "proxy/session/kill.hpp"
#include "proxy/session/parameter_types.hpp"
#include "proxy/session/performer.hpp"
#include "proxy/session/text_effects.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using protocol::Command;
using Ended = std::optional<CloseReason>;

namespace {

/// The command's name as error 1243 has it. MySQL says the same of all since version 8.0.
std::string_view error_name(Command command, const sql::Dialect& dialect)
{
    if (!dialect.mariadb && dialect.server_version >= 80000) return "mysql_stmt_precheck";
    switch (command) {
        case Command::stmt_fetch:
            return "mysqld_stmt_fetch";
        case Command::stmt_reset:
            return "mysqld_stmt_reset";
        case Command::stmt_send_long_data:
            return "mysqld_stmt_send_long_data";
        default:
            return "mysqld_stmt_execute";
    }
}

net::Task<Ended> refuse(SessionCore& core, ClientCommand command, protocol::Err error)
{
    bool silent = protocol::traits_of(command.command).response == protocol::ResponseShape::none;
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    if (silent) co_return std::nullopt;
    client_there = co_await reply_error(core, std::move(error));
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

net::Task<Ended> prepare(SessionCore& core, ClientCommand command)
{
    if (!command.is_whole()) {
        auto limit = core.worker.settings->config.limits.max_prepared_text.value;
        auto error = server_error::prepared_text_too_long(limit);
        co_return co_await refuse(core, command, std::move(error));
    }
    auto text = protocol::decode_prepare(payload_of(core, command));
    if (!text) {
        auto error = server_error::malformed_packet();
        co_return co_await refuse(core, command, std::move(error));
    }
    PreparedStatement statement;
    statement.facts = sql::classify(*text, core.state.dialect());
    std::string prepared_text(*text);
    CommandText sent;
    if (statement.facts.has(sql::effect_user_variable)) sent.assigned = assigned_by(core, *text);
    if (statement.facts.has(sql::effect_connection_id)) {
        auto own = sql::with_connection_id(*text, core.state.dialect(), core.connection_id);
        if (own) sent.payload = protocol::encode_prepare(*own);
        if (own) prepared_text = std::move(*own);
    }
    statement.key = core.worker.prepared_keys.intern(
        {std::move(prepared_text), core.state.schema(), core.state.variables()});
    auto facts = statement.facts;
    auto id = core.prepared.add(std::move(statement));
    if (!id) {
        auto error = server_error::other(
            1461, "42000", "Can't create more than max_prepared_stmt_count statements");
        co_return co_await refuse(core, command, std::move(error));
    }
    sent.statement_id = *id;
    Performer performer(core, command, CommandFacts{Command::stmt_prepare, &facts, std::nullopt},
                        std::move(sent));
    auto ended = co_await performer.perform();
    if (performer.report().error_code != 0 || !performer.server()) core.prepared.erase(*id);
    co_return ended;
}

/// A server derives from the types of earlier executions how it goes on; other servers have seen
/// others of them.
bool mixes_types(const SessionCore& core, const ClientCommand& command,
                 const PreparedStatement& statement)
{
    if (statement.has_mixed_types || statement.types.empty()) return statement.has_mixed_types;
    auto execute = protocol::decode_execute(payload_of(core, command), core.account.capabilities,
                                            statement.parameter_count);
    return execute && execute->parameters.types_sent &&
           !same_types(execute->parameters.types, statement.types);
}

/// Its effects are those of the text that was prepared.
net::Task<Ended> execute(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    if (statement.facts.kind == sql::StatementKind::kill) {
        if (auto kill = parse_kill(statement.key->text))
            co_return co_await handle_kill(core, command, *kill);
    }
    CommandFacts command_facts{Command::stmt_execute, &statement.facts, statement.long_data_on};
    statement.has_mixed_types = mixes_types(core, command, statement);
    if (statement.has_mixed_types) command_facts.prefers = statement.executed_on;
    CommandText out{id, {}};
    note_effects(core, statement.facts, statement.key->text, out);
    out.keeps_link = true;  // until it is known whether a cursor is open
    bool in_several = command.rest.continues;
    Performer performer(core, command, command_facts, std::move(out));
    auto ended = co_await performer.perform();
    auto* executed = core.prepared.find(id);
    if (!executed || ended) co_return ended;
    auto server = performer.server();
    bool has_cursor =
        server && (performer.report().status & protocol::server_status::cursor_exists) != 0;
    core.prepared.rebind(*executed, [&](PreparedStatement& one) {
        one.long_data_on.reset();
        if (server) one.executed_on = server;
        if (server) one.has_cursor = has_cursor;
        if (server && in_several) one.keeps_types = true;
    });
    bool must_read = release_links(core);
    if (must_read) co_await read_back_links(core);
    co_return ended;
}

/// FETCH, and RESET of a statement that a server has something open for.
net::Task<Ended> follow(SessionCore& core, ClientCommand command, std::uint32_t id,
                        config::ServerId server)
{
    auto facts = core.prepared.find(id)->facts;
    Performer performer(core, command, CommandFacts{command.command, &facts, server},
                        CommandText{id, {}});
    auto ended = co_await performer.perform();
    auto* statement = core.prepared.find(id);
    bool is_read_up = (performer.report().status & protocol::server_status::last_row_sent) != 0 ||
                      performer.report().error_code != 0;
    if (statement && is_read_up)
        core.prepared.rebind(*statement, [](PreparedStatement& one) { one.has_cursor = false; });
    co_return ended;
}

net::Task<Ended> reset(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    auto server = statement.long_data_on ? statement.long_data_on : statement.executed_on;
    bool was_bound = statement.is_bound();
    core.prepared.rebind(statement, [](PreparedStatement& one) {
        one.long_data_on.reset();
        one.has_cursor = false;
    });
    auto* link = server && was_bound ? core.links.held(*server) : nullptr;
    if (link && link->statements.contains(statement.key.get()))
        co_return co_await follow(core, command, id, *server);
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    protocol::Ok ok;
    ok.status = core.state.status() & protocol::server_status::of_session;
    core.state.note_own_ok();
    auto payload = protocol::encode_ok(ok, core.account.capabilities);
    client_there = co_await reply_payload(core, std::move(payload));
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

/// Nobody answers. A link that is at hand forgets the statement if no other session has it; others
/// keep it until it is their oldest.
net::Task<Ended> close(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    constexpr long session_and_link = 2;
    for (const auto& lease : core.links.all()) {
        auto* link = core.links.retake(lease->server());
        if (!link || link->broken || statement.key.use_count() > session_and_link) continue;
        forget_statement(*link, statement.key.get());
    }
    core.prepared.erase(id);
    co_await give_back_links(core);
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

/// Pieces of a value go where the execution will: to the primary, or where the first one went. A
/// replica may turn out not to have what the execution must see, and then the pieces are there.
net::Task<Ended> send_long_data(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    auto facts = statement.facts;
    facts.access = sql::Access::primary;
    CommandFacts command_facts{Command::stmt_send_long_data, &facts, statement.long_data_on};
    CommandText out{id, {}};
    out.keeps_link = true;
    Performer performer(core, command, command_facts, std::move(out));
    auto ended = co_await performer.perform();
    auto* after = core.prepared.find(id);
    auto server = performer.server();
    if (after && server)
        core.prepared.rebind(*after,
                             [server](PreparedStatement& one) { one.long_data_on = server; });
    co_await give_back_links(core);
    co_return ended;
}

}  // namespace

net::Task<std::optional<CloseReason>> handle_statement_command(SessionCore& core,
                                                               ClientCommand command)
{
    if (command.command == Command::stmt_prepare) co_return co_await prepare(core, command);
    auto payload = payload_of(core, command);
    auto given = protocol::decode_statement_id(payload);
    if (!given) {
        auto error = server_error::malformed_packet();
        co_return co_await refuse(core, command, std::move(error));
    }
    auto id = *given;
    auto* statement = core.prepared.find(id);
    if (!statement) {
        auto error = server_error::unknown_statement(
            *given, error_name(command.command, core.state.dialect()));
        co_return co_await refuse(core, command, std::move(error));
    }
    switch (command.command) {
        case Command::stmt_execute:
            co_return co_await execute(core, command, id);
        case Command::stmt_reset:
            co_return co_await reset(core, command, id);
        case Command::stmt_close:
            co_return co_await close(core, command, id);
        case Command::stmt_send_long_data:
            co_return co_await send_long_data(core, command, id);
        default:
            break;
    }
    if (statement->executed_on)
        co_return co_await follow(core, command, id, *statement->executed_on);
    auto text = "The statement (" + std::to_string(id) + ") has no open cursor.";
    auto error = server_error::other(1421, "HY000", text);
    co_return co_await refuse(core, command, std::move(error));
}

}  // namespace pointsman::proxy
