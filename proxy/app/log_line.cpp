#include "proxy/app/log_line.hpp"

#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace pointsman::proxy {
namespace {

constexpr std::size_t max_value = 2'048;  // bytes of one text; what is cut shows as "..."
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD for what is no UTF-8

/// Length of the UTF-8 sequence at the front, 0 when there is no valid one (as RFC 3629 has it:
/// shortest form, no surrogates, up to U+10FFFF).
std::size_t utf8_length(std::string_view text)
{
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        if (!follows(1) || !follows(2)) return 0;
        const bool is_overlong = first == 0xe0 && byte(1) < 0xa0;
        const bool is_surrogate = first == 0xed && byte(1) > 0x9f;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        const bool is_overlong = first == 0xf0 && byte(1) < 0x90;
        const bool is_too_large = first == 0xf4 && byte(1) > 0x8f;
        return is_overlong || is_too_large ? 0 : 4;
    }
    return 0;
}

void append_escaped(std::string& line, char c)
{
    switch (c) {
        case '"':
            line += "\\\"";
            return;
        case '\\':
            line += "\\\\";
            return;
        case '\n':
            line += "\\n";
            return;
        case '\r':
            line += "\\r";
            return;
        case '\t':
            line += "\\t";
            return;
        default:
            break;
    }
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
        line += c;
        return;
    }
    char code[8];
    std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
    line += code;
}

void append_quoted(std::string& line, std::string_view text)
{
    const bool is_cut = text.size() > max_value;
    if (is_cut) text = text.substr(0, max_value);
    line += '"';
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) line += replacement;
        if (length == 1) append_escaped(line, text.front());
        if (length > 1) line += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    if (is_cut) line += "...";
    line += '"';
}

bool is_plain_character(char c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

void append_text(std::string& line, config::LogFormat format, std::string_view text)
{
    const bool is_plain = !text.empty() && text.size() <= max_value &&
                          std::all_of(text.begin(), text.end(), is_plain_character);
    if (format == config::LogFormat::logfmt && is_plain) {
        line += text;
    } else {
        append_quoted(line, text);
    }
}

/// Appends a value of each type to a line.
struct ValueWriter {
    std::string& line;
    config::LogFormat format;

    void operator()(std::string_view text) { append_text(line, format, text); }
    void operator()(std::int64_t value) { line += std::to_string(value); }
    void operator()(std::uint64_t value) { line += std::to_string(value); }
    void operator()(bool value) { line += value ? "true" : "false"; }

    /// JSON has no infinities; they and "not a number" become a text.
    void operator()(double value)
    {
        if (!std::isfinite(value)) {
            append_text(line, format, std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
            return;
        }
        char digits[32];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        line.append(digits, end);
    }
};

/// Keys come from our own source; anything odd in one becomes '_'.
void append_key(std::string& line, config::LogFormat format, std::string_view key)
{
    const bool is_json = format == config::LogFormat::json;
    if (!line.empty() && line.back() != '{') line += is_json ? ',' : ' ';
    if (is_json) line += '"';
    for (char c : key) line += is_plain_character(c) ? c : '_';
    line += is_json ? "\":" : "=";
}

}  // namespace

std::string utc_text(LogTime time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[48];
    std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text;
}

std::string render_log_line(config::LogFormat format, LogTime time, LogLevel level,
                            std::string_view event, std::span<const LogField> fields)
{
    const std::string ts = utc_text(time);
    const std::array<LogField, 3> front{
        {{"ts", ts}, {"level", config::name_of(level)}, {"event", event}}};
    std::string line;
    if (format == config::LogFormat::json) line += '{';
    auto append = [&](const LogField& field) {
        append_key(line, format, field.key);
        std::visit(ValueWriter{line, format}, field.value.content());
    };
    for (const LogField& field : front) append(field);
    for (const LogField& field : fields) append(field);
    if (format == config::LogFormat::json) line += '}';
    return line;
}

}  // namespace pointsman::proxy
