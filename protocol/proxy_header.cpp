#include "protocol/proxy_header.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace pointsman::protocol {

namespace {

using State = ProxyHeader::State;

constexpr std::string_view signature_1 = "PROXY ";
constexpr std::string_view signature_2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t longest_line = 107;  // of version 1, with its line end
constexpr std::size_t shortest_line = 15;  // "PROXY UNKNOWN\r\n"
constexpr std::size_t fixed_part_2 = 16;   // of version 2

ProxyHeader wants(std::size_t size)
{
    return {State::incomplete, size, std::nullopt};
}

ProxyHeader malformed()
{
    return {State::malformed, 0, std::nullopt};
}

template <class Number>
std::optional<Number> whole_number(std::string_view text)
{
    Number value{};
    const char* const last = text.data() + text.size();
    auto [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc{} || end != last || text.front() == '-') return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return value;
}

/// The part before the first `separator`, which is taken off with it.
std::string_view take_part(std::string_view& text, char separator)
{
    auto at = text.find(separator);
    auto part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

bool is_v4(std::string_view text)
{
    if (text.size() > 15 || std::count(text.begin(), text.end(), '.') != 3) return false;
    for (int i = 0; i < 4; ++i) {
        auto part = take_part(text, '.');
        if (part.empty() || !whole_number<std::uint8_t>(part)) return false;
    }
    return true;
}

bool is_v6(std::string_view text)
{
    return text.size() >= 2 && text.size() <= 45 && text.find(':') != std::string_view::npos &&
           text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

/// "TCP4 192.0.2.1 10.0.0.1 40000 3306"
ProxyHeader read_line(std::string_view line, std::size_t size)
{
    ProxyHeader header{State::complete, size, std::nullopt};
    auto family = take_part(line, ' ');
    if (family == "UNKNOWN") return header;
    bool v4 = family == "TCP4";
    if (!v4 && family != "TCP6") return malformed();
    auto is_address = v4 ? is_v4 : is_v6;
    auto source = take_part(line, ' ');
    auto destination = take_part(line, ' ');
    auto port = take_part(line, ' ');
    if (!is_address(source) || !is_address(destination) || port.empty() || line.empty())
        return malformed();
    auto number = whole_number<std::uint16_t>(port);
    if (!number || !whole_number<std::uint16_t>(line)) return malformed();
    header.client = ProxiedClient{std::string(source), *number};
    return header;
}

ProxyHeader read_version_1(std::string_view text)
{
    auto end = text.substr(0, longest_line).find("\r\n");
    if (end != std::string_view::npos) {
        auto line = text.substr(signature_1.size(), end - signature_1.size());
        return read_line(line, end + 2);
    }
    if (text.size() >= longest_line) return malformed();
    return wants(std::max(shortest_line, text.size() + 1));
}

std::string v4_text(Bytes address)
{
    std::string text;
    for (auto byte : address) text += (text.empty() ? "" : ".") + std::to_string(byte);
    return text;
}

unsigned group_at(Bytes address, std::size_t group)
{
    return address[2 * group] * 256u + address[2 * group + 1];
}

struct Run {
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// The longest run of zero groups, the first of equals.
Run longest_zeros(Bytes address)
{
    Run best, run;
    for (std::size_t group = 0; group < 8; ++group) {
        if (group_at(address, group) != 0) {
            run = {};
            continue;
        }
        if (run.length == 0) run.begin = group;
        if (++run.length > best.length) best = run;
    }
    return best;
}

/// As RFC 5952 has it; an IPv4 address in its mapped form stands alone.
std::string v6_text(Bytes address)
{
    static constexpr Byte mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(std::begin(mapped), std::end(mapped), address.begin()))
        return v4_text(address.subspan(12));
    auto zeros = longest_zeros(address);
    std::string text;
    for (std::size_t group = 0; group < 8; ++group) {
        if (zeros.length > 1 && group == zeros.begin) {
            text += "::";
            group += zeros.length - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        char digits[4];
        auto* end = std::to_chars(digits, digits + 4, group_at(address, group), 16).ptr;
        text.append(digits, end);
    }
    return text;
}

/// What version 2 knows of addresses: the byte of family and transport, and their size.
struct FamilyRow {
    Byte family;
    std::size_t address_size;
    std::string (*text)(Bytes);
};
constexpr FamilyRow families[] = {
    {0x11, 4, v4_text},
    {0x21, 16, v6_text},
    {0x31, 108, [](Bytes) { return std::string("localhost"); }},
};

ProxyHeader read_version_2(Bytes bytes)
{
    if (bytes.size() < fixed_part_2) return wants(fixed_part_2);
    constexpr Byte local = 0x20, proxied = 0x21, unspecified = 0x00;
    auto command = bytes[12];
    auto length = bytes[14] * 256u + bytes[15];
    auto size = fixed_part_2 + length;
    if ((command != local && command != proxied) || size > max_proxy_header) return malformed();
    if (bytes.size() < size) return wants(size);
    ProxyHeader header{State::complete, size, std::nullopt};
    if (command == local || bytes[13] == unspecified) return header;
    auto row = std::find_if(std::begin(families), std::end(families),
                            [&](const FamilyRow& known) { return known.family == bytes[13]; });
    if (row == std::end(families)) return malformed();
    bool has_ports = row->address_size <= 16;
    auto needed = 2 * row->address_size + (has_ports ? 4 : 0);
    if (length < needed) return malformed();
    ProxiedClient client{row->text(bytes.subspan(fixed_part_2, row->address_size)), 0};
    if (has_ports) {
        auto at = fixed_part_2 + 2 * row->address_size;
        client.port = static_cast<std::uint16_t>(bytes[at] * 256u + bytes[at + 1]);
    }
    header.client = std::move(client);
    return header;
}

bool begins_alike(std::string_view text, std::string_view signature)
{
    auto size = std::min(text.size(), signature.size());
    return text.substr(0, size) == signature.substr(0, size);
}

}  // namespace

ProxyHeader read_proxy_header(Bytes bytes)
{
    auto text = as_text(bytes);
    if (text.empty()) return wants(1);
    if (begins_alike(text, signature_1)) {
        if (text.size() < signature_1.size()) return wants(signature_1.size());
        return read_version_1(text);
    }
    if (!begins_alike(text, signature_2)) return {State::absent, 0, std::nullopt};
    if (text.size() < signature_2.size()) return wants(signature_2.size());
    return read_version_2(bytes);
}

}  // namespace pointsman::protocol
