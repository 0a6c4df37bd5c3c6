#include "proxy/session/account_use.hpp"

#include "protocol/server_error.hpp"

namespace pointsman::proxy {

void AccountUse::configure(const config::Config& config)
{
    std::lock_guard lock(mutex_);
    limit_ = config.limits.max_user_connections;
    own_limits_.clear();
    for (const auto& user : config.users)
        if (user.max_connections > 0) own_limits_[user.name] = user.max_connections;
}

std::optional<protocol::Err> AccountUse::take(const std::string& user)
{
    std::lock_guard lock(mutex_);
    auto own = own_limits_.find(user);
    auto used = sessions_.find(user);
    auto now = used == sessions_.end() ? 0 : used->second;
    if (own != own_limits_.end()) {
        if (now >= own->second)
            return protocol::server_error::user_limit_reached(user, "max_user_connections",
                                                              own->second);
    } else if (limit_ > 0 && now >= limit_) {
        return protocol::server_error::too_many_user_connections(user);
    }
    ++sessions_[user];
    return std::nullopt;
}

void AccountUse::give_back(const std::string& user)
{
    std::lock_guard lock(mutex_);
    auto used = sessions_.find(user);
    if (used != sessions_.end() && --used->second == 0) sessions_.erase(used);
}

}  // namespace pointsman::proxy
