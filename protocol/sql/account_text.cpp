#include "protocol/sql/account_text.hpp"

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/lexer.hpp"

namespace pointsman::protocol::sql {

bool requires_tls(std::string_view create_user)
{
    const Dialect dialect;
    Lexer lexer(create_user, dialect);
    for (auto token = lexer.next(); !token.is(TokenKind::end); token = lexer.next()) {
        if (!token.is(TokenKind::word) || !same_name(token.text, "require")) continue;
        auto what = lexer.next();
        return !what.is(TokenKind::word) || !same_name(what.text, "none");
    }
    return lexer.failed();
}

namespace {

bool is_word(const Token& token, std::string_view lower)
{
    return token.is(TokenKind::word) && same_name(token.text, lower);
}

/// 'x', "x", `x` and x.
std::string_view account_name(const Token& token)
{
    bool quoted = token.is(TokenKind::string) && token.text.size() >= 2;
    return quoted ? token.text.substr(1, token.text.size() - 2) : token.name();
}

/// USER(), CURRENT_USER and CURRENT_USER().
bool is_myself(const Token& token, const Token& next)
{
    return is_word(token, "current_user") ||
           (is_word(token, "user") && next.is(TokenKind::open));
}

}  // namespace

bool changes_login_of(std::string_view user, std::string_view text, const Dialect& dialect)
{
    Lexer lexer(text, dialect);
    auto verb = lexer.next();
    if (is_word(verb, "grant") || is_word(verb, "revoke")) return false;
    bool of_anybody = !is_word(verb, "set");  // SET PASSWORD without FOR is about oneself
    bool names_user = false;
    auto token = lexer.next();
    while (!token.is(TokenKind::end)) {
        auto next = lexer.next();
        of_anybody = of_anybody || is_word(token, "for");
        names_user = names_user || account_name(token) == user || is_myself(token, next);
        token = next;
    }
    return lexer.failed() || !of_anybody || names_user;
}

}  // namespace pointsman::protocol::sql
