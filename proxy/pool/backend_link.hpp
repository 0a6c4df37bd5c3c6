#pragma once
// One authenticated connection to a server, and what it has accumulated for its session.

#include "protocol/capability.hpp"
#include "protocol/messages/ok.hpp"

#include "config/endpoint.hpp"

#include "proxy/metrics/counters.hpp"
#include "proxy/net/read_buffer.hpp"
#include "proxy/net/silence_watch.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/pool/prepared_keys.hpp"
#include "proxy/pool/session_sync.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

/// A prepared statement as one link has it.
struct LinkStatement {
    PreparedKeyPtr key;
    std::uint32_t backend_id = 0;
    std::uint64_t last_use = 0;  // in prepare order; the oldest goes first
    // A server derives how a statement compares from the types of the parameters that it was
    // executed with before: other sessions' must not show.
    protocol::Buffer types = {};    // of the parameters, as this server has seen them last
    bool has_mixed_types = false;   // since it was prepared
    std::uint32_t executed_by = 0;  // the session, by its connection id
};

/// No LAST_INSERT_ID() is that: a link that has it is brought to the session's own.
constexpr std::uint64_t unknown_insert_id = UINT64_MAX;

class BackendLink;
class Lease;
using BackendLinkPtr = std::unique_ptr<BackendLink>;

class BackendLink {
public:
    BackendLink(config::ServerId server_id, std::unique_ptr<net::Stream> connected,
                net::BufferPool& buffers, Counters& worker_counters)
        : server(server_id),
          stream(std::move(connected)),
          buffer(buffers),
          counters(worker_counters.server(server_id))
    {
        counters.links_opened.add();
        counters.links_open.add();
    }
    BackendLink(const BackendLink&) = delete;
    BackendLink& operator=(const BackendLink&) = delete;
    /// Takes leave of the server where it can, lest it counts and logs an aborted connection.
    ~BackendLink();

    const config::ServerId server;
    const std::unique_ptr<net::Stream> stream;
    net::ReadBuffer buffer;
    ServerCounters& counters;
    net::SilenceWatch silence;  // while a session waits for the server

    protocol::Capabilities negotiated = 0;
    std::uint32_t backend_connection_id = 0;
    protocol::Ok login_ok;  // the packet that ended the login
    bool is_mariadb = false;
    std::uint32_t server_version = 0;  // 80034 for 8.0.34; 0: not known
    bool tracks_state = false;         // the server reports every change of session state
    bool autocommit = true;            // as the server last reported it
    bool broken = false;  // cut, or in the middle of a response: not for another command

    // What sessions have brought this link to.
    VariablesPtr variables = no_variables();
    VariablesPtr user_variables = no_variables();
    std::string schema;
    std::uint64_t last_insert_id = 0;
    std::unordered_map<const PreparedKey*, LinkStatement> statements;
    std::uint64_t statement_uses = 0;
    protocol::Buffer to_send_first;  // COM_STMT_CLOSE packets: they have no answer
    /// The settings of its login that a reset or DEFAULT does not bring back.
    VariablesPtr login_variables = no_variables();
    bool is_resettable = false;  // login_variables are all that a reset loses
    bool needs_reset = false;    // holds what the next session must not see
    /// By a client's COM_RESET_CONNECTION, where that loses more than a session's state: only for
    /// sessions that were reset themselves.
    bool was_reset = false;
    bool is_altered = false;  // not as its group's logins any more: for this session only

    // The pool's own.
    Lease* parked_by = nullptr;
    std::list<BackendLinkPtr>::iterator place{};  // while parked
    net::TimePoint opened_at{}, parked_at{};
    bool is_fresh = true;  // used since it was parked last
};

/// Since MySQL 9.6 rows that a foreign key takes along are in the binary log, but not any more on a
/// connection after COM_RESET_CONNECTION (measured: 9.7.4; nothing that one can SET mends it).
bool reset_forgets_foreign_keys(const BackendLink& link);

/// The link has the statement now; what it had for the same key before is closed, and beyond `most`
/// the one that was not used for the longest.
LinkStatement& remember_statement(BackendLink& link, PreparedKeyPtr key, std::uint32_t backend_id,
                                  std::size_t most);
/// Closes it with the next command.
void forget_statement(BackendLink& link, const PreparedKey* key);

}  // namespace pointsman::proxy
