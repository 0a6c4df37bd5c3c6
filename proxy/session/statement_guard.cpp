#include "proxy/session/statement_guard.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/session_core.hpp"

namespace pointsman::proxy {

namespace sql = protocol::sql;

namespace {

/// A read that is nearly done is not worth a connection.
constexpr auto abandoned_grace = std::chrono::seconds(1);

/// Ending a COMMIT under way would leave its outcome in doubt; the others stream, or wait by
/// design.
bool has_limit(const CommandFacts& facts)
{
    if (!facts.runs_statement()) return false;
    switch (facts.statement->kind) {
        case sql::StatementKind::commit:
        case sql::StatementKind::rollback:
        case sql::StatementKind::xa:
        case sql::StatementKind::load:
        case sql::StatementKind::kill:
        case sql::StatementKind::replication:
            return false;
        default:
            return true;
    }
}

/// What only reads can be ended without anybody ever knowing. So can a wait in GET_LOCK() or
/// SLEEP(), which servers end themselves when the client is gone.
bool only_reads(const CommandFacts& facts)
{
    if (!facts.runs_statement()) return false;
    const auto& statement = *facts.statement;
    if (statement.access == sql::Access::replica) return true;
    return statement.kind == sql::StatementKind::select && statement.statement_count == 1 &&
           statement.reason == sql::PrimaryReason::function;
}

/// A transaction that is committed and waits for a replica's word must not be disturbed: it would
/// be reported done without that word.
bool waits_for_replica(const std::vector<OwnRow>& state)
{
    return !state.empty() && state.front().front() &&
           state.front().front()->starts_with("Waiting for semi-sync ACK");
}

}  // namespace

/// Lives on in its coroutine when the session is gone.
struct StatementGuard::Kill {
    Kill(SessionCore& core, const health::ServerView& view, const BackendLink& link, Why reason)
        : done(core.worker.reactor),
          context(core.worker.connector()),
          server(view),
          request{core.account.user,       core.account.secret,        "",
                  offered_for_own_queries, core.account.character_set, {}},
          connection_id(link.backend_connection_id),
          why(reason)
    {
    }
    net::Signal done;
    bool over = false;
    ConnectorContext context;
    health::ServerView server;
    LinkRequest request;
    std::uint32_t connection_id;
    Why why;
};

void StatementGuard::begin(const BackendLink& link, const CommandFacts& facts)
{
    running_on_ = &link;
    may_be_abandoned_ = only_reads(facts);
    auto timeout = core_.worker.settings->config.limits.statement_timeout;
    if (timeout.count() > 0 && has_limit(facts)) {
        limit_ = core_.worker.reactor.now() + timeout;
        wake_at(limit_);
    }
    if (core_.client.handle().is_hung_up()) note_client_gone();
}

bool StatementGuard::end()
{
    running_on_ = nullptr;
    limit_ = net::never;
    if (timer_) timer_->clear();
    return kill_ != nullptr;
}

net::Task<void> StatementGuard::settle()
{
    auto kill = kill_;
    auto& worker = core_.worker;
    // The kill's own deadlines end it sooner.
    auto deadline = worker.reactor.now() + worker.settings->config.limits.connect_timeout * 4;
    if (!kill->over) co_await kill->done.wait_until(deadline);
    kill_.reset();
}

void StatementGuard::note_client_gone()
{
    if (!running_on_ || !may_be_abandoned_) return;
    wake_at(std::min(limit_, core_.worker.reactor.now() + abandoned_grace));
}

void StatementGuard::wake_at(net::TimePoint moment)
{
    if (!timer_) timer_ = std::make_unique<net::Timer>(core_.worker.reactor, [this] { expire(); });
    timer_->set(moment);
}

void StatementGuard::expire()
{
    kill(core_.worker.reactor.now() >= limit_ ? Why::too_long : Why::abandoned);
}

void StatementGuard::kill(Why why)
{
    if (!running_on_ || kill_) return;
    auto* view = core_.worker.topology->find(running_on_->server);
    if (!view) return;
    kill_ = std::make_shared<Kill>(core_, *view, *running_on_, why);
    net::spawn(run(kill_));
}

net::Task<void> StatementGuard::run(std::shared_ptr<Kill> kill)
{
    auto context = kill->context;
    auto server = kill->server;
    auto request = kill->request;
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    if (auto* link = std::get_if<BackendLinkPtr>(&opened)) {
        auto& handle = (*link)->stream->handle();
        handle.set_deadline(kill->context.reactor.now() + kill->context.timeout);
        auto id = std::to_string(kill->connection_id);
        std::string question = "SELECT STATE FROM information_schema.PROCESSLIST WHERE ID=" + id;
        auto state = co_await query_rows(**link, std::move(question));
        if (state && !waits_for_replica(*state)) {
            std::string order = "KILL QUERY " + id;
            auto killed = co_await run_statement(**link, order);
            auto& counters = kill->context.counters;
            auto& counter = kill->why == Why::too_long ? counters.statements_timed_out
                                                       : counters.statements_abandoned;
            if (killed.ok()) counter.add();
        }
    }
    kill->over = true;
    kill->done.notify_all();
}

}  // namespace pointsman::proxy
