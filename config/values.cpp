#include "config/values.hpp"

#include "config/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace pointsman::config {
namespace {

template <class Enumeration>
struct Word {
    Enumeration value;
    std::string_view name;
};

constexpr Word<ListenerMode> listener_modes[] = {
    {ListenerMode::split, "split"},
    {ListenerMode::primary, "primary"},
    {ListenerMode::replicas, "replicas"},
};
constexpr Word<ClientTlsMode> client_tls_modes[] = {
    {ClientTlsMode::off, "off"},
    {ClientTlsMode::optional, "optional"},
    {ClientTlsMode::required, "required"},
};
constexpr Word<ServerTlsMode> server_tls_modes[] = {
    {ServerTlsMode::off, "off"},
    {ServerTlsMode::preferred, "preferred"},
    {ServerTlsMode::required, "required"},
    {ServerTlsMode::verify_ca, "verify_ca"},
    {ServerTlsMode::verify_identity, "verify_identity"},
};
constexpr Word<ClientCompression> client_compressions[] = {
    {ClientCompression::off, "off"},
    {ClientCompression::zlib, "zlib"},
    {ClientCompression::zstd, "zstd"},
    {ClientCompression::any, "any"},
};
constexpr Word<ServerCompressionAlgorithm> server_compressions[] = {
    {ServerCompressionAlgorithm::off, "off"},
    {ServerCompressionAlgorithm::zlib, "zlib"},
    {ServerCompressionAlgorithm::zstd, "zstd"},
};
constexpr Word<NoReplica> no_replica_choices[] = {
    {NoReplica::primary, "primary"},
    {NoReplica::error, "error"},
};
constexpr Word<Io> ios[] = {
    {Io::automatic, "auto"},
    {Io::epoll, "epoll"},
    {Io::io_uring, "io_uring"},
};
constexpr Word<Consistency> consistencies[] = {
    {Consistency::none, "none"},
    {Consistency::session, "session"},
    {Consistency::global, "global"},
};
constexpr Word<FailoverMode> failover_modes[] = {
    {FailoverMode::off, "off"},
    {FailoverMode::manual, "manual"},
    {FailoverMode::automatic, "automatic"},
};
constexpr Word<Repair> repairs[] = {
    {Repair::leave, "leave"},
    {Repair::inject_empty, "inject_empty"},
    {Repair::clone, "clone"},
};
constexpr Word<Durability> durabilities[] = {
    {Durability::off, "off"},
    {Durability::degradable, "degradable"},
    {Durability::strict, "strict"},
};
constexpr Word<PromotionRule> promotion_rules[] = {
    {PromotionRule::prefer, "prefer"},
    {PromotionRule::neutral, "neutral"},
    {PromotionRule::prefer_not, "prefer_not"},
    {PromotionRule::must_not, "must_not"},
};
constexpr Word<LogLevel> log_levels[] = {
    {LogLevel::debug, "debug"},
    {LogLevel::info, "info"},
    {LogLevel::warn, "warn"},
    {LogLevel::error, "error"},
};
constexpr Word<LogFormat> log_formats[] = {
    {LogFormat::logfmt, "logfmt"},
    {LogFormat::json, "json"},
};

template <class Enumeration, std::size_t count>
std::string_view find_name(const Word<Enumeration> (&words)[count], Enumeration value)
{
    for (const auto& word : words)
        if (word.value == value) return word.name;
    return "unknown";
}

/// "off, optional or required".
template <class Enumeration>
std::string choices(std::span<const Word<Enumeration>> words)
{
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i].name;
    }
    return text;
}

template <class Enumeration, std::size_t count>
Unfit read_word(const Word<Enumeration> (&words)[count], std::string_view text, Enumeration& out)
{
    std::vector<std::string_view> names;
    for (const auto& word : words) {
        if (word.name == text) {
            out = word.value;
            return std::nullopt;
        }
        names.push_back(word.name);
    }
    std::string expected = choices(std::span<const Word<Enumeration>>{words});
    if (auto near = nearest(text, names)) expected += " (did you mean " + std::string{*near} + "?)";
    return expected;
}

/// ", from 10ms to 1min", or nothing where there is no upper bound. `show` puts the unit on.
template <class Show>
std::string range_text(const Bounds& bounds, Show show)
{
    if (bounds.max == UINT64_MAX) return {};
    return ", from " + show(bounds.min) + " to " + show(bounds.max);
}

bool is_within(std::uint64_t value, const Bounds& bounds)
{
    return value >= bounds.min && value <= bounds.max;
}

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

bool is_without_control(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), is_control);
}

}  // namespace

std::string_view name_of(ListenerMode mode)
{
    return find_name(listener_modes, mode);
}
std::string_view name_of(ClientTlsMode mode)
{
    return find_name(client_tls_modes, mode);
}
std::string_view name_of(ServerTlsMode mode)
{
    return find_name(server_tls_modes, mode);
}
std::string_view name_of(ClientCompression choice)
{
    return find_name(client_compressions, choice);
}
std::string_view name_of(ServerCompressionAlgorithm algorithm)
{
    return find_name(server_compressions, algorithm);
}
std::string_view name_of(NoReplica choice)
{
    return find_name(no_replica_choices, choice);
}
std::string_view name_of(Consistency consistency)
{
    return find_name(consistencies, consistency);
}
std::string_view name_of(FailoverMode value)
{
    return find_name(failover_modes, value);
}
std::string_view name_of(Repair value)
{
    return find_name(repairs, value);
}
std::string_view name_of(Durability value)
{
    return find_name(durabilities, value);
}
std::string_view name_of(PromotionRule value)
{
    return find_name(promotion_rules, value);
}
std::string_view name_of(Io io)
{
    return find_name(ios, io);
}
std::string_view name_of(LogLevel level)
{
    return find_name(log_levels, level);
}
std::string_view name_of(LogFormat format)
{
    return find_name(log_formats, format);
}

Unfit read_value(std::string_view text, const ValueRules&, bool& out)
{
    if (text != "true" && text != "false") return "true or false";
    out = text == "true";
    return std::nullopt;
}

Unfit read_value(std::string_view text, const ValueRules& rules, std::uint32_t& out)
{
    std::uint32_t value = 0;
    const char* const last = text.data() + text.size();
    auto [end, error] = std::from_chars(text.data(), last, value);
    if (error == std::errc{} && end == last && is_within(value, rules.bounds)) {
        out = value;
        return std::nullopt;
    }
    auto show = [](std::uint64_t bound) { return std::to_string(bound); };
    return "a whole number" + range_text(rules.bounds, show);
}

Unfit read_value(std::string_view text, const ValueRules& rules, std::string& out)
{
    std::string expected;
    switch (rules.content) {
        case Content::text:
        case Content::path:
            if (!is_without_control(text)) expected = "text without control characters";
            break;
        case Content::user:
            if (text.empty() || text.size() > 128 || !is_without_control(text))
                expected = "an account's name of 1 to 128 bytes, without its host part";
            break;
        case Content::name:
            if (text.empty() || text.size() > 64 ||
                !std::all_of(text.begin(), text.end(), is_name_character))
                expected = "a name of 1 to 64 letters, digits, '_', '.' or '-', such as db-1";
            break;
        case Content::mode:
            if (text.size() < 3 || text.size() > 4 ||
                text.find_first_not_of("01234567") != std::string_view::npos)
                expected = "permissions of three or four octal digits, such as 0770";
            break;
    }
    if (!expected.empty()) return expected;
    out = text;
    return std::nullopt;
}

Unfit read_value(std::string_view text, const ValueRules& rules, Milliseconds& out)
{
    const auto value = parse_duration(text);
    if (value && is_within(static_cast<std::uint64_t>(value->count()), rules.bounds)) {
        out = *value;
        return std::nullopt;
    }
    auto show = [](std::uint64_t bound) {
        return to_text(Milliseconds{static_cast<Milliseconds::rep>(bound)});
    };
    return "a duration such as 250ms, 5s, 10min, 8h or 1d" + range_text(rules.bounds, show);
}

Unfit read_value(std::string_view text, const ValueRules& rules, ByteCount& out)
{
    const auto value = parse_bytes(text);
    if (value && is_within(value->value, rules.bounds)) {
        out = *value;
        return std::nullopt;
    }
    auto show = [](std::uint64_t bound) { return to_text(ByteCount{bound}); };
    return "a size such as 512B, 16KiB, 4MiB or 1GiB" + range_text(rules.bounds, show);
}

Unfit read_value(std::string_view text, const ValueRules& rules, Endpoint& out)
{
    auto value = parse_endpoint(text, rules.default_port);
    if (!value) {
        return "an address such as db1.example.com:" + std::to_string(rules.default_port) +
               ", 10.0.0.5, [::1]:" + std::to_string(rules.default_port) + " or /run/mysqld.sock";
    }
    out = std::move(*value);
    return std::nullopt;
}

Unfit read_value(std::string_view text, const ValueRules&, Network& out)
{
    const auto value = parse_network(text);
    if (!value) return "a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8 (no bits behind it)";
    out = *value;
    return std::nullopt;
}

Unfit read_value(std::string_view text, const ValueRules&, ListenerMode& out)
{
    return read_word(listener_modes, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, ClientTlsMode& out)
{
    return read_word(client_tls_modes, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, ServerTlsMode& out)
{
    return read_word(server_tls_modes, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, ClientCompression& out)
{
    return read_word(client_compressions, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, ServerCompressionAlgorithm& out)
{
    return read_word(server_compressions, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, NoReplica& out)
{
    return read_word(no_replica_choices, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, Consistency& out)
{
    return read_word(consistencies, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, FailoverMode& out)
{
    return read_word(failover_modes, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, Repair& out)
{
    return read_word(repairs, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, Durability& out)
{
    return read_word(durabilities, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, PromotionRule& out)
{
    return read_word(promotion_rules, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, Io& out)
{
    return read_word(ios, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, LogLevel& out)
{
    return read_word(log_levels, text, out);
}
Unfit read_value(std::string_view text, const ValueRules&, LogFormat& out)
{
    return read_word(log_formats, text, out);
}

std::string printable(std::string_view text)
{
    constexpr std::size_t max_shown = 60;
    std::string shown{text.substr(0, max_shown)};
    std::replace_if(shown.begin(), shown.end(), is_control, '?');
    if (text.size() > max_shown) shown += "...";
    return shown;
}

std::string quoted(std::string_view text)
{
    return "\"" + printable(text) + "\"";
}

}  // namespace pointsman::config
