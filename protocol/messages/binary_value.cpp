#include "protocol/messages/binary_value.hpp"

#include "protocol/wire_reader.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdio>

namespace pointsman::protocol {

namespace {

template <class... Numbers>
std::string formatted(const char* format, Numbers... numbers)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, numbers...);
    return text.data();
}

/// The shortest text that reads back as the same number.
template <class Number>
std::string text_of_number(Number number)
{
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} ? std::string(text.data(), end) : std::string();
}

template <class Signed, class Unsigned>
std::string text_of_integer(Unsigned bits, Signedness signedness)
{
    if (signedness == Signedness::unsigned_) return std::to_string(bits);
    return std::to_string(static_cast<Signed>(bits));
}

/// Microseconds, where a value has them.
std::string fraction(std::uint32_t microseconds, bool present)
{
    return present ? formatted(".%06u", microseconds) : std::string();
}

// year int<2>, month, day int<1>; hour, minute, second int<1>; microseconds int<4>: 0, 4, 7 or 11
// bytes, what is not there is zero.
Result<std::string> text_of_date(Bytes value, bool with_time)
{
    std::uint16_t year = 0;
    std::uint8_t month = 0, day = 0, hour = 0, minute = 0, second = 0;
    std::uint32_t micro = 0;
    WireReader in(value);
    if (in.remaining() != 0) in.read_int2(year).read_int1(month).read_int1(day);
    if (in.remaining() != 0) in.read_int1(hour).read_int1(minute).read_int1(second);
    const bool has_fraction = in.remaining() != 0;
    if (has_fraction) in.read_int4(micro);
    if (month > 12 || day > 31 || hour > 23 || minute > 59 || second > 59 || micro > 999999)
        in.fail(Errc::bad_value);

    std::string text = formatted("%04u-%02u-%02u", year, month, day);
    if (with_time)
        text += formatted(" %02u:%02u:%02u", hour, minute, second) + fraction(micro, has_fraction);
    return in.finished_or_error(std::move(text));
}

// is_negative int<1>, days int<4>, hour, minute, second int<1>; microseconds int<4>: 0, 8 or 12
// bytes.
Result<std::string> text_of_time(Bytes value)
{
    std::uint8_t negative = 0, hour = 0, minute = 0, second = 0;
    std::uint32_t days = 0, micro = 0;
    WireReader in(value);
    if (in.remaining() != 0) {
        in.read_int1(negative).read_int4(days);
        in.read_int1(hour).read_int1(minute).read_int1(second);
    }
    const bool has_fraction = in.remaining() != 0;
    if (has_fraction) in.read_int4(micro);
    if (negative > 1 || hour > 23 || minute > 59 || second > 59 || micro > 999999)
        in.fail(Errc::bad_value);

    const std::uint64_t hours = std::uint64_t{days} * 24 + hour;
    std::string text = negative != 0 ? "-" : "";
    text += formatted("%02llu:%02u:%02u", static_cast<unsigned long long>(hours), minute, second);
    return in.finished_or_error(text + fraction(micro, has_fraction));
}

template <class Unsigned, class ToText>
Result<std::string> read_number(Bytes value, ToText to_text)
{
    if (value.size() != sizeof(Unsigned)) return make_error_code(Errc::bad_value);
    Unsigned bits = 0;
    for (std::size_t i = 0; i < value.size(); ++i)
        bits = static_cast<Unsigned>(bits | static_cast<Unsigned>(Unsigned{value[i]} << (8 * i)));
    return Result<std::string>(to_text(bits));
}

}  // namespace

Result<std::string> text_of_binary(Bytes value, ColumnType type, Signedness signedness)
{
    switch (type) {
        case ColumnType::tiny:
        case ColumnType::bool_:
            return read_number<std::uint8_t>(value, [&](std::uint8_t bits) {
                return text_of_integer<std::int8_t>(bits, signedness);
            });
        case ColumnType::short_:
        case ColumnType::year:
            return read_number<std::uint16_t>(value, [&](std::uint16_t bits) {
                return text_of_integer<std::int16_t>(bits, signedness);
            });
        case ColumnType::long_:
        case ColumnType::int24:
            return read_number<std::uint32_t>(value, [&](std::uint32_t bits) {
                return text_of_integer<std::int32_t>(bits, signedness);
            });
        case ColumnType::longlong:
            return read_number<std::uint64_t>(value, [&](std::uint64_t bits) {
                return text_of_integer<std::int64_t>(bits, signedness);
            });
        case ColumnType::float_:
            return read_number<std::uint32_t>(value, [](std::uint32_t bits) {
                return text_of_number(std::bit_cast<float>(bits));
            });
        case ColumnType::double_:
            return read_number<std::uint64_t>(value, [](std::uint64_t bits) {
                return text_of_number(std::bit_cast<double>(bits));
            });
        case ColumnType::date:
            return text_of_date(value, false);
        case ColumnType::datetime:
        case ColumnType::timestamp:
            return text_of_date(value, true);
        case ColumnType::time:
            return text_of_time(value);
        default:
            return std::string(as_text(value));
    }
}

}  // namespace pointsman::protocol
