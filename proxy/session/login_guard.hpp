#pragma once
// Slows down and then blocks addresses that keep failing to log in, as max_connect_errors does in a
// server. Shared by all workers; touched at logins only.

#include "config/config.hpp"

#include "proxy/net/clock.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

class LoginGuard {
public:
    /// Most addresses remembered; past it the whole memory is dropped rather than grown.
    static constexpr std::size_t max_addresses = 10'000;

    void configure(const config::Limits& limits);
    /// Has the address failed max_connect_errors times in a row, less than connect_error_block ago?
    bool is_blocked(const std::string& address, net::TimePoint now);
    /// How long to wait before telling this address that its login failed: nothing for the first
    /// failures in a row, then doubling up to a second.
    std::chrono::milliseconds note_failure(const std::string& address, net::TimePoint now);
    void note_success(const std::string& address);

private:
    struct Failures {
        std::uint32_t in_a_row = 0;
        net::TimePoint last;
    };
    std::mutex mutex_;
    std::unordered_map<std::string, Failures> failures_;
    std::uint32_t max_errors_ = 100;
    std::chrono::milliseconds block_{60'000};
};

}  // namespace pointsman::proxy
