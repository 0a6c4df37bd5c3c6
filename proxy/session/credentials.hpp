#pragma once
// The accounts that this process can log in as: listed in the configuration, or learned from
// logins. In memory only; forgotten ones are zeroed. Shared by all workers; logins only, never per
// command.

#include "protocol/auth/secret.hpp"

#include "config/config.hpp"

#include "proxy/net/clock.hpp"

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

class Credentials {
public:
    struct Found {
        protocol::auth::Secret secret;
        bool is_listed = false;
        bool is_fresh = false;  // a server accepted it less than credentials.ttl ago
        /// A server said as lately that it may come without TLS; the era that it said it in.
        std::optional<std::uint64_t> plain_era = {};
    };

    /// Takes the listed accounts and limits of a configuration; learned ones stay.
    void configure(const config::Config& config);
    std::optional<Found> find(const std::string& user, net::TimePoint now) const;
    /// A server accepted `secret` for `user` just now.
    void learn(const std::string& user, const protocol::auth::Secret& secret, net::TimePoint now);
    /// The account, known by learn(), needs no TLS: so a server said in `era`.
    void allow_plain(const std::string& user, std::uint64_t era, net::TimePoint now);
    /// A server refused it. Listed accounts stay.
    void forget(const std::string& user);
    std::size_t learned_count() const;

private:
    struct Learned {
        protocol::auth::Secret secret;
        net::TimePoint verified_at;
        std::list<std::string>::iterator place;
        std::optional<std::uint64_t> plain_era = {};
        net::TimePoint plain_at{};
    };
    /// Drops those that were proven longest ago, down to `most`.
    void make_room(std::size_t most);
    mutable std::mutex mutex_;
    std::unordered_map<std::string, protocol::auth::Secret> listed_;
    std::unordered_map<std::string, Learned> learned_;
    std::list<std::string> oldest_first_;
    std::size_t max_entries_ = 10'000;
    std::chrono::milliseconds ttl_{60'000};
};

}  // namespace pointsman::proxy
