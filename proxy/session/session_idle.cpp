// Session: the time between two commands.

#include "protocol/command.hpp"
#include "protocol/server_error.hpp"

#include "proxy/pool/connector.hpp"
#include "proxy/session/session.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

/// The first version that says why it hangs up.
constexpr std::uint32_t first_to_tell = 80024;

}  // namespace

void Session::begin_idle_limit()
{
    auto* face = core_.worker.topology->primary_server();
    if (!face && core_.home) face = core_.worker.topology->find(*core_.home);
    auto timeouts = face ? face->idle_timeouts : health::IdleTimeouts{};
    bool interactive = (core_.account.capabilities & protocol::capability::interactive) != 0;
    idle_limit_.begin(interactive ? timeouts.interactive : timeouts.plain);
}

void Session::note_link_used()
{
    auto bound = core_.state.bound_to();
    if (!bound) return;
    auto used = core_.tag->link();
    if (used && used->server == *bound) bound_link_used_ = core_.worker.reactor.now();
}

net::TimePoint Session::wake_at()
{
    const auto& variables = core_.state.variables();
    auto most = core_.worker.settings->config.limits.wait_timeout;
    auto end = silent_since_ + idle_limit_.of(variables, most);
    if (!core_.state.bound_to()) return end;
    // Its server counts the silence of this one link, and would end it under a session that works
    // on other servers meanwhile.
    config::Milliseconds timeout = idle_limit_.wait_timeout(variables);
    return std::min(end, bound_link_used_ + timeout / 2);
}

/// The wait for a command ended for a bound link's sake, not because the silence is too long.
bool Session::woke_too_early(const NextCommand& next)
{
    if (next.why_not != NoCommand::timed_out) return false;
    auto most = core_.worker.settings->config.limits.wait_timeout;
    auto limit = idle_limit_.of(core_.state.variables(), most);
    return core_.worker.reactor.now() < silent_since_ + limit;
}

net::Task<void> Session::keep_bound_link()
{
    auto& worker = core_.worker;
    bound_link_used_ = worker.reactor.now();
    auto bound = core_.state.bound_to();
    auto* link = bound ? core_.links.held(*bound) : nullptr;
    if (link && !link->broken) {
        idle_ = false;  // its links stay where they are
        const protocol::Byte ping[] = {static_cast<protocol::Byte>(protocol::Command::ping)};
        auto& handle = link->stream->handle();
        handle.set_deadline(worker.reactor.now() + worker.settings->config.limits.connect_timeout);
        co_await run_command(*link, ping);
        handle.set_deadline(net::never);
        idle_ = true;
    }
    core_.client.handle().set_deadline(wake_at());
}

net::Task<void> Session::tell_idle_for_too_long()
{
    const auto& dialect = core_.state.dialect();
    if (dialect.mariadb || dialect.server_version < first_to_tell) co_return;
    core_.reply_sequence = 0;
    auto error = protocol::server_error::idle_for_too_long();
    core_.client.handle().set_deadline(core_.worker.reactor.now() + std::chrono::seconds(1));
    co_await reply_error(core_, std::move(error));
}

}  // namespace pointsman::proxy
