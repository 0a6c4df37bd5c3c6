#pragma once
// Reads tests/protocol/sql/cases/*.txt. A heading says what is expected of the statements below it,
// one per line, with \n \t \r \f \v \0 \xHH \s (blank) and \\ for what a line cannot show:
//
//   == kind  replica|reason  transaction|-  effect+effect|-
//   %% mysql|mariadb version option…          the dialect from here on
//   ;; a remark

#include "protocol/sql/classifier.hpp"

#include <string>
#include <vector>

namespace pointsman::tests {

struct StatementCase {
    std::string where;  // file:line
    std::string text;
    protocol::sql::Dialect dialect;
    protocol::sql::Statement expected;
};

/// All cases of all files; throws std::runtime_error on a line that it cannot read.
std::vector<StatementCase> load_statement_cases(const std::string& folder);

/// "select locking_read - user_variable": the heading that a statement would stand below.
std::string heading_of(const protocol::sql::Statement& statement);

}  // namespace pointsman::tests
