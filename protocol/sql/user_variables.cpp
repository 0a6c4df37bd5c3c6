#include "protocol/sql/user_variables.hpp"

#include "protocol/sql/lexer.hpp"

#include <algorithm>

namespace pointsman::protocol::sql {

namespace {

/// Statements that assign only by := or INTO.
constexpr Word reading[] = {Word::select, Word::with, Word::table, Word::values, Word::do_};

/// `@x`, @'x' and @`x` as the server keeps the name; nothing when its spelling needs more than
/// ASCII rules.
std::optional<std::string> name_of(std::string_view token)
{
    token.remove_prefix(1);
    std::string name;
    bool quoted = !token.empty() && (token[0] == '`' || token[0] == '\'' || token[0] == '"');
    char quote = quoted ? token[0] : '\0';
    if (quoted) token = token.substr(1, token.size() - 2);
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto c = static_cast<unsigned char>(token[i]);
        if (c >= 0x80 || c == '\\') return std::nullopt;
        name += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        bool doubled = quoted && token[i] == quote && i + 1 < token.size() && token[i + 1] == quote;
        if (doubled) ++i;
    }
    return name;
}

}  // namespace

std::optional<std::vector<std::string>> assigned_variables(std::string_view text,
                                                           const Dialect& dialect)
{
    Lexer lexer(text, dialect);
    std::vector<std::string> names;
    bool assigns = false, begins = true;
    for (auto token = lexer.next(); !token.is(TokenKind::end); token = lexer.next()) {
        bool opens = begins && token.is(TokenKind::open);
        bool reads =
            std::find(std::begin(reading), std::end(reading), token.word) != std::end(reading);
        if (begins && !opens && !reads) assigns = true;
        begins = opens || token.is(TokenKind::semicolon);
        if (token.is(TokenKind::assign) || token.is(Word::into)) assigns = true;
        // What writes makes each variable that it reads and that is not there yet, as NULL with a
        // type, for the binary log. (Measured: MySQL 9.7.) WITH may stand before these.
        if (token.is(Word::update) || token.is(Word::delete_)) assigns = true;
        if (token.is(Word::execute)) return std::nullopt;
        if (!token.is(TokenKind::user_variable)) continue;
        auto name = name_of(token.text);
        if (!name) return std::nullopt;
        if (std::find(names.begin(), names.end(), *name) == names.end())
            names.push_back(std::move(*name));
    }
    if (lexer.failed()) return std::nullopt;
    if (!assigns) names.clear();
    return names;
}

}  // namespace pointsman::protocol::sql
