// Bodies of stored programs: where the statement ends although it holds semicolons.

#include "protocol/sql/rules.hpp"

namespace pointsman::protocol::sql {

namespace {

/// May a statement begin after `token`? Then IF, LOOP, REPEAT and WHILE open a block.
bool ends_before_statement(const Token& token)
{
    switch (token.word) {
        case Word::begin:
        case Word::then:
        case Word::else_:
        case Word::do_:
        case Word::loop:
        case Word::repeat:
        case Word::row:
            return true;
        default:
            break;
    }
    return token.is(TokenKind::semicolon) || token.is(TokenKind::close) ||
           token.is(TokenKind::string) || token.text == ":";
}

bool opens_block(const Token& token, const Token& before)
{
    switch (token.word) {
        case Word::begin:
            return true;
        case Word::case_:
            return !before.is(Word::end);
        case Word::if_:
        case Word::loop:
        case Word::repeat:
        case Word::while_:
            return ends_before_statement(before);
        default:
            return false;
    }
}

void read_to_depth_zero(Parse& parse, int depth)
{
    Token before;
    while (!parse.cursor.peek().is(TokenKind::end)) {
        if (depth <= 0 && parse.cursor.at_end()) return;
        const Token token = parse.body.step();
        if (token.is(TokenKind::semicolon)) parse.cursor.accept(TokenKind::semicolon);
        if (opens_block(token, before))
            ++depth;
        else if (token.is(Word::end))
            --depth;
        before = token;
    }
}

}  // namespace

/// What a body does is done by those who call it later.
void read_program(Parse& parse)
{
    auto effects = parse.statement.effects;
    read_to_depth_zero(parse, 0);
    parse.statement.effects = effects;
}

void read_block(Parse& parse)
{
    read_to_depth_zero(parse, 1);
}

}  // namespace pointsman::protocol::sql
