// Performer: reads at replicas that must see certain writes (routing.consistency, after_gtid).
//
// A replica that is not known to have them is sent a statement that waits for them, and behind it
// in the same packet train the read: the answers come in order, and the first is ours. When the
// wait was in vain the read has run all the same, and its answer is thrown away.

#include "protocol/messages/query.hpp"
#include "protocol/server_error.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using config::Consistency;
using protocol::Command;

namespace {

/// After a wait in vain nobody waits at that replica for so long: one probe later more is known.
constexpr auto pause_after_timeout = std::chrono::milliseconds(100);
/// An unwanted answer that is larger costs more than a new link.
constexpr std::size_t most_dropped = 1u << 20;
constexpr auto longest_drop = std::chrono::milliseconds(100);
/// A session that the load draws to another replica goes there once in this time at most, since
/// somebody must be asked then for what it has seen.
constexpr auto longest_stay = std::chrono::seconds(1);
constexpr std::uint32_t first_with_regexp_replace = 80004;
constexpr std::uint16_t er_query_interrupted = 1317;
constexpr std::uint16_t er_malformed_gtid_set = 1772;

protocol::Err no_fresh_replica()
{
    return server_error::read_only(
        "no replica has what the read must see "
        "(routing.consistency), and none came to have it within "
        "routing.consistency_timeout");
}

PositionPtr shared(protocol::Position position)
{
    return std::make_shared<const protocol::Position>(std::move(position));
}

bool shows_one_server(const sql::Statement& statement)
{
    switch (statement.kind) {
        case sql::StatementKind::select:
            return !statement.names_table &&
                   (statement.reason == sql::PrimaryReason::none ||
                    statement.reason == sql::PrimaryReason::session_state ||
                    statement.reason == sql::PrimaryReason::function);
        case sql::StatementKind::show:
        case sql::StatementKind::explain:
        case sql::StatementKind::help:
            return statement.access == sql::Access::primary;
        default:
            return false;
    }
}

/// May it show rows, or fix what later statements are shown?
bool shows_data(const sql::Statement& statement)
{
    if (statement.access == sql::Access::replica) return true;
    if (asks_for_last_result(statement)) return false;
    switch (statement.transaction) {
        case sql::Transaction::begin:
        case sql::Transaction::begin_read_only:
            return true;
        default:
            break;
    }
    switch (statement.kind) {
        case sql::StatementKind::select:
            return statement.names_table && statement.reason != sql::PrimaryReason::locking_read;
        case sql::StatementKind::call:
        case sql::StatementKind::execute:
            return true;
        default:
            return false;
    }
}

/// The wait's answer is 0 when the server has all (NULL, -1 and 1 are not).
bool says_it_has(const OwnAnswer& answer)
{
    if (!answer.table || answer.table->rows.size() != 1) return false;
    const auto& row = answer.table->rows.front();
    return row.size() == 1 && row.front() == "0";
}

}  // namespace

Consistency Performer::consistency() const
{
    return core_.worker.settings->config.routing.consistency;
}

/// A hint that cannot be read is refused wherever the statement would go.
void Performer::read_token()
{
    const auto& text = facts_.statement->hint.after_gtid;
    if (text.empty() || wait_.token) return;
    auto flavour = core_.state.dialect().mariadb ? protocol::GtidFlavour::mariadb
                                                 : protocol::GtidFlavour::mysql;
    auto token = protocol::parse_position(text, flavour);
    if (token)
        wait_.token = std::move(*token);
    else
        wait_.refusal = server_error::other(
            er_malformed_gtid_set, "HY000",
            "Malformed GTID set specification '" + text + "' in the hint after_gtid.");
}

/// Changes the route where a replica was chosen that must not answer as it is.
void Performer::see_to_freshness()
{
    wait_.begin_attempt();
    if (!facts_.runs_statement()) return;
    read_token();
    if (wait_.refusal) return;
    bool bound = core_.state.in_transaction() || facts_.only_on;
    bool wanted = consistency() != Consistency::none || wait_.token;
    if (route_.kind != RouteKind::server || bound || !wanted) return;
    if (!route_.on_replica) return see_to_commits();
    if (!primary_may_stand_in()) return;
    auto found = judge(route_.server);
    if (found == Freshness::unknown && stays_at_seen()) found = judge(route_.server);
    if (found == Freshness::late && is_fresh_at_seen()) found = Freshness::fresh;
    if (found == Freshness::behind && finds_fresh_replica()) found = Freshness::fresh;
    auto& counts = core_.worker.counters.read_freshness;
    switch (found) {
        case Freshness::fresh:
            if (core_.reads.needs_anything() || wait_.token)
                counts[static_cast<std::size_t>(ReadFreshness::known_fresh)].add();
            return;
        case Freshness::late:
            wait_.lacks = lacking_at(route_.server);
            return;
        case Freshness::behind:
            if (!wait_.waited_in_vain)
                counts[static_cast<std::size_t>(ReadFreshness::not_tried)].add();
            return take_to_primary();
        case Freshness::unknown:
            route_to_primary();
            // Once for each read, whatever changes meanwhile: else it could go on asking.
            wait_.asking = route_.kind == RouteKind::server && !wait_.asked && !wait_.asked_in_vain;
            if (!wait_.asking) take_to_primary();
    }
}

/// Under semi-synchronous replication a replica shows what the primary is still committing.
void Performer::see_to_commits()
{
    const auto& topology = *core_.worker.topology;
    auto* primary = topology.primary_server();
    auto seen = core_.reads.seen_at();
    if (!seen || !primary || primary->id != route_.server || *seen == primary->id) return;
    bool can_wait = primary->flavour == health::Flavour::mysql &&
                    primary->version_number >= first_with_regexp_replace;
    if (!can_wait || !shows_data(*facts_.statement)) return;
    wait_.for_commits = true;
}

/// Others are sent to replicas only where the listener or a hint says so, whatever they see there.
bool Performer::primary_may_stand_in() const
{
    return facts_.statement->access == sql::Access::replica ||
           facts_.statement->transaction == sql::Transaction::begin_read_only;
}

Performer::Freshness Performer::judge(config::ServerId server)
{
    auto& worker = core_.worker;
    auto& marks = worker.marks;
    auto mode = consistency();
    auto* primary = worker.topology->primary_server();
    if (mode != Consistency::none) {
        auto id = primary ? std::optional(primary->id) : std::nullopt;
        if (!core_.reads.settle_seen(server, marks, id)) return Freshness::unknown;
    }
    bool met = (mode == Consistency::none || core_.reads.is_met(server, marks)) &&
               (mode != Consistency::global || has_acknowledged(server)) &&
               (!wait_.token || marks.has(server, *wait_.token));
    if (met) return Freshness::fresh;
    bool can_wait = command_.is_whole() && !wait_.waited_in_vain &&
                    !marks.is_behind(server, worker.reactor.now());
    return can_wait && !is_empty(lacking_at(server)) ? Freshness::late : Freshness::behind;
}

bool Performer::has_acknowledged(config::ServerId server)
{
    auto& writes = core_.worker.shared.acknowledged;
    auto& known = core_.worker.marks.acknowledged_up_to(server);
    auto version = writes.version();
    if (known == version) return true;
    auto all = writes.position();
    if (!all || !core_.worker.marks.has(server, *all)) return false;
    known = version;
    return true;
}

protocol::Position Performer::lacking_at(config::ServerId server) const
{
    auto mode = consistency();
    protocol::Position all;
    if (mode != Consistency::none) all = core_.reads.needed();
    auto acknowledged =
        mode == Consistency::global ? core_.worker.shared.acknowledged.position() : std::nullopt;
    if (acknowledged && !is_empty(*acknowledged)) unite(all, *acknowledged);
    if (wait_.token) unite(all, *wait_.token);
    return core_.worker.marks.missing(server, std::move(all));
}

/// What the session saw last at a replica is no question there.
bool Performer::stays_at_seen()
{
    auto seen = core_.reads.seen_at();
    auto* view = seen ? core_.worker.topology->find(*seen) : nullptr;
    if (!view || !view->takes_reads || seen == avoid_ || route_.reason == RouteReason::hint)
        return false;
    if (core_.worker.reactor.now() - core_.reads.settled_at() > longest_stay) return false;
    route_.server = *seen;
    return true;
}

/// Better there at once than elsewhere after a wait.
bool Performer::is_fresh_at_seen()
{
    auto drawn = route_.server;
    if (facts_.prefers == drawn || wait_.asked || !stays_at_seen()) return false;
    if (judge(route_.server) == Freshness::fresh) return true;
    route_.server = drawn;
    return false;
}

bool Performer::finds_fresh_replica()
{
    if (route_.reason == RouteReason::hint) return false;
    for (const auto& server : core_.worker.topology->servers) {
        if (!server.takes_reads || server.id == avoid_ || server.id == route_.server) continue;
        if (judge(server.id) != Freshness::fresh) continue;
        route_.server = server.id;
        return true;
    }
    return false;
}

void Performer::route_to_primary()
{
    bool redo = std::exchange(redo_on_primary_, true);
    auto planned = make_plan();
    redo_on_primary_ = redo;
    route_ = planned.route;
    route_.reason = RouteReason::not_fresh;
    state_lost_ = state_lost_ || planned.state_lost;
}

void Performer::take_to_primary()
{
    if (core_.worker.settings->config.routing.no_replica == config::NoReplica::error) {
        wait_.refusal = no_fresh_replica();
        return;
    }
    route_to_primary();
    if (route_.kind == RouteKind::server) see_to_commits();
}

/// The primary's position now bounds what the session saw anywhere.
net::Task<Performer::Next> Performer::ask_position(BackendLink& link)
{
    auto asked = net::Reactor::exact_now();
    auto flavour = link.is_mariadb ? protocol::GtidFlavour::mariadb : protocol::GtidFlavour::mysql;
    // What is owned comes first: what is committed in between is in one of them.
    std::string question = link.is_mariadb ? "SELECT '', @@global.gtid_current_pos"
                                           : "SELECT @@global.gtid_owned, @@global.gtid_executed";
    auto rows = co_await query_rows(link, std::move(question));
    if (link.broken) {
        RelayResult nothing_sent;
        co_return co_await on_lost(link, false, nothing_sent);
    }
    auto& counts = core_.worker.counters.read_freshness;
    counts[static_cast<std::size_t>(ReadFreshness::asked)].add();
    wait_.asked_in_vain = true;
    bool said = rows && rows->size() == 1 && rows->front().size() == 2;
    if (!said) co_return Next::again;
    const auto& answer = rows->front();
    auto owned = protocol::GtidSet::parse_owned(answer[0].value_or(""));
    auto position = protocol::parse_position(answer[1].value_or(""), flavour);
    if (!owned || !position) co_return Next::again;
    wait_.asked_in_vain = false;
    wait_.asked = true;
    auto may_show = *position;
    if (!owned->empty()) unite(may_show, *owned);
    core_.worker.marks.learn(link.server, shared(std::move(*position)), asked,
                             shared(std::move(may_show)));
    co_return Next::again;
}

/// The wait's bytes, and the command's own behind them if it goes with them.
protocol::Bytes Performer::with_wait_in_front(BackendLink& link)
{
    auto timeout = core_.worker.settings->config.routing.consistency_timeout;
    auto statement =
        wait_.lacks ? wait_statement(*wait_.lacks, timeout) : wait_for_commits(timeout);
    wait_.bytes.clear();
    protocol::append_message(wait_.bytes, protocol::encode_query(statement, link.negotiated), 0);
    if (goes_with_wait()) {
        auto command = outgoing_bytes(link);
        wait_.bytes.insert(wait_.bytes.end(), command.begin(), command.end());
    }
    wait_.sent_at = net::Reactor::exact_now();
    return wait_.bytes;
}

/// START TRANSACTION, say, leaves something behind: it is sent when the wait was answered.
bool Performer::may_run_in_vain() const
{
    return facts_.statement->access == sql::Access::replica;
}

bool Performer::goes_with_wait() const
{
    return may_run_in_vain() || (wait_.for_commits && command_.is_whole());
}

/// At the primary the command is performed however the wait ended: nobody has newer data to show.
net::Task<Performer::Next> Performer::finish_wait_for_commits(BackendLink& link)
{
    auto& counts = core_.worker.counters;
    auto answer = co_await read_answer(link);
    if (!answer.complete) {
        RelayResult nothing;
        co_return co_await on_lost(link, true, nothing);
    }
    bool has = says_it_has(answer);
    auto outcome = has ? ReadFreshness::waited : ReadFreshness::timed_out;
    counts.read_freshness[static_cast<std::size_t>(outcome)].add();
    auto now = net::Reactor::exact_now();
    counts.consistency_wait.record(now - wait_.sent_at);
    // From here on its own commits are the bound of all that was seen.
    if (has) core_.reads.saw(link.server, now);
    wait_.for_commits = false;
    co_return Next::go_on;
}

/// Takes the wait's answer off the link. `again` when it was in vain.
net::Task<Performer::Next> Performer::finish_wait(BackendLink& link)
{
    auto& worker = core_.worker;
    if (wait_.for_commits) co_return co_await finish_wait_for_commits(link);
    auto answer = co_await read_answer(link);
    if (!answer.complete) {
        RelayResult nothing;
        co_return co_await on_lost(link, true, nothing);
    }
    auto now = net::Reactor::exact_now();
    auto lacked = std::move(*wait_.lacks);
    wait_.lacks.reset();
    if (says_it_has(answer)) {
        worker.counters.read_freshness[static_cast<std::size_t>(ReadFreshness::waited)].add();
        worker.counters.consistency_wait.record(now - wait_.sent_at);
        worker.marks.raise(link.server, lacked, now);
        co_return Next::go_on;
    }
    worker.counters.read_freshness[static_cast<std::size_t>(ReadFreshness::timed_out)].add();
    auto server = link.server;
    if (may_run_in_vain()) co_await drop_answer(link);
    link.broken = link.broken && may_run_in_vain();
    if (link.broken) {
        core_.links.drop(server);
        core_.state.forget_server(server);
        core_.prepared.forget_server(server);
    }
    if (answer.error.code == er_query_interrupted) {
        auto error = std::move(answer.error);  // the client's KILL QUERY met the wait
        co_return co_await fail(std::move(error));
    }
    wait_.waited_in_vain = true;
    worker.marks.note_behind(server, now + pause_after_timeout);
    if (auto* primary = worker.topology->primary_server()) {
        core_.reads.forget_lost(worker.marks, primary->id);
        worker.shared.acknowledged.forget_lost(worker.marks, primary->id);
    }
    co_return Next::again;
}

/// Reads an answer that nobody wants. The link stays broken when that takes too long.
net::Task<void> Performer::drop_answer(BackendLink& link)
{
    protocol::Exchange exchange(facts_.command, link.negotiated);
    auto& handle = link.stream->handle();
    handle.set_deadline(net::Reactor::exact_now() + longest_drop);
    for (std::size_t dropped = 0; dropped <= most_dropped;) {
        auto progress = exchange.on_backend_bytes(link.buffer.data());
        if (!progress || exchange.client_speaks_next()) break;
        auto used = progress->forward + progress->held_size;
        link.buffer.consume(used);
        dropped += used;
        if (progress->finished) {
            link.broken = !link.buffer.empty();
            break;
        }
        if (used > 0) continue;
        link.buffer.grow(std::min(exchange.wanted(), most_dropped));
        auto room = link.buffer.prepare();
        auto got = co_await link.stream->read_some(room);
        if (got.status != net::IoStatus::ok) break;
        link.buffer.commit(got.bytes);
    }
    handle.set_deadline(net::never);
}

void Performer::note_written(const std::string& gtids)
{
    using protocol::GtidFlavour;
    auto flavour = link_->is_mariadb ? GtidFlavour::mariadb : GtidFlavour::mysql;
    auto position = protocol::parse_position(gtids, flavour);
    if (!position || is_empty(*position)) return;
    // Domains of MariaDB are replicated side by side: one says nothing of the others.
    auto known = core_.worker.marks.taken_after(link_->server, Moment{});
    auto* domains = known ? std::get_if<protocol::GtidList>(&*known) : nullptr;
    bool in_order = link_->is_mariadb ? domains && domains->domains().size() == 1 : true;
    auto now = net::Reactor::exact_now();
    core_.reads.wrote(*position, link_->server, in_order, now);
    core_.worker.shared.acknowledged.note(*position, now);
    core_.worker.recent_writes.note(*position);
}

void Performer::note_seen(const BackendLink& link)
{
    bool shown =
        report_.has_result_set && facts_.runs_statement() && consistency() != Consistency::none;
    if (!shown || shows_one_server(*facts_.statement)) return;
    core_.reads.saw(link.server, net::Reactor::exact_now());
}

}  // namespace pointsman::proxy
