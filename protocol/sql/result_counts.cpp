#include "protocol/sql/result_counts.hpp"

#include "protocol/sql/connection_id.hpp"
#include "protocol/sql/cursor.hpp"
#include "protocol/sql/folded_table.hpp"

namespace pointsman::protocol::sql {

namespace {

bool accept_word(Cursor& cursor, std::string_view lower)
{
    const auto& token = cursor.peek();
    if (!token.is(TokenKind::word) || !same_name(token.text, lower)) return false;
    cursor.take();
    return true;
}

bool at_text_end(Cursor& cursor)
{
    while (cursor.accept(TokenKind::semicolon)) {
    }
    return cursor.peek().is(TokenKind::end) && !cursor.failed();
}

/// Of the type that the functions have (measured: MySQL 9.7).
template <typename Number>
std::string literal(Number number)
{
    return "CAST(" + std::to_string(number) + " AS SIGNED)";
}

/// The function stands in it, for its warning: it is deprecated (1287, MySQL 8.0.17).
std::string found_rows_literal(std::uint64_t number)
{
    return "CAST(FOUND_ROWS()*0+" + std::to_string(number) + " AS SIGNED)";
}

/// The value of one item of GET DIAGNOSTICS.
std::optional<std::string> item_value(Cursor& cursor, const ResultCounts& counts)
{
    if (accept_word(cursor, "row_count"))
        return counts.row_count ? std::optional(literal(*counts.row_count)) : std::nullopt;
    if (accept_word(cursor, "number") && counts.no_conditions) return "CAST(0 AS UNSIGNED)";
    return std::nullopt;
}

/// GET [CURRENT] DIAGNOSTICS @a = ROW_COUNT, …
std::optional<std::string> set_of_items(Cursor cursor, const ResultCounts& counts)
{
    (void)accept_word(cursor, "current");
    if (!accept_word(cursor, "diagnostics")) return std::nullopt;
    std::string text;
    do {
        const auto target = cursor.take();
        const auto equals = cursor.take();
        if (!target.is(TokenKind::user_variable) || equals.text != "=") return std::nullopt;
        auto value = item_value(cursor, counts);
        if (!value) return std::nullopt;
        text.append(text.empty() ? "SET " : ",").append(target.text).append("=").append(*value);
    } while (cursor.accept(TokenKind::comma));
    if (!at_text_end(cursor)) return std::nullopt;
    return text;
}

struct Row {
    std::string_view function;
    CountColumn column;
};
constexpr Row rows[] = {
    {"row_count", CountColumn::row_count},
    {"found_rows", CountColumn::found_rows},
    {"last_insert_id", CountColumn::last_insert_id},
};

std::optional<CountColumn> take_call(Cursor& cursor)
{
    for (const auto& row : rows) {
        if (!accept_word(cursor, row.function)) continue;
        bool is_call = cursor.accept(TokenKind::open) && cursor.accept(TokenKind::close);
        return is_call ? std::optional(row.column) : std::nullopt;
    }
    return std::nullopt;
}

/// What is no alias is no end of the column either.
void pass_alias(Cursor& cursor)
{
    (void)accept_word(cursor, "as");
    const auto& token = cursor.peek();
    bool is_name = token.is(TokenKind::quoted_name) || token.is(TokenKind::string) ||
                   token.is(TokenKind::word);
    if (is_name) cursor.take();
}

bool tells_warnings(std::string_view text, const Dialect& dialect)
{
    Lexer lexer(text, dialect);
    for (auto token = lexer.next(); !token.is(TokenKind::end); token = lexer.next())
        if (token.is(Word::warning_count) || token.is(Word::error_count)) return true;
    return false;
}

/// Is it in the text, in any place?
bool has_call(std::string_view text, const Dialect& dialect, std::string_view function)
{
    Lexer lexer(text, dialect);
    for (auto token = lexer.next(); !token.is(TokenKind::end); token = lexer.next())
        if (token.is(TokenKind::word) && same_name(token.text, function)) return true;
    return false;
}

}  // namespace

std::optional<std::string> with_result_counts(std::string_view text, const Dialect& dialect,
                                              const ResultCounts& counts)
{
    // Only some versions read these.
    if (text.find("/*!") != text.npos || text.find("/*M!") != text.npos) return std::nullopt;
    if (!counts.no_conditions && tells_warnings(text, dialect)) return std::nullopt;
    Cursor cursor(text, dialect);
    if (accept_word(cursor, "get")) return set_of_items(cursor, counts);
    std::vector<CallValue> calls;
    if (has_call(text, dialect, "row_count")) {
        if (!counts.row_count) return std::nullopt;
        calls.push_back({"row_count", literal(*counts.row_count)});
    }
    if (has_call(text, dialect, "found_rows")) {
        if (!counts.found_rows) return std::nullopt;
        calls.push_back({"found_rows", found_rows_literal(*counts.found_rows)});
    }
    // Without conditions all links say the same of them.
    if (calls.empty() && tells_warnings(text, dialect)) return std::string(text);
    return with_calls_replaced(text, dialect, calls);
}

std::vector<CountColumn> plain_count_columns(std::string_view text, const Dialect& dialect)
{
    if (text.find("/*!") != text.npos || text.find("/*M!") != text.npos) return {};
    std::vector<CountColumn> columns;
    Cursor cursor(text, dialect);
    if (!cursor.accept(Word::select)) return {};
    do {
        auto column = take_call(cursor);
        if (!column) return {};
        columns.push_back(*column);
        pass_alias(cursor);
    } while (cursor.accept(TokenKind::comma));
    if (!at_text_end(cursor)) return {};
    return columns;
}

}  // namespace pointsman::protocol::sql
