#pragma once
// What the lexer hands out. A token borrows the statement's text.

#include "protocol/sql/words.hpp"

#include <cstdint>
#include <string_view>

namespace pointsman::protocol::sql {

enum class TokenKind : std::uint8_t {
    end,
    word,         // unquoted name or keyword
    quoted_name,  // `x`, and "x" with ANSI_QUOTES; text includes the quotes
    string,       // 'x', "x", $$x$$
    number,
    user_variable,    // @x, @'x', @`x`; also the host part of an account
    system_variable,  // the two @ of @@x; the name follows as words
    dot,
    comma,
    semicolon,
    open,    // (
    close,   // )
    assign,  // :=
    symbol,  // any other single character
    bad,     // unterminated, or a byte that no statement has there; then only `end` follows
};

struct Token {
    std::string_view text;
    std::uint32_t hash = 0;  // hash_name(text), of words
    TokenKind kind = TokenKind::end;
    Word word = Word::other;
    bool spaced = false;  // blanks or a comment stand before it

    bool is(Word wanted) const { return word == wanted; }
    bool is(TokenKind wanted) const { return kind == wanted; }
    /// A name without its quotes; a quote doubled inside stays doubled.
    std::string_view name() const
    {
        const bool quoted = kind == TokenKind::quoted_name && text.size() >= 2;
        return quoted ? text.substr(1, text.size() - 2) : text;
    }
    /// End of the text or of this statement.
    bool ends_statement() const { return kind == TokenKind::end || kind == TokenKind::semicolon; }
};

}  // namespace pointsman::protocol::sql
