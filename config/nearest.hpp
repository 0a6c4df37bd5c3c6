#pragma once
// The known word that a mistyped one most likely meant.

#include <optional>
#include <span>
#include <string_view>

namespace pointsman::config {

/// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The nearest of `known`, if it is near enough to be a likely slip: at most a third of its length.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known);

}  // namespace pointsman::config
