// Tokens lie in the text, in order and apart, and after the end there is only the end.

#include "protocol/sql/lexer.hpp"

#include "tests/fuzz/sql_input.hpp"

using namespace pointsman::protocol::sql;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const pointsman::protocol::Byte* bytes, std::size_t size)
{
    const auto sql = pointsman::tests::sql_input(bytes, size);
    Lexer lexer(sql.text, sql.dialect);
    const char* at = sql.text.data();
    const char* const end = at + sql.text.size();
    Token token = lexer.next();
    for (; !token.is(TokenKind::end) && !token.is(TokenKind::bad); token = lexer.next()) {
        require(!token.text.empty(), "a token has text");
        require(token.text.data() >= at, "tokens do not overlap");
        at = token.text.data() + token.text.size();
        require(at <= end, "a token lies in the text");
    }
    require(lexer.next().is(TokenKind::end), "the end comes once and stays");
    return 0;
}
