#pragma once
// Which user variables a statement assigns.

#include "protocol/sql/classifier.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::protocol::sql {

/// Names of all user variables that `text` may assign or make, in lower case and without quotes;
/// perhaps some more that it only reads. Nothing: it may assign some that the text does not name in
/// plain ASCII, or (LOAD DATA) such as are not worth asking for. What routines assign shows in no
/// text.
std::optional<std::vector<std::string>> assigned_variables(std::string_view text,
                                                           const Dialect& dialect);

}  // namespace pointsman::protocol::sql
