#include "proxy/app/log_rate.hpp"

namespace pointsman::proxy {
namespace {

constexpr std::string_view shared_name = "other events";

}  // namespace

/// A clock that was set back also ends the window: it must not silence a name for hours.
bool LogRate::is_over(const Window& window, LogTime now)
{
    return now < window.start || now - window.start >= std::chrono::seconds{1};
}

LogRate::Window& LogRate::window_of(std::string_view event, LogTime now)
{
    if (auto found = windows_.find(event); found != windows_.end()) return found->second;
    if (windows_.size() >= max_names) {
        // Names at rest make room before the table is full of noise.
        std::erase_if(windows_, [&](const auto& entry) {
            return is_over(entry.second, now) && entry.second.suppressed == 0;
        });
    }
    const auto name = windows_.size() < max_names ? event : shared_name;
    return windows_.try_emplace(std::string{name}).first->second;
}

bool LogRate::admit(std::string_view event, LogTime now)
{
    Window& window = window_of(event, now);
    if (is_over(window, now)) {
        window.start = now;
        window.written = 0;
    }
    if (window.written < lines_per_second) {
        ++window.written;
        return true;
    }
    ++window.suppressed;
    return false;
}

std::vector<SuppressedEvent> LogRate::take_suppressed(LogTime now, bool all)
{
    std::vector<SuppressedEvent> taken;
    for (auto& [event, window] : windows_) {
        if (window.suppressed == 0 || !(all || is_over(window, now))) continue;
        taken.push_back({event, window.suppressed});
        window.suppressed = 0;
    }
    return taken;
}

}  // namespace pointsman::proxy
