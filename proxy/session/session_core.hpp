#pragma once
// The parts of one session, owned in one place and lent to what works on them: login, performer,
// the handling of single commands.

#include "protocol/auth/secret.hpp"
#include "protocol/messages/err.hpp"
#include "protocol/packet.hpp"

#include "proxy/session/close_reason.hpp"
#include "proxy/session/plan.hpp"
#include "proxy/session/prepared_statements.hpp"
#include "proxy/session/statement_guard.hpp"
#include "proxy/session/worker_context.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace pointsman::proxy {

/// The listener that a client came in by.
struct ListenerFacts {
    std::string name;
    config::ListenerMode mode = config::ListenerMode::split;
    config::ClientTlsMode client_tls = config::ClientTlsMode::optional;
};

/// Who the client is, as far as links must know it.
struct Account {
    std::string user;
    protocol::auth::Secret secret;
    protocol::Capabilities capabilities = 0;  // negotiated with the client
    std::uint8_t character_set = 255;
    std::vector<std::pair<std::string, std::string>> attributes;  // the proxy's own included
};

/// The links of a session: at most one to each server.
class LinkSet {
public:
    BackendLink* find(config::ServerId server) const
    {
        for (const auto& link : links_)
            if (link->server == server) return link.get();
        return nullptr;
    }
    BackendLink& add(BackendLinkPtr link)
    {
        drop(link->server);
        return *links_.emplace_back(std::move(link));
    }
    void drop(config::ServerId server)
    {
        std::erase_if(links_, [server](const auto& link) { return link->server == server; });
    }
    void drop_all_but(config::ServerId server)
    {
        std::erase_if(links_, [server](const auto& link) { return link->server != server; });
    }
    void clear() { links_.clear(); }
    const std::vector<BackendLinkPtr>& all() const { return links_; }

private:
    std::vector<BackendLinkPtr> links_;
};

struct SessionCore {
    SessionCore(WorkerContext& owner, int client_fd)
        : worker(owner),
          client(owner.reactor, client_fd),
          client_buffer(owner.buffers),
          account_slot(owner.shared.account_use),
          guard(*this)
    {
    }

    WorkerContext& worker;
    net::Stream client;
    net::ReadBuffer client_buffer;
    ListenerFacts listener;
    std::string client_host;
    std::uint16_t client_port = 0;
    bool client_is_unix = false;
    std::uint32_t connection_id = 0;
    std::shared_ptr<SessionTag> tag;

    protocol::auth::Nonce nonce{};  // of the login; COM_CHANGE_USER is answered to it too
    Account account;
    SessionState state;
    PreparedStatements prepared;
    LinkSet links;
    std::optional<config::ServerId> home;  // where it logged in
    AccountSlot account_slot;
    StatementGuard guard;
    std::uint8_t reply_sequence = 1;  // of the next packet of ours to the client
};

/// Sends one packet of ours to the client. False when the client is gone.
net::Task<bool> reply_payload(SessionCore& core, protocol::Buffer payload);
net::Task<bool> reply_error(SessionCore& core, protocol::Err error);

}  // namespace pointsman::proxy
