#include "proxy/app/log.hpp"

#include "proxy/app/log_line.hpp"
#include "proxy/app/log_rate.hpp"

#include <spdlog/details/os.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <mutex>

namespace pointsman::proxy {
namespace detail {

std::atomic<LogLevel> log_threshold{LogLevel::info};

}  // namespace detail

namespace {

using Sink = std::shared_ptr<spdlog::sinks::sink>;

/// The lines are rendered by us; spdlog carries them to their place, line by line.
std::shared_ptr<spdlog::logger> make_logger(Sink sink)
{
    auto logger = std::make_shared<spdlog::logger>("pointsman", std::move(sink));
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    return logger;
}

/// What all threads share: where lines go, in which form, and how many.
struct Journal {
    std::mutex mutex;
    std::shared_ptr<spdlog::logger> logger =
        make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    config::LogFormat format = config::LogFormat::logfmt;
    LogRate rate;
    LogTime next_sweep{};
};

/// Never destroyed: threads may still log while the process ends.
Journal& journal()
{
    static Journal& the_one = *new Journal;
    return the_one;
}

LogTime wall_clock()
{
    return std::chrono::floor<std::chrono::milliseconds>(spdlog::details::os::now());
}

void put_line(Journal& to, const std::string& line)
{
    to.logger->log(spdlog::level::info, line);
}

/// The caller holds the mutex.
void put_suppressed(Journal& to, LogTime now, bool all)
{
    for (const SuppressedEvent& held : to.rate.take_suppressed(now, all)) {
        const LogField fields[] = {{"of", held.event}, {"count", held.count}};
        put_line(to, render_log_line(to.format, now, LogLevel::warn, "lines suppressed", fields));
    }
    to.next_sweep = now + std::chrono::seconds{1};
}

}  // namespace

void detail::write_log(LogLevel level, std::string_view event, LogFields fields,
                       Allowance allowance)
{
    const LogTime now = wall_clock();
    Journal& to = journal();
    const std::lock_guard lock{to.mutex};
    const bool is_due = now >= to.next_sweep || to.next_sweep - now > std::chrono::seconds{1};
    if (is_due) put_suppressed(to, now, false);
    if (allowance == Allowance::of_the_name && !to.rate.admit(event, now)) return;
    put_line(to, render_log_line(to.format, now, level, event, {fields.begin(), fields.size()}));
}

std::optional<std::string> configure_log(const config::Log& log)
{
    Sink sink;
    try {
        if (log.file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(log.file);
        }
    } catch (const spdlog::spdlog_ex& error) {
        return error.what();
    }
    auto logger = make_logger(std::move(sink));
    Journal& to = journal();
    const std::lock_guard lock{to.mutex};
    to.logger.swap(logger);
    to.format = log.format;
    detail::log_threshold.store(log.level, std::memory_order_relaxed);
    return std::nullopt;
}

void flush_suppressed_log()
{
    Journal& to = journal();
    const std::lock_guard lock{to.mutex};
    put_suppressed(to, wall_clock(), true);
}

}  // namespace pointsman::proxy
