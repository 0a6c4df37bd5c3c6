#pragma once
// The first byte of an input chooses the dialect of the statement behind it.

#include "protocol/sql/classifier.hpp"

#include "tests/fuzz/fuzz.hpp"

#include <string>

namespace pointsman::tests {

struct SqlInput {
    protocol::sql::Dialect dialect;
    std::string text;  // a copy of exact size
};

inline SqlInput sql_input(const protocol::Byte* bytes, std::size_t size)
{
    constexpr std::uint32_t versions[] = {50744, 80040, 90700, 110402};
    FuzzInput input(bytes, size);
    const protocol::Byte choice = input.take_byte();
    SqlInput sql;
    sql.dialect.ansi_quotes = (choice & 1) != 0;
    sql.dialect.no_backslash_escapes = (choice & 2) != 0;
    sql.dialect.mariadb = (choice & 4) != 0;
    sql.dialect.wide_trail_bytes = (choice & 8) != 0;
    sql.dialect.server_version = versions[choice >> 4 & 3];
    sql.text = protocol::as_text(input.rest());
    return sql;
}

/// Every digit becomes another one, and some numbers become longer.
inline std::string with_other_numbers(const std::string& text)
{
    std::string changed;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        changed += digit ? static_cast<char>('0' + (c - '0' + 3) % 10) : c;
        if (digit && (c == '4' || c == '5')) changed += "07";
    }
    return changed;
}

}  // namespace pointsman::tests
