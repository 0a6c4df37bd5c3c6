#pragma once
// The tokens of one text, taken one by one with one of look-ahead.

#include "protocol/sql/lexer.hpp"

namespace pointsman::protocol::sql {

class Cursor {
public:
    Cursor(std::string_view text, const Dialect& dialect) : lexer_(text, dialect)
    {
        lexer_.read(current_);
    }
    Cursor(std::string_view text, const Dialect&& dialect) = delete;

    /// The next token, not taken.
    const Token& peek() const { return current_; }
    /// Never passes the end of a statement: a rule that takes too much gets the semicolon again.
    Token take()
    {
        const Token token = current_;
        if (!at_end()) lexer_.read(current_);
        return token;
    }
    bool accept(Word word)
    {
        if (!current_.is(word)) return false;
        lexer_.read(current_);
        return true;
    }
    bool accept(TokenKind kind)
    {
        if (!current_.is(kind)) return false;
        lexer_.read(current_);
        return true;
    }
    /// At the end of the text or at a semicolon.
    bool at_end() const { return current_.ends_statement(); }
    /// The text holds what no rule can judge; it may be the token under peek().
    bool failed() const { return lexer_.failed(); }
    const HintView& hint() const { return lexer_.hint(); }
    bool has_set_var() const { return lexer_.has_set_var(); }

private:
    Lexer lexer_;
    Token current_;
};

}  // namespace pointsman::protocol::sql
