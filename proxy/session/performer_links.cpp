// Performer: the link for a command: taken from the pool, opened or waited for, and brought to the
// session's state.

#include "protocol/server_error.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using protocol::Command;

/// ROW_COUNT() and the like are known on one link only, and only until it does something else.
bool Performer::asks_for_lost_result() const
{
    if (knows_answer_ || !facts_.runs_statement()) return false;
    if (!asks_for_last_result(*facts_.statement)) return false;
    return has_lost_found_rows() || has_lost_last_result();
}

bool Performer::has_lost_found_rows() const
{
    const auto& state = core_.state;
    const auto& found = state.found_rows();
    if (!facts_.statement->has(sql::effect_reads_found_rows)) return false;
    // It is 0, and saying so to the link would take ROW_COUNT() away.
    if (found.is_unset())
        return state.last_result_on() && facts_.statement->has(sql::effect_reads_last_result);
    return found.on() != route_.server || !is_as_left();
}

bool Performer::has_lost_last_result() const
{
    const auto& state = core_.state;
    if (!facts_.statement->has(sql::effect_reads_last_result) || state.own_error()) return false;
    // No warnings were left, and every link in the pool is without.
    bool about_warnings =
        facts_.statement->kind == sql::StatementKind::show || text_.asks_for_conditions;
    if (about_warnings && state.warnings() == 0) return false;
    if (state.is_last_result_lost()) return true;
    if (!state.last_result_on()) return false;
    bool counts_elsewhere = facts_.statement->has(sql::effect_reads_found_rows) &&
                            state.last_result_on() != route_.server;
    if (counts_elsewhere) return true;
    return state.last_result_on() == route_.server && !is_as_left();
}

/// Nothing need be done on the link before the command itself.
bool Performer::is_as_left() const
{
    return link_ && is_at_state(*link_, core_.state, state_need()) && is_prepared(*link_);
}

/// Does its answer tell of warnings that were there before?
bool Performer::shows_warnings() const
{
    if (repeats_warnings(facts_.command)) return true;
    return facts_.runs_statement() && asks_for_last_result(*facts_.statement);
}

/// Is there state that must be read from a link before this command? Behind it the question would
/// take what the command leaves (ROW_COUNT()).
bool Performer::must_read_first() const
{
    const auto& state = core_.state;
    const auto& unread = state.unread();
    if (unread.empty()) return false;
    if (unread.server != route_.server) return true;
    bool is_told = !facts_.statement || !explains_state_change(*facts_.statement);
    if (unread.only_changes() && is_told) return false;
    // Its OK repeats the number of warnings.
    bool asks = repeats_warnings(facts_.command) ||
                (facts_.statement && (asks_for_last_result(*facts_.statement) ||
                                      facts_.statement->has(sql::effect_last_insert_id)));
    bool stays = asks || state.in_transaction() || state.bound_to() == unread.server;
    return !stays && core_.worker.pool.is_shared() && core_.links.held(unread.server);
}

/// A session that has left nothing yet must not be told what another one left on the link.
bool Performer::asks_behind_nothing() const
{
    if (!facts_.runs_statement()) return false;
    const auto& statement = *facts_.statement;
    const auto& state = core_.state;
    bool counts = statement.has(sql::effect_reads_found_rows) && state.found_rows().is_unset();
    bool asks = statement.has(sql::effect_reads_last_result) && !state.last_result_on() &&
                statement.kind != sql::StatementKind::show;
    return counts || asks;
}

/// Must the link be brought to what the client's last commands left before it is asked for that?
bool Performer::owes_link_something() const
{
    if (knows_answer_) return false;
    if (asks_for_own_error() || asks_behind_nothing()) return true;
    return core_.state.owes_ping() && facts_.runs_statement() &&
           asks_for_last_result(*facts_.statement);
}

/// SHOW WARNINGS and the like; the answer to COM_INIT_DB tells how many there are.
bool Performer::asks_for_own_error() const
{
    if (!core_.state.own_error()) return false;
    return shows_warnings();
}

net::Task<void> Performer::settle_debts(BackendLink& link)
{
    if (asks_for_own_error()) co_await say_own_error(link);
    bool is_new = !core_.state.last_result_on();
    bool reads_nothing = !link.broken && asks_behind_nothing();
    std::string no_rows = "SELECT 1 LIMIT 0";  // FOUND_ROWS() is 0 after it
    if (reads_nothing) co_await run_statement(link, no_rows);
    // A ping makes ROW_COUNT() 0, the client's own as well, which was answered here. (Measured:
    // MySQL 9.7; DO 0 would make FOUND_ROWS() 1.)
    bool pings = core_.state.owes_ping() || (reads_nothing && is_new);
    if (link.broken || !pings) co_return;
    protocol::Buffer ping{static_cast<protocol::Byte>(protocol::Command::ping)};
    auto answered = co_await run_command(link, ping);
    if (answered.ok()) core_.state.note_ping_passed_on();
}

/// Has the server say it, too, so that it can be asked for there. Left out where it can't be said:
/// nobody has ever been told an error that the link did not have.
net::Task<void> Performer::say_own_error(BackendLink& link)
{
    auto error = *core_.state.own_error();
    auto statement = protocol::signal_statement(error);
    auto said = co_await run_statement(link, statement);
    if (!link.broken && said.error.code == error.code) core_.state.note_error_at(link.server);
}

/// A link that was idle for long is asked first: its server may be gone without a word.
net::Task<bool> Performer::answers_ping(BackendLink& link)
{
    if (link.stream->has_unexpected_input()) co_return false;
    const auto& config = core_.worker.settings->config;
    auto now = core_.worker.reactor.now();
    if (now - link.parked_at <= config.pool.check_after || link.is_fresh) co_return true;
    // It would take ROW_COUNT() away. A link that is gone is found out by the question itself.
    if (facts_.runs_statement() && asks_for_last_result(*facts_.statement)) co_return true;
    link.stream->handle().set_deadline(now + config.limits.connect_timeout);
    protocol::Buffer ping{static_cast<protocol::Byte>(protocol::Command::ping)};
    auto answered = co_await run_command(link, ping);
    link.stream->handle().set_deadline(net::never);
    link.is_fresh = true;
    co_return answered.ok();
}

net::Task<Performer::Next> Performer::find_link()
{
    if (!core_.worker.topology->find(route_.server)) {
        auto error = server_error::server_shutdown("server was removed");
        co_return co_await fail(std::move(error));
    }
    auto& lease = lease_of(core_, route_.server);
    for (;;) {
        auto next = co_await take_link(lease);
        if (next != Next::go_on) co_return next;
        core_.state.lose_found_rows(lease.server());
        link_ = lease.held();
        bool alive = co_await answers_ping(*link_);
        if (alive && can_be_brought_to(*link_, core_.state)) co_return Next::go_on;
        // Another session's leftovers: not this one's loss.
        if (!alive) link_->broken = true;
        link_ = nullptr;
        lease.drop();
    }
}

/// From the pool, or new, or after a wait.
net::Task<Performer::Next> Performer::take_link(Lease& lease)
{
    auto& pool = core_.worker.pool;
    LinkWish wish{core_.state.variables(), core_.state.schema()};
    if (pool.is_shared() && pool.try_take(lease, wish)) co_return Next::go_on;
    auto now = core_.worker.reactor.now();
    bool may_open = now >= core_.denied_until || !pool.is_shared() || !pool.has_others(lease);
    if (may_open && pool.reserve(lease)) co_return co_await open_new_link(lease);
    const auto& config = core_.worker.settings->config;
    auto deadline = now + config.pool.link_wait_timeout;
    auto turn = co_await pool.wait(lease, deadline, may_open);
    if (turn == LinkPool::Turn::has_link) co_return Next::go_on;
    if (turn == LinkPool::Turn::may_open) co_return co_await open_new_link(lease);
    if (route_.on_replica && !redo_on_primary_ && !core_.state.in_transaction()) {
        redo_on_primary_ = true;
        co_return Next::again;
    }
    auto* view = core_.worker.topology->find(route_.server);
    auto error = server_error::no_free_link(view ? view->name : "", config.pool.max_links);
    co_return co_await fail(std::move(error));
}

/// Its password was changed, say: as on a server, a session that is there goes on, here by the
/// links that its account has.
bool Performer::lives_on_others_links()
{
    constexpr auto until_next_try = std::chrono::seconds(10);
    auto& pool = core_.worker.pool;
    auto* lease = core_.links.find(route_.server);
    if (!lease || !pool.is_shared() || !pool.has_others(*lease)) return false;
    core_.denied_until = core_.worker.reactor.now() + until_next_try;
    return true;
}

net::Task<Performer::Next> Performer::open_new_link(Lease& lease)
{
    auto* view = core_.worker.topology->find(lease.server());
    if (!view) {
        core_.worker.pool.unreserve(lease);
        co_return Next::again;
    }
    auto request = link_request(core_);
    auto context = core_.worker.connector();
    auto server = *view;
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    if (auto* failure = std::get_if<ConnectFailure>(&opened)) {
        core_.worker.pool.unreserve(lease);
        co_return co_await on_connect_failure(std::move(*failure));
    }
    core_.worker.pool.adopt(lease, std::move(std::get<BackendLinkPtr>(opened)));
    co_return Next::go_on;
}

net::Task<Performer::Next> Performer::prepare_link(BackendLink& link)
{
    auto need = state_need();
    bool is_touched = !is_at_state(link, core_.state, need) || !is_prepared(link);
    auto synced = co_await bring_to_state(link, core_.state, need);
    if (synced && !is_prepared(link)) synced = co_await ensure_prepared(link);
    // A SET may warn, and these warnings are not the client's.
    std::string clear = "DO 0";
    if (synced && is_touched && shows_warnings()) {
        core_.state.lose_found_rows(link.server);
        co_await run_statement(link, clear);
    }
    synced = synced && !link.broken;
    if (synced && owes_link_something()) co_await settle_debts(link);
    synced = synced && !link.broken;
    if (synced) co_return Next::go_on;
    if (link.broken) {
        RelayResult nothing;
        co_return co_await on_lost(link, false, nothing);
    }
    if (route_.on_replica && !redo_on_primary_ && !core_.state.in_transaction()) {
        redo_on_primary_ = true;
        co_return Next::again;
    }
    auto error = server_error::server_shutdown("session state could not be set on another server");
    co_return co_await fail_and_close(std::move(error), CloseReason::state_lost);
}

}  // namespace pointsman::proxy
