#include "protocol/sql/lexer.hpp"

#include "protocol/sql/word_table.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pointsman::protocol::sql {

namespace {

constexpr bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Bytes that blanks and comments begin with, and the end of a version comment.
constexpr std::array<bool, 256> gap_bytes = [] {
    std::array<bool, 256> bytes{};
    for (const char c : {' ', '\t', '\n', '\v', '\f', '\r', '#', '-', '/', '*'})
        bytes[static_cast<unsigned char>(c)] = true;
    return bytes;
}();

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

constexpr bool is_hex(char c)
{
    return is_digit(c) || (folded(c) >= 'a' && folded(c) <= 'f');
}

constexpr bool is_binary(char c)
{
    return c == '0' || c == '1';
}

/// A continuation byte of UTF-8 after an ASCII byte: the text is in another character set, where
/// the byte may be a blank (0xA0 of latin1) that would separate two keywords.
constexpr bool is_stray_byte(char before, char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 && byte < 0xC0 && static_cast<unsigned char>(before) < 0x80;
}

/// `word` is written in small letters.
bool has_word(std::string_view text, std::string_view word)
{
    const auto same = [](char a, char b) { return folded(a) == static_cast<unsigned char>(b); };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

std::uint32_t version_of(std::string_view digits)
{
    std::uint32_t version = 0;
    for (const char digit : digits)
        version = version * 10 + static_cast<std::uint32_t>(digit - '0');
    return version;
}

/// MariaDB leaves comments for MySQL 5.7 and later alone.
bool is_code_for(const Dialect& dialect, std::uint32_t version, bool marked_mariadb)
{
    const bool of_mysql_only = version >= 50700 && version <= 99999;
    if (dialect.mariadb && !marked_mariadb && of_mysql_only) return false;
    return version <= dialect.server_version;
}

const char* find_in(const char* begin, const char* end, char wanted)
{
    return static_cast<const char*>(
        std::memchr(begin, wanted, static_cast<std::size_t>(end - begin)));
}

std::string_view between(const char* begin, const char* end)
{
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

void Lexer::read(Token& token)
{
    const char* const begin = at_;
    if (looks_at(at_, ' ')) ++at_;  // most gaps are just that
    if (at_ < end_ && gap_bytes[static_cast<unsigned char>(*at_)]) skip_blanks_and_comments();
    spaced_ = at_ != begin;
    token = broken_ || at_ == end_ ? end_of_text() : token_at(at_);
    token.spaced = spaced_;
    previous_ = token.kind;
}

Token Lexer::token_at(const char* begin)
{
    const char c = *begin;
    if (!folded(c)) return punctuation(begin);
    if (is_digit(c)) return number_or_word(begin);
    return c == '$' ? word_or_dollar_quoted(begin) : word(begin);
}

Token Lexer::end_of_text()
{
    // A version comment that never ends is refused by the server.
    const bool refused = std::exchange(broken_, false) || in_version_comment_;
    return refused ? fail(end_) : made(TokenKind::end, end_);
}

Token Lexer::made(TokenKind kind, const char* begin) const
{
    Token token;
    token.text = between(begin, at_);
    token.kind = kind;
    return token;
}

/// What follows cannot be trusted to be what the server sees: the text ends here.
Token Lexer::fail(const char* begin)
{
    at_ = end_;
    in_version_comment_ = false;
    failed_ = true;
    return made(TokenKind::bad, begin);
}

// ---- blanks and comments ----

void Lexer::skip_blanks_and_comments()
{
    while (at_ < end_ && !broken_) {
        const char c = *at_;
        if (is_blank(c))
            ++at_;
        else if (c == '#')
            skip_line_comment(at_ + 1);
        else if (c == '-' || c == '/' || c == '*') {
            if (!skip_block_comment()) break;
        } else
            break;
    }
}

/// At '-', '/' or '*': skips what these begin or end; false when it is only an operator.
bool Lexer::skip_block_comment()
{
    const char c = *at_;
    if (c == '-') {
        const bool dashes = looks_at(at_ + 1, '-');
        // "--" begins a comment only before a blank or control character: 5--1 is arithmetic.
        const bool comment =
            dashes && (end_ - at_ == 2 || static_cast<unsigned char>(at_[2]) <= ' ');
        if (comment) skip_line_comment(at_ + 2);
        return comment;
    }
    if (c == '*') {
        if (!in_version_comment_ || !looks_at(at_ + 1, '/')) return false;
        in_version_comment_ = false;
        at_ += 2;
        return true;
    }
    if (!looks_at(at_ + 1, '*')) return false;
    open_block_comment();
    return true;
}

void Lexer::skip_line_comment(const char* body)
{
    const char* newline = std::find(body, end_, '\n');
    const std::string_view text = between(body, newline);
    // The server ends such a comment at a NUL byte too.
    if (text.find('\0') != std::string_view::npos) broken_ = true;
    take_hints(text);
    at_ = newline;
}

/// The first of each kind counts.
void Lexer::take_hints(std::string_view comment)
{
    const HintView found = find_hint(comment);
    const std::string_view after_gtid = hint_.after_gtid.empty() ? found.after_gtid
                                                                 : hint_.after_gtid;
    if (hint_.kind == RouteHint::Kind::none) hint_ = found;
    hint_.after_gtid = after_gtid;
}

void Lexer::open_block_comment()
{
    if (looks_at(at_ + 2, '!')) {
        if (!enter_version_comment(at_ + 3)) skip_refused_version_comment();
    } else if (dialect_->mariadb && looks_at(at_ + 2, 'M') && looks_at(at_ + 3, '!')) {
        if (!enter_version_comment(at_ + 4)) skip_refused_version_comment();
    } else if (looks_at(at_ + 2, '+')) {
        skip_optimizer_hint();
    } else {
        skip_plain_comment();
    }
}

const char* Lexer::find_comment_end(const char* from) const
{
    for (; from < end_; ++from) {
        from = find_in(from, end_, '*');
        if (!from) return nullptr;
        if (looks_at(from + 1, '/')) return from;
    }
    return nullptr;
}

void Lexer::skip_plain_comment()
{
    const char* close = find_comment_end(at_ + 2);
    if (!close) {
        broken_ = true;
        return;
    }
    take_hints(between(at_ + 2, close));
    at_ = close + 2;
}

/// A quote inside an optimizer hint hides a comment's end from the server's hint reader, but not
/// from us: with unbalanced quotes nobody knows where the code goes on.
void Lexer::skip_optimizer_hint()
{
    const char* close = find_comment_end(at_ + 3);
    if (!close) {
        broken_ = true;
        return;
    }
    for (const char quote : {'`', '"', '\''})
        if (std::count(at_ + 3, close, quote) % 2 != 0) broken_ = true;
    has_set_var_ = has_set_var_ || has_word(between(at_ + 3, close), "set_var");
    at_ = close + 2;
}

/// True when the comment's text is code for this server; then only its opening is skipped.
bool Lexer::enter_version_comment(const char* body)
{
    const bool marked_mariadb = body - at_ == 4;
    const char* digits_end = body;
    while (digits_end < end_ && digits_end - body < 6 && is_digit(*digits_end)) ++digits_end;
    const bool has_version = digits_end - body >= 5;
    if (has_version &&
        !is_code_for(*dialect_, version_of(between(body, digits_end)), marked_mariadb))
        return false;
    in_version_comment_ = true;
    at_ = has_version ? digits_end : body;
    return true;
}

/// One level of plain comments may stand inside.
void Lexer::skip_refused_version_comment()
{
    const char* from = at_ + 3;
    const char* close = find_comment_end(from);
    while (close) {
        const std::string_view inside = between(from, close);
        const std::size_t inner = inside.find("/*");
        if (inner == std::string_view::npos) break;
        const char* inner_close = find_comment_end(from + inner + 2);
        from = inner_close ? inner_close + 2 : end_;
        close = find_comment_end(from);
    }
    if (!close)
        broken_ = true;
    else
        at_ = close + 2;
}

// ---- words and numbers ----

Token Lexer::word(const char* begin)
{
    std::uint32_t hash = hash_seed;
    const char* p = begin;
    for (; p < end_; ++p) {
        const unsigned char c = folded(*p);
        if (static_cast<signed char>(c) <= 0) {  // the end, or outside ASCII
            if (c == 0) break;
            if (is_stray_byte(p == begin ? ' ' : p[-1], *p)) return fail(begin);
        }
        hash = hash_step(hash, c);
    }
    at_ = p;
    Token token = made(TokenKind::word, begin);
    token.hash = hash;
    token.word = find_word(token.text, hash);
    return token;
}

/// $$text$$ and $tag$text$tag$ are strings since 9.0; before, $ was only a letter.
Token Lexer::word_or_dollar_quoted(const char* begin)
{
    if (previous_ == TokenKind::dot && !spaced_) return word(begin);
    const char* p = begin + 1;
    while (p < end_ && folded(*p) && *p != '$') ++p;
    const bool quoted = looks_at(p, '$') && !dialect_->mariadb && dialect_->server_version >= 80032;
    if (!quoted) return word(begin);
    const std::string_view mark = between(begin, p + 1);
    const std::string_view rest = between(p + 1, end_);
    const std::size_t close = rest.find(mark);
    if (close == std::string_view::npos || dialect_->server_version < 90000) return fail(begin);
    at_ = p + 1 + close + mark.size();
    return made(TokenKind::string, begin);
}

void Lexer::skip_digits()
{
    while (digit_at(at_)) ++at_;
}

/// At a possible exponent: skips it when it is one.
bool Lexer::skip_exponent()
{
    if (!looks_at(at_, 'e') && !looks_at(at_, 'E')) return false;
    const char* digits = at_ + 1;
    if (looks_at(digits, '+') || looks_at(digits, '-')) ++digits;
    if (!digit_at(digits)) return false;
    at_ = digits;
    skip_digits();
    return true;
}

/// Names may begin with digits (1st), and a float may be glued to what follows: 1e5FOR is 1e5 FOR.
Token Lexer::number_or_word(const char* begin)
{
    if (previous_ == TokenKind::dot && !spaced_) return word(begin);
    const bool hex = *begin == '0' && looks_at(begin + 1, 'x');
    const bool binary = *begin == '0' && looks_at(begin + 1, 'b');
    if (hex || binary) {
        const char* p = begin + 2;
        while (p < end_ && (hex ? is_hex(*p) : is_binary(*p))) ++p;
        if (p - begin < 3 || (p < end_ && folded(*p))) return word(begin);
        at_ = p;
        return made(TokenKind::number, begin);
    }
    skip_digits();
    if (looks_at(at_, '.')) return fraction(begin);
    if (skip_exponent()) return made(TokenKind::number, begin);
    if (at_ < end_ && folded(*at_)) return word(begin);
    return made(TokenKind::number, begin);
}

/// At the point of a number.
Token Lexer::fraction(const char* begin)
{
    ++at_;
    skip_digits();
    skip_exponent();
    return made(TokenKind::number, begin);
}

// ---- quotes, variables, the rest ----

Token Lexer::quoted(const char* begin, char quote, TokenKind kind, bool backslash_escapes)
{
    const char* p = begin + 1;
    const char* close =
        nullptr;  // the next quote; kept, so that every byte is looked at twice at most
    while (p < end_) {
        if (!close || close < p) close = find_in(p, end_, quote);
        if (!close) break;
        const char* backslash = backslash_escapes ? find_in(p, close, '\\') : nullptr;
        if (is_wide_trail_byte(backslash ? backslash : close)) break;
        if (backslash) {
            p = backslash + 2;
        } else if (looks_at(close + 1, quote)) {
            p = close + 2;
        } else {
            at_ = close + 1;
            return made(kind, begin);
        }
    }
    return fail(begin);
}

/// A backslash or backtick that a two-byte character may end with.
bool Lexer::is_wide_trail_byte(const char* at) const
{
    return dialect_->wide_trail_bytes && (*at == '\\' || *at == '`') &&
           static_cast<unsigned char>(at[-1]) >= 0x80;
}

Token Lexer::string(const char* begin)
{
    if (*begin == '"' && dialect_->ansi_quotes)
        return quoted(begin, '"', TokenKind::quoted_name, false);
    return quoted(begin, *begin, TokenKind::string, !dialect_->no_backslash_escapes);
}

/// @x, @'x', @"x", @`x`, and the @@ before a system variable's name.
Token Lexer::variable(const char* begin)
{
    ++at_;
    if (looks_at(at_, '@')) {
        ++at_;
        return made(TokenKind::system_variable, begin);
    }
    if (looks_at(at_, '`') || looks_at(at_, '\'') || looks_at(at_, '"')) {
        const bool escapes = *at_ != '`' && !dialect_->no_backslash_escapes &&
                             !(*at_ == '"' && dialect_->ansi_quotes);
        const Token name = quoted(at_, *at_, TokenKind::user_variable, escapes);
        return made(name.kind, begin);
    }
    while (at_ < end_ && (folded(*at_) || *at_ == '.')) ++at_;
    return made(TokenKind::user_variable, begin);
}

Token Lexer::dot_or_number(const char* begin)
{
    const bool name_before = previous_ == TokenKind::word || previous_ == TokenKind::quoted_name;
    if (digit_at(begin + 1) && (spaced_ || !name_before)) return fraction(begin);
    ++at_;
    return made(TokenKind::dot, begin);
}

Token Lexer::punctuation(const char* begin)
{
    const auto single = [&](TokenKind kind) {
        ++at_;
        return made(kind, begin);
    };
    switch (*begin) {
        case '\'':
        case '"':
            return string(begin);
        case '`':
            return quoted(begin, '`', TokenKind::quoted_name, false);
        case '@':
            return variable(begin);
        case '.':
            return dot_or_number(begin);
        case ',':
            return single(TokenKind::comma);
        case ';':
            return single(TokenKind::semicolon);
        case '(':
            return single(TokenKind::open);
        case ')':
            return single(TokenKind::close);
        case ':':
            if (!looks_at(begin + 1, '=')) return single(TokenKind::symbol);
            at_ += 2;
            return made(TokenKind::assign, begin);
        default:
            if (static_cast<unsigned char>(*begin) < ' ') return fail(begin);
            return single(TokenKind::symbol);
    }
}

}  // namespace pointsman::protocol::sql
