#pragma once
// The probe's SQL for each flavour and version. A probe is one round trip: one text, which for old
// servers holds two statements.

#include "health/topology.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pointsman::health {

enum class DialectKind : std::uint8_t {
    mysql_8,  // 8.0.2 and later: commit timestamps in performance_schema
    mysql_5,  // 5.7: SHOW SLAVE STATUS
    mariadb,  // SHOW ALL SLAVES STATUS
};

struct Dialect {
    DialectKind kind;
    Flavour flavour;
    /// Reads what changes slowly; probe_sql.hpp's parse_facts reads the answer.
    std::string_view facts;
    /// Reads what changes; parse_report reads the answer.
    std::string_view probe;
    /// Reads the applier's last error, asked only while an applier is stopped; empty: `probe` has
    /// it.
    std::string_view applier_error;
};

/// The dialect of a server with this greeting version.
const Dialect& dialect_for(std::string_view version);

/// "9.7.4-2" is 90704, "10.11.19-MariaDB" is 101119; 0 when it is no version.
std::uint32_t version_number(std::string_view version);

}  // namespace pointsman::health
