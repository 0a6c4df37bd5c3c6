#include "proxy/metrics/process_stats.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace pointsman::proxy {
namespace {

// Positions in /proc/PID/stat after the closing parenthesis of the program's name: proc(5) counts
// from 1 and the first field behind the name, `state`, is its third.
enum Field : std::size_t {
    utime = 14 - 3,
    stime = 15 - 3,
    num_threads = 20 - 3,
    starttime = 22 - 3,
    vsize = 23 - 3,
    rss = 24 - 3,
};

std::vector<std::string_view> split_words(std::string_view text)
{
    std::vector<std::string_view> words;
    while (!text.empty()) {
        auto end = text.find_first_of(" \n");
        if (end != 0) words.push_back(text.substr(0, end));
        if (end == text.npos) break;
        text.remove_prefix(end + 1);
    }
    return words;
}

std::uint64_t number(std::string_view text)
{
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

double boot_time(std::string_view machine_stat)
{
    constexpr std::string_view key = "\nbtime ";
    auto at = machine_stat.find(key);
    if (at == machine_stat.npos) return 0;
    return static_cast<double>(number(machine_stat.substr(at + key.size())));
}

std::string read_file(const char* path)
{
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::uint64_t count_open_fds()
{
    std::error_code error;
    std::filesystem::directory_iterator entries("/proc/self/fd", error);
    if (error) return 0;
    std::uint64_t count = 0;
    for (; entries != std::filesystem::directory_iterator{} && !error; entries.increment(error))
        ++count;
    return count > 0 ? count - 1 : 0;  // the descriptor of this very listing
}

}  // namespace

std::optional<ProcessStats> parse_process_stat(std::string_view process_stat,
                                               std::string_view machine_stat, KernelUnits units)
{
    // The name in parentheses may hold spaces and parentheses: its end is the last one.
    auto name_end = process_stat.rfind(')');
    if (name_end == process_stat.npos) return std::nullopt;
    auto words = split_words(process_stat.substr(name_end + 1));
    if (words.size() <= Field::rss) return std::nullopt;

    auto seconds = [&](std::string_view ticks) {
        return static_cast<double>(number(ticks)) / units.ticks_per_second;
    };
    ProcessStats stats;
    stats.cpu_seconds = seconds(words[Field::utime]) + seconds(words[Field::stime]);
    stats.start_time_seconds = boot_time(machine_stat) + seconds(words[Field::starttime]);
    stats.virtual_bytes = number(words[Field::vsize]);
    stats.resident_bytes = number(words[Field::rss]) * units.page_bytes;
    stats.threads = number(words[Field::num_threads]);
    return stats;
}

std::optional<ProcessStats> read_process_stats()
{
    KernelUnits units{static_cast<double>(::sysconf(_SC_CLK_TCK)),
                      static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
    auto stats = parse_process_stat(read_file("/proc/self/stat"), read_file("/proc/stat"), units);
    if (!stats) return std::nullopt;

    stats->open_fds = count_open_fds();
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats->max_fds = limit.rlim_cur;
    return stats;
}

}  // namespace pointsman::proxy
