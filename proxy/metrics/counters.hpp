#pragma once
// What the data path counts. Each worker has its own Counters and is the only writer; the exporter
// reads them from another thread, so every field is an atomic written with relaxed load + store (no
// locked instruction on the hot path).

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "config/endpoint.hpp"
#include "proxy/routing/route.hpp"

namespace pointsman::proxy {

/// One writer, any number of readers.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept
    {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void sub(std::uint64_t n = 1) noexcept { add(~n + 1); }
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
        std::size_t bucket = 0;
        while (bucket + 1 < bucket_count && us > upper_bound_us(bucket)) ++bucket;
        buckets_[bucket].add();
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
    Counter links_open;   // gauge: links now
    Counter links_busy;   // gauge: of those, with an exchange under way
    Counter errors;       // ERR packets from it
};

/// How a session ended; the order is that of close_reason.hpp.
constexpr std::size_t max_close_reasons = 32;

struct Counters {
    Counter sessions_opened, sessions_open;          // the second is a gauge
    Counter logins_ok, logins_denied, logins_learned;
    Counter tls_handshakes;
    Counter bytes_from_clients, bytes_to_clients;
    std::array<Counter, max_close_reasons> sessions_closed;
    std::array<Counter, route_reason_count> routes;
    Counter reads_retried, reads_redone, statements_held, hold_timeouts;
    Counter outcome_unknown;                          // 1180/08007 sent
    Counter protocol_errors;                          // garbage from clients
    std::array<ServerCounters, 64> servers;           // by ServerId; ids beyond share the last slot

    ServerCounters& server(config::ServerId id)
    {
        auto i = config::index_of(id);
        return servers[i < servers.size() ? i : servers.size() - 1];
    }
};

}  // namespace pointsman::proxy
