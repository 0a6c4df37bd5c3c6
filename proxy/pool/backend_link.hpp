#pragma once
// One authenticated connection to a server, and what it has accumulated for its session.

#include "protocol/capability.hpp"
#include "protocol/messages/ok.hpp"

#include "config/endpoint.hpp"

#include "proxy/metrics/counters.hpp"
#include "proxy/net/read_buffer.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/pool/session_sync.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

/// A prepared statement as one link has it.
struct LinkStatement {
    std::uint32_t backend_id = 0;
    bool types_known = false;  // this server has seen the parameters' types
};

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

    protocol::Capabilities negotiated = 0;
    std::uint32_t backend_connection_id = 0;
    protocol::Ok login_ok;  // the packet that ended the login
    bool is_mariadb = false;
    bool tracks_state = false;  // the server reports every change of session state
    bool autocommit = true;     // as the server last reported it
    bool broken = false;        // cut, or in the middle of a response: not for another command

    // What the session has brought this link to.
    VariablesPtr variables;
    std::string schema;
    std::uint64_t last_insert_id = 0;
    std::unordered_map<std::uint32_t, LinkStatement> statements;  // by the session's own id
};

using BackendLinkPtr = std::unique_ptr<BackendLink>;

}  // namespace pointsman::proxy
