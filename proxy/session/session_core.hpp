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
#include "proxy/session/transaction_mark.hpp"
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
    config::ClientCompression client_compression = config::ClientCompression::any;
    bool local_infile = true;
};

/// Who the client is, as far as links must know it.
struct Account {
    std::string user;
    protocol::auth::Secret secret;
    protocol::Capabilities capabilities = 0;  // negotiated with the client
    std::uint8_t character_set = 255;
    std::vector<std::pair<std::string, std::string>> attributes;  // the proxy's own included
};

/// A session's claims on links: at most one to each server.
class LeaseSet {
public:
    /// The claim on a link to `server`; nullptr when the session has not been there.
    Lease* find(config::ServerId server) const
    {
        for (const auto& lease : leases_)
            if (lease->server() == server) return lease.get();
        return nullptr;
    }
    Lease& add(std::unique_ptr<Lease> lease) { return *leases_.emplace_back(std::move(lease)); }
    void remove(config::ServerId server)
    {
        std::erase_if(leases_, [=](const auto& lease) { return lease->server() == server; });
    }
    /// The link to `server` that the session holds now.
    BackendLink* held(config::ServerId server) const
    {
        auto* lease = find(server);
        return lease ? lease->held() : nullptr;
    }
    /// The same, or the one that it parked there and nobody took since.
    BackendLink* retake(config::ServerId server) const
    {
        auto* lease = find(server);
        if (!lease || (!lease->held() && !lease->retake())) return nullptr;
        return lease->held();
    }
    void drop(config::ServerId server)
    {
        if (auto* lease = find(server)) lease->drop();
    }
    void drop_all_but(config::ServerId server)
    {
        for (const auto& lease : leases_)
            if (lease->server() != server) lease->drop();
    }
    /// Closes what is held and forgets what is parked.
    void clear() { leases_.clear(); }
    const std::vector<std::unique_ptr<Lease>>& all() const { return leases_; }

private:
    std::vector<std::unique_ptr<Lease>> leases_;
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
    SessionReads reads;
    PreparedStatements prepared;
    LeaseSet links;
    std::uint64_t era = 1;  // when it logged in: links of the same era serve it
    TransactionMark transaction_mark;
    std::optional<config::ServerId> home;  // where it logged in
    AccountSlot account_slot;
    /// A server refused its login (its password was changed): until then it lives on the links that
    /// others of the account have opened.
    net::TimePoint denied_until{};
    StatementGuard guard;
    std::uint32_t counted_pins = pin_none;  // as metrics know them
    std::uint8_t reply_sequence = 1;  // of the next packet of ours to the client
};

/// Why the session keeps links now, of Pin.
inline std::uint32_t reasons_to_keep_link(const SessionCore& core)
{
    return core.state.reasons_to_keep_link() | (core.prepared.any_bound() ? pin_cursor : 0u);
}
/// Tells metrics and the log what has changed of them.
void count_pins(SessionCore& core, std::uint32_t pins);

/// User variables that a statement assigns and that can be read from its link; nothing: they can't
/// be, and stay where they are.
std::optional<std::vector<std::string>> assigned_by(const SessionCore& core,
                                                    std::optional<std::string_view> text);

/// COM_SET_OPTION: whether several statements may stand in one text is settled by the login of each
/// link, so from here on the session is one of another group.
void set_multi_statements(SessionCore& core, bool on);
/// The session's claim on links to `server`.
Lease& lease_of(SessionCore& core, config::ServerId server);
/// What a new link of the session's own logs in with.
LinkRequest link_request(const SessionCore& core);
/// Has links opened until `pool.min_idle` of them wait beside the session's own to that server.
void open_links_ahead(const SessionCore& core, config::ServerId server);
/// The same for one of the monitor's account, for small questions.
LinkRequest monitor_request(const SessionCore& core);
/// Parks the links that the session does not need now. True when that is not all: read_back_links()
/// must run before the others can go.
bool release_links(SessionCore& core);
/// Reads from a link that is to be left what only it knows, or only its server of it.
net::Task<void> read_back_link(SessionCore& core, BackendLink& link);
/// Reads from links that are to be left what only they know, and parks them.
net::Task<void> read_back_links(SessionCore& core);
/// The two together, where it need not be fast.
net::Task<void> give_back_links(SessionCore& core);
/// The session ends: what is clean is for others, the rest is closed.
void end_links(SessionCore& core);

/// Sends one packet of ours to the client. False when the client is gone.
net::Task<bool> reply_payload(SessionCore& core, protocol::Buffer payload);
net::Task<bool> reply_error(SessionCore& core, protocol::Err error);

}  // namespace pointsman::proxy
