#include "proxy/session/well_formed.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

namespace pointsman::proxy {

namespace {

struct Range {
    unsigned char first = 1, last = 0;
    bool has(unsigned char byte) const { return first <= byte && byte <= last; }
};

/// Characters of one byte below 0x80, and of two.
struct TwoBytes {
    std::string_view name;
    Range heads[2], tails[2], alone;
};
constexpr Range no_bytes{};
constexpr TwoBytes two_bytes[] = {
    {"gbk", {{0x81, 0xfe}, no_bytes}, {{0x40, 0x7e}, {0x80, 0xfe}}, no_bytes},
    {"big5", {{0xa1, 0xf9}, no_bytes}, {{0x40, 0x7e}, {0xa1, 0xfe}}, no_bytes},
    {"sjis", {{0x81, 0x9f}, {0xe0, 0xfc}}, {{0x40, 0x7e}, {0x80, 0xfc}}, {0xa1, 0xdf}},
    {"cp932", {{0x81, 0x9f}, {0xe0, 0xfc}}, {{0x40, 0x7e}, {0x80, 0xfc}}, {0xa1, 0xdf}},
};
/// Not looked into beyond plain ASCII.
constexpr std::string_view ascii_based[] = {"ascii",   "gb18030", "gb2312",
                                            "eucjpms", "euckr",   "ujis"};
constexpr std::string_view wide[] = {"ucs2", "utf16", "utf16le", "utf32"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N])
{
    return std::find(names, names + N, name) != names + N;
}

std::string bytes_of(std::string_view hex)
{
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
    return bytes;
}

bool is_ascii(std::string_view bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c < 0x80; });
}

/// Bytes of the character of UTF-8 in front; 0: there is none.
std::size_t utf8_size(std::string_view bytes, std::size_t longest)
{
    auto lead = static_cast<unsigned char>(bytes[0]);
    if (lead < 0x80) return 1;
    std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || size > longest || bytes.size() < size) return 0;
    auto second = static_cast<unsigned char>(bytes[1]);
    bool fits = lead == 0xe0   ? second >= 0xa0
                : lead == 0xed ? second < 0xa0
                : lead == 0xf0 ? second >= 0x90
                : lead == 0xf4 ? second < 0x90
                               : true;
    for (std::size_t i = 1; i < size; ++i)
        fits = fits && (static_cast<unsigned char>(bytes[i]) & 0xc0) == 0x80;
    return fits ? size : 0;
}

bool is_utf8(std::string_view bytes, std::size_t longest)
{
    while (!bytes.empty()) {
        auto size = utf8_size(bytes, longest);
        if (size == 0) return false;
        bytes.remove_prefix(size);
    }
    return true;
}

bool is_of_two_bytes(std::string_view bytes, const TwoBytes& set)
{
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto byte = static_cast<unsigned char>(bytes[i]);
        if (byte < 0x80 || set.alone.has(byte)) continue;
        if (!set.heads[0].has(byte) && !set.heads[1].has(byte)) return false;
        if (++i == bytes.size()) return false;
        auto tail = static_cast<unsigned char>(bytes[i]);
        if (!set.tails[0].has(tail) && !set.tails[1].has(tail)) return false;
    }
    return true;
}

}  // namespace

bool is_well_formed(std::string_view hex, std::string_view character_set)
{
    auto bytes = bytes_of(hex);
    if (is_one_of(character_set, wide)) return bytes.empty();
    if (is_ascii(bytes)) return true;
    if (character_set == "utf8mb4") return is_utf8(bytes, 4);
    if (character_set == "utf8mb3" || character_set == "utf8") return is_utf8(bytes, 3);
    for (const auto& set : two_bytes)
        if (set.name == character_set) return is_of_two_bytes(bytes, set);
    return !is_one_of(character_set, ascii_based);
}

}  // namespace pointsman::proxy
