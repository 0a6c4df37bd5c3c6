#pragma once
// Pure: the statement that brings a link to a session's variables.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::proxy {

/// Session variables by name, as the server's own tracker reported their values.
using Variables = std::map<std::string, std::string, std::less<>>;
/// Immutable and shared: equal pointers mean equal values.
using VariablesPtr = std::shared_ptr<const Variables>;

/// May the variable be set again on another link with the same meaning? Those that may not
/// (gtid_next, sql_log_bin, random seeds …) keep a session where they were set.
bool can_move(std::string_view variable, std::string_view value);
/// Is the variable one that says nothing to other links (autocommit, what is tracked, one-shot
/// ids)?
bool stays_behind(std::string_view variable);

/// "SET SESSION a='x',b=1", or nothing when there is no difference. Variables that stay behind are
/// left out.
std::optional<std::string> sync_statement(const Variables& link, const Variables& session);

}  // namespace pointsman::proxy
