#pragma once
// What the data path counts. Each worker has its own Counters and is the only writer; the exporter
// reads them from another thread, so every field is an atomic written with relaxed load + store (no
// locked instruction on the hot path).

#include "config/endpoint.hpp"

#include "proxy/routing/route.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

namespace pointsman::proxy {

/// One writer, any number of readers.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept
    {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void sub(std::uint64_t n = 1) noexcept { add(~n + 1); }
    void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Latency in buckets of microseconds, doubling: 64 µs, 128 µs … 2^21 µs ≈ 2.1 s, +Inf.
class LatencyHistogram {
public:
    static constexpr std::size_t bucket_count = 17;  // the last one is +Inf
    static constexpr std::uint64_t upper_bound_us(std::size_t bucket) { return 64ull << bucket; }

    void record(std::chrono::nanoseconds latency) noexcept
    {
        auto us = static_cast<std::uint64_t>(latency.count()) / 1000;
        auto doublings = us == 0 ? 0 : static_cast<std::size_t>(std::bit_width((us - 1) >> 6));
        buckets_[std::min(doublings, bucket_count - 1)].add();
        sum_ns_.add(static_cast<std::uint64_t>(latency.count()));
    }
    std::uint64_t bucket(std::size_t i) const { return buckets_[i].get(); }
    std::uint64_t sum_ns() const { return sum_ns_.get(); }

private:
    std::array<Counter, bucket_count> buckets_{};
    Counter sum_ns_;
};

/// Kinds of statement as metrics tell them apart.
enum class StatementClass : std::uint8_t { read, write, transaction, session, prepare, other };
constexpr std::size_t statement_class_count = 6;

/// Per server.
struct ServerCounters {
    std::array<Counter, statement_class_count> statements;
    LatencyHistogram read_latency, write_latency;  // first byte sent to last byte received
    Counter bytes_to_server, bytes_from_server;
    Counter links_opened, links_failed, links_lost;
    Counter links_open;  // gauge: links now
    Counter links_busy;  // gauge: of those, with an exchange under way
    Counter transactions_open;  // gauge: transactions of clients
    Counter links_idle;  // gauge: parked, for anybody to take
    Counter links_moved;  // taken by another session than the one that parked it
    Counter link_syncs;   // brought to a session's state before use
    Counter errors;       // ERR packets from it
};

/// Error code → count, for as many different codes as fit: open addressing, no allocation. What
/// does not fit is counted as `other`, so that no server can make it grow.
class ErrorTable {
public:
    static constexpr std::size_t slot_count = 256;  // a power of two

    /// `key` must not be 0.
    void count(std::uint32_t key) noexcept
    {
        for (std::size_t step = 0; step < max_steps; ++step) {
            auto& slot = slots_[(hash(key) + step) % slot_count];
            auto taken = slot.key.load(std::memory_order_relaxed);
            if (taken == 0) slot.key.store(key, std::memory_order_release);
            if (taken == 0 || taken == key) return slot.count.add();
        }
        other_.add();
    }

    /// Calls `visit(key, count)` for each key seen; any thread.
    template <class Visit>
    void for_each(Visit visit) const
    {
        for (const auto& slot : slots_)
            if (auto key = slot.key.load(std::memory_order_acquire)) visit(key, slot.count.get());
    }
    std::uint64_t other() const noexcept { return other_.get(); }

private:
    static constexpr std::size_t max_steps = 16;
    static std::size_t hash(std::uint32_t key) noexcept { return key * 0x9e3779b1u >> 16; }

    struct Slot {
        std::atomic<std::uint32_t> key{0};
        Counter count;
    };
    std::array<Slot, slot_count> slots_{};
    Counter other_;
};

/// How a session ended; the order is that of close_reason.hpp.
constexpr std::size_t max_close_reasons = 32;

/// Why sessions keep their links; the order is that of pin.hpp.
constexpr std::size_t max_pins = 24;

/// Servers with numbers of their own.
constexpr std::size_t max_counted_servers = 64;

struct Counters {
    Counter sessions_opened, sessions_open;  // the second is a gauge
    Counter logins_ok, logins_denied, logins_learned;
    Counter tls_handshakes;
    Counter bytes_from_clients, bytes_to_clients;
    std::array<Counter, max_close_reasons> sessions_closed;
    std::array<Counter, max_pins> pins_taken, pins_held;  // the second are gauges
    std::array<Counter, route_reason_count> routes;
    std::array<Counter, read_freshness_count> read_freshness;
    LatencyHistogram consistency_wait;  // of reads that waited at a replica
    Counter reads_retried, reads_redone, statements_held, hold_timeouts;
    Counter statements_timed_out, statements_abandoned;       // ended by KILL QUERY
    Counter link_waits, link_wait_timeouts;                   // for a link to become free
    Counter in_doubt_absent, in_doubt_undecided;              // of writes whose server was lost
    Counter outcome_unknown;                                  // 1180/08007 sent
    Counter topology_seen;                                    // revision that the worker acts on
    Counter protocol_errors;                                  // garbage from clients
    std::array<ServerCounters, max_counted_servers> servers;  // by server_slot
    ErrorTable errors;                                        // by error_key

    /// Where the numbers of a server stand: ids beyond the last slot share it.
    static constexpr std::size_t server_slot(config::ServerId id) noexcept
    {
        return std::min<std::size_t>(config::index_of(id), max_counted_servers - 1);
    }
    ServerCounters& server(config::ServerId id) noexcept { return servers[server_slot(id)]; }

    static constexpr std::uint32_t error_key(std::size_t slot, std::uint16_t code) noexcept
    {
        return static_cast<std::uint32_t>(slot + 1) << 16 | code;
    }
    /// An ERR packet with `code` came from the server.
    void count_error(config::ServerId id, std::uint16_t code) noexcept
    {
        server(id).errors.add();
        errors.count(error_key(server_slot(id), code));
    }
    /// The proxy itself sent an ERR packet with `code` to a client.
    void count_own_error(std::uint16_t code) noexcept { errors.count(error_key(own_slot, code)); }
    static constexpr std::size_t own_slot = max_counted_servers;
};

}  // namespace pointsman::proxy
