#pragma once
// What can be wrong with a cluster, as a table in order of gravity: adding a failure mode is adding
// a row. The rows look at symptoms only, which are worked out once from the evidence.
//
// In one line: that this process cannot reach the primary counts only together with silence at
// every replica that can be asked. One fresh witness vetoes.

#include "failover/evidence.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace pointsman::failover {

/// The evidence in numbers that a row can ask for.
struct Symptoms {
    bool late = false;            // this process was; nothing it saw in that time counts
    bool has_primary = false;     // one is known
    bool answers = false;         // the primary's last look was good
    bool refuses = false;         // it answered with an error: it lives
    bool full = false;            // with error 1040, that is
    bool port_closed = false;     // connections were refused twice in a row
    bool unanswered = false;      // it has said nothing for longer than a look may take
    bool read_only = false;       // it answers, and takes no writes
    Stall stall = Stall::none;    // no write has ended for long, for this reason
    std::size_t writable = 0;     // servers that answer and take writes
    std::size_t replicas = 0;     // servers that follow it, or of which nothing is known
    std::size_t reachable = 0;    // of those: asked after the trouble began, and answered
    std::size_t fresh = 0;        // of those: heard of the primary lately
    std::size_t replicating = 0;  // of those: both threads run
};

Symptoms symptoms_of(const Evidence& evidence, const config::Failover& settings);

enum class ProblemCode : std::uint8_t {
    detector_late,
    primary_and_replicas_gone,
    primary_gone_without_replicas,
    primary_dead,
    primary_and_some_replicas_dead,
    primary_hung,
    primary_closing,
    primary_unreachable_from_here,
    two_writable,
    primary_full,
    primary_read_only,
    writes_wait_disk_full,
    replication_stopped,
    writes_wait_semi_sync,
    writes_wait_lock,
    writes_wait_commit,
};

enum class Reaction : std::uint8_t {
    none,
    alert,
    confirm,  // a replica is made to connect anew; if it cannot, fail over
    fail_over,
};

struct Problem {
    ProblemCode code;
    std::string_view word;      // in logs, metrics and the API
    std::string_view analysis;  // orchestrator's name for it; empty: it has none
    std::string_view meaning;   // a sentence for the operator
    Reaction reaction;
    bool (*holds)(const Symptoms&);
};

/// Gravest first.
std::span<const Problem> problems();
const Problem& problem(ProblemCode code);

}  // namespace pointsman::failover
