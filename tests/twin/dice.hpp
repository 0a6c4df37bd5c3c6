#pragma once
// Seeded randomness, the same on every machine: a run is replayed by its seed.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace pointsman::twin {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) { state_ = next() ^ next() << 1; }

    /// SplitMix64.
    std::uint64_t next()
    {
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15u;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
        return mixed ^ (mixed >> 31);
    }
    /// 0 … size - 1.
    std::size_t below(std::size_t size) { return static_cast<std::size_t>(next() % size); }
    bool chance(unsigned percent) { return below(100) < percent; }

    template <class Rows>
    const auto& pick(const Rows& rows)
    {
        return rows[below(std::size(rows))];
    }
    /// By the rows' member `weight`.
    template <class Rows>
    const auto& pick_weighted(const Rows& rows)
    {
        std::size_t total = 0;
        for (const auto& row : rows) total += row.weight;
        auto left = below(total);
        for (const auto& row : rows) {
            if (left < row.weight) return row;
            left -= row.weight;
        }
        return *std::begin(rows);
    }
    /// One of the choices, which ~ separates.
    std::string_view pick_text(std::string_view choices);

private:
    std::uint64_t state_;
};

inline std::string_view Dice::pick_text(std::string_view choices)
{
    std::size_t count = 1;
    for (char c : choices) count += c == '~';
    for (auto left = below(count); left > 0; --left) choices.remove_prefix(choices.find('~') + 1);
    return choices.substr(0, choices.find('~'));
}

}  // namespace pointsman::twin
