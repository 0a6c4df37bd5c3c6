#pragma once
// Turns what the workers counted, the topology and the probes' statistics into metric families,
// anew at each scrape. It keeps nothing itself, so nothing can leak or go stale.

#include "health/topology.hpp"

#include "proxy/metrics/counters.hpp"

#include <prometheus/collectable.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::proxy {

/// Probes of one server since the start.
struct ProbeStats {
    struct Result {
        std::string_view name;  // label "result": "ok", "timeout", "refused" …
        std::uint64_t count = 0;
    };
    config::ServerId server{};
    std::vector<Result> results;
    std::uint64_t timed = 0;  // probes that `total_duration` is the sum of
    std::chrono::nanoseconds total_duration{0};
};

/// Where the numbers come from. All are called on the thread that scrapes; any may be empty.
struct MetricsSources {
    std::string cluster;  // label of every family of ours
    std::string version;
    std::function<std::vector<const Counters*>()> workers;
    std::function<health::TopologyPtr()> topology;
    std::function<std::vector<ProbeStats>()> probes;
};

class Metrics : public prometheus::Collectable {
public:
    explicit Metrics(MetricsSources sources);
    /// Families that have at least one sample, in the order of the table in families.cpp.
    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    MetricsSources sources_;
};

}  // namespace pointsman::proxy
