#include "proxy/session/statement_commands.hpp"

#include "protocol/messages/statement.hpp"
#include "protocol/server_error.hpp"
#include "protocol/server_status.hpp"
#include "protocol/sql/connection_id.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using protocol::Command;
using Ended = std::optional<CloseReason>;

namespace {

/// The command's name as error 1243 has it.
std::string_view error_name(Command command)
{
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
    auto text = protocol::decode_prepare(payload_of(core, command));
    if (!text) {
        auto error = server_error::malformed_packet();
        co_return co_await refuse(core, command, std::move(error));
    }
    PreparedStatement statement;
    statement.text = *text;
    statement.facts = sql::classify(*text, core.state.dialect());
    CommandText sent;
    if (statement.facts.has(sql::effect_connection_id)) {
        auto own = sql::with_connection_id(*text, core.state.dialect(), core.connection_id);
        if (own) statement.text = *own;
        if (own) sent.payload = protocol::encode_prepare(*own);
    }
    // A text that was not kept whole can't be prepared again elsewhere.
    if (!command.is_whole()) {
        auto error = server_error::packet_too_large();
        co_return co_await refuse(core, command, std::move(error));
    }
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
    if (performer.report().error_code != 0 || !performer.link()) core.prepared.erase(*id);
    co_return ended;
}

/// Its effects are those of the text that was prepared.
net::Task<Ended> execute(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    CommandFacts command_facts{Command::stmt_execute, &statement.facts, statement.long_data_on};
    Performer performer(core, command, command_facts, CommandText{id, {}});
    auto ended = co_await performer.perform();
    auto* executed = core.prepared.find(id);
    if (!executed) co_return ended;
    executed->long_data_on.reset();
    if (performer.link()) {
        executed->executed_on = performer.link()->server;
        executed->has_cursor =
            (performer.report().status & protocol::server_status::cursor_exists) != 0;
    }
    co_return ended;
}

/// FETCH, and RESET of a statement that a server has something open for.
net::Task<Ended> follow(SessionCore& core, ClientCommand command, std::uint32_t id,
                        config::ServerId server)
{
    auto facts = core.prepared.find(id)->facts;
    Performer performer(core, command, CommandFacts{command.command, &facts, server},
                        CommandText{id, {}});
    co_return co_await performer.perform();
}

net::Task<Ended> reset(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    auto server = statement.long_data_on ? statement.long_data_on : statement.executed_on;
    statement.long_data_on.reset();
    statement.has_cursor = false;
    auto* link = server ? core.links.find(*server) : nullptr;
    if (link && link->statements.contains(id))
        co_return co_await follow(core, command, id, *server);
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    protocol::Ok ok;
    ok.status = core.state.status();
    ok.status &= static_cast<std::uint16_t>(~protocol::server_status::session_state_changed);
    auto payload = protocol::encode_ok(ok, core.account.capabilities);
    client_there = co_await reply_payload(core, std::move(payload));
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

/// Each link that has the statement is told; nobody answers.
net::Task<Ended> close(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    for (const auto& link : core.links.all()) {
        auto known = link->statements.find(id);
        if (known == link->statements.end() || link->broken) continue;
        protocol::Buffer wire;
        auto payload = protocol::encode_statement_close(known->second.backend_id);
        protocol::append_message(wire, payload, 0);
        auto sent = co_await link->stream->write_all(wire);
        if (sent.status != net::IoStatus::ok) link->broken = true;
        link->statements.erase(known);
    }
    core.prepared.erase(id);
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

/// Pieces of a value go where the execution will: by the same plan, or where the first one went.
net::Task<Ended> send_long_data(SessionCore& core, ClientCommand command, std::uint32_t id)
{
    auto& statement = *core.prepared.find(id);
    auto facts = statement.facts;
    CommandFacts command_facts{Command::stmt_send_long_data, &facts, statement.long_data_on};
    Performer performer(core, command, command_facts, CommandText{id, {}});
    auto ended = co_await performer.perform();
    auto* after = core.prepared.find(id);
    if (after && performer.link()) after->long_data_on = performer.link()->server;
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
        auto error = server_error::unknown_statement(*given, error_name(command.command));
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
    auto error = server_error::other(1421, "HY000", "The statement has no open cursor.");
    co_return co_await refuse(core, command, std::move(error));
}

}  // namespace pointsman::proxy
