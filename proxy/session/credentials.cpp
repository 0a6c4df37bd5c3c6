#include "proxy/session/credentials.hpp"

namespace pointsman::proxy {

void Credentials::configure(const config::Config& config)
{
    std::lock_guard lock(mutex_);
    listed_.clear();
    for (const auto& user : config.users)
        listed_.emplace(user.name, protocol::auth::Secret::from_password(user.password.value));
    max_entries_ = config.credentials.max_entries;
    ttl_ = config.credentials.ttl;
    make_room(max_entries_);
}

void Credentials::make_room(std::size_t most)
{
    while (learned_.size() > most) {
        learned_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
}

std::optional<Credentials::Found> Credentials::find(const std::string& user,
                                                    net::TimePoint now) const
{
    std::lock_guard lock(mutex_);
    auto learned = learned_.find(user);
    bool fresh = learned != learned_.end() && now - learned->second.verified_at < ttl_;
    bool plain_fresh = learned != learned_.end() && now - learned->second.plain_at < ttl_;
    auto plain_era = plain_fresh ? learned->second.plain_era : std::nullopt;
    if (auto listed = listed_.find(user); listed != listed_.end())
        return Found{listed->second, true, fresh, plain_era};
    if (learned == learned_.end()) return std::nullopt;
    return Found{learned->second.secret, false, fresh, plain_era};
}

void Credentials::allow_plain(const std::string& user, std::uint64_t era, net::TimePoint now)
{
    std::lock_guard lock(mutex_);
    auto known = learned_.find(user);
    if (known == learned_.end()) return;
    known->second.plain_era = era;
    known->second.plain_at = now;
}

void Credentials::learn(const std::string& user, const protocol::auth::Secret& secret,
                        net::TimePoint now)
{
    std::lock_guard lock(mutex_);
    auto known = learned_.find(user);
    if (known != learned_.end()) {
        // The newly proven secret wins; forms of an older password must not mix with it.
        known->second.secret = secret;
        known->second.verified_at = now;
        oldest_first_.splice(oldest_first_.end(), oldest_first_, known->second.place);
        return;
    }
    if (max_entries_ == 0) return;
    make_room(max_entries_ - 1);
    auto place = oldest_first_.insert(oldest_first_.end(), user);
    learned_.emplace(user, Learned{secret, now, place});
}

void Credentials::forget(const std::string& user)
{
    std::lock_guard lock(mutex_);
    auto known = learned_.find(user);
    if (known == learned_.end()) return;
    oldest_first_.erase(known->second.place);
    learned_.erase(known);
}

std::size_t Credentials::learned_count() const
{
    std::lock_guard lock(mutex_);
    return learned_.size();
}

}  // namespace pointsman::proxy
