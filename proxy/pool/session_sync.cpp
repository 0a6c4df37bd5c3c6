#include "proxy/pool/session_sync.hpp"

#include <algorithm>
#include <array>

namespace pointsman::proxy {

namespace {

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// timestamp: SET timestamp=DEFAULT is reported with the old value (measured: MySQL 9.7), which
/// would stop the clock of every other link.
constexpr std::array<std::string_view, 9> immovable{
    "gtid_next",           "sql_log_bin",       "pseudo_thread_id",
    "pseudo_replica_mode", "pseudo_slave_mode", "rand_seed1",
    "rand_seed2",          "gtid_seq_no",       "timestamp"};

constexpr std::array<std::string_view, 6> one_shot{"autocommit", "insert_id",    "last_insert_id",
                                                   "identity",   "statement_id", "last_gtid"};

/// Numbers are written bare, since a quoted one is refused by numeric variables (error 1232).
bool is_number(std::string_view value)
{
    if (value.starts_with('-')) value.remove_prefix(1);
    auto digits = [](std::string_view text) {
        return !text.empty() &&
               std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    auto point = value.find('.');
    if (point == std::string_view::npos) return digits(value);
    return digits(value.substr(0, point)) && digits(value.substr(point + 1));
}

/// SET of these to DEFAULT switches them off, whatever the global value is (measured: MySQL 9.7;
/// no other of the tracked variables does that).
constexpr std::array<std::string_view, 2> wrong_by_default{"foreign_key_checks", "unique_checks"};

void append_default(std::string& out, std::string_view name)
{
    if (contains(wrong_by_default, name))
        out.append("@@global.").append(name);
    else
        out += "DEFAULT";
}

void append_value(std::string& out, std::string_view name, std::string_view value)
{
    if (value.empty() && name == "character_set_results") {
        out += "NULL";  // the tracker writes NULL as an empty string; '' is no character set
        return;
    }
    if (is_number(value)) {
        out += value;
        return;
    }
    out += '\'';
    for (char c : value) {
        out += c;
        if (c == '\'') out += c;  // doubled: right under every sql_mode
    }
    out += '\'';
}

}  // namespace

const VariablesPtr& no_variables()
{
    static const VariablesPtr none = std::make_shared<const Variables>();
    return none;
}

VariablesPtr without_schema_collation(const VariablesPtr& variables)
{
    auto found = variables->find(schema_collation);
    if (found == variables->end()) return variables;
    auto rest = std::make_shared<Variables>(*variables);
    rest->erase(found->first);
    return rest;
}

bool unify(VariablesPtr& left, const VariablesPtr& right)
{
    if (left == right) return true;
    if (*left != *right) return false;
    left = right;
    return true;
}

bool can_move(std::string_view variable, std::string_view value)
{
    // A backslash means one thing or another depending on sql_mode, so it is not risked.
    return !contains(immovable, variable) && value.find('\\') == std::string_view::npos;
}

bool stays_behind(std::string_view variable)
{
    return contains(one_shot, variable) || variable.starts_with("session_track_") ||
           variable == results_collation;
}

namespace {

/// The value that the session is at, if it is known.
const std::string* value_in(const Variables& session, const Variables& login, std::string_view name)
{
    if (auto own = session.find(name); own != session.end()) return &own->second;
    auto at_login = login.find(name);
    return at_login == login.end() ? nullptr : &at_login->second;
}

using Wanted = std::map<std::string_view, const std::string*>;

constexpr std::string_view client_set = "character_set_client";
constexpr std::string_view connection_set = "character_set_connection";
constexpr std::string_view results_set = "character_set_results";
constexpr std::string_view connection_collation = "collation_connection";

/// Empty: the character set's own.
std::string collation_in(const Variables& session, const Variables& login,
                         std::string_view collation, std::string_view of_set)
{
    if (auto own = session.find(collation); own != session.end()) return own->second;
    if (session.contains(of_set)) return {};
    auto at_login = login.find(collation);
    return at_login == login.end() ? std::string{} : at_login->second;
}

/// Character sets and their collations. That of character_set_results has no name by which to set
/// it, but SET NAMES … COLLATE, which sets the others as well.
std::string take_names(Wanted& wanted, const Variables& link, const Variables& session,
                       const Variables& login)
{
    auto collation = collation_in(session, login, connection_collation, connection_set);
    auto shown = collation_in(session, login, results_collation, results_set);
    bool shows_another = shown != collation_in(link, login, results_collation, results_set);
    constexpr std::array names{client_set, connection_set, results_set, connection_collation};
    auto is_wanted = [&](std::string_view name) { return wanted.contains(name); };
    bool sets_differ = std::any_of(names.begin(), names.end() - 1, is_wanted);
    bool by_itself = !is_wanted(connection_collation) || !collation.empty();
    if (!shows_another && !sets_differ && by_itself) return {};
    auto* client = value_in(session, login, client_set);
    auto* connection = value_in(session, login, connection_set);
    auto* results = value_in(session, login, results_set);
    if (!client || !connection || !results || client->empty()) return {};
    bool alike = *connection == *client && *results == *client;
    if (!alike && (!shows_another || shown.empty() || results->empty())) {
        if (shows_another) wanted[results_set] = results;
        return {};
    }
    for (auto name : names) wanted.erase(name);
    std::string statement = "NAMES '" + *results + "'";
    if (!shown.empty()) statement += " COLLATE '" + shown + "'";
    if (!alike) wanted[client_set] = client;
    // It takes the character set's own collation with it.
    if (!alike || (collation.empty() && !shown.empty())) wanted[connection_set] = connection;
    bool is_taken = alike && collation == shown;
    if (!is_taken && !collation.empty())
        wanted[connection_collation] = value_in(session, login, connection_collation);
    return statement;
}

}  // namespace

std::optional<std::string> sync_statement(const Variables& link, const Variables& session,
                                          const Variables& login)
{
    // In the order of names: a character set comes before the collation that it would reset.
    Wanted wanted;
    for (const auto& [name, value] : link)
        if (!session.contains(name)) {
            auto at_login = login.find(name);
            wanted[name] = at_login == login.end() ? nullptr : &at_login->second;
        }
    for (const auto& [name, value] : session) {
        auto there = link.find(name);
        if (there == link.end() || there->second != value) wanted[name] = &value;
    }
    // It would change the other one, which comes behind it by its name.
    if (wanted.contains("max_join_size"))
        wanted["sql_big_selects"] = value_in(session, login, "sql_big_selects");
    std::string statement = take_names(wanted, link, session, login);
    if (!statement.empty()) statement.insert(0, "SET ");
    for (const auto& [name, value] : wanted) {
        if (stays_behind(name)) continue;
        statement += statement.empty() ? "SET SESSION " : ",SESSION ";
        statement += name;
        statement += '=';
        if (value)
            append_value(statement, name, *value);
        else
            append_default(statement, name);
    }
    if (statement.empty()) return std::nullopt;
    return statement;
}

std::string user_variable_sql(std::string_view name)
{
    std::string quoted = "@`";
    for (char c : name) {
        quoted += c;
        if (c == '`') quoted += c;
    }
    return quoted + '`';
}

std::optional<std::string> sync_user_variables(const Variables& link, const Variables& session)
{
    std::string statement;
    for (const auto& [name, literal] : session) {
        auto there = link.find(name);
        if (there != link.end() && there->second == literal) continue;
        statement += statement.empty() ? "SET " : ",";
        statement += user_variable_sql(name) + '=' + literal;
    }
    if (statement.empty()) return std::nullopt;
    return statement;
}

bool has_foreign_variable(const Variables& link, const Variables& session)
{
    return std::any_of(link.begin(), link.end(), [&](const auto& entry) {
        auto own = session.find(entry.first);
        if (own == session.end()) return true;
        return own->second == "NULL" && entry.second != "NULL";
    });
}

}  // namespace pointsman::proxy
