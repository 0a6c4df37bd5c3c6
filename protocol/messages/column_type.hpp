#pragma once
// Column and parameter types, and how a value of each is laid out in the binary protocol.
// https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html

#include <cstdint>

namespace pointsman::protocol {

enum class ColumnType : std::uint8_t {
    decimal = 0,
    tiny = 1,
    short_ = 2,
    long_ = 3,
    float_ = 4,
    double_ = 5,
    null = 6,
    timestamp = 7,
    longlong = 8,
    int24 = 9,
    date = 10,
    time = 11,
    datetime = 12,
    year = 13,
    newdate = 14,
    varchar = 15,
    bit = 16,
    timestamp2 = 17,
    datetime2 = 18,
    time2 = 19,
    typed_array = 20,
    vector = 242,
    invalid = 243,
    bool_ = 244,
    json = 245,
    newdecimal = 246,
    enum_ = 247,
    set = 248,
    tiny_blob = 249,
    medium_blob = 250,
    long_blob = 251,
    blob = 252,
    var_string = 253,
    string = 254,
    geometry = 255,
};

/// How many bytes a value takes in a binary row or parameter list.
enum class BinaryLayout : std::uint8_t {
    none,  // no bytes at all: NULL
    one,
    two,
    four,
    eight,    // fixed
    counted,  // int<1> and so many bytes: dates and times
    lenenc,   // string<lenenc>: all else
};

constexpr BinaryLayout binary_layout(ColumnType type)
{
    switch (type) {
        case ColumnType::null:
            return BinaryLayout::none;
        case ColumnType::tiny:
        case ColumnType::bool_:
            return BinaryLayout::one;
        case ColumnType::short_:
        case ColumnType::year:
            return BinaryLayout::two;
        case ColumnType::long_:
        case ColumnType::int24:
        case ColumnType::float_:
            return BinaryLayout::four;
        case ColumnType::longlong:
        case ColumnType::double_:
            return BinaryLayout::eight;
        case ColumnType::timestamp:
        case ColumnType::date:
        case ColumnType::time:
        case ColumnType::datetime:
            return BinaryLayout::counted;
        default:
            return BinaryLayout::lenenc;
    }
}

}  // namespace pointsman::protocol
