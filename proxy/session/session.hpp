#pragma once
// The life of a client, top-down: login, then one command after the other, then the end.

#include "proxy/net/listener.hpp"
#include "proxy/session/client_command.hpp"
#include "proxy/session/idle_limit.hpp"
#include "proxy/session/session_core.hpp"
#include "proxy/session/session_info.hpp"

#include <atomic>
#include <memory>

namespace pointsman::proxy {

/// What all sessions of one listener share, across workers.
struct ListenerShare {
    explicit ListenerShare(const config::Listener& settings) : name(settings.name)
    {
        apply(settings);
    }
    /// What can change while it is open; sessions that are there keep what they began with.
    void apply(const config::Listener& settings)
    {
        mode = settings.mode;
        client_tls = settings.client_tls;
        client_compression = settings.client_compression;
        local_infile = settings.local_infile;
        max_sessions = settings.max_connections;
    }
    ListenerFacts facts() const
    {
        return {name, mode, client_tls, client_compression, local_infile};
    }

    const std::string name;
    std::atomic<config::ListenerMode> mode;
    std::atomic<config::ClientTlsMode> client_tls;
    std::atomic<config::ClientCompression> client_compression;
    std::atomic<bool> local_infile;
    std::atomic<std::uint32_t> max_sessions;
    std::atomic<std::uint32_t> sessions{0};
};

class Session {
public:
    Session(WorkerContext& worker, const net::Accepted& accepted,
            std::shared_ptr<ListenerShare> listener);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Runs to the end.
    net::Task<CloseReason> run();

    /// The proxy ends: an idle session ends at once, one at work after its command or transaction.
    void begin_drain();
    /// Ends it wherever it is.
    void abort();
    /// The same, asked for by a KILL.
    void kill();
    /// Cuts its link to a server that is lost, whatever it waits for there.
    void sever(config::ServerId server);
    /// In the middle of a command, cuts its links to servers that have long been silent.
    void cut_silent_links();
    /// An idle session closes its links to servers that are no longer configured, unless its state
    /// lives there.
    void drop_stale_links();

    const SessionCore& core() const { return core_; }
    SessionInfo describe() const;

private:
    using Ended = std::optional<CloseReason>;

    net::Task<CloseReason> serve();
    net::Task<Ended> handle(ClientCommand command);
    net::Task<Ended> handle_other(ClientCommand command);
    net::Task<Ended> handle_query(ClientCommand command);
    net::Task<void> learn_reset_variables(BackendLink& link);
    net::Task<Ended> answer_ok(ClientCommand command);
    net::Task<Ended> answer_statistics(ClientCommand command);
    net::Task<Ended> refuse(ClientCommand command, protocol::Err error);
    net::Task<Ended> reset_connection(ClientCommand command);
    net::Task<Ended> log_in_again(ClientCommand command);
    net::Task<CloseReason> end_without_command(NoCommand why);
    bool may_end_now() const;
    void wait_for_command();
    void begin_idle_limit();
    net::TimePoint wake_at();
    bool woke_too_early(const NextCommand& next);
    net::Task<void> keep_bound_link();
    net::Task<void> tell_idle_for_too_long();
    void note_link_used();

    SessionCore core_;
    std::shared_ptr<ListenerShare> listener_;
    IdleLimit idle_limit_;
    net::TimePoint silent_since_{};     // the client's last command was answered
    net::TimePoint bound_link_used_{};  // the link that state is bound to
    bool draining_ = false;
    bool idle_ = false;
    bool killed_ = false;
};

}  // namespace pointsman::proxy
