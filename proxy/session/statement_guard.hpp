#pragma once
// Ends the statement under way, by KILL QUERY over a connection of its own, when it takes longer
// than limits.statement_timeout, or when it only reads and nobody waits for it any more.

#include "proxy/net/reactor.hpp"
#include "proxy/net/task.hpp"
#include "proxy/session/plan.hpp"

#include <memory>

namespace pointsman::proxy {

class BackendLink;
struct SessionCore;

/// One for each session. A KILL QUERY hits whatever runs when it arrives: so long as one is under
/// way, its link must not carry another command.
class StatementGuard {
public:
    explicit StatementGuard(SessionCore& core) : core_(core) {}
    StatementGuard(const StatementGuard&) = delete;
    StatementGuard& operator=(const StatementGuard&) = delete;

    /// The command goes out on this link now.
    void begin(const BackendLink& link, const CommandFacts& facts);
    /// It was answered. True: is_settled must be awaited before the link is used again.
    bool end();
    net::Task<void> settle();
    /// The client's end of the connection is closed.
    void note_client_gone();

private:
    struct Kill;
    enum class Why : std::uint8_t { too_long, abandoned };

    void wake_at(net::TimePoint moment);
    void expire();
    void kill(Why why);
    static net::Task<void> run(std::shared_ptr<Kill> kill);

    SessionCore& core_;
    const BackendLink* running_on_ = nullptr;
    bool may_be_abandoned_ = false;
    net::TimePoint limit_ = net::never;
    std::unique_ptr<net::Timer> timer_;  // made when first needed
    std::shared_ptr<Kill> kill_;
};

}  // namespace pointsman::proxy
