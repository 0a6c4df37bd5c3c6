#include "protocol/sql/lexer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pointsman::protocol::sql;

namespace {

/// Tokens as "kind:text", kinds by their first letters, with "_" where blanks stood before.
std::string tokens_of(std::string_view text, const Dialect& dialect = {})
{
    constexpr std::string_view kinds[] = {"end",  "word",  "name",   "str",   "num",
                                          "var",  "sys",   "dot",    "comma", "semi",
                                          "open", "close", "assign", "sym",   "bad"};
    Lexer lexer(text, dialect);
    std::string all;
    for (Token token = lexer.next(); !token.is(TokenKind::end); token = lexer.next()) {
        if (!all.empty()) all += token.spaced ? " _ " : " ";
        all += std::string(kinds[static_cast<std::size_t>(token.kind)]) + ":" +
               std::string(token.text);
    }
    return all;
}

}  // namespace

TEST_CASE("words are known in any case, other names are not words")
{
    const Dialect dialect;
    Lexer lexer("SeLeCt selects `select` frOM", dialect);
    CHECK(lexer.next().word == Word::select);
    CHECK(lexer.next().word == Word::other);
    CHECK(lexer.next().word == Word::other);
    CHECK(lexer.next().word == Word::from);
    CHECK(lexer.next().is(TokenKind::end));
    CHECK(lexer.next().is(TokenKind::end));
}

TEST_CASE("every word of the list is found by its own spelling and no other")
{
    const Dialect dialect;
    for (const std::string_view text :
         {"ALL", "and", "Lock", "xa", "sql_calc_found_rows", "WHILE", "view"}) {
        CHECK(Lexer(text, dialect).next().word != Word::other);
        CHECK(Lexer(std::string(text) + "_", dialect).next().word == Word::other);
    }
}

TEST_CASE("numbers end where the server ends them")
{
    CHECK(tokens_of("1e5FOR") == "num:1e5 word:FOR");
    CHECK(tokens_of("1.5FOR") == "num:1.5 word:FOR");
    CHECK(tokens_of("1.FOR") == "num:1. word:FOR");
    CHECK(tokens_of(".5FOR") == "num:.5 word:FOR");
    CHECK(tokens_of("1e+5-1") == "num:1e+5 sym:- num:1");
    CHECK(tokens_of("1e") == "word:1e");
    CHECK(tokens_of("5FOR") == "word:5FOR");
    CHECK(tokens_of("0x1F 0x1G 0b01 0b2 0x") ==
          "num:0x1F _ word:0x1G _ num:0b01 _ word:0b2 _ word:0x");
    CHECK(tokens_of("t.1e5x") == "word:t dot:. word:1e5x");
    CHECK(tokens_of("t .5") == "word:t _ num:.5");
}

TEST_CASE("quotes end where the server's mode ends them")
{
    Dialect ansi;
    ansi.ansi_quotes = true;
    Dialect plain;
    plain.no_backslash_escapes = true;
    CHECK(tokens_of(R"('a''b' 'a\'b' "a""b")") == R"(str:'a''b' _ str:'a\'b' _ str:"a""b")");
    CHECK(tokens_of(R"("a\" b)", ansi) == R"(name:"a\" _ word:b)");
    CHECK(tokens_of(R"('a\' b)", plain) == R"(str:'a\' _ word:b)");
    CHECK(tokens_of("`a``b`.`c`") == "name:`a``b` dot:. name:`c`");
    CHECK(tokens_of("x'1f'N'a'") == "word:x str:'1f' word:N str:'a'");
    CHECK(tokens_of("$$a'b$$ $x$ $y$ $x$ $c a.$$ 1$$") ==
          "str:$$a'b$$ _ str:$x$ $y$ $x$ _ word:$c _ word:a dot:. word:$$ _ word:1$$");
    CHECK(tokens_of("$a$ b") == "bad:$a$ b");
    CHECK(tokens_of("'a") == "bad:'a");
    CHECK(tokens_of("'a\\") == "bad:'a\\");
    CHECK(tokens_of("'a' `b") == "str:'a' _ bad:`b");
}

TEST_CASE("variables hold their whole name")
{
    CHECK(tokens_of("@a @'a b' @`c``d` @$x.y @") ==
          "var:@a _ var:@'a b' _ var:@`c``d` _ var:@$x.y _ var:@");
    CHECK(tokens_of("@@global.x:=1") == "sys:@@ word:global dot:. word:x assign::= num:1");
    CHECK(tokens_of("@'a") == "bad:@'a");
}

TEST_CASE("comments are blanks, and version comments are code up to the server's version")
{
    CHECK(tokens_of("a/*b*/c") == "word:a _ word:c");
    CHECK(tokens_of("a--b") == "word:a sym:- sym:- word:b");
    CHECK(tokens_of("a-- b\nc") == "word:a _ word:c");
    CHECK(tokens_of("a--") == "word:a");
    CHECK(tokens_of("a#b\nc") == "word:a _ word:c");
    CHECK(tokens_of("/*!80000 a */b") == "word:a _ word:b");
    CHECK(tokens_of("/*!99999 a */b") == "word:b");
    CHECK(tokens_of("/*!a*/b") == "word:a _ word:b");
    CHECK(tokens_of("/*!123 a*/") == "num:123 _ word:a");
    CHECK(tokens_of("/*!99999 a /* b */ c */d") == "word:d");
    CHECK(tokens_of("/*! a /* b */ c */d") == "word:a _ word:c _ word:d");
    CHECK(tokens_of("/* a /* b */ c") == "word:c");
    CHECK(tokens_of("a */ b") == "word:a _ sym:* sym:/ _ word:b");
    CHECK(tokens_of("a /* b") == "word:a _ bad:");
    CHECK(tokens_of("a /*! b") == "word:a _ word:b bad:");
    CHECK(tokens_of("/*") == "bad:");
    CHECK(tokens_of("/*!") == "bad:");
    CHECK(tokens_of("/*/") == "bad:");
}
