#include "config/nearest.hpp"

#include <algorithm>
#include <vector>

namespace pointsman::config {
namespace {

constexpr std::size_t max_word =
    64;  // longer ones are no slips of our keys, and cost quadratic time

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to)
{
    // Rows of the usual table: two before, one before, the current one.
    std::vector<std::size_t> older(to.size() + 1), old(to.size() + 1), row(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::swap(older, old);
        std::swap(old, row);
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = old[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({old[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped =
                i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped) row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row[to.size()];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known)
{
    if (word.size() > max_word) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (std::string_view candidate : known) {
        const std::size_t distance = edit_distance(word, candidate);
        const std::size_t allowed = std::max<std::size_t>(1, candidate.size() / 3);
        if (distance > allowed || (best && distance >= best_distance)) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

}  // namespace pointsman::config
