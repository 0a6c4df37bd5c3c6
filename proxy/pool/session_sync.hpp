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
/// The empty map; one for all, so that sessions that set nothing are equal at a glance.
const VariablesPtr& no_variables();
/// Not a variable, though kept among them: the collation that character_set_results has. Column
/// definitions show it, nothing reports it. SET NAMES … COLLATE and a login choose it; where it is
/// missing and character_set_results is there, it is the character set's own (measured: MySQL 9.7).
constexpr std::string_view results_collation = "results_collation";
/// The schema's own unless it is among the variables: entering a schema sets it, and no tracker
/// tells; COM_RESET_CONNECTION sets it as in the global variable. (Measured: MySQL 9.7.)
constexpr std::string_view schema_collation = "collation_database";
/// What a link is at that enters a schema.
VariablesPtr without_schema_collation(const VariablesPtr& variables);
/// Equal by value; makes `left` the same pointer as `right` if so, for a quick answer next time.
bool unify(VariablesPtr& left, const VariablesPtr& right);

/// May the variable be set again on another link with the same meaning? Those that may not
/// (gtid_next, sql_log_bin, random seeds …) keep a session where they were set.
bool can_move(std::string_view variable, std::string_view value);
/// Is the variable one that says nothing to other links (autocommit, what is tracked, one-shot
/// ids)?
bool stays_behind(std::string_view variable);

/// "SET SESSION a='x',b=1", or nothing when there is no difference. Variables that stay behind are
/// left out. What the link has and the session has not goes back to what it was at login: the value
/// in `login`, or DEFAULT.
std::optional<std::string> sync_statement(const Variables& link, const Variables& session,
                                          const Variables& login = *no_variables());

/// "@`a`", whatever the name holds.
std::string user_variable_sql(std::string_view name);
/// User variables by name in lower case, as SQL literals: "SET @`a`=1", or nothing when there is no
/// difference.
std::optional<std::string> sync_user_variables(const Variables& link, const Variables& session);
/// Has the link a user variable that the session never set, or set to NULL? Only a reset takes it
/// away: one that is set to NULL keeps its type (measured: MySQL 9.7).
bool has_foreign_variable(const Variables& link, const Variables& session);

}  // namespace pointsman::proxy
