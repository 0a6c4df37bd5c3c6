#include "protocol/sql/connection_id.hpp"

#include "protocol/sql/lexer.hpp"

#include <span>
#include <vector>

namespace pointsman::protocol::sql {

namespace {

constexpr std::size_t most_tokens = 256;

bool is_word(const Token& token, std::string_view lower)
{
    if (!token.is(TokenKind::word) || token.text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i)
        if ((token.text[i] | 0x20) != lower[i] && token.text[i] != lower[i]) return false;
    return true;
}

/// All tokens of one statement; nothing when there are too many, or more than one statement, or
/// text that only some versions read.
std::optional<std::vector<Token>> tokens_of(std::string_view text, const Dialect& dialect)
{
    if (text.find("/*!") != text.npos || text.find("/*M!") != text.npos) return std::nullopt;
    std::vector<Token> tokens;
    Lexer lexer(text, dialect);
    for (auto token = lexer.next(); !token.ends_statement(); token = lexer.next()) {
        if (tokens.size() == most_tokens) return std::nullopt;
        tokens.push_back(token);
    }
    if (lexer.failed() || !lexer.next().is(TokenKind::end)) return std::nullopt;
    return tokens;
}

bool names_function(std::span<const Token> tokens)
{
    for (const auto& token : tokens)
        if (is_word(token, "connection_id")) return true;
    return false;
}

bool is_call(std::span<const Token> item)
{
    return item.size() >= 3 && is_word(item[0], "connection_id") && item[1].is(TokenKind::open) &&
           item[2].is(TokenKind::close);
}

bool is_name(const Token& token)
{
    return token.is(TokenKind::word) || token.is(TokenKind::quoted_name) ||
           token.is(TokenKind::string);
}

/// What stands behind the call: [AS] name.
bool is_alias(std::span<const Token> rest)
{
    if (rest.size() == 2) return is_word(rest[0], "as") && is_name(rest[1]);
    return rest.size() == 1 && is_name(rest[0]);
}

class Rewriter {
public:
    Rewriter(std::string_view text, std::uint32_t id) : text_(text), rest_(text.data()), id_(id) {}

    /// False when the column is more than the call and a name.
    bool column(std::span<const Token> item)
    {
        if (!names_function(item)) return true;
        if (!is_call(item) || names_function(item.subspan(1))) return false;
        bool bare = item.size() == 3;
        if (!bare && !is_alias(item.subspan(3))) return false;
        const char* begin = item[0].text.data();
        const char* end = item[2].text.data() + item[2].text.size();
        out_.append(rest_, begin);
        out_ += "CAST(" + std::to_string(id_) + " AS UNSIGNED)";
        if (bare) out_.append(" AS `").append(begin, end).append("`");
        rest_ = end;
        changed_ = true;
        return true;
    }

    std::optional<std::string> finish()
    {
        if (!changed_) return std::nullopt;
        out_.append(rest_, text_.data() + text_.size());
        return std::move(out_);
    }

private:
    std::string_view text_;
    const char* rest_;  // what was not copied yet
    std::uint32_t id_;
    std::string out_;
    bool changed_ = false;
};

}  // namespace

std::optional<std::string> with_connection_id(std::string_view text, const Dialect& dialect,
                                              std::uint32_t id)
{
    auto tokens = tokens_of(text, dialect);
    if (!tokens || tokens->empty() || !is_word(tokens->front(), "select")) return std::nullopt;
    for (const auto& token : *tokens)
        if (is_word(token, "from")) return std::nullopt;
    Rewriter rewriter(text, id);
    std::span<const Token> rest(*tokens);
    rest = rest.subspan(1);
    while (!rest.empty()) {
        std::size_t size = 0;
        int depth = 0;
        for (; size < rest.size(); ++size) {
            if (rest[size].is(TokenKind::open)) ++depth;
            if (rest[size].is(TokenKind::close)) --depth;
            if (depth == 0 && rest[size].is(TokenKind::comma)) break;
        }
        if (!rewriter.column(rest.first(size))) return std::nullopt;
        rest = rest.subspan(std::min(size + 1, rest.size()));
    }
    return rewriter.finish();
}

}  // namespace pointsman::protocol::sql
