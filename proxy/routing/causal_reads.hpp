#pragma once
// Reads that see what they must. A session needs of a replica what the session wrote itself, and
// what it was shown elsewhere; ServerMarks says what is known of each server without asking it.
// Pure: moments and GTIDs come in.
//
// What was shown is known by its upper bound only: what that server had executed, or was
// committing, at a moment after the last answer. The primary's bounds what any replica showed:
// semi-synchronous replication lets it commit last. A write bounds what was shown before it, since
// replicas commit in the order of the primary (replica_preserve_commit_order, MySQL's default since
// 8.0.27).

#include "protocol/gtid_set.hpp"

#include "config/server_ids.hpp"

#include "health/topology.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::proxy {

using Moment = std::chrono::steady_clock::time_point;
using PositionPtr = std::shared_ptr<const protocol::Position>;

/// Adds what `more` has; where the flavours differ `more` takes its place.
void unite(protocol::Position& position, const protocol::Position& more);

/// What one worker knows that each server has executed, and which were found to be behind.
class ServerMarks {
public:
    ServerMarks() : marks_(config::max_server_ids) {}

    /// Takes in what probes saw.
    void learn(const health::Topology& topology);
    /// The server was asked at `asked`, or a little later, and said this. `may_show`: with what it
    /// was committing; null: the same.
    void learn(config::ServerId server, PositionPtr position, Moment asked,
               PositionPtr may_show = nullptr);
    /// The server said at `asked`, or later, that it has these.
    void raise(config::ServerId server, const protocol::Position& has, Moment asked);
    /// Nobody should wait for it before `until`.
    void note_behind(config::ServerId server, Moment until);

    bool has(config::ServerId server, const protocol::Position& needed) const;
    /// What of `needed` the server is not known to have.
    protocol::Position missing(config::ServerId server, protocol::Position needed) const;
    /// What it had at a moment after `moment`; null: that is not known.
    PositionPtr taken_after(config::ServerId server, Moment moment) const;
    /// The bound of what it showed until `moment`; null: that is not known.
    PositionPtr bound_of_shown(config::ServerId server, Moment moment) const;
    bool is_behind(config::ServerId server, Moment now) const;
    /// Grows when a server turns out to have lost what it had: nothing remembered holds.
    std::uint32_t setbacks() const { return setbacks_; }

    /// Up to which version of AcknowledgedWrites the server is known to have them all.
    std::uint64_t& acknowledged_up_to(config::ServerId server)
    {
        return marks_[config::index_of(server)].acknowledged;
    }

private:
    struct Mark {
        PositionPtr position;  // the whole, when it was asked last
        PositionPtr may_show;
        Moment at{};
        protocol::Position raised;  // what it is known to have beyond
        Moment raised_at{};
        Moment behind_until{};
        std::uint64_t acknowledged = 0;
    };
    const Mark& mark(config::ServerId server) const { return marks_[config::index_of(server)]; }

    std::vector<Mark> marks_;
    std::uint32_t setbacks_ = 0;
};

/// What one session needs of the replicas that it reads from.
class SessionReads {
public:
    /// It committed these there at `now`; `in_order`: they come after all that it was shown there.
    void wrote(const protocol::Position& gtids, config::ServerId server, bool in_order, Moment now);
    /// It was shown data there, until `until`.
    void saw(config::ServerId server, Moment until)
    {
        seen_on_ = server;
        seen_until_ = until;
        if (settled_at_ == Moment{}) settled_at_ = until;
    }

    /// Finds the bound of what it was shown elsewhere than on `server`. False: nobody knows it yet;
    /// the primary's position from now on would be one.
    bool settle_seen(config::ServerId server, const ServerMarks& marks,
                     std::optional<config::ServerId> primary);
    /// Where it was shown data last: that server is never behind what it showed.
    std::optional<config::ServerId> seen_at() const { return seen_on_ ? seen_on_ : settled_on_; }
    /// Since when that has kept it from reading elsewhere, at most.
    Moment settled_at() const { return settled_at_; }

    bool needs_anything() const { return needs_anything_; }
    /// Is the server known to have all? For sessions with settled reads.
    bool is_met(config::ServerId server, const ServerMarks& marks);
    /// All that a server must have.
    protocol::Position needed() const;
    /// What was lost with an old primary is nobody's any more: it is no longer waited for.
    void forget_lost(const ServerMarks& marks, config::ServerId primary);

private:
    void bound_size();

    protocol::Position written_;
    PositionPtr seen_;
    std::optional<config::ServerId> seen_on_;     // of which nobody knows the bound yet
    std::optional<config::ServerId> settled_on_;  // of which seen_ is the bound
    Moment seen_until_{}, changed_at_{}, settled_at_{};
    std::uint64_t met_on_ = 0;  // a bit for each server that is known to have all
    std::uint32_t setbacks_ = 0;
    bool needs_anything_ = false;
};

/// The statement that waits until a server has `needed`, but not longer than `timeout`.
std::string wait_statement(const protocol::Position& needed, std::chrono::milliseconds timeout);
/// The same for what the server is committing at that moment (MySQL 8.0 and later).
std::string wait_for_commits(std::chrono::milliseconds timeout);

}  // namespace pointsman::proxy
