#pragma once
// How many lines of one name may be written per second; the rest is counted and the count is said.
// Pure: the time comes in.

#include "proxy/app/log_line.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::proxy {

struct SuppressedEvent {
    std::string event;
    std::uint64_t count = 0;
};

class LogRate {
public:
    static constexpr std::uint32_t lines_per_second = 10;
    static constexpr std::size_t max_names = 256;  // the names beyond them share one allowance

    /// Whether a line of this name may be written now.
    bool admit(std::string_view event, LogTime now);

    /// The names whose lines were held back in a second that is over (or any, when `all`). Each is
    /// told once.
    std::vector<SuppressedEvent> take_suppressed(LogTime now, bool all = false);

private:
    struct Window {
        LogTime start{};
        std::uint32_t written = 0;
        std::uint64_t suppressed = 0;
    };

    Window& window_of(std::string_view event, LogTime now);
    static bool is_over(const Window& window, LogTime now);

    std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace pointsman::proxy
