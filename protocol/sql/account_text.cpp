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

}  // namespace pointsman::protocol::sql
