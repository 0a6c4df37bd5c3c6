#pragma once
// Pure: a question for what the statements before left (ROW_COUNT(), FOUND_ROWS()), with the values
// that are known in the place of the functions.

#include "protocol/sql/classifier.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::protocol::sql {

/// What the functions give; nothing: nobody knows.
struct ResultCounts {
    std::optional<std::int64_t> row_count;
    std::optional<std::uint64_t> found_rows;
    bool no_conditions = false;  // no warnings, no error
};

/// The text with numbers of the same type for the calls, and all columns under their names. GET
/// DIAGNOSTICS into user variables becomes a SET. Nothing where that would not come to the same.
std::optional<std::string> with_result_counts(std::string_view text, const Dialect& dialect,
                                              const ResultCounts& counts);

/// One column of a SELECT that has nothing else.
enum class CountColumn : std::uint8_t { row_count, found_rows, last_insert_id };

/// The columns of a single SELECT of these functions alone; empty: it is none.
std::vector<CountColumn> plain_count_columns(std::string_view text, const Dialect& dialect);

}  // namespace pointsman::protocol::sql
