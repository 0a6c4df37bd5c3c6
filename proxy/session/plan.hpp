#pragma once
// Pure: where a command goes, and what it means when its server is lost under it.

#include "protocol/command.hpp"
#include "protocol/sql/statement.hpp"

#include "config/config.hpp"

#include "health/topology.hpp"

#include "proxy/metrics/counters.hpp"
#include "proxy/routing/router.hpp"
#include "proxy/session/session_state.hpp"

#include <optional>
#include <span>

namespace pointsman::proxy {

/// One command, as far as a plan needs to know it.
struct CommandFacts {
    protocol::Command command = protocol::Command::query;
    /// Of COM_QUERY, COM_STMT_PREPARE and the commands about a prepared statement; else nullptr.
    const protocol::sql::Statement* statement = nullptr;
    /// What it needs is there only: long data sent ahead, an open cursor.
    std::optional<config::ServerId> only_on;
    /// Its answer may differ elsewhere, if only in small things.
    std::optional<config::ServerId> prefers = {};

    /// A statement is known and this runs it: to prepare one is not to run it.
    bool runs_statement() const;
};

struct PlanInput {
    const CommandFacts& facts;
    const SessionState& state;
    const health::Topology& topology;
    config::ListenerMode mode = config::ListenerMode::split;
    config::NoReplica no_replica = config::NoReplica::primary;
    std::span<const std::uint32_t> outstanding;
    std::optional<config::ServerId> home;   // where the session lives on a replicas listener
    std::optional<config::ServerId> avoid;  // a retry: not there again
    bool redo_on_primary = false;           // a replica refused it as a write
    bool knows_answer = false;  // to what it asks of the statements before: any server will do
};

struct Plan {
    Route route;
    /// The session's state lives on another server than this command must go to: it can't go on.
    bool state_lost = false;
};

Plan plan(const PlanInput& input, Random& random);

StatementClass class_of(const CommandFacts& facts);

/// What to do when the server is lost under a command.
enum class Recovery : std::uint8_t {
    retry,                // nothing was done that counts: send it again, elsewhere if need be
    transaction_aborted,  // certainly rolled back: 1213/40001, the session goes on
    state_lost,           // 1053/08S01, close
    outcome_unknown,      // 1180/08007, close
    cut,                  // part of an answer is out: close
};

struct Loss {
    const CommandFacts& facts;
    const SessionState& state;
    config::ServerId server{};
    bool answer_begun = false;  // bytes of the answer reached the client
    bool sent = true;           // false: not one byte of it was taken by the connection
    bool may_retry = true;      // the command is still here whole, and was not retried before
};

Recovery on_backend_lost(const Loss& loss);

/// Of a command whose outcome is not known: what the client would be told were it certain that it
/// left nothing behind.
enum class InDoubt : std::uint8_t {
    undecidable,  // it would not be the whole truth
    commit,       // its transaction is rolled back
    statement,    // nothing: it can be sent again
};

InDoubt in_doubt(const Loss& loss);

}  // namespace pointsman::proxy
