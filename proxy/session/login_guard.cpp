#include "proxy/session/login_guard.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

constexpr std::uint32_t free_failures = 5;
constexpr std::uint32_t longest_doubling = 10;  // 2^10 ms, about a second

}  // namespace

void LoginGuard::configure(const config::Limits& limits)
{
    std::lock_guard lock(mutex_);
    max_errors_ = limits.max_connect_errors;
    block_ = limits.connect_error_block;
}

bool LoginGuard::is_blocked(const std::string& address, net::TimePoint now)
{
    std::lock_guard lock(mutex_);
    auto known = failures_.find(address);
    if (known == failures_.end() || known->second.in_a_row < max_errors_) return false;
    if (now - known->second.last < block_) return true;
    failures_.erase(known);
    return false;
}

std::chrono::milliseconds LoginGuard::note_failure(const std::string& address, net::TimePoint now)
{
    std::lock_guard lock(mutex_);
    if (failures_.size() >= max_addresses) failures_.clear();
    auto& failures = failures_[address];
    ++failures.in_a_row;
    failures.last = now;
    if (failures.in_a_row <= free_failures) return std::chrono::milliseconds(0);
    auto doubling = std::min(failures.in_a_row - free_failures, longest_doubling);
    return std::chrono::milliseconds(1u << doubling);
}

void LoginGuard::note_success(const std::string& address)
{
    std::lock_guard lock(mutex_);
    failures_.erase(address);
}

}  // namespace pointsman::proxy
