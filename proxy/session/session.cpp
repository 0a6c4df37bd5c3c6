#include "proxy/session/session.hpp"

#include "protocol/messages/query.hpp"
#include "protocol/messages/simple_commands.hpp"
#include "protocol/server_error.hpp"
#include "protocol/server_status.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/kill.hpp"
#include "proxy/session/login.hpp"
#include "proxy/session/performer.hpp"
#include "proxy/session/statement_commands.hpp"
#include "proxy/session/text_effects.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using protocol::Command;

namespace {

/// How long the end of a session waits for a client that does not read what it was told last.
constexpr auto last_words_time = std::chrono::seconds(1);

/// A text that is not here whole may hide anything in the part that is missing.
void distrust(sql::Statement& statement)
{
    if (statement.access == sql::Access::primary) return;
    statement.access = sql::Access::primary;
    statement.reason = sql::PrimaryReason::not_understood;
}

/// Text that was not looked at may do what a routine does. Whether there are several statements in
/// it, their results tell.
void expect_anything(sql::Statement& statement)
{
    distrust(statement);
    statement.effects |= sql::effect_routine | sql::effect_last_insert_id;
    if (statement.kind == sql::StatementKind::set)
        statement.effects |= sql::effect_unreported_variable;
}

/// Case-insensitive search for a word that is given in lower case.
bool mentions(std::string_view text, std::string_view word)
{
    auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// CONNECTION_ID(), or what else tells the ids of connections. A mention too many costs little.
bool may_name_ids(const sql::Statement& statement, std::string_view text)
{
    // IS_USED_LOCK() is one of the latter.
    if (statement.has(sql::effect_connection_id) || statement.has(sql::effect_user_lock))
        return true;
    bool may_list =
        statement.reason == sql::PrimaryReason::server_specific ||
        (statement.kind == sql::StatementKind::select && statement.access == sql::Access::primary);
    return may_list && mentions(text, "processlist");
}

NextCommand no_command(net::Wait wait)
{
    bool timed_out = wait == net::Wait::timed_out;
    return {std::nullopt, timed_out ? NoCommand::timed_out : NoCommand::cancelled};
}

std::optional<protocol::ConnectionOption> option_in(protocol::Bytes payload)
{
    auto option = protocol::decode_set_option(payload);
    if (!option) return std::nullopt;
    return *option;
}

/// @@collation_database where it is not the schema's: a reset takes it from the global variable.
net::Task<std::optional<std::string>> other_collation_than_schemas(BackendLink& link)
{
    std::string question =
        "SELECT @@collation_database, DEFAULT_COLLATION_NAME FROM"
        " information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()";
    auto rows = co_await query_rows(link, std::move(question));
    if (!rows || rows->size() != 1 || rows->front()[0] == rows->front()[1]) co_return std::nullopt;
    co_return rows->front()[0];
}

bool begins_replication(Command command)
{
    return command == Command::binlog_dump || command == Command::binlog_dump_gtid;
}

}  // namespace

Session::Session(WorkerContext& worker, const net::Accepted& accepted,
                 std::shared_ptr<ListenerShare> listener)
    : core_(worker, accepted.fd), listener_(std::move(listener))
{
    core_.listener = listener_->facts();
    core_.client_host = accepted.peer_host;
    core_.client_port = accepted.peer_port;
    core_.client_is_unix = accepted.is_unix;
    std::tie(core_.connection_id, core_.tag) = worker.shared.registry.add(worker.end_session);
    worker.counters.sessions_opened.add();
    worker.counters.sessions_open.add();
    listener_->sessions.fetch_add(1, std::memory_order_relaxed);
}

Session::~Session()
{
    count_pins(core_, pin_none);
    end_links(core_);
    listener_->sessions.fetch_sub(1, std::memory_order_relaxed);
    core_.worker.counters.sessions_open.sub();
    core_.worker.shared.registry.remove(core_.connection_id);
}

net::Task<CloseReason> Session::run()
{
    auto reason = co_await serve();
    co_await core_.client.settle_writes(core_.worker.reactor.now() + last_words_time);
    core_.client.shut_down();
    core_.worker.counters.sessions_closed[static_cast<std::size_t>(reason)].add();
    co_return reason;
}

net::Task<CloseReason> Session::serve()
{
    if (listener_->sessions.load(std::memory_order_relaxed) > listener_->max_sessions.load()) {
        core_.reply_sequence = 0;
        auto error = server_error::too_many_connections();
        co_await reply_error(core_, std::move(error));
        co_return CloseReason::too_many_connections;
    }
    auto refused = co_await log_in(core_);
    if (refused) co_return *refused;
    if (auto* primary = core_.worker.topology->primary_server())
        core_.state.set_server_version(primary->flavour == health::Flavour::mariadb,
                                       primary->version_number);
    const auto& limits = core_.worker.settings->config.limits;
    KeptSize keep{
        std::max<std::size_t>(limits.max_retry_command.value, core_.worker.buffers.chunk_size()),
        limits.max_prepared_text.value};
    begin_idle_limit();
    core_.client.join_ring();
    core_.client.handle().keep_warm({net::WarmMemory{this, sizeof *this}});
    core_.client.handle().on_hang_up([this] { core_.guard.note_client_gone(); });
    for (;;) {
        if (draining_ && may_end_now()) co_return CloseReason::shutdown;
        wait_for_command();
        auto next = front_command(core_, keep);
        while (!next.command && (next.why_not == NoCommand::incomplete || woke_too_early(next))) {
            if (next.why_not == NoCommand::timed_out) co_await keep_bound_link();
            core_.client_buffer.release();  // an idle session holds no memory
            auto wait = co_await core_.client.until_readable();
            next = wait == net::Wait::ready ? receive_command(core_, keep) : no_command(wait);
        }
        idle_ = false;
        if (!next.command) co_return co_await end_without_command(next.why_not);
        if (next.command->command == Command::quit) co_return CloseReason::client_quit;
        core_.client.handle().set_deadline(net::never);
        core_.reply_sequence = static_cast<std::uint8_t>(next.command->header.sequence + 1);
        auto ended = co_await handle(*next.command);
        core_.transaction_mark.update(core_.worker.counters, core_.state);
        if (ended) co_return *ended;
        auto pins = reasons_to_keep_link(core_);
        if (pins != core_.counted_pins) count_pins(core_, pins);
        note_link_used();
    }
}

void Session::wait_for_command()
{
    silent_since_ = core_.worker.reactor.now();
    core_.client.handle().set_deadline(wake_at());
    idle_ = true;
    drop_stale_links();
}

net::Task<CloseReason> Session::end_without_command(NoCommand why)
{
    switch (why) {
        case NoCommand::closed:
            co_return CloseReason::client_closed;
        case NoCommand::timed_out:
            co_await tell_idle_for_too_long();
            co_return CloseReason::idle_timeout;
        case NoCommand::cancelled:
            co_return CloseReason::shutdown;
        case NoCommand::nonsense:
        case NoCommand::incomplete:
            break;
    }
    core_.worker.counters.protocol_errors.add();
    auto error = server_error::packets_out_of_order();
    co_await reply_error(core_, std::move(error));
    co_return CloseReason::protocol_error;
}

/// Not a coroutine: queries come by here too.
net::Task<Session::Ended> Session::handle(ClientCommand command)
{
    switch (command.command) {
        case Command::query:
            return handle_query(command);
        case Command::ping:
            if (core_.state.is_status_old()) return handle_other(command);  // the server knows
            return answer_ok(command);
        case Command::statistics:
            return answer_statistics(command);
        case Command::stmt_prepare:
        case Command::stmt_execute:
        case Command::stmt_fetch:
        case Command::stmt_close:
        case Command::stmt_reset:
        case Command::stmt_send_long_data:
            return handle_statement_command(core_, command);
        case Command::process_kill:
            return handle_process_kill(core_, command);
        case Command::change_user:
            return log_in_again(command);
        case Command::reset_connection:
            return reset_connection(command);
        default:
            return handle_other(command);
    }
}

net::Task<Session::Ended> Session::handle_other(ClientCommand command)
{
    if (protocol::traits_of(command.command).response == protocol::ResponseShape::refused) {
        auto error = server_error::unknown_command();
        co_return co_await refuse(command, std::move(error));
    }
    std::optional<protocol::ConnectionOption> option;
    if (command.command == Command::set_option) option = option_in(payload_of(core_, command));
    CommandText out;
    out.keeps_link = option.has_value();
    Performer performer(core_, command, CommandFacts{command.command, nullptr, std::nullopt},
                        std::move(out));
    auto ended = co_await performer.perform();
    if (!ended && option) {
        if (performer.link() && performer.report().error_code == 0)
            set_multi_statements(core_, *option == protocol::ConnectionOption::multi_statements_on);
        co_await give_back_links(core_);
    }
    if (!ended && begins_replication(command.command)) ended = CloseReason::replication_ended;
    co_return ended;
}

net::Task<Session::Ended> Session::handle_query(ClientCommand command)
{
    auto text = protocol::query_text(payload_of(core_, command), core_.account.capabilities);
    if (!text && command.is_whole()) {
        auto error = server_error::malformed_packet();
        co_return co_await refuse(command, std::move(error));
    }
    sql::Statement statement;
    if (text) statement = core_.worker.recent_statements.classify(*text, core_.state.dialect());
    if (!command.is_whole()) expect_anything(statement);
    auto after_gtid = protocol::query_attribute(payload_of(core_, command),
                                                core_.account.capabilities, "after_gtid");
    if (!after_gtid.empty()) statement.hint.after_gtid = after_gtid;
    if (statement.kind == sql::StatementKind::kill && command.is_whole()) {
        auto kill = parse_kill(*text);
        std::string named(*text);
        if (!kill) kill = co_await kill_of_variable(core_, std::move(named));
        if (kill) co_return co_await handle_kill(core_, command, *kill);
    }
    CommandText out;
    out.asks_for_conditions = text && statement.kind == sql::StatementKind::other &&
                              statement.has(sql::effect_reads_last_result) &&
                              !mentions(*text, "row_count");
    auto whole_text = text && command.is_whole() ? std::optional(*text) : std::nullopt;
    out.is_cut = !command.is_whole();
    note_effects(core_, statement, whole_text, out);
    out.names_ids = whole_text && may_name_ids(statement, *whole_text);
    out.lists_processes = out.names_ids && statement.kind == sql::StatementKind::show &&
                          statement.statement_count == 1;
    CommandFacts facts{Command::query, &statement, std::nullopt};
    Performer performer(core_, command, facts, std::move(out));
    auto ended = co_await performer.perform();
    bool released = statement.transaction == sql::Transaction::commit_release ||
                    statement.transaction == sql::Transaction::rollback_release;
    if (!ended && released && performer.report().error_code == 0) ended = CloseReason::client_quit;
    co_return ended;
}

net::Task<Session::Ended> Session::answer_ok(ClientCommand command)
{
    bool client_there = co_await discard(core_, command);
    if (!client_there) co_return CloseReason::client_closed;
    protocol::Ok ok;
    ok.status = core_.state.status() & protocol::server_status::of_session;
    ok.warnings = core_.state.warnings();
    core_.state.note_own_ok();
    auto payload = protocol::encode_ok(ok, core_.account.capabilities);
    bool sent = co_await reply_payload(core_, std::move(payload));
    if (!sent) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

net::Task<Session::Ended> Session::refuse(ClientCommand command, protocol::Err error)
{
    core_.worker.counters.protocol_errors.add();
    bool client_there = co_await discard(core_, command);
    if (!client_there) co_return CloseReason::client_closed;
    client_there = co_await reply_error(core_, std::move(error));
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

net::Task<Session::Ended> Session::reset_connection(ClientCommand command)
{
    // What is bound to a server is what the client wants to be rid of: it may begin anywhere.
    auto schema = core_.state.schema();
    CommandText out;
    out.keeps_link = true;
    Performer performer(core_, command,
                        CommandFacts{Command::reset_connection, nullptr, std::nullopt},
                        std::move(out));
    auto ended = co_await performer.perform();
    if (ended || performer.report().error_code != 0 || !performer.link()) co_return ended;
    auto& link = *performer.link();
    core_.links.drop_all_but(link.server);
    core_.prepared.clear();
    auto status = performer.report().status;
    core_.state.reset_connection(std::move(schema));
    core_.state.set_status(status);
    begin_idle_limit();
    link.variables = link.user_variables = no_variables();
    link.statements.clear();
    link.to_send_first.clear();
    link.last_insert_id = 0;
    link.autocommit = core_.state.autocommit();
    link.needs_reset = false;
    link.was_reset = reset_forgets_foreign_keys(link);
    co_await start_tracking(link);
    co_await learn_reset_variables(link);
    co_return std::nullopt;
}

/// A reset takes everything from global variables, also what the login had chosen: from here on
/// these are settings of the session.
net::Task<void> Session::learn_reset_variables(BackendLink& link)
{
    if (link.broken) co_return;
    auto now = co_await query_login_variables(link);
    if (!now) co_return;
    // All of them or none: another link gets them by SET NAMES, which says more than each alone.
    if (*now->variables != *link.login_variables)
        for (const auto& [name, value] : *now->variables)
            core_.state.note_silent_variable(name, value);
    if (!core_.state.schema().empty()) {
        auto collation = co_await other_collation_than_schemas(link);
        if (collation) core_.state.note_silent_variable(std::string{schema_collation}, *collation);
    }
    link.variables = core_.state.variables();
    co_await give_back_links(core_);
}

net::Task<Session::Ended> Session::log_in_again(ClientCommand command)
{
    auto ended = co_await change_user(core_, command);
    if (!ended) begin_idle_limit();
    co_return ended;
}

bool Session::may_end_now() const
{
    return !core_.state.in_transaction();
}

void Session::begin_drain()
{
    draining_ = true;
    if (idle_ && core_.client_buffer.empty() && may_end_now()) core_.client.handle().cancel();
}

void Session::drop_stale_links()
{
    if (!idle_) return;  // it looks again before it waits
    const auto& topology = *core_.worker.topology;
    std::vector<config::ServerId> stale;
    for (const auto& lease : core_.links.all())
        if (lease->held() && !topology.find(lease->server())) stale.push_back(lease->server());
    for (auto server : stale) {
        bool needed = core_.state.transaction_on() == server || core_.state.bound_to() == server;
        if (needed) continue;
        core_.links.drop(server);
        core_.prepared.forget_server(server);
    }
}

void Session::sever(config::ServerId server)
{
    if (auto* link = core_.links.held(server)) link->stream->cut();
}

void Session::cut_silent_links()
{
    auto limit = core_.worker.settings->config.tcp.server_timeout;
    if (idle_ || limit.count() == 0) return;
    auto now = core_.worker.reactor.now();
    for (const auto& lease : core_.links.all()) {
        auto* link = lease->held();
        if (link && link->silence.is_lost(link->stream->handle().fd(), now, limit))
            link->stream->cut();
    }
}

void Session::kill()
{
    killed_ = true;
    abort();
}

void Session::abort()
{
    // One wait is under way at most; waking it may end the session, and this object with it.
    auto* waiting = &core_.client.handle();
    for (const auto& lease : core_.links.all()) {
        auto* link = lease->held();
        if (link && link->stream->handle().is_waited_on()) waiting = &link->stream->handle();
    }
    core_.client.handle().mark_cancelled();
    waiting->cancel();
}

}  // namespace pointsman::proxy
