#pragma once
// Statement text → facts. Total: any bytes give a Statement. Linear in the text's length, and no
// allocation beyond the hint's server name.

#include "protocol/sql/statement.hpp"

#include <string_view>

namespace pointsman::protocol::sql {

struct Dialect {
    bool ansi_quotes = false;           // sql_mode ANSI_QUOTES: "x" is a name
    bool no_backslash_escapes = false;  // sql_mode NO_BACKSLASH_ESCAPES
    bool mariadb = false;               // /*M! comments are code, MariaDB's own words count
    bool wide_trail_bytes =
        false;  // client character set whose second bytes may be \ or ` (gbk, big5…)
    std::uint32_t server_version = 90700;  // for /*!NNNNN comments
    friend bool operator==(const Dialect&, const Dialect&) = default;
};

/// Facts about all statements in `text`; with several, the union of their effects and the stricter
/// access.
Statement classify(std::string_view text, const Dialect& dialect = {});

}  // namespace pointsman::protocol::sql
