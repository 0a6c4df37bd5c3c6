#include "tests/protocol/sql/case_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace pointsman::tests {

namespace {

using namespace protocol::sql;

// clang-format off
// In the order of the enumerations.
constexpr std::string_view kind_names[] = {
    "empty", "select", "table", "values", "show", "describe", "explain", "help", "checksum",
    "insert", "replace", "update", "delete", "load", "import", "call", "do", "handler", "set",
    "use", "begin", "commit", "rollback", "savepoint", "xa", "set_transaction", "prepare",
    "execute", "deallocate", "lock_tables", "unlock_tables", "flush", "kill", "reset", "ddl",
    "account", "admin", "replication", "other",
};
constexpr std::string_view reason_names[] = {
    "replica", "writes", "locking_read", "into", "session_state", "function",
    "unknown_function", "transaction", "multi_statement", "not_understood", "server_specific",
};
constexpr std::string_view transaction_names[] = {
    "-", "begin", "begin_read_only", "commit", "rollback", "commit_chain", "rollback_chain",
    "commit_release", "rollback_release", "set_autocommit_off", "set_autocommit_on",
};
constexpr std::string_view effect_names[] = {
    "user_variable", "system_variable", "global_variable", "schema", "temporary_table",
    "lock_tables", "unlock_tables", "user_lock", "reads_last_result", "calc_found_rows",
    "handler", "prepared_text", "xa", "connection_id", "session_tracking", "local_infile",
    "implicit_commit", "last_insert_id", "tracked_variables", "tracked_state_change", "routine",
    "reads_found_rows", "unreported_variable", "next_transaction", "role",
};
// clang-format on

std::size_t position_of(std::string_view name, std::span<const std::string_view> names)
{
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw std::runtime_error("no such name: " + std::string(name));
    return static_cast<std::size_t>(found - names.begin());
}

std::uint32_t effects_of(const std::string& text)
{
    if (text == "-") return effect_none;
    std::uint32_t effects = effect_none;
    std::istringstream in(text);
    for (std::string name; std::getline(in, name, '+');)
        effects |= 1u << position_of(name, effect_names);
    return effects;
}

Statement read_heading(const std::string& line)
{
    std::istringstream in(line);
    std::string mark, kind, reason, transaction, effects;
    in >> mark >> kind >> reason >> transaction >> effects;
    Statement expected;
    expected.kind = static_cast<StatementKind>(position_of(kind, kind_names));
    expected.reason = static_cast<PrimaryReason>(position_of(reason, reason_names));
    expected.access = expected.reason == PrimaryReason::none ? Access::replica : Access::primary;
    expected.transaction = static_cast<Transaction>(position_of(transaction, transaction_names));
    expected.effects = effects_of(effects);
    return expected;
}

Dialect read_dialect(const std::string& line)
{
    std::istringstream in(line);
    std::string mark, flavour;
    Dialect dialect;
    in >> mark >> flavour >> dialect.server_version;
    dialect.mariadb = flavour == "mariadb";
    for (std::string option; in >> option;) {
        if (option == "ansi_quotes")
            dialect.ansi_quotes = true;
        else if (option == "no_backslash_escapes")
            dialect.no_backslash_escapes = true;
        else if (option == "wide_trail_bytes")
            dialect.wide_trail_bytes = true;
        else
            throw std::runtime_error("no such option: " + option);
    }
    return dialect;
}

char escaped(char letter)
{
    constexpr std::string_view letters = "ntrfv0s\\";
    constexpr std::string_view meanings("\n\t\r\f\v\0 \\", 8);
    return meanings[position_of(
        std::string_view(&letter, 1),
        std::array<std::string_view, 8>{letters.substr(0, 1), letters.substr(1, 1),
                                        letters.substr(2, 1), letters.substr(3, 1),
                                        letters.substr(4, 1), letters.substr(5, 1),
                                        letters.substr(6, 1), letters.substr(7, 1)})];
}

std::string unescape(const std::string& line)
{
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] != '\\') {
            text += line[i];
        } else if (line.at(++i) == 'x') {
            text += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            text += escaped(line[i]);
        }
    }
    return text;
}

void load_file(const std::filesystem::path& path, std::vector<StatementCase>& cases)
{
    std::ifstream in(path);
    Dialect dialect;
    Statement expected;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        const std::string where = path.filename().string() + ":" + std::to_string(++number);
        try {
            if (line.empty() || line.starts_with(";; ")) continue;
            if (line.starts_with("%% "))
                dialect = read_dialect(line);
            else if (line.starts_with("== "))
                expected = read_heading(line);
            else
                cases.push_back({where, unescape(line), dialect, expected});
        } catch (const std::exception& error) {
            throw std::runtime_error(where + ": " + error.what());
        }
    }
}

}  // namespace

std::vector<StatementCase> load_statement_cases(const std::string& folder)
{
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".txt") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<StatementCase> cases;
    for (const auto& path : paths) load_file(path, cases);
    return cases;
}

std::string heading_of(const Statement& statement)
{
    std::string effects;
    for (std::size_t bit = 0; bit < std::size(effect_names); ++bit)
        if (statement.effects & (1u << bit))
            effects += (effects.empty() ? "" : "+") + std::string(effect_names[bit]);
    std::string text(kind_names[static_cast<std::size_t>(statement.kind)]);
    text += ' ';
    text += reason_names[static_cast<std::size_t>(statement.reason)];
    text += ' ';
    text += transaction_names[static_cast<std::size_t>(statement.transaction)];
    text += ' ';
    return text + (effects.empty() ? "-" : effects);
}

}  // namespace pointsman::tests

TEST_CASE("the case file's reader understands headings, dialects and escapes")
{
    using namespace pointsman::tests;
    const auto cases = load_statement_cases(POINTSMAN_SOURCE_DIR "/tests/protocol/sql/cases");
    REQUIRE(cases.size() > 400);
    CHECK(std::any_of(cases.begin(), cases.end(), [](const auto& c) { return c.dialect.mariadb; }));
    CHECK(std::any_of(cases.begin(), cases.end(),
                      [](const auto& c) { return c.text.find('\0') != std::string::npos; }));
    CHECK(heading_of(cases.front().expected).find(' ') != std::string::npos);
}
