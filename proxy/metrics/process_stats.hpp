#pragma once
// What the kernel says of this process: the input of Prometheus' usual process_* metrics.

#include <cstdint>
#include <optional>
#include <string_view>

namespace pointsman::proxy {

struct ProcessStats {
    double cpu_seconds = 0;         // user and system
    double start_time_seconds = 0;  // since the Unix epoch
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t threads = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
};

/// Sizes of the machine's units, as sysconf tells them.
struct KernelUnits {
    double ticks_per_second = 100;
    std::uint64_t page_bytes = 4096;
};

/// The text of /proc/PID/stat and the line `btime N` of /proc/stat → all but the descriptors.
std::optional<ProcessStats> parse_process_stat(std::string_view process_stat,
                                               std::string_view machine_stat, KernelUnits units);

/// This process, now; nothing when /proc is not there.
std::optional<ProcessStats> read_process_stats();

}  // namespace pointsman::proxy
