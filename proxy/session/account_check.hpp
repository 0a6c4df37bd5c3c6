#pragma once
// Asks real servers about an account: is this proof right, and what is its stored hash?

#include "proxy/session/session_core.hpp"

#include <optional>
#include <string>

namespace pointsman::proxy {

class AccountCheck {
public:
    explicit AccountCheck(SessionCore& core) : core_(core) {}

    struct Verdict {
        std::optional<protocol::Err> refused;  // nothing: accepted
        bool password_needed = false;  // the server wants the password, and only hashes are known
    };

    /// Logs in as core.account at the server where the session is to live, and keeps the link.
    /// While no server can be asked: an account that one accepted within credentials.ttl passes
    /// (unless `must_ask`), others wait up to routing.hold_timeout.
    net::Task<Verdict> ask_server(bool must_ask);

    /// What is known of the account: listed, learned, or, for a client that speaks
    /// mysql_native_password, the hash that the monitor account can read in mysql.user.
    net::Task<std::optional<protocol::auth::Secret>> find_secret(std::string user,
                                                                 std::string plugin);

private:
    const health::ServerView* server_to_ask() const;
    net::Task<std::optional<Verdict>> ask_at(health::ServerView server, bool must_ask);
    net::Task<std::optional<Verdict>> use_shared_link(config::ServerId server);
    net::Task<std::optional<Verdict>> open_own_link(health::ServerView server, bool must_ask);
    bool may_come_plain() const;
    net::Task<bool> allows_transport(BackendLink& link);
    std::optional<Verdict> on_connect_failure(ConnectFailure failure);
    net::Task<bool> logs_in_plain(config::ServerId id);
    protocol::Err access_denied() const;
    net::Task<std::optional<protocol::auth::Secret>> read_native_hash(std::string user);

    SessionCore& core_;
    bool must_try_plain_ = false;  // the server does not say whether the account needs TLS
    std::string why_;              // no server could be asked
};

}  // namespace pointsman::proxy
