#pragma once
// How many sessions each account has, across workers, so that its limits hold. Touched when a
// session has logged in and when it ends.

#include "protocol/messages/err.hpp"

#include "config/config.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

class AccountUse {
public:
    void configure(const config::Config& config);

    /// Counts a session of this account. Else the error that a server has for it: 1226 when the
    /// account has a limit of its own, 1203 when it is that of all.
    std::optional<protocol::Err> take(const std::string& user);
    void give_back(const std::string& user);

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::uint32_t> sessions_;  // accounts with at least one
    std::unordered_map<std::string, std::uint32_t> own_limits_;
    std::uint32_t limit_ = 0;  // of accounts without one of their own; 0: none
};

/// One session's share in its account's count.
class AccountSlot {
public:
    explicit AccountSlot(AccountUse& use) : use_(use) {}
    ~AccountSlot() { give_back(); }
    AccountSlot(const AccountSlot&) = delete;
    AccountSlot& operator=(const AccountSlot&) = delete;

    /// In place of what it held before.
    std::optional<protocol::Err> take(const std::string& user)
    {
        give_back();
        auto refused = use_.take(user);
        if (!refused) user_ = user;
        return refused;
    }

private:
    void give_back()
    {
        if (user_) use_.give_back(*user_);
        user_.reset();
    }

    AccountUse& use_;
    std::optional<std::string> user_;
};

}  // namespace pointsman::proxy
