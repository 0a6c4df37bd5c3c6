// Performer: a write or COMMIT whose server was lost before it answered. When it is certain that it
// left nothing behind (failover/doubt.hpp), the client need not know; else it is told that nobody
// knows. Never a guess.

#include "protocol/server_error.hpp"

#include "proxy/session/performer.hpp"

#include <memory>

namespace pointsman::proxy {

namespace server_error = protocol::server_error;

namespace {

/// Where the answer comes in; the session that waits may be gone by then.
struct Ticket {
    std::optional<bool> absent;
    net::Signal* signal = nullptr;
};

/// Takes the signal back, however the wait ends.
class Waiting {
public:
    Waiting(Ticket& ticket, net::Signal& signal) : ticket_(ticket) { ticket_.signal = &signal; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { ticket_.signal = nullptr; }

private:
    Ticket& ticket_;
};

}  // namespace

/// What can be sent again must still be here whole. It is asked once: a second loss is too much.
InDoubt Performer::in_doubt_on(const BackendLink& link, const Loss& loss) const
{
    bool here = command_.is_whole() && command_.wire_size > 0;
    return here && !link.is_mariadb && !doubted_ ? in_doubt(loss) : InDoubt::undecidable;
}

net::Task<bool> Performer::ask_absence(config::ServerId server)
{
    auto& worker = core_.worker;
    auto& reactor = worker.reactor;
    net::Signal answered(reactor);
    auto ticket = std::make_shared<Ticket>();
    Waiting waiting(*ticket, answered);
    worker.shared.ask_absence(server, began_, [ticket, &reactor](bool absent) {
        reactor.post([ticket, absent] {
            ticket->absent = absent;
            if (ticket->signal) ticket->signal->notify_all();
        });
    });
    auto until = net::Reactor::exact_now() + worker.settings->config.failover.in_doubt_timeout;
    co_await answered.wait_until(until);
    co_return ticket->absent.value_or(false);
}

net::Task<Performer::Next> Performer::resolve_doubt(InDoubt what, config::ServerId server)
{
    auto& worker = core_.worker;
    bool absent = false;
    if (what != InDoubt::undecidable) {
        doubted_ = true;
        absent = co_await ask_absence(server);
        auto& counters = worker.counters;
        (absent ? counters.in_doubt_absent : counters.in_doubt_undecided).add();
    }
    if (absent && what == InDoubt::statement) {
        // From here on it waits for a primary as if it were new.
        auto now = net::Reactor::exact_now();
        hold_until_ = now + worker.settings->config.routing.hold_timeout;
        co_return Next::again;
    }
    if (absent) {
        auto error = server_error::transaction_aborted("its server was lost");
        co_return co_await fail(std::move(error));
    }
    worker.counters.outcome_unknown.add();
    auto error = said_shutdown_ ? *said_shutdown_ : server_error::outcome_unknown();
    co_return co_await fail_and_close(std::move(error), CloseReason::outcome_unknown);
}

}  // namespace pointsman::proxy
