#pragma once
// The links of one worker: lent to sessions for an exchange or a transaction, kept between.
//
// A session parks its link after each exchange unless something pins it. A parked link stays where
// its last user finds it again in constant time; anybody of the same group may take it meanwhile.
// So sessions that are alone with their links pay nothing for sharing, and idle ones hold none.

#include "config/config.hpp"

#include "proxy/net/reactor.hpp"
#include "proxy/net/task.hpp"
#include "proxy/pool/backend_link.hpp"

#include <compare>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace pointsman::proxy {

/// Links of one group can serve each other's sessions once brought to their state.
struct LinkGroupKey {
    config::ServerId server{};
    std::string user;
    protocol::Capabilities capabilities = 0;  // what the login asked for
    std::uint8_t character_set = 0;           // of the login
    /// Connection attributes that name the program; those of one connection are the opener's.
    std::string program;
    /// Global variables and privileges are taken over at login: those who logged in before and
    /// after such a change do not share.
    std::uint64_t era = 0;

    friend auto operator<=>(const LinkGroupKey&, const LinkGroupKey&) = default;
};

struct LinkGroup {
    explicit LinkGroup(LinkGroupKey group_key) : key(std::move(group_key)) {}
    const LinkGroupKey key;
    std::list<BackendLinkPtr> idle;  // least recently used first
    std::uint32_t opening_ahead = 0;
    net::TimePoint no_more_ahead_before{};  // after one could not be opened
};

class LinkPool;

/// A session's claim on a link to one server: the link itself while it is held, and where it was
/// parked afterwards. A held link that is not parked is closed with its lease.
class Lease {
public:
    Lease(LinkPool& pool, std::shared_ptr<LinkGroup> group);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    config::ServerId server() const { return group_->key.server; }
    const LinkGroupKey& key() const { return group_->key; }
    const std::shared_ptr<LinkGroup>& group() const { return group_; }
    /// The link in hand; nullptr when there is none.
    BackendLink* held() const { return held_.empty() ? nullptr : held_.front().get(); }
    /// Takes back the link that was parked last: false when somebody else has it now, or it is
    /// closed.
    bool retake();
    /// Is the link that was parked last still untouched?
    bool is_parked() const { return parked_ != nullptr; }
    /// Gives the link back for others to use. It must be clean.
    void park();
    /// Closes what is held and forgets what is parked.
    void drop();

private:
    friend class LinkPool;
    /// The link that it parked is anybody's.
    void forget_parked();
    LinkPool& pool_;
    std::shared_ptr<LinkGroup> group_;
    std::list<BackendLinkPtr> held_;  // at most one; a list, so that links move without allocation
    BackendLink* parked_ = nullptr;
};

/// What a session would like its link to be at already.
struct LinkWish {
    const VariablesPtr& variables;
    const std::string& schema;
};

class LinkPool {
public:
    LinkPool(net::Reactor& reactor, Counters& counters);
    LinkPool(const LinkPool&) = delete;
    LinkPool& operator=(const LinkPool&) = delete;
    ~LinkPool();

    /// This worker's part of the limits.
    void set_limits(const config::Pool& limits, std::uint32_t workers);
    bool is_shared() const { return limits_.sharing; }

    std::shared_ptr<LinkGroup> group(const LinkGroupKey& key);

    /// An idle link of the lease's group into its hand, preferably one at the wished state. False
    /// when there is none, or others wait for it.
    bool try_take(Lease& lease, const LinkWish& wish);
    /// May a new link be opened for the lease? If so it counts from now on: follow with adopt() or
    /// unreserve(). Closes an idle link of another group where that makes room.
    bool reserve(const Lease& lease);
    void adopt(Lease& lease, BackendLinkPtr link);
    void unreserve(const Lease& lease);
    /// The same for a link that a login opened: it is counted now, and may go beyond the limits
    /// until it is idle.
    void adopt_login(Lease& lease, BackendLinkPtr link);

    /// Are there fewer idle links than `min_idle` beside the lease's own, or none while its own is
    /// over its age, and is there room for another?
    bool wants_more_idle(const Lease& lease) const;
    /// May it be so for a lease that holds this link? For those who ask at each statement.
    bool may_want_more_idle(const BackendLink& link) const
    {
        return limits_.min_idle > 0 || is_old(link, reactor_.now());
    }
    /// Are there links of the lease's account to its server?
    bool has_others(const Lease& lease) const;
    /// One is being opened ahead: it counts from now on. Follow with end_opening_ahead().
    void begin_opening_ahead(LinkGroup& group);
    /// nullptr: it could not be opened, and for a while no other one is tried.
    void end_opening_ahead(LinkGroup& group, BackendLinkPtr link);

    /// How a wait for a link ended.
    enum class Turn : std::uint8_t {
        has_link,  // it is in the lease's hand
        may_open,  // reserved, as by reserve()
        timed_out,
    };
    /// Waits in the order of arrival for a link of the lease's server. With `may_open` false only
    /// for one that is there.
    net::Task<Turn> wait(Lease& lease, net::TimePoint deadline, bool may_open = true);

    /// Closes the idle links to servers that `keep` does not hold.
    void close_idle_except(const std::vector<config::ServerId>& keep);
    /// Closes every idle link, and ends all waiting.
    void begin_drain();

    /// Links to the server, in use or not; for tests and metrics.
    std::uint32_t open_links(config::ServerId server) const;

private:
    friend class Lease;
    struct Waiter {
        Waiter(net::Reactor& reactor, Lease& waiting, bool opens)
            : lease(waiting), may_open(opens), signal(reactor)
        {
        }
        Lease& lease;
        bool may_open;
        net::Signal signal;
        Turn turn = Turn::timed_out;
    };
    /// One server's share of the pool.
    struct Server {
        std::uint32_t open = 0;  // links and those being opened
        std::unordered_map<std::string, std::uint32_t> by_user;
        std::deque<Waiter*> waiters;
    };

    bool may_open(const Server& server, const std::string& user) const;
    bool has_room(const Server& server) const;
    bool user_has_room(const Server& server, const std::string& user) const;
    void count_open(const LinkGroupKey& key);
    void count_closed(const LinkGroupKey& key);
    void take(Lease& lease, std::list<BackendLinkPtr>::iterator place);
    void park(Lease& lease);
    void add_idle(LinkGroup& group, std::list<BackendLinkPtr>& hand, Lease* parked_by);
    void close_idle(LinkGroup& group, std::list<BackendLinkPtr>::iterator place);
    bool close_one_idle(config::ServerId server, const LinkGroup* except);
    void serve_waiters(Server& server);
    bool serve(Server& server, Waiter& waiter);
    void wake_served();
    void tend();
    void tend(LinkGroup& group, net::TimePoint now, bool is_claimed);
    bool is_old(const BackendLink& link, net::TimePoint now) const
    {
        return now - link.opened_at > limits_.max_age;
    }
    static std::list<BackendLinkPtr>::iterator best_of(LinkGroup& group, const LinkWish& wish);

    net::Reactor& reactor_;
    Counters& counters_;
    config::Pool limits_;
    bool draining_ = false;
    std::uint64_t newest_era_ = 0;
    std::map<LinkGroupKey, std::shared_ptr<LinkGroup>> groups_;
    std::map<config::ServerId, Server> servers_;
    std::vector<Waiter*> served_;
    net::Timer wake_, tend_;
};

}  // namespace pointsman::proxy
