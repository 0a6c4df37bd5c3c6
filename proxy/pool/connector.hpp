#pragma once
// Opens links: dial, TLS, login as the session's own account, trackers on.

#include "protocol/auth/secret.hpp"
#include "protocol/exchange.hpp"
#include "protocol/handshake/client_handshake.hpp"
#include "protocol/messages/err.hpp"

#include "config/config.hpp"

#include "health/passive_signals.hpp"
#include "health/topology.hpp"

#include "proxy/net/tls_context.hpp"
#include "proxy/pool/backend_link.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pointsman::proxy {

/// What a connector works with; all of it outlives the call.
struct ConnectorContext {
    net::Reactor& reactor;
    net::BufferPool& buffers;
    Counters& counters;
    health::PassiveSignals& signals;
    net::TlsContextPtr tls;
    config::ServerTlsMode tls_mode = config::ServerTlsMode::preferred;
    config::Milliseconds timeout{1'000};
    std::size_t max_packet = 1u << 20;  // largest packet taken during login
    config::ServerCompression compression = {};
    config::Tcp tcp = {};
};

/// As whom, and how.
struct LinkRequest {
    std::string user;
    protocol::auth::Secret secret;
    std::string schema;
    protocol::Capabilities capabilities = 0;  // of the session's client
    std::uint8_t character_set = 255;
    std::vector<std::pair<std::string, std::string>> attributes;
    bool learn_login_state = false;  // for a link that sessions share
};

struct ConnectFailure {
    protocol::Err error;       // the server's own, or 1105 with a sentence of ours
    bool from_server = false;  // the server answered: it is there, and says no
};

using ConnectResult = std::variant<BackendLinkPtr, ConnectFailure>;

net::Task<ConnectResult> open_link(ConnectorContext context, health::ServerView server,
                                   LinkRequest request);

/// The outcome of a command of ours: what the server reported, and its ERR if there was one. A link
/// that is lost meanwhile is marked broken and gives 1053.
struct CommandResult {
    protocol::Report report;
    protocol::Err error;
    protocol::Buffer last_ok = {};  // payload of the OK that ended it, if one did
    bool ok() const { return error.code == 0; }
};

/// Runs one command of ours on an idle link and throws its rows away.
net::Task<CommandResult> run_command(BackendLink& link, protocol::Bytes payload);
net::Task<CommandResult> run_statement(BackendLink& link, std::string_view sql);

/// Runs several commands of ours in one round trip: all are sent at once. False when one of them
/// fails; the others ran all the same.
net::Task<bool> run_pipeline(BackendLink& link, std::vector<protocol::Buffer> payloads);

/// What start_tracking() sends.
std::string_view tracker_statement(const BackendLink& link);

/// Has the server report every change of the session's state from now on; sets tracks_state.
net::Task<void> start_tracking(BackendLink& link);
/// Has it report GTIDs again, after a session switched that off on this link.
net::Task<void> track_gtids_again(BackendLink& link);

}  // namespace pointsman::proxy
