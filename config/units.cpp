#include "config/units.hpp"

#include <charconv>
#include <limits>
#include <span>

namespace pointsman::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t size;
};

// Smallest first: to_text takes the last one that divides the value.
constexpr Unit duration_units[] = {
    {"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000},
};
constexpr Unit byte_units[] = {
    {"B", 1},
    {"KiB", 1ull << 10},
    {"MiB", 1ull << 20},
    {"GiB", 1ull << 30},
};

/// The number times its unit; nothing when the unit is not one of `units` or the product is above
/// `max`.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            std::uint64_t max)
{
    std::uint64_t number = 0;
    const char* const last = text.data() + text.size();
    auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit_name{end, static_cast<std::size_t>(last - end)};
    for (const Unit& unit : units) {
        if (unit.name != unit_name) continue;
        if (number > max / unit.size) return std::nullopt;
        return number * unit.size;
    }
    return std::nullopt;
}

std::string quantity_text(std::uint64_t value, std::span<const Unit> units)
{
    const Unit* best = &units.front();
    for (const Unit& unit : units)
        if (value != 0 && value % unit.size == 0) best = &unit;
    return std::to_string(value / best->size) + std::string{best->name};
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text)
{
    if (text == "0") return Milliseconds{0};
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<Milliseconds::rep>::max());
    auto value = parse_quantity(text, duration_units, max);
    if (!value) return std::nullopt;
    return Milliseconds{static_cast<Milliseconds::rep>(*value)};
}

std::optional<ByteCount> parse_bytes(std::string_view text)
{
    auto value = parse_quantity(text, byte_units, std::numeric_limits<std::uint64_t>::max());
    if (!value) return std::nullopt;
    return ByteCount{*value};
}

std::string to_text(Milliseconds duration)
{
    if (duration.count() == 0) return "0";
    // Negated as unsigned, so that the smallest value does not overflow.
    const auto bits = static_cast<std::uint64_t>(duration.count());
    if (duration.count() < 0) return "-" + quantity_text(0 - bits, duration_units);
    return quantity_text(bits, duration_units);
}

std::string to_text(ByteCount bytes)
{
    return quantity_text(bytes.value, byte_units);
}

}  // namespace pointsman::config
