#include "proxy/pool/link_pool.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

constexpr auto tend_interval = std::chrono::seconds(1);

/// How many idle links are looked at for one that needs no bringing to a state.
constexpr int most_looked_at = 16;

bool is_at(const BackendLink& link, const LinkWish& wish)
{
    return link.variables == wish.variables && link.schema == wish.schema && !link.needs_reset;
}

/// A default schema can't be taken away from a link.
bool fits(const BackendLink& link, const LinkWish& wish)
{
    return !wish.schema.empty() || link.schema.empty();
}

std::uint32_t part_of(std::uint32_t total, std::uint32_t workers)
{
    return total == 0 ? 0 : std::max(1u, (total + workers - 1) / workers);
}

}  // namespace

Lease::Lease(LinkPool& pool, std::shared_ptr<LinkGroup> group)
    : pool_(pool), group_(std::move(group))
{
}

Lease::~Lease()
{
    drop();
}

bool Lease::retake()
{
    if (!parked_) return false;
    pool_.take(*this, parked_->place);
    return true;
}

void Lease::park()
{
    if (!held_.empty()) pool_.park(*this);
}

void Lease::forget_parked()
{
    if (parked_) parked_->parked_by = nullptr;
    parked_ = nullptr;
}

void Lease::drop()
{
    forget_parked();
    if (held_.empty()) return;
    held_.clear();
    pool_.count_closed(group_->key);
}

LinkPool::LinkPool(net::Reactor& reactor, Counters& counters)
    : reactor_(reactor),
      counters_(counters),
      wake_(reactor, [this] { wake_served(); }),
      tend_(reactor, [this] { tend(); })
{
    tend_.set(reactor.now() + tend_interval);
}

LinkPool::~LinkPool() = default;

void LinkPool::set_limits(const config::Pool& limits, std::uint32_t workers)
{
    limits_ = limits;
    workers = std::max(1u, workers);
    limits_.max_links = part_of(limits.max_links, workers);
    limits_.max_links_per_account = part_of(limits.max_links_per_account, workers);
    limits_.min_idle = part_of(limits.min_idle, workers);
    limits_.max_idle = part_of(limits.max_idle, workers);
    for (auto& [id, server] : servers_) serve_waiters(server);
}

std::shared_ptr<LinkGroup> LinkPool::group(const LinkGroupKey& key)
{
    newest_era_ = std::max(newest_era_, key.era);
    auto& group = groups_[key];
    if (!group) group = std::make_shared<LinkGroup>(key);
    return group;
}

std::uint32_t LinkPool::open_links(config::ServerId server) const
{
    auto found = servers_.find(server);
    return found == servers_.end() ? 0 : found->second.open;
}

bool LinkPool::has_room(const Server& server) const
{
    return server.open < limits_.max_links;
}

bool LinkPool::user_has_room(const Server& server, const std::string& user) const
{
    if (limits_.max_links_per_account == 0) return true;
    auto used = server.by_user.find(user);
    return used == server.by_user.end() || used->second < limits_.max_links_per_account;
}

bool LinkPool::may_open(const Server& server, const std::string& user) const
{
    return !limits_.sharing || (has_room(server) && user_has_room(server, user));
}

void LinkPool::count_open(const LinkGroupKey& key)
{
    auto& server = servers_[key.server];
    ++server.open;
    ++server.by_user[key.user];
}

void LinkPool::count_closed(const LinkGroupKey& key)
{
    auto& server = servers_[key.server];
    --server.open;
    auto used = server.by_user.find(key.user);
    if (--used->second == 0) server.by_user.erase(used);
    if (!server.waiters.empty()) serve_waiters(server);
}

/// From the idle list into the hand of `lease`.
void LinkPool::take(Lease& lease, std::list<BackendLinkPtr>::iterator place)
{
    auto& link = **place;
    if (link.parked_by != &lease) {
        // Whoever parked it looks for another one next time.
        if (link.parked_by) link.parked_by->forget_parked();
        link.counters.links_moved.add();
    }
    lease.forget_parked();
    lease.held_.splice(lease.held_.end(), lease.group_->idle, place);
    link.counters.links_idle.sub();
}

void LinkPool::park(Lease& lease)
{
    lease.parked_ = lease.held_.front().get();
    add_idle(*lease.group_, lease.held_, &lease);
}

void LinkPool::add_idle(LinkGroup& group, std::list<BackendLinkPtr>& hand, Lease* parked_by)
{
    auto& link = *hand.front();
    group.idle.splice(group.idle.end(), hand);
    link.place = std::prev(group.idle.end());
    link.parked_by = parked_by;
    link.parked_at = reactor_.now();
    link.is_fresh = false;
    link.counters.links_idle.add();
    auto& server = servers_[group.key.server];
    if (draining_ || server.open > limits_.max_links) return close_idle(group, link.place);
    if (!server.waiters.empty()) serve_waiters(server);
}

void LinkPool::close_idle(LinkGroup& group, std::list<BackendLinkPtr>::iterator place)
{
    auto& link = **place;
    if (link.parked_by) link.parked_by->parked_ = nullptr;
    link.counters.links_idle.sub();
    group.idle.erase(place);
    count_closed(group.key);
}

/// The longest idle link of any group of the server but `except`.
bool LinkPool::close_one_idle(config::ServerId server, const LinkGroup* except)
{
    LinkGroup* oldest = nullptr;
    for (auto& [key, group] : groups_) {
        if (key.server != server || group.get() == except || group->idle.empty()) continue;
        if (!oldest || group->idle.front()->parked_at < oldest->idle.front()->parked_at)
            oldest = group.get();
    }
    if (!oldest) return false;
    close_idle(*oldest, oldest->idle.begin());
    return true;
}

std::list<BackendLinkPtr>::iterator LinkPool::best_of(LinkGroup& group, const LinkWish& wish)
{
    auto best = group.idle.end();
    int looked_at = 0;
    for (auto place = group.idle.begin(); place != group.idle.end(); ++place) {
        if (++looked_at > most_looked_at && best != group.idle.end()) break;
        if (!fits(**place, wish)) continue;
        if (is_at(**place, wish)) return place;
        if (best == group.idle.end()) best = place;
    }
    return best;
}

bool LinkPool::try_take(Lease& lease, const LinkWish& wish)
{
    auto& group = *lease.group_;
    if (group.idle.empty() || !servers_[group.key.server].waiters.empty()) return false;
    auto best = best_of(group, wish);
    if (best == group.idle.end()) return false;
    take(lease, best);
    return true;
}

bool LinkPool::reserve(const Lease& lease)
{
    const auto& key = lease.group_->key;
    auto& server = servers_[key.server];
    if (!server.waiters.empty() && limits_.sharing) return false;
    bool evicts = limits_.sharing && !has_room(server) && user_has_room(server, key.user);
    if (evicts) close_one_idle(key.server, nullptr);
    if (!may_open(server, key.user)) return false;
    count_open(key);
    return true;
}

void LinkPool::unreserve(const Lease& lease)
{
    count_closed(lease.group_->key);
}

void LinkPool::adopt(Lease& lease, BackendLinkPtr link)
{
    lease.forget_parked();
    if (!lease.held_.empty()) lease.drop();
    link->opened_at = reactor_.now();
    lease.held_.push_back(std::move(link));
}

void LinkPool::adopt_login(Lease& lease, BackendLinkPtr link)
{
    count_open(lease.group_->key);
    adopt(lease, std::move(link));
}

bool LinkPool::wants_more_idle(const Lease& lease) const
{
    const auto& group = *lease.group_;
    auto found = servers_.find(group.key.server);
    bool is_first = found == servers_.end();
    auto wanted = limits_.min_idle;
    if (wanted == 0 && lease.held() && is_old(*lease.held(), reactor_.now())) wanted = 1;
    return limits_.sharing && !draining_ && group.idle.size() + group.opening_ahead < wanted &&
           reactor_.now() >= group.no_more_ahead_before &&
           (is_first || may_open(found->second, group.key.user));
}

bool LinkPool::has_others(const Lease& lease) const
{
    const auto& key = lease.group_->key;
    auto server = servers_.find(key.server);
    return server != servers_.end() && server->second.by_user.contains(key.user);
}

void LinkPool::begin_opening_ahead(LinkGroup& group)
{
    count_open(group.key);
    ++group.opening_ahead;
}

void LinkPool::end_opening_ahead(LinkGroup& group, BackendLinkPtr link)
{
    --group.opening_ahead;
    if (!link) {
        group.no_more_ahead_before = reactor_.now() + tend_interval;
        return count_closed(group.key);
    }
    link->opened_at = reactor_.now();
    std::list<BackendLinkPtr> hand;
    hand.push_back(std::move(link));
    add_idle(group, hand, nullptr);
}

net::Task<LinkPool::Turn> LinkPool::wait(Lease& lease, net::TimePoint deadline, bool may_open)
{
    auto server_id = lease.server();
    if (draining_) co_return Turn::timed_out;
    Waiter waiter(reactor_, lease, may_open);
    servers_[server_id].waiters.push_back(&waiter);
    counters_.link_waits.add();
    co_await waiter.signal.wait_until(deadline);
    std::erase(servers_[server_id].waiters, &waiter);
    std::erase(served_, &waiter);
    if (waiter.turn == Turn::timed_out) counters_.link_wait_timeouts.add();
    co_return waiter.turn;
}

/// Gives links and the right to open some to those who wait, in their order.
void LinkPool::serve_waiters(Server& server)
{
    for (std::size_t i = 0; i < server.waiters.size();) {
        auto* waiter = server.waiters[i];
        if (!serve(server, *waiter)) {
            ++i;
            continue;
        }
        server.waiters.erase(server.waiters.begin() + static_cast<std::ptrdiff_t>(i));
        served_.push_back(waiter);
        wake_.set(reactor_.now());
    }
}

bool LinkPool::serve(Server& server, Waiter& waiter)
{
    auto& group = *waiter.lease.group_;
    if (!group.idle.empty()) {
        take(waiter.lease, group.idle.begin());
        waiter.turn = Turn::has_link;
        return true;
    }
    if (!waiter.may_open) return false;
    bool evicts = !has_room(server) && user_has_room(server, group.key.user);
    if (evicts) {
        // count_closed() would come back here: the waiter is served by hand.
        auto waiters = std::move(server.waiters);
        server.waiters.clear();
        close_one_idle(group.key.server, &group);
        server.waiters = std::move(waiters);
    }
    if (!may_open(server, group.key.user)) return false;
    count_open(group.key);
    waiter.turn = Turn::may_open;
    return true;
}

/// Not at once in serve_waiters(): whoever parks a link is in the middle of its own work.
void LinkPool::wake_served()
{
    while (!served_.empty()) {
        auto* waiter = served_.front();
        served_.erase(served_.begin());
        waiter->signal.notify_all();
    }
}

void LinkPool::close_idle_except(const std::vector<config::ServerId>& keep)
{
    for (auto& [key, group] : groups_) {
        if (std::find(keep.begin(), keep.end(), key.server) != keep.end()) continue;
        while (!group->idle.empty()) close_idle(*group, group->idle.begin());
    }
}

void LinkPool::begin_drain()
{
    draining_ = true;
    close_idle_except({});
    for (auto& [id, server] : servers_) {
        for (auto* waiter : server.waiters) served_.push_back(waiter);
        server.waiters.clear();
    }
    wake_.set(reactor_.now());
}

void LinkPool::tend()
{
    auto now = reactor_.now();
    for (auto place = groups_.begin(); place != groups_.end();) {
        auto& group = *place->second;
        bool is_claimed = place->second.use_count() > 1;
        // Whoever logs in from now on belongs to a newer era.
        bool is_outdated = !is_claimed && place->first.era < newest_era_;
        while (is_outdated && !group.idle.empty()) close_idle(group, group.idle.begin());
        tend(group, now, is_claimed);
        bool is_unused = group.idle.empty() && !is_claimed;
        place = is_unused ? groups_.erase(place) : std::next(place);
    }
    tend_.set(now + tend_interval);
}

/// Closes what is broken, too old, idle too long or too much. The last one that sessions have may
/// be the last one that they can have (the account's password was changed): it goes when there is
/// another one.
void LinkPool::tend(LinkGroup& group, net::TimePoint now, bool is_claimed)
{
    const auto& server = servers_[group.key.server];
    bool keeps_last = is_claimed && may_open(server, group.key.user);
    auto surplus = group.idle.size() > limits_.max_idle ? group.idle.size() - limits_.max_idle : 0;
    auto spare = group.idle.size() > limits_.min_idle ? group.idle.size() - limits_.min_idle : 0;
    for (auto place = group.idle.begin(); place != group.idle.end();) {
        auto here = place++;
        const auto& link = **here;
        bool idle_long = spare > 0 && now - link.parked_at > limits_.idle_timeout;
        bool is_too_old = is_old(link, now) && !(keeps_last && group.idle.size() == 1);
        bool is_dead = link.stream->has_unexpected_input();
        bool is_surplus = surplus > 0;
        if (!idle_long && !is_too_old && !is_dead && !is_surplus) continue;
        if (surplus > 0) --surplus;
        if (spare > 0) --spare;
        if (is_dead) (*here)->broken = true;
        close_idle(group, here);
    }
}

}  // namespace pointsman::proxy
