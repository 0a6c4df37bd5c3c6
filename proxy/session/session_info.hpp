#pragma once
// One session as an operator may see it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::proxy {

struct SessionInfo {
    enum class Activity : std::uint8_t { login, idle, active };

    std::uint32_t connection_id = 0;
    std::string user;  // empty before its login
    std::string client_host;
    std::uint16_t client_port = 0;
    std::string listener;
    std::string schema;
    Activity activity = Activity::login;
    /// Since its last command was answered, while it is idle.
    std::optional<std::chrono::milliseconds> idle_for;
    std::vector<std::string> links;      // names of the servers to which it keeps one now
    std::vector<std::string_view> pins;  // why it does (pin.hpp)
};

constexpr std::string_view name_of(SessionInfo::Activity activity)
{
    constexpr std::string_view names[] = {"login", "idle", "active"};
    return names[static_cast<std::size_t>(activity)];
}

}  // namespace pointsman::proxy
