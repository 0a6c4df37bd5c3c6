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
    return contains(one_shot, variable) || variable.starts_with("session_track_");
}

namespace {

/// The value that the session is at, if it is known.
const std::string* value_in(const Variables& session, const Variables& login,
                            std::string_view name)
{
    if (auto own = session.find(name); own != session.end()) return &own->second;
    auto at_login = login.find(name);
    return at_login == login.end() ? nullptr : &at_login->second;
}

using Wanted = std::map<std::string_view, const std::string*>;

/// Character sets as SET NAMES and a login set them: the three alike. Set one by one they would not
/// be the same: SET NAMES … COLLATE and a login give character_set_results the collation as well,
/// which column definitions show (measured: MySQL 9.7).
std::string take_names(Wanted& wanted, const Variables& session, const Variables& login)
{
    constexpr std::array<std::string_view, 3> sets{
        "character_set_client", "character_set_connection", "character_set_results"};
    constexpr std::string_view collation = "collation_connection";
    auto is_wanted = [&](std::string_view name) { return wanted.contains(name); };
    if (!is_wanted(collation) && std::none_of(sets.begin(), sets.end(), is_wanted)) return {};
    auto* client = value_in(session, login, sets[0]);
    for (auto name : sets) {
        auto* value = value_in(session, login, name);
        if (!client || client->empty() || !value || *value != *client) return {};
    }
    bool all_of_login =
        std::none_of(sets.begin(), sets.end(), [&](auto name) { return session.contains(name); });
    if (all_of_login && session.contains(collation)) return {};  // it was set by itself
    auto* collated = session.contains(collation) || all_of_login
                         ? value_in(session, login, collation)
                         : nullptr;
    for (auto name : sets) wanted.erase(name);
    wanted.erase(collation);
    std::string names = "NAMES '" + *client + "'";
    if (collated) names += " COLLATE '" + *collated + "'";
    return names;
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
    std::string statement = take_names(wanted, session, login);
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
