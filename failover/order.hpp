#pragma once
// What a takeover asks of servers, as values: the verbs, and what came of them. The verbs in SQL
// are mysql_server_control's; the order in which they are given is takeover's.

#include "config/endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pointsman::failover {

enum class Verb : std::uint8_t {
    survey,          // reads what rarely changes; answer: survey text
    find_blockers,   // reads what forbids a switchover now; answer: sentences, empty: nothing
    new_binary_log,  // FLUSH LOCAL BINARY LOGS: a replica that attaches scans less
    positions,       // reads received ∪ executed; answer: a GTID set
    executed,        // reads what is executed; answer: a GTID set
    wait_executed,   // until it has executed the GTID set of the order
    stop_receiver,   // hears no more of its source; answer: received ∪ executed
    start_receiver,
    restart_receiver,     // makes it connect anew; answer: the state 50 ms later
    follow,               // replicates from the order's source, by GTID, and drops what it has
                          // received and not applied
    repoint,              // the same, and goes on applying what it has received
    make_read_only,       // fails rather than stay half done when it is late
    make_writable,        // after make_read_only, for the same primary
    promote,              // stops the applier, opens it for writes
    promote_semi_sync,    // the same, and it waits for its replicas from now on
    end_transactions,     // kills the connections whose transactions are left open
    cut_clients,          // kills the connections of all clients: nobody hears from it any more
    lacking,              // which of the order's GTIDs it has not executed; answer: a GTID set
    stop_semi_sync,       // no longer the source of semi-synchronous replicas
    forget_source,        // replicates from nobody
    settings,             // reads how it is set up; answer: lines for parse_settings
    set_variable,         // SET GLOBAL of the order's setting
    restart_replication,  // both threads, as it is set up
    clone,                // becomes a copy of the order's source; goes on by itself when it is late
    clone_new,            // the same, and only if it holds no data
    call_hook,            // of no server: the operator's command of the order's setting
    clone_state,          // answer: text for parse_clone_state
    inject_empty,         // empty transactions of the order's GTIDs; a primary's only
    tune_receiver,  // its channel hears a heartbeat often and never gives up; it connects anew
};

/// The verb as the journal has it.
std::string_view to_text(Verb verb);

struct Order {
    config::ServerId server{};
    Verb verb = Verb::executed;
    std::chrono::milliseconds within{1'000};
    config::Endpoint source = {};          // follow, repoint
    std::string gtids = {};                // wait_executed, lacking
    std::string setting = {}, value = {};  // set_variable
    /// A GTID set that it answers is among those that wait_executed waits for.
    bool collects = false;
    /// wait_executed, lacking: all that was collected, filled in when the order goes out.
    bool waits_for_collected = false;
};

enum class OutcomeKind : std::uint8_t {
    done,
    refused,  // the server said no: certainly nothing was done
    unknown,  // late or cut off: it may or may not have been done
};

struct Outcome {
    OutcomeKind kind = OutcomeKind::unknown;
    std::string answer;  // done: what was asked for
    std::string error;   // else: one sentence
    bool ok() const { return kind == OutcomeKind::done; }
};

}  // namespace pointsman::failover
