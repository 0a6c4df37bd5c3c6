#pragma once
// One event as a line of logfmt or JSON. Whatever a fact holds, the line stays one line, valid
// UTF-8 and bounded.

#include "proxy/app/log.hpp"

#include <chrono>
#include <span>
#include <string>

namespace pointsman::proxy {

using LogTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Without a line end: ts=2026-01-31T23:59:59.042Z level=warn event="server down" server=db1
std::string render_log_line(config::LogFormat format, LogTime time, LogLevel level,
                            std::string_view event, std::span<const LogField> fields);

/// ISO 8601 in UTC with milliseconds.
std::string utc_text(LogTime time);

}  // namespace pointsman::proxy
