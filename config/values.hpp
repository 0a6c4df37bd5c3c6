#pragma once
// Every type that a key can have: from text, to text, and what to say when it does not fit.

#include "config/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::config {

/// The words of the file for an enumerator, such as "verify_ca".
std::string_view name_of(ListenerMode mode);
std::string_view name_of(ClientTlsMode mode);
std::string_view name_of(ServerTlsMode mode);
std::string_view name_of(ClientCompression choice);
std::string_view name_of(ServerCompressionAlgorithm algorithm);
std::string_view name_of(NoReplica choice);
std::string_view name_of(Consistency consistency);
std::string_view name_of(FailoverMode value);
std::string_view name_of(Repair value);
std::string_view name_of(Durability value);
std::string_view name_of(PromotionRule value);
std::string_view name_of(Io io);
std::string_view name_of(LogLevel level);
std::string_view name_of(LogFormat format);

/// What a number may be, both ends included, in the unit of its type (ms, bytes).
struct Bounds {
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
};

/// What a text may hold.
enum class Content {
    text,  // anything without control characters
    name,  // 1 to 64 letters, digits, '_', '.', '-': labels and hints carry it
    user,  // an account's name: 1 to 128 bytes without control characters
    path,  // of a file; relative to the folder of the configuration
    mode,  // permissions of a file, as three or four octal digits
};

/// The rules for one value beside its type.
struct ValueRules {
    Bounds bounds = {};
    Content content = Content::text;
    std::uint16_t default_port = 3306;
};

/// Reads one value and leaves `out` alone when it does not fit; then what was expected comes back,
/// such as "a duration such as 250ms, from 10ms to 1min".
using Unfit = std::optional<std::string>;
Unfit read_value(std::string_view text, const ValueRules& rules, bool& out);
Unfit read_value(std::string_view text, const ValueRules& rules, std::uint32_t& out);
Unfit read_value(std::string_view text, const ValueRules& rules, std::string& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Milliseconds& out);
Unfit read_value(std::string_view text, const ValueRules& rules, ByteCount& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Endpoint& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Network& out);
Unfit read_value(std::string_view text, const ValueRules& rules, ListenerMode& out);
Unfit read_value(std::string_view text, const ValueRules& rules, ClientTlsMode& out);
Unfit read_value(std::string_view text, const ValueRules& rules, ServerTlsMode& out);
Unfit read_value(std::string_view text, const ValueRules& rules, ClientCompression& out);
Unfit read_value(std::string_view text, const ValueRules& rules, ServerCompressionAlgorithm& out);
Unfit read_value(std::string_view text, const ValueRules& rules, NoReplica& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Consistency& out);
Unfit read_value(std::string_view text, const ValueRules& rules, FailoverMode& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Repair& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Durability& out);
Unfit read_value(std::string_view text, const ValueRules& rules, PromotionRule& out);
Unfit read_value(std::string_view text, const ValueRules& rules, Io& out);
Unfit read_value(std::string_view text, const ValueRules& rules, LogLevel& out);
Unfit read_value(std::string_view text, const ValueRules& rules, LogFormat& out);

/// The text that read_value reads back to the same value.
inline std::string value_text(bool value)
{
    return value ? "true" : "false";
}
inline std::string value_text(std::uint32_t value)
{
    return std::to_string(value);
}
inline std::string value_text(const std::string& value)
{
    return value;
}
inline std::string value_text(Milliseconds value)
{
    return to_text(value);
}
inline std::string value_text(ByteCount value)
{
    return to_text(value);
}
inline std::string value_text(const Endpoint& value)
{
    return value == Endpoint{} ? std::string{} : value.text();
}
inline std::string value_text(const std::vector<Network>& values)
{
    std::string text;
    for (const auto& network : values) text += (text.empty() ? "" : ", ") + network.text();
    return text;
}
inline std::string value_text(const std::vector<std::string>& values)
{
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + value;
    return text;
}
template <class Enumeration>
requires std::is_enum_v<Enumeration> std::string value_text(Enumeration value)
{
    return std::string{name_of(value)};
}

/// `text` for a message: cut when long, with control characters shown as '?'.
std::string printable(std::string_view text);
/// The same in double quotes.
std::string quoted(std::string_view text);

}  // namespace pointsman::config
