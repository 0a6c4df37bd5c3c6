#include "protocol/sql/recent_statements.hpp"

#include "protocol/sql/folded_table.hpp"

#include <cstdint>
#include <cstring>

namespace pointsman::protocol::sql {

namespace {

/// Shorter texts cost next to nothing, longer ones would cost memory.
constexpr std::size_t shortest = 16;
constexpr std::size_t longest = 512;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool may_touch_number(char c)
{
    return !folded(c) && c != '.';
}

std::uint64_t eight_bytes(const char* at)
{
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/// A place in a text.
struct Walk {
    const char* begin;
    const char* end;
    const char* at;

    explicit Walk(std::string_view text)
        : begin(text.data()), end(text.data() + text.size()), at(begin)
    {
    }
    std::size_t left() const { return static_cast<std::size_t>(end - at); }
    /// From the first digit of a number: passes it. False when it is none, or part of a name.
    bool pass_number()
    {
        if (at != begin && !may_touch_number(at[-1])) return false;
        const char* const first = at;
        while (at != end && is_digit(*at)) ++at;
        return at != first && (at == end || may_touch_number(*at));
    }
};

void pass_equal(Walk& a, Walk& b)
{
    while (a.left() >= 8 && b.left() >= 8 && eight_bytes(a.at) == eight_bytes(b.at)) {
        a.at += 8;
        b.at += 8;
    }
    while (a.at != a.end && b.at != b.end && *a.at == *b.at) {
        ++a.at;
        ++b.at;
    }
}

/// Digits share their high half. Texts that differ in numbers of the same length meet in one slot.
std::size_t slot_of(std::string_view text)
{
    const char* const end = text.data() + text.size();
    const std::uint64_t tail = eight_bytes(end - 8) & 0xf0f0f0f0f0f0f0f0u;
    const std::uint64_t mixed = eight_bytes(text.data()) * 0x9e3779b97f4a7c15u +
                                eight_bytes(text.data() + 8) * 0xc2b2ae3d27d4eb4fu +
                                tail * 0x165667b19e3779f9u;
    return static_cast<std::size_t>(mixed >> 58);
}

}  // namespace

bool differ_in_numbers_only(std::string_view text, std::string_view other)
{
    Walk a(text), b(other);
    for (;;) {
        pass_equal(a, b);
        if (a.at == a.end && b.at == b.end) return true;
        // Back to where the number begins in which they part.
        while (a.at != a.begin && is_digit(a.at[-1])) {
            --a.at;
            --b.at;
        }
        if (!a.pass_number() || !b.pass_number()) return false;
        if (a.at == a.end || b.at == b.end) return a.at == a.end && b.at == b.end;
        if (*a.at != *b.at) return false;
    }
}

bool holds_for_other_numbers(std::string_view text, const Statement& statement)
{
    const bool plain_query = statement.kind == StatementKind::select &&
                             statement.access == Access::replica &&
                             statement.statement_count == 1 &&
                             statement.hint.kind == RouteHint::Kind::none;
    return plain_query && text.find('#') == text.npos && text.find('/') == text.npos &&
           text.find("--") == text.npos;
}

Statement RecentStatements::classify(std::string_view text, const Dialect& dialect)
{
    if (text.size() < shortest || text.size() > longest) return sql::classify(text, dialect);
    Entry& entry = entries_[slot_of(text)];
    if (entry.dialect == dialect && differ_in_numbers_only(entry.text, text))
        return entry.statement;
    Statement statement = sql::classify(text, dialect);
    if (holds_for_other_numbers(text, statement)) {
        entry.text = text;
        entry.dialect = dialect;
        entry.statement = statement;
    }
    return statement;
}

}  // namespace pointsman::protocol::sql
