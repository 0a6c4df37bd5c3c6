#pragma once
// The statements that sessions send, as templates of the grammar, each with what it may leave.

#include "tests/twin/model.hpp"

#include <span>
#include <string_view>

namespace pointsman::twin {

struct TextRow {
    unsigned weight;
    std::string_view text;
    std::uint32_t takes = hold_nothing;
    std::uint32_t frees = hold_nothing;
};

std::span<const TextRow> read_texts();
std::span<const TextRow> setting_texts();
std::span<const TextRow> write_texts();
std::span<const TextRow> object_texts();

/// Reads that leave nothing behind, in any state of a session that holds nothing: no warning, no
/// error. Any number of them may be under way while one link is free.
std::span<const TextRow> quiet_texts();

/// What may be prepared in binary, by the number of its question marks.
std::span<const TextRow> prepared_texts();

/// Statements that free one hold each.
std::span<const TextRow> freeing_texts();

/// What each session begins with: its two schemas. Not random but for {me}.
std::span<const std::string_view> setup_texts();

}  // namespace pointsman::twin
