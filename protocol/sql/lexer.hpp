#pragma once
// Statement text → tokens, by the server's own rules for quotes, comments, version comments and
// numbers: where the two differ, a write could hide. Total, linear, no allocation. A copy continues
// at the same place, so looking ahead is copying.

#include "protocol/sql/classifier.hpp"
#include "protocol/sql/hint.hpp"
#include "protocol/sql/token.hpp"

#include <string_view>

namespace pointsman::protocol::sql {

class Lexer {
public:
    Lexer(std::string_view text, const Dialect& dialect)
        : at_(text.data()), end_(text.data() + text.size()), dialect_(&dialect)
    {
    }
    Lexer(std::string_view text, const Dialect&& dialect) = delete;  // it would be gone at next()

    /// The next token; `end` for ever after the last one.
    Token next()
    {
        Token token;
        read(token);
        return token;
    }
    /// The same, in place.
    void read(Token& token);
    /// A `bad` token was handed out.
    bool failed() const { return failed_; }
    /// The first routing hints in the comments passed so far.
    const HintView& hint() const { return hint_; }
    /// An optimizer hint among them has SET_VAR.
    bool has_set_var() const { return has_set_var_; }

private:
    Token token_at(const char* begin);
    Token end_of_text();
    void skip_blanks_and_comments();
    bool skip_block_comment();
    void open_block_comment();
    void skip_line_comment(const char* body);
    void skip_plain_comment();
    void take_hints(std::string_view comment);
    void skip_optimizer_hint();
    void skip_refused_version_comment();
    bool enter_version_comment(const char* body);
    const char* find_comment_end(const char* from) const;

    Token word(const char* begin);
    Token word_or_dollar_quoted(const char* begin);
    Token number_or_word(const char* begin);
    Token fraction(const char* begin);
    Token quoted(const char* begin, char quote, TokenKind kind, bool backslash_escapes);
    bool is_wide_trail_byte(const char* at) const;
    Token variable(const char* begin);
    Token string(const char* begin);
    Token punctuation(const char* begin);
    Token dot_or_number(const char* begin);
    Token fail(const char* begin);
    Token made(TokenKind kind, const char* begin) const;

    bool looks_at(const char* at, char c) const { return at < end_ && *at == c; }
    bool digit_at(const char* at) const { return at < end_ && *at >= '0' && *at <= '9'; }
    void skip_digits();
    bool skip_exponent();

    const char* at_;
    const char* end_;
    const Dialect* dialect_;
    HintView hint_;
    bool in_version_comment_ = false;  // inside one whose text counts: its end is a blank
    bool broken_ = false;              // a comment did not end
    bool failed_ = false;
    bool has_set_var_ = false;
    bool spaced_ = false;  // blanks stand before the token being read
    TokenKind previous_ = TokenKind::end;
};

}  // namespace pointsman::protocol::sql
