#pragma once
// Sessions by the connection id that their clients know, so that KILL finds the right link. Shared
// by all workers: locked when a session begins or ends and on KILL, never per command.

#include "config/endpoint.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pointsman::proxy {

/// The link that a session uses now, as other threads may see it.
class SessionTag {
public:
    struct Link {
        config::ServerId server{};
        std::uint32_t backend_connection_id = 0;
    };
    void set_link(config::ServerId server, std::uint32_t backend_connection_id) noexcept
    {
        auto packed = static_cast<std::uint64_t>(config::index_of(server)) << 32;
        link_.store(packed | backend_connection_id, std::memory_order_relaxed);
    }
    /// The link is about to be for others. False while somebody is killing what runs on it: then it
    /// must be kept.
    bool clear_link() noexcept
    {
        link_.store(0, std::memory_order_seq_cst);
        return kills_.load(std::memory_order_seq_cst) == 0;
    }
    /// Between the two, the link that link() tells stays this session's.
    void begin_kill() noexcept { kills_.fetch_add(1, std::memory_order_seq_cst); }
    void end_kill() noexcept { kills_.fetch_sub(1, std::memory_order_seq_cst); }

    /// Nothing while it holds none.
    std::optional<Link> link() const noexcept
    {
        auto packed = link_.load(std::memory_order_seq_cst);
        if (packed == 0) return std::nullopt;
        return Link{config::ServerId{static_cast<std::uint32_t>(packed >> 32)},
                    static_cast<std::uint32_t>(packed)};
    }

    /// Who is logged in; empty before the first login.
    void set_user(std::string user)
    {
        std::lock_guard lock(user_mutex_);
        user_ = std::move(user);
    }
    std::string user() const
    {
        std::lock_guard lock(user_mutex_);
        return user_;
    }

    /// Ends the session, soon and on its own thread. Set before the tag is shared.
    std::function<void()> end_session;

private:
    std::atomic<std::uint64_t> link_{0};
    std::atomic<std::uint32_t> kills_{0};
    mutable std::mutex user_mutex_;
    std::string user_;
};

class SessionRegistry {
public:
    /// Above every id that a server gives in practice: a KILL by a server's own id hits no session.
    static constexpr std::uint32_t first_id = 1u << 30;

    /// A connection id that no living session has, and its tag.
    std::pair<std::uint32_t, std::shared_ptr<SessionTag>> add(
        const std::function<void(std::uint32_t)>& end_session)
    {
        std::lock_guard lock(mutex_);
        while (next_id_ < first_id || sessions_.contains(next_id_))
            next_id_ = std::max(next_id_ + 1, first_id);
        auto tag = std::make_shared<SessionTag>();
        tag->end_session = [end_session, id = next_id_] { end_session(id); };
        sessions_.emplace(next_id_, tag);
        return {next_id_++, tag};
    }
    void remove(std::uint32_t connection_id)
    {
        std::lock_guard lock(mutex_);
        sessions_.erase(connection_id);
    }
    std::shared_ptr<SessionTag> find(std::uint32_t connection_id) const
    {
        std::lock_guard lock(mutex_);
        auto found = sessions_.find(connection_id);
        return found == sessions_.end() ? nullptr : found->second;
    }

    /// Of the sessions that use a link to `server` now: the link's id there → the session's.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ids_at(config::ServerId server) const
    {
        std::vector<std::pair<std::uint32_t, std::uint32_t>> ids;
        std::lock_guard lock(mutex_);
        for (const auto& [id, tag] : sessions_)
            if (auto link = tag->link(); link && link->server == server)
                ids.emplace_back(link->backend_connection_id, id);
        return ids;
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::uint32_t, std::shared_ptr<SessionTag>> sessions_;
    std::uint32_t next_id_ = first_id;
};

}  // namespace pointsman::proxy
