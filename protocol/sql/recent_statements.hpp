#pragma once
// Facts about queries seen lately. Applications send the same texts again and again with other
// numbers in them, and no number decides anything in a query: such a text is recognised, for a
// twelfth of what reading it costs (bench/README.md). Pure but for what it remembers.

#include "protocol/sql/classifier.hpp"

#include <array>
#include <string>
#include <string_view>

namespace pointsman::protocol::sql {

/// Equal, but for whole decimal numbers that stand by themselves: no digit beside a byte of a name
/// or a dot differs.
bool differ_in_numbers_only(std::string_view a, std::string_view b);

/// The facts are those of every text that differs from `text` in numbers only: it is a query for
/// replicas, without comments (version numbers and hints stand in them).
bool holds_for_other_numbers(std::string_view text, const Statement& statement);

class RecentStatements {
public:
    /// As sql::classify.
    Statement classify(std::string_view text, const Dialect& dialect);

private:
    struct Entry {
        std::string text;  // empty: none
        Dialect dialect;
        Statement statement;
    };
    std::array<Entry, 64> entries_;
};

}  // namespace pointsman::protocol::sql
