#include "proxy/session/performer.hpp"

#include "protocol/messages/prepare.hpp"
#include "protocol/messages/simple_commands.hpp"
#include "protocol/server_error.hpp"
#include "protocol/server_status.hpp"

#include "proxy/session/tracked_state.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using protocol::Command;

namespace {

bool is_read_only_refusal(std::uint16_t code)
{
    return code == server_error::er_option_prevents_statement ||
           code == server_error::er_read_only_transaction ||
           code == server_error::er_read_only_mode;
}

/// Error 1290 is also said of other options (--secure-file-priv …).
bool names_read_only(const protocol::Err& error)
{
    return error.message.find("read-only") != std::string::npos;
}

bool has_no_response(Command command)
{
    return protocol::traits_of(command).response == protocol::ResponseShape::none;
}

/// Global variables and privileges count from the next login on.
bool changes_era(const sql::Statement& statement, const protocol::Report& report)
{
    return report.error_code == 0 && (statement.kind == sql::StatementKind::account ||
                                      statement.kind == sql::StatementKind::flush ||
                                      statement.has(sql::effect_global_variable));
}

/// A longer list goes on with the server's own ids.
constexpr std::size_t most_process_list = 4u << 20;
/// More than one row of numbers under any names.
constexpr std::size_t most_counts = 4u << 20;

/// Counts a command under way at a server, for balancing.
class Outstanding {
public:
    Outstanding(WorkerContext& worker, BackendLink& link)
        : count_(worker.outstanding[config::index_of(link.server)]), counters_(link.counters)
    {
        ++count_;
        counters_.links_busy.add();
    }
    ~Outstanding()
    {
        --count_;
        counters_.links_busy.sub();
    }
    Outstanding(const Outstanding&) = delete;
    Outstanding& operator=(const Outstanding&) = delete;

private:
    std::uint32_t& count_;
    ServerCounters& counters_;
};

}  // namespace

net::Task<std::optional<CloseReason>> Performer::perform()
{
    began_ = core_.worker.reactor.now();
    hold_until_ = began_ + core_.worker.settings->config.routing.hold_timeout;
    for (;;) {
        // Usually the link is there and ready: each coroutine on the way costs an allocation.
        bool ready = choose_link();
        auto next = Next::go_on;
        if (!ready) next = co_await obtain_link();
        if (next == Next::go_on && wait_.asking)
            next = co_await ask_position(*link_);
        else if (next == Next::go_on)
            next = co_await exchange_on(*link_);
        if (next == Next::close) co_return close_reason_;
        if (next == Next::done) break;
    }
    bool must_read = !text_.keeps_link && release_links(core_);
    if (must_read) co_await read_back_links(core_);
    if (command_.is_whole()) {
        release_command();
        co_return std::nullopt;
    }
    bool client_there = co_await discard(core_, command_);
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

Plan Performer::make_plan()
{
    auto& worker = core_.worker;
    PlanInput input{facts_,
                    core_.state,
                    *worker.topology,
                    core_.listener.mode,
                    worker.settings->config.routing.no_replica,
                    worker.outstanding,
                    core_.home,
                    avoid_,
                    redo_on_primary_,
                    knows_answer_};
    return plan(input, worker.random);
}

void Performer::choose_route()
{
    auto planned = make_plan();
    route_ = planned.route;
    state_lost_ = planned.state_lost || core_.state.is_lost();
    see_to_freshness();
    bool goes = !state_lost_ && !wait_.refusal && route_.kind == RouteKind::server;
    link_ = goes ? core_.links.retake(route_.server) : nullptr;
}

bool Performer::choose_link()
{
    knows_answer_ = false;
    choose_route();
    if (asks_for_lost_result() && finds_counts()) {
        knows_answer_ = true;
        choose_route();
    }
    core_.worker.counters.routes[static_cast<std::size_t>(route_.reason)].add();
    if (state_lost_ || wait_.refusal || route_.kind != RouteKind::server) return false;
    if (must_read_first() || commits_at_replica()) return false;
    if (asks_for_lost_result() || owes_link_something()) return false;
    if (!link_ || link_->broken || link_->stream->has_unexpected_input()) return false;
    auto idle = core_.worker.reactor.now() - link_->parked_at;
    if (idle > core_.worker.settings->config.pool.check_after && !link_->is_fresh) return false;
    return is_at_state(*link_, core_.state, state_need()) && is_prepared(*link_);
}

/// A plain read on a replica sees neither user variables nor LAST_INSERT_ID(). What the statement
/// before left would be lost by anything that is set first.
StateNeed Performer::state_need() const
{
    bool asks = !knows_answer_ && facts_.statement && asks_for_last_result(*facts_.statement) &&
                !facts_.statement->has(sql::effect_user_variable);
    const auto& state = core_.state;
    bool left_there =
        state.last_result_on() == route_.server || state.found_rows().on() == route_.server;
    if (asks && left_there) return StateNeed::reads;
    bool plain = route_.on_replica && facts_.statement &&
                 facts_.statement->access == sql::Access::replica &&
                 !facts_.statement->has(sql::effect_user_variable);
    return plain ? StateNeed::reads : StateNeed::everything;
}

net::Task<Performer::Next> Performer::obtain_link()
{
    if (state_lost_) {
        auto error = server_error::server_shutdown("session state was lost with its server");
        co_return co_await fail_and_close(std::move(error), CloseReason::state_lost);
    }
    if (wait_.refusal) {
        auto error = std::move(*wait_.refusal);
        co_return co_await fail(std::move(error));
    }
    switch (route_.kind) {
        case RouteKind::wait_primary: {
            auto why = core_.worker.topology->why_not_open;
            co_return co_await hold(std::move(why));
        }
        case RouteKind::no_server: {
            auto error = server_error::read_only("no server is fit to take it");
            co_return co_await fail(std::move(error));
        }
        case RouteKind::server:
            break;
    }
    if (commits_at_replica()) co_return co_await commit_at_replica();
    if (asks_for_lost_result()) {
        core_.state.expect_questions();
        auto error = server_error::last_result_lost();
        co_return co_await fail(std::move(error));
    }
    if (must_read_first()) {
        auto* left = core_.links.held(core_.state.unread().server);
        if (left && !left->broken) co_await read_back_link(core_, *left);
        if (!core_.state.unread().empty()) core_.state.lose_unread();
        co_return Next::again;
    }
    if (link_ && !link_->broken) {
        bool alive = co_await answers_ping(*link_);
        if (!alive) link_->broken = true;
    }
    if (link_ && link_->broken) {
        // It went away while idle: nothing of this command was sent, so nothing is in doubt.
        link_->counters.links_lost.add();
        core_.worker.shared.signals.note_link_lost(link_->server);
        RelayResult nothing_sent;
        co_return co_await on_lost(*link_, false, nothing_sent);
    }
    if (!link_) {
        auto next = co_await find_link();
        if (next != Next::go_on) co_return next;
    }
    co_return co_await prepare_link(*link_);
}

net::Task<Performer::Next> Performer::on_connect_failure(ConnectFailure failure)
{
    bool denied = failure.from_server && failure.error.code == server_error::er_access_denied;
    if (denied && lives_on_others_links()) co_return Next::again;
    bool can_go_elsewhere = route_.on_replica && !avoid_;
    if (can_go_elsewhere) {
        avoid_ = route_.server;
        co_return Next::again;
    }
    if (route_.on_replica && !redo_on_primary_) {
        redo_on_primary_ = true;
        co_return Next::again;
    }
    if (failure.from_server) {
        if (!denied) {
            auto error = std::move(failure.error);
            co_return co_await fail(std::move(error));
        }
        core_.worker.shared.credentials.forget(core_.account.user);
        auto error = std::move(failure.error);
        co_return co_await fail_and_close(std::move(error), CloseReason::login_denied);
    }
    auto why = std::move(failure.error.message);
    co_return co_await hold(std::move(why));
}

net::Task<Performer::Next> Performer::exchange_on(BackendLink& link)
{
    core_.tag->set_link(link.server, link.backend_connection_id);
    if (core_.worker.pool.may_want_more_idle(link)) open_links_ahead(core_, link.server);
    Outstanding outstanding(core_.worker, link);
    link.broken = true;  // until its answer is complete
    link.is_fresh = true;
    said_shutdown_.reset();
    auto bytes = wait_.waits() ? with_wait_in_front(link) : outgoing_bytes(link);
    auto sent = link.stream->try_write(bytes);
    if (sent.bytes < bytes.size()) {
        auto first = sent.bytes;
        auto rest = bytes.subspan(first);
        sent = co_await link.stream->write_all(rest);
        sent.bytes += first;
    }
    link.counters.bytes_to_server.add(sent.bytes);
    RelayResult result;
    if (sent.status != net::IoStatus::ok) co_return co_await on_lost(link, sent.bytes > 0, result);
    if (wait_.waits()) {
        bool was_alone = !goes_with_wait();
        auto waited = co_await finish_wait(link);
        if (waited != Next::go_on) co_return waited;
        if (was_alone) co_return co_await exchange_on(link);
    }
    RelayEnds ends{link, core_.client, core_.client_buffer, core_.worker.counters,
                   core_.worker.settings->config.limits.max_status_packet.value};
    if (!command_.is_whole()) {
        release_command();
        auto pumped = co_await pump_message(ends, command_.rest);
        close_reason_ = CloseReason::client_closed;
        if (pumped == PumpEnd::client_lost) co_return Next::close;
    }
    protocol::Exchange exchange(facts_.command, link.negotiated);
    Relay relay(ends, exchange, *this);
    if (text_.lists_processes) relay.collect(most_process_list);
    if (knows_answer_ && !count_columns_.empty()) relay.collect(most_counts);
    core_.guard.begin(link, facts_);
    link.stream->handle().keep_warm({net::WarmMemory{&link, sizeof link},
                                     net::WarmMemory{this, sizeof *this},
                                     net::WarmMemory{&core_, sizeof core_}});
    result = co_await relay.run();
    if (core_.guard.end()) co_await core_.guard.settle();
    report_ = exchange.report();
    if (result.end != RelayEnd::finished) co_return co_await on_failed(link, result);
    link.broken = !link.buffer.empty();  // more than an answer: not to be trusted
    link.buffer.release();
    settle(link);
    if (gtids_off_) co_await track_gtids_again(link);
    finished_at_ = link.server;
    co_return Next::done;
}

void Performer::release_command()
{
    core_.client_buffer.consume(command_.wire_size);
    command_.wire_size = 0;
}

net::Task<Performer::Next> Performer::on_failed(BackendLink& link, RelayResult result)
{
    switch (result.end) {
        case RelayEnd::withheld:
            if (said_shutdown_) co_return co_await on_shutdown(link, result);
            link.broken = !link.buffer.empty();
            if (shows_edited_text(report_.error_code)) {
                text_.names_ids = false;
                text_.payload.clear();
                co_return Next::again;
            }
            if (is_write_in_read_only_transaction()) co_return co_await refuse_as_read_only(link);
            if (route_.on_replica) {
                core_.worker.counters.reads_redone.add();
                redo_on_primary_ = true;
                co_return Next::again;
            }
            if (is_fenced_transaction()) co_return co_await end_fenced_transaction(link);
            co_return co_await hold_refused_write(link);
        case RelayEnd::client_lost:
            close_reason_ = CloseReason::client_closed;
            co_return Next::close;
        case RelayEnd::backend_nonsense: {
            if (result.answer_begun) {
                close_reason_ = CloseReason::backend_protocol_error;
                co_return Next::close;
            }
            auto error = server_error::malformed_packet();
            co_return co_await fail_and_close(error, CloseReason::backend_protocol_error);
        }
        case RelayEnd::backend_lost:
        case RelayEnd::finished:
            break;
    }
    co_return co_await on_lost(link, true, result);
}

net::Task<Performer::Next> Performer::fail(protocol::Err error)
{
    bool client_there = co_await discard(core_, command_);
    if (client_there && !has_no_response(facts_.command))
        client_there = co_await reply_error(core_, std::move(error));
    close_reason_ = CloseReason::client_closed;
    co_return client_there ? Next::done : Next::close;
}

net::Task<Performer::Next> Performer::fail_and_close(protocol::Err error, CloseReason reason)
{
    bool client_there = co_await discard(core_, command_);
    if (client_there) co_await reply_error(core_, std::move(error));
    close_reason_ = reason;
    co_return Next::close;
}

void Performer::settle(BackendLink& link)
{
    auto* run =
        facts_.runs_statement() ? facts_.statement : nullptr;  // to prepare it does nothing yet
    Settled settled{facts_.command,
                    run,
                    &report_,
                    link.server,
                    route_.on_replica,
                    state_changed_,
                    link.tracks_state,
                    (link.negotiated & protocol::capability::deprecate_eof) != 0,
                    text_.assigned,
                    text_.sets_collation,
                    text_.collates_results,
                    text_.held,
                    text_.runs_known_text,
                    text_.may_call,
                    text_.may_lock,
                    text_.changes_login,
                    text_.is_cut,
                    text_.ran ? &*text_.ran : nullptr};
    if (will_ask_in_vain()) core_.state.expect_questions();
    core_.state.settle(settled);
    // GET DIAGNOSTICS leaves what there is to be asked for, but what ran in its place did not.
    if (knows_answer_ && run->kind == sql::StatementKind::other) core_.state.lose_last_result();
    if (types_before_) give_back_refused_types(link);
    if (run && changes_era(*run, report_)) core_.worker.shared.era.fetch_add(1);
    note_seen(link);
    link.variables = core_.state.variables();
    link.schema = core_.state.schema();
    if (report_.has_status)
        link.autocommit = (report_.status & protocol::server_status::autocommit) != 0;
    if (report_.last_insert_id != 0) link.last_insert_id = report_.last_insert_id;
    count(link);
}

void Performer::count(BackendLink& link)
{
    auto kind = class_of(facts_);
    link.counters.statements[static_cast<std::size_t>(kind)].add();
    auto latency = core_.worker.reactor.now() - began_;
    auto& histogram =
        kind == StatementClass::read ? link.counters.read_latency : link.counters.write_latency;
    histogram.record(latency);
    if (report_.error_code != 0) core_.worker.counters.count_error(link.server, report_.error_code);
}

bool Performer::repeats_refused_write() const
{
    if (core_.state.in_transaction() || !command_.is_whole() || !facts_.statement) return false;
    const auto& statement = *facts_.statement;
    return statement.statement_count == 1 && statement.reason == sql::PrimaryReason::writes &&
           statement.kind != sql::StatementKind::call;
}

bool Performer::withholds(protocol::Bytes err_payload, std::uint16_t code)
{
    if (shows_edited_text(code) || hides_shutdown(err_payload, code)) return true;
    if (!is_read_only_refusal(code)) return false;
    auto error = protocol::decode_err(err_payload);
    bool read_only =
        error && (code != server_error::er_option_prevents_statement || names_read_only(*error));
    if (!read_only) return false;
    if (is_write_in_read_only_transaction())
        return code == server_error::er_option_prevents_statement && command_.is_whole();
    if (route_.on_replica)
        return !redo_on_primary_ && command_.is_whole() && !core_.state.in_transaction() &&
               core_.listener.mode == config::ListenerMode::split;
    // 1792 from a primary speaks of the client's own transaction mode.
    if (code == server_error::er_read_only_transaction) return false;
    if (is_fenced_transaction() && command_.is_whole()) return true;
    return core_.listener.mode != config::ListenerMode::replicas && repeats_refused_write() &&
           core_.worker.reactor.now() < hold_until_;
}

protocol::Buffer Performer::edit(protocol::Held held, protocol::Bytes payload)
{
    if (held == protocol::Held::prepare_ok) return edit_prepare_ok(payload);
    return edit_state(payload);
}

protocol::Buffer Performer::edit_state(protocol::Bytes payload)
{
    auto edited = take_tracked_state(payload, link_->negotiated, core_.account.capabilities,
                                     core_.state, facts_.statement);
    state_changed_ = state_changed_ || edited.state_changed;
    gtids_off_ = gtids_off_ || edited.gtids_off;
    if (!edited.gtids.empty()) note_written(edited.gtids);
    return std::move(edited.payload);
}

}  // namespace pointsman::proxy
