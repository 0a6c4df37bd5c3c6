#pragma once
// Numbers for servers that hold across reloads.

#include "config/config.hpp"
#include "config/mistake.hpp"

#include <cstdint>
#include <optional>

namespace pointsman::config {

/// How many different servers a process can know in its life: arrays by ServerId stay small.
constexpr std::uint32_t max_server_ids = 256;

/// A server of `previous` with the same name and address keeps its id, every other one gets the
/// next free one (`next_free` counts them; start it at 0). When they run out, nothing is changed
/// and the mistake says what to do.
[[nodiscard]] std::optional<Mistake> assign_server_ids(Config& next, const Config* previous,
                                                       std::uint32_t& next_free);

}  // namespace pointsman::config
