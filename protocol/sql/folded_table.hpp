#pragma once
// Names looked up without regard to case: an open-addressed table built by the compiler. The lexer
// hashes a word while it reads it, so a look-up is one probe that nearly always misses or hits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pointsman::protocol::sql {

/// A byte of an unquoted name in lower case; 0 for a byte that ends one.
constexpr std::array<unsigned char, 256> name_bytes = [] {
    std::array<unsigned char, 256> bytes{};
    for (unsigned c = 0; c < 256; ++c) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
        if (upper) bytes[c] = static_cast<unsigned char>(c + 'a' - 'A');
        if (plain || c >= 0x80) bytes[c] = static_cast<unsigned char>(c);
    }
    return bytes;
}();

constexpr unsigned char folded(char c)
{
    return name_bytes[static_cast<unsigned char>(c)];
}

/// One step of the hash of a name: FNV-1a over folded bytes.
constexpr std::uint32_t hash_seed = 0x811c9dc5u;
constexpr std::uint32_t hash_step(std::uint32_t hash, unsigned char folded_byte)
{
    return (hash ^ folded_byte) * 0x01000193u;
}

constexpr std::uint32_t hash_name(std::string_view name)
{
    std::uint32_t hash = hash_seed;
    for (const char c : name) hash = hash_step(hash, folded(c));
    return hash;
}

/// Equal without regard to ASCII case; bytes that cannot stand in an unquoted name never match.
constexpr bool same_name(std::string_view a, std::string_view b)
{
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (folded(a[i]) != folded(b[i]) || folded(a[i]) == 0) return false;
    return true;
}

/// `slots` must be a power of two and at least twice the number of rows.
template <class Row, std::size_t slots>
class FoldedTable {
public:
    template <std::size_t count>
    constexpr explicit FoldedTable(const std::array<Row, count>& rows)
    {
        static_assert((slots & (slots - 1)) == 0 && count * 2 <= slots);
        for (const Row& row : rows) insert(row);
    }

    /// The row of `name`, whose hash is `hash`; nullptr when there is none.
    constexpr const Row* find(std::string_view name, std::uint32_t hash) const
    {
        for (std::size_t at = slot_of(hash); !entries_[at].name.empty();
             at = (at + 1) & (slots - 1))
            if (hashes_[at] == hash && is_spelled(name, entries_[at].name)) return &entries_[at];
        return nullptr;
    }

private:
    static constexpr std::size_t slot_of(std::uint32_t hash)
    {
        return (hash ^ (hash >> 15)) & (slots - 1);
    }

    /// same_name for a `row_name` that is folded already.
    static constexpr bool is_spelled(std::string_view name, std::string_view row_name)
    {
        if (name.size() != row_name.size()) return false;
        for (std::size_t i = 0; i < name.size(); ++i)
            if (folded(name[i]) != static_cast<unsigned char>(row_name[i])) return false;
        return true;
    }

    constexpr void insert(const Row& row)
    {
        for (const char c : row.name)
            if (c == '\0' || folded(c) != static_cast<unsigned char>(c))
                throw "rows are named in lower case";
        const std::uint32_t hash = hash_name(row.name);
        std::size_t at = slot_of(hash);
        while (!entries_[at].name.empty()) at = (at + 1) & (slots - 1);
        entries_[at] = row;
        hashes_[at] = hash;
    }

    std::array<std::uint32_t, slots> hashes_{};
    std::array<Row, slots> entries_{};
};

}  // namespace pointsman::protocol::sql
