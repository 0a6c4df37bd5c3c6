// Performer: a server that is lost under a command. One that ends says 1053 to the statements that
// it cuts short, and 3100 to commits (measured: MySQL 9.7). So it does to a connection that
// somebody kills; whether it takes new connections tells the two apart.

#include "protocol/server_error.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace server_error = protocol::server_error;

namespace {

ConnectFailure unusable_link()
{
    return {server_error::server_shutdown("its link was lost before it was of use"), false};
}

}  // namespace

/// A command that takes servers down with it must not go on to the next. But a server that says it
/// ends does not because of it, and one that was lost took all its links with it.
bool Performer::is_one_loss(const BackendLink& link) const
{
    bool was_there = link.server == first_loss_->server && link.opened_at <= first_loss_->at;
    return said_shutdown_ || was_there;
}

net::Task<Performer::Next> Performer::on_lost(BackendLink& link, bool sent,
                                              const RelayResult& result)
{
    auto server = link.server;
    auto& worker = core_.worker;
    if (sent) {
        link.counters.links_lost.add();
        worker.shared.signals.note_link_lost(server);
    }
    bool lost_before = std::exchange(lost_unsent_, lost_unsent_ || !sent);
    bool was_first = !first_loss_ || is_one_loss(link);
    bool retries = sent ? was_first && worker.settings->config.routing.retry_reads
                        : !lost_before || route_.on_replica || worker.reactor.now() < hold_until_;
    bool may_retry = command_.is_whole() && command_.wire_size > 0 && retries;
    Loss loss{facts_, core_.state, server, result.answer_begun, sent, may_retry};
    auto recovery = on_backend_lost(loss);
    auto what = in_doubt_on(link, loss);
    core_.links.drop(server);
    core_.state.forget_server(server);
    core_.prepared.forget_server(server);
    switch (recovery) {
        case Recovery::retry:
            if (sent) {
                if (!first_loss_ && !said_shutdown_) first_loss_ = {server, worker.reactor.now()};
                worker.counters.reads_retried.add();
                if (route_.on_replica) avoid_ = server;
            } else if (lost_before) {
                // A new link, lost before it was of use: like a server that can't be reached.
                auto failure = unusable_link();
                co_return co_await on_connect_failure(std::move(failure));
            }
            co_return Next::again;
        case Recovery::transaction_aborted: {
            auto error = server_error::transaction_aborted("its server was lost");
            co_return co_await fail(std::move(error));
        }
        case Recovery::state_lost: {
            auto error = server_error::server_shutdown("the session's server was lost");
            co_return co_await fail_and_close(std::move(error), CloseReason::state_lost);
        }
        case Recovery::outcome_unknown:
            co_return co_await resolve_doubt(what, server);
        case Recovery::cut:
            break;
    }
    close_reason_ = CloseReason::backend_lost;
    if (!result.at_border) co_return Next::close;
    core_.reply_sequence = result.next_sequence;
    auto error = server_error::server_shutdown("the server was lost in the middle of its answer");
    co_return co_await fail_and_close(std::move(error), CloseReason::backend_lost);
}

/// Can the command still be done elsewhere, or be told what became of it?
bool Performer::hides_shutdown(protocol::Bytes err_payload, std::uint16_t code)
{
    bool is_here = command_.is_whole() && command_.wire_size > 0;
    bool is_said = code == server_error::er_server_shutdown || code == server_error::er_run_hook;
    if (!is_said || !is_here) return false;
    auto error = protocol::decode_err(err_payload);
    if (!error) return false;
    said_shutdown_ = std::move(*error);
    return true;
}

/// By a login of the session's own account: one that breaks off would count as an error of this
/// host.
net::Task<bool> Performer::takes_logins(config::ServerId id)
{
    auto* view = core_.worker.topology->find(id);
    if (!view) co_return false;
    auto server = *view;
    auto context = core_.worker.connector();
    auto request = link_request(core_);
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    auto* failure = std::get_if<ConnectFailure>(&opened);
    co_return !failure ||
        (failure->from_server && failure->error.code != server_error::er_server_shutdown);
}

/// As if the server had been lost without a word, or, where it lives, what it said.
net::Task<Performer::Next> Performer::on_shutdown(BackendLink& link, const RelayResult& result)
{
    bool goes_on = co_await takes_logins(link.server);
    if (!goes_on) co_return co_await on_lost(link, true, result);
    link.broken = !link.buffer.empty();
    settle(link);
    auto error = *said_shutdown_;
    co_return co_await fail(std::move(error));
}

}  // namespace pointsman::proxy
