#pragma once
// Structured lines for operators: a time, a level, an event's name and its facts. One line per
// event worth waking for; never SQL text or a secret. Any thread may log. Lines of one name that
// come too fast are counted instead of written.

#include "config/config.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pointsman::proxy {

using config::LogLevel;

/// A fact's value: a text (borrowed until log_event returns), a number, a yes/no or a duration.
class LogValue {
public:
    using Content = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    LogValue(std::string_view text) : content_(text) {}
    LogValue(const std::string& text) : content_(std::string_view{text}) {}
    LogValue(const char* text) : content_(std::string_view{text}) {}
    LogValue(bool value) : content_(value) {}
    LogValue(double value) : content_(value) {}
    /// Written as a number of milliseconds: name the key accordingly, such as "lag_ms".
    LogValue(config::Milliseconds value) : content_(std::int64_t{value.count()}) {}
    LogValue(std::signed_integral auto value) : content_(std::int64_t{value}) {}
    LogValue(std::unsigned_integral auto value) : content_(std::uint64_t{value}) {}

    const Content& content() const { return content_; }

private:
    Content content_;
};

struct LogField {
    std::string_view key;  // snake_case
    LogValue value;
};

using LogFields = std::initializer_list<LogField>;

namespace detail {
enum class Allowance { of_the_name, without_limit };
extern std::atomic<LogLevel> log_threshold;
void write_log(LogLevel level, std::string_view event, LogFields fields, Allowance allowance);
}  // namespace detail

/// Whether lines of this level are written now: ask before computing costly facts.
inline bool log_enabled(LogLevel level)
{
    return level >= detail::log_threshold.load(std::memory_order_relaxed);
}

/// log_event(LogLevel::warn, "server down", {{"server", name}, {"failed_probes", 2}});
inline void log_event(LogLevel level, std::string_view event, LogFields fields = {})
{
    if (log_enabled(level))
        detail::write_log(level, event, fields, detail::Allowance::of_the_name);
}

/// As log_event(), but each line is written: for events that are few by their nature, of which the
/// reader needs all.
inline void log_each(LogLevel level, std::string_view event, LogFields fields = {})
{
    if (log_enabled(level))
        detail::write_log(level, event, fields, detail::Allowance::without_limit);
}

/// Applies the `log` section; before the first call lines go to standard error as logfmt. The file
/// is opened again each time, so that it can be rotated. When it cannot be opened nothing changes
/// and the reason comes back.
[[nodiscard]] std::optional<std::string> configure_log(const config::Log& log);

/// Writes the counts of suppressed lines whose second is over; to be called about once a second and
/// before the process ends.
void flush_suppressed_log();

}  // namespace pointsman::proxy
