#include "proxy/session/link_state.hpp"

#include "protocol/messages/query.hpp"
#include "protocol/messages/resultset.hpp"
#include "protocol/messages/simple_commands.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/well_formed.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::proxy {

namespace {

using protocol::ColumnType;

bool needs_reset(const BackendLink& link, const SessionState& state)
{
    return link.needs_reset || has_foreign_variable(*link.user_variables, *state.user_variables());
}

std::string character_set_of(const std::string& collation)
{
    return collation.substr(0, collation.find('_'));
}

std::optional<std::string> string_literal(const ReadVariable& variable)
{
    if (!variable.hex || !variable.collation) return std::nullopt;
    const auto& hex = *variable.hex;
    bool is_hex = std::all_of(hex.begin(), hex.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    });
    if (!is_hex) return std::nullopt;
    std::string value = hex.empty() ? "''" : "0x" + hex;
    if (*variable.collation == "binary") return "_binary " + value;
    // What was a date or a time is told as MEDIUM_BLOB; to MySQL it is a text in latin1.
    bool may_be_temporal = variable.type == static_cast<std::uint8_t>(ColumnType::medium_blob);
    if (may_be_temporal && variable.is_mariadb) return std::nullopt;
    auto character_set = character_set_of(*variable.collation);
    if (!is_well_formed(hex, character_set)) return std::nullopt;
    return "_" + character_set + " " + value + " COLLATE " + *variable.collation;
}

/// It has the collation of the text before it, which may have been another session's. (Measured:
/// MySQL 9.7.) So it gets one first.
std::optional<std::string> null_text(const ReadVariable& variable)
{
    if (!variable.collation || variable.is_mariadb) return std::nullopt;
    auto character_set = character_set_of(*variable.collation);
    return "_" + character_set + " '' COLLATE " + *variable.collation + "," + variable.name +
           "=CONVERT(NULL USING " + character_set + ")";
}

std::optional<std::string> null_literal(const ReadVariable& variable)
{
    bool has_collation = variable.collation && *variable.collation != "binary";
    bool is_mysql = !variable.is_mariadb;
    switch (static_cast<ColumnType>(variable.type)) {
        case ColumnType::medium_blob:
            return has_collation && is_mysql ? null_text(variable) : "NULL";
        case ColumnType::null:
            return "NULL";
        case ColumnType::longlong:
            if (variable.flags & protocol::column_flag::unsigned_) return std::nullopt;
            return "CAST(NULL AS SIGNED)";
        case ColumnType::double_:
            return is_mysql ? std::optional<std::string>("NULL+0e0") : std::nullopt;
        case ColumnType::newdecimal:
            return is_mysql ? std::optional<std::string>("NULLIF(1.0,1.0)") : std::nullopt;
        case ColumnType::long_blob:
            return has_collation ? null_text(variable) : std::nullopt;
        default:
            return std::nullopt;
    }
}

void append_query(std::vector<protocol::Buffer>& commands, const BackendLink& link,
                  const std::optional<std::string>& sql)
{
    if (sql) commands.push_back(protocol::encode_query(*sql, link.negotiated));
}

}  // namespace

bool is_at_state(BackendLink& link, const SessionState& state, StateNeed need)
{
    if (link.needs_reset || link.schema != state.schema()) return false;
    if (link.autocommit != state.autocommit()) return false;
    if (!unify(link.variables, state.variables())) return false;
    if (need == StateNeed::reads) return true;
    return link.last_insert_id == state.last_insert_id() &&
           unify(link.user_variables, state.user_variables());
}

bool can_be_brought_to(const BackendLink& link, const SessionState& state)
{
    if (link.broken) return false;
    if (state.schema().empty() && !link.schema.empty()) return false;
    if (link.was_reset && !state.was_reset()) return false;
    return link.is_resettable || !needs_reset(link, state);
}

std::vector<protocol::Buffer> commands_to_state(const BackendLink& link, const SessionState& state,
                                                StateNeed need)
{
    std::vector<protocol::Buffer> commands;
    bool resets = link.needs_reset || (need == StateNeed::everything && needs_reset(link, state));
    if (resets) {
        commands.push_back({static_cast<protocol::Byte>(protocol::Command::reset_connection)});
        commands.push_back(protocol::encode_query(tracker_statement(link), link.negotiated));
        // A reset takes all from global variables, what the login had chosen as well.
        append_query(commands, link, sync_statement({}, *link.login_variables));
        commands.push_back(protocol::encode_query("SET autocommit=1", link.negotiated));
    }
    bool enters = (resets || link.schema != state.schema()) && !state.schema().empty();
    if (enters) commands.push_back(protocol::encode_init_db(state.schema()));
    auto variables = resets ? no_variables() : link.variables;
    if (enters) variables = without_schema_collation(variables);
    append_query(commands, link,
                 sync_statement(*variables, *state.variables(), *link.login_variables));
    bool autocommit = resets || link.autocommit;
    if (autocommit != state.autocommit())
        append_query(commands, link, state.autocommit() ? "SET autocommit=1" : "SET autocommit=0");
    if (need == StateNeed::reads) return commands;
    const auto& user_variables = resets ? *no_variables() : *link.user_variables;
    append_query(commands, link, sync_user_variables(user_variables, *state.user_variables()));
    auto last_insert_id = resets ? 0 : link.last_insert_id;
    if (last_insert_id != state.last_insert_id())
        append_query(commands, link,
                     "SET last_insert_id=" + std::to_string(state.last_insert_id()));
    return commands;
}

net::Task<bool> bring_to_state(BackendLink& link, const SessionState& state, StateNeed need)
{
    auto commands = commands_to_state(link, state, need);
    if (!commands.empty()) {
        bool resets = commands.front().front() ==
                      static_cast<protocol::Byte>(protocol::Command::reset_connection);
        link.counters.link_syncs.add();
        bool done = co_await run_pipeline(link, std::move(commands));
        if (!done) {
            // Some of them may have worked: what it is at, nobody knows.
            link.broken = true;
            co_return false;
        }
        if (resets) {
            link.statements.clear();
            link.to_send_first.clear();
            link.user_variables = no_variables();
            link.last_insert_id = 0;
            link.needs_reset = false;
        }
    }
    if (!state.schema().empty()) link.schema = state.schema();
    link.variables = state.variables();
    link.autocommit = state.autocommit();
    if (need == StateNeed::reads) co_return true;
    link.user_variables = state.user_variables();
    link.last_insert_id = state.last_insert_id();
    co_return true;
}

std::optional<std::string> literal_of(const ReadVariable& variable)
{
    if (!variable.text) return null_literal(variable);
    const auto& text = *variable.text;
    bool is_plain =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    switch (static_cast<ColumnType>(variable.type)) {
        case ColumnType::longlong:
            if (!is_plain) return std::nullopt;
            if (variable.flags & protocol::column_flag::unsigned_)
                return "CAST(" + text + " AS UNSIGNED)";
            return text;
        case ColumnType::double_:
            if (!is_plain) return std::nullopt;
            return text.find_first_of("eE") == std::string::npos ? text + "e0" : text;
        case ColumnType::newdecimal:
            if (!is_plain) return std::nullopt;
            if (text.find('.') != std::string::npos) return text;
            return "CAST(" + text + " AS DECIMAL(65,0))";
        case ColumnType::tiny_blob:
        case ColumnType::medium_blob:
        case ColumnType::long_blob:
        case ColumnType::blob:
        case ColumnType::var_string:
        case ColumnType::string:
            return string_literal(variable);
        default:
            return std::nullopt;
    }
}

namespace {

/// What is unread, as the columns of one question.
std::string question_for(const Unread& unread, bool rows_limited)
{
    std::string columns;
    auto ask = [&columns](const std::string& column) {
        columns += columns.empty() ? "SELECT " : ",";
        columns += column;
    };
    if (unread.last_insert_id) ask("LAST_INSERT_ID()");
    if (unread.collation) ask("@@collation_connection");
    for (const auto& name : unread.user_variables) {
        auto variable = user_variable_sql(name);
        ask(variable);
        ask("COLLATION(" + variable + ")");
        ask("HEX(" + variable + ")");
    }
    // Not always: FOUND_ROWS() of a later statement tells of it (measured: MySQL 9.7).
    return rows_limited ? columns + " LIMIT 1" : columns;
}

/// Bytes of a character where character_set_results = ucs2 or the like also holds for us.
std::size_t character_size(const SessionState& state)
{
    auto results = state.variables()->find("character_set_results");
    if (results == state.variables()->end()) return 1;
    if (results->second == "utf32") return 4;
    return results->second == "ucs2" || results->second.starts_with("utf16") ? 2 : 1;
}

/// Takes the answer to question_for() from left to right.
class AnswerReader {
public:
    AnswerReader(const OwnTable& table, std::size_t character_size)
        : table_(table), character_size_(character_size)
    {
    }

    /// What is asked for is ASCII, but for values, of which only numbers are looked at.
    std::optional<std::string> text()
    {
        const auto& wire = table_.rows.front()[at_++];
        if (!wire || character_size_ == 1) return wire;
        std::string plain;
        for (char c : *wire)
            if (c != '\0') plain += c;
        return plain;
    }
    ReadVariable variable(const std::string& name)
    {
        const auto& definition = table_.columns[at_];
        ReadVariable read;
        read.name = user_variable_sql(name);
        read.type = static_cast<std::uint8_t>(definition.type);
        read.flags = definition.flags;
        read.text = text();
        read.collation = text();
        read.hex = text();
        return read;
    }

private:
    const OwnTable& table_;
    std::size_t character_size_;
    std::size_t at_ = 0;
};

/// A statement may name what it does not assign. (Measured: MySQL 9.7; no value is told so.)
bool was_never_set(const ReadVariable& variable)
{
    return !variable.is_mariadb && !variable.text && variable.collation == "binary" &&
           variable.type == static_cast<std::uint8_t>(ColumnType::var_string);
}

void take_answer(const OwnTable& table, BackendLink& link, SessionState& state)
{
    AnswerReader answer(table, character_size(state));
    auto unread = state.unread();
    if (unread.last_insert_id) {
        std::uint64_t id = 0;
        if (auto text = answer.text())
            std::from_chars(text->data(), text->data() + text->size(), id);
        state.note_last_insert_id(id);
        link.last_insert_id = id;
    }
    if (unread.collation) {
        state.note_collation(answer.text().value_or(""));
        link.variables = state.variables();
    }
    if (unread.user_variables.empty()) return;
    bool movable = true;
    for (const auto& name : unread.user_variables) {
        auto read = answer.variable(name);
        read.is_mariadb = link.is_mariadb;
        auto literal = literal_of(read);
        movable = movable && (literal || was_never_set(read));
        state.note_user_variable(name, literal);
    }
    if (!movable) state.pin_to(link.server, pin_user_variable);
    link.user_variables = state.user_variables();
}

std::size_t columns_of(const Unread& unread)
{
    constexpr std::size_t per_variable = 3;
    return std::size_t{unread.last_insert_id} + std::size_t{unread.collation} +
           per_variable * unread.user_variables.size();
}

/// Larger user variables than this end their session when its link is to be shared.
constexpr std::size_t most_unread = 64u << 20;

}  // namespace

net::Task<bool> read_unread(BackendLink& link, SessionState& state)
{
    auto question = question_for(state.unread(), state.variables()->contains("sql_select_limit"));
    auto columns = columns_of(state.unread());
    auto table = co_await query_table(link, std::move(question), most_unread);
    if (state.last_result_on() == link.server) state.lose_last_result();
    state.lose_found_rows(link.server);
    if (link.broken) {
        state.lose_unread();
        co_return false;
    }
    // Settings of the session may leave us without an answer.
    bool complete = table && table->rows.size() == 1 && table->rows.front().size() == columns &&
                    (table->columns.size() == columns || state.unread().user_variables.empty());
    if (complete)
        take_answer(*table, link, state);
    else
        state.pin_to(link.server, pin_user_variable);
    co_return true;
}

}  // namespace pointsman::proxy
