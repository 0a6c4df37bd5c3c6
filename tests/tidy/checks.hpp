#pragma once
// One function per rule; each appends what it finds wrong.

#include "tests/tidy/functions.hpp"
#include "tests/tidy/layers.hpp"
#include "tests/tidy/source.hpp"

namespace pointsman::tidy {

struct Violation {
    std::string path;
    std::size_t line = 1;
    std::string what;
};
using Violations = std::vector<Violation>;

constexpr std::size_t max_file_lines = 500;
constexpr std::size_t max_function_lines = 70;
constexpr std::size_t max_columns = 100;

// --- includes ---------------------------------------------------------------------------------

struct Include {
    std::size_t line = 0;
    char quote = '"';  // or '<'
    std::string header;
};

inline std::vector<Include> includes_of(const Source& source)
{
    std::vector<Include> result;
    for (std::size_t i = 0; i < source.raw.size(); ++i) {
        // The blanked line tells whether this is code at all.
        if (source.code[i].find("#include") == std::string::npos) continue;
        const auto& line = source.raw[i];
        auto open = line.find_first_of("\"<");
        if (open == line.npos) continue;
        auto close = line.find_first_of("\">", open + 1);
        if (close == line.npos) continue;
        result.push_back({i + 1, line[open], line.substr(open + 1, close - open - 1)});
    }
    return result;
}

inline bool may_include(const Rule& layer, const std::string& header, const Layers& layers)
{
    const auto* other = layers.layer_of(header);
    if (other && other->subject == layer.subject) return true;
    return std::ranges::any_of(layer.patterns, [&](const std::string& allowed) {
        return allowed == header || (other && allowed == other->subject);
    });
}

inline void check_own_includes(const Source& source, const Layers& layers,
                               const std::filesystem::path& root, Violations& out)
{
    if (!source.is_header() && !source.is_cpp()) return;
    const auto* layer = layers.layer_of(source.path);
    if (!layer) return out.push_back({source.path, 1, "its folder is not in layers.txt"});
    for (const auto& include : includes_of(source)) {
        if (include.quote != '"') continue;
        if (!std::filesystem::exists(root / include.header))
            out.push_back({source.path, include.line,
                           "\"" + include.header + "\" is not a path from the root"});
        else if (!may_include(*layer, include.header, layers))
            out.push_back(
                {source.path, include.line, layer->subject + " may not include " + include.header});
    }
}

inline const Rule* library_rule(const std::string& header, const Layers& layers)
{
    const Rule* best = nullptr;
    for (const auto& rule : layers.libraries)
        if (matches(header, {rule.subject}) &&
            (!best || rule.subject.size() > best->subject.size()))
            best = &rule;
    return best;
}

inline void check_library_includes(const Source& source, const Layers& layers, Violations& out)
{
    for (const auto& include : includes_of(source)) {
        if (include.quote != '<') continue;
        const auto* rule = library_rule(include.header, layers);
        auto is_standard = include.header.find_first_of("/.") == std::string::npos;
        if (!rule && !is_standard)
            out.push_back({source.path, include.line, "<" + include.header + "> is in no rule"});
        else if (rule && !matches(source.path, rule->patterns))
            out.push_back(
                {source.path, include.line, "<" + include.header + "> may not stand here"});
    }
}

inline void check_own_header_first(const Source& source, const std::filesystem::path& root,
                                   Violations& out)
{
    if (!source.is_cpp()) return;
    auto header = source.path.substr(0, source.path.size() - 3) + "hpp";
    if (!std::filesystem::exists(root / header)) return;
    auto includes = includes_of(source);
    if (includes.empty() || includes.front().header != header)
        out.push_back({source.path, includes.empty() ? 1 : includes.front().line,
                       "its own header must be included first"});
}

// --- sizes ------------------------------------------------------------------------------------

inline std::size_t columns(std::string_view line)
{
    auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<std::size_t>(std::ranges::count_if(line, starts_character));
}

// A formatter cannot break a literal or an address: a line may be long because of one.
inline bool cannot_be_broken(const Source& source, std::size_t i)
{
    const auto& raw = source.raw[i];
    if (raw.find("://") != raw.npos) return true;
    if (!source.is_header() && !source.is_cpp()) return false;
    auto is_literal = [&](std::size_t at) {
        return source.code[i][at] == ' ' && source.comments[i][at] == ' ' && raw[at] != ' ';
    };
    std::size_t literal = 0;
    for (std::size_t at = 0; at < raw.size(); ++at) literal += is_literal(at);
    return literal > max_columns / 2;
}

inline void check_sizes(const Source& source, Violations& out)
{
    if (source.raw.size() > max_file_lines)
        out.push_back({source.path, max_file_lines + 1,
                       "the file has " + std::to_string(source.raw.size()) + " lines"});
    if (!source.is_header() && !source.is_cpp()) return;
    for (std::size_t i = 0; i < source.raw.size(); ++i)
        if (auto width = columns(source.raw[i]);
            width > max_columns && !cannot_be_broken(source, i))
            out.push_back(
                {source.path, i + 1, "the line has " + std::to_string(width) + " columns"});
    for (const auto& function : FunctionFinder{}.find(source.code))
        if (function.lines() > max_function_lines)
            out.push_back({source.path, function.first_line,
                           "the function has " + std::to_string(function.lines()) + " lines"});
}

// --- words and calls --------------------------------------------------------------------------

/// "BackendPool_2" → backend, pool, 2.
inline std::vector<std::string> words_of(std::string_view identifier)
{
    std::vector<std::string> words(1);
    char previous = '_';
    for (char c : identifier) {
        auto upper = std::isupper(static_cast<unsigned char>(c)) != 0;
        auto after_upper = std::isupper(static_cast<unsigned char>(previous)) != 0;
        if (!is_word(c) || c == '_' || (upper && !after_upper)) words.emplace_back();
        if (is_word(c) && c != '_')
            words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        previous = c;
    }
    return words;
}

inline const Rule* banned_word(std::string_view name, const Source& source,
                               const std::vector<Rule>& rules)
{
    for (const auto& word : words_of(name))
        for (const auto& rule : rules)
            if ((word == rule.subject || word == rule.subject + "s") &&
                !matches(source.path, rule.patterns))
                return &rule;
    return nullptr;
}

inline void check_words(const Source& source, const Layers& layers, Violations& out)
{
    if (!source.is_header() && !source.is_cpp()) return;
    for (const auto* rules : {&layers.words, &layers.path_words})
        if (const auto* rule = banned_word(source.path, source, *rules))
            out.push_back({source.path, 1, "\"" + rule->subject + "\" is not a word for a file"});
    for (std::size_t i = 0; i < source.code.size(); ++i) {
        if (source.code[i].find("#include") != std::string::npos) continue;
        if (const auto* rule = banned_word(source.code[i], source, layers.words))
            out.push_back({source.path, i + 1, "\"" + rule->subject + "\" is not a word of ours"});
    }
}

inline bool has_call(const std::string& code, const std::string& call)
{
    for (auto at = code.find(call); at != code.npos; at = code.find(call, at + 1)) {
        auto end = at + call.size();
        auto tail_of_word = is_word(call.front()) && at > 0 && is_word(code[at - 1]);
        auto head_of_word = is_word(call.back()) && end < code.size() && is_word(code[end]);
        if (!tail_of_word && !head_of_word) return true;
    }
    return false;
}

inline void check_calls(const Source& source, const Layers& layers, Violations& out)
{
    if (!source.is_header() && !source.is_cpp()) return;
    for (const auto& rule : layers.calls) {
        if (matches(source.path, rule.patterns)) continue;
        for (std::size_t i = 0; i < source.code.size(); ++i)
            if (has_call(source.code[i], rule.subject))
                out.push_back({source.path, i + 1, "\"" + rule.subject + "\" may not stand here"});
    }
}

// --- leftovers --------------------------------------------------------------------------------

/// A comment that is a statement: code that somebody switched off.
inline bool looks_like_code(std::string_view comment)
{
    auto begin = comment.find_first_not_of(" /*");
    auto end = comment.find_last_not_of(' ');
    if (begin == comment.npos || comment[end] != ';') return false;
    // An example of use: in the comment of a declaration, or set off by spaces.
    if (comment.find("///") != comment.npos || comment.find("//    ") != comment.npos) return false;
    auto text = comment.substr(begin, end - begin + 1);
    auto space = text.find(' ');
    auto call = text.find('(');
    if (text.starts_with("return ") || text.starts_with("if (")) return true;
    if (text.ends_with(");") && call < space) return true;
    return text.find(" = ") != text.npos && text.find(", ") == text.npos;
}

inline bool names_an_issue(std::string_view comment)
{
    auto number = comment.find('#');
    return number != comment.npos && number + 1 < comment.size() &&
           std::isdigit(static_cast<unsigned char>(comment[number + 1]));
}

inline void check_leftovers(const Source& source, Violations& out)
{
    if (!source.is_header() && !source.is_cpp()) return;
    auto is_guard = [](const std::string& line) { return line.starts_with("#pragma once"); };
    if (source.is_header() && std::ranges::none_of(source.code, is_guard))
        out.push_back({source.path, 1, "#pragma once is missing"});
    for (std::size_t i = 0; i < source.raw.size(); ++i) {
        const auto& comment = source.comments[i];
        if (has_call(source.code[i], "#if 0"))
            out.push_back({source.path, i + 1, "#if 0: git keeps old code"});
        for (const char* word : {"TODO", "FIXME", "XXX", "HACK"})
            if (has_call(comment, word) && !names_an_issue(comment))
                out.push_back({source.path, i + 1, std::string(word) + " without an issue"});
        if (looks_like_code(comment)) out.push_back({source.path, i + 1, "commented-out code"});
    }
}

// --- coroutines -------------------------------------------------------------------------------

/// The position behind the bracket that closes the one at `open`.
inline std::size_t behind_closing(std::string_view code, std::size_t open)
{
    std::size_t depth = 0;
    for (auto at = open; at < code.size(); ++at) {
        if (code[at] == '(' || code[at] == '[' || code[at] == '{') ++depth;
        if ((code[at] == ')' || code[at] == ']' || code[at] == '}') && --depth == 0) return at + 1;
    }
    return code.size();
}

/// Where the body of the capturing lambda at `open` begins; npos when it is no such lambda.
inline std::size_t capturing_lambda_body(std::string_view code, std::size_t open)
{
    auto before = open == 0 ? code.npos : code.find_last_not_of(" \n", open - 1);
    // An index follows a name or a bracket, an attribute has two.
    if (before != code.npos &&
        (is_word(code[before]) || code[before] == ')' || code[before] == ']'))
        if (!code.substr(0, before + 1).ends_with("return")) return code.npos;
    if (code.substr(open).starts_with("[[")) return code.npos;
    auto captures_end = behind_closing(code, open);
    if (code.find_first_not_of(" \n", open + 1) == captures_end - 1) return code.npos;

    auto at = code.find_first_not_of(" \n", captures_end);
    if (at != code.npos && code[at] == '(') at = behind_closing(code, at);
    auto body = code.find_first_of("{;,)", at);
    return body != code.npos && code[body] == '{' ? body : code.npos;
}

inline void check_coroutine_lambdas(const Source& source, Violations& out)
{
    if (!source.is_header() && !source.is_cpp()) return;
    std::string code;
    for (const auto& line : source.code) code += line + "\n";
    for (auto open = code.find('['); open != code.npos; open = code.find('[', open + 1)) {
        auto body = capturing_lambda_body(code, open);
        if (body == code.npos) continue;
        auto text = std::string_view(code).substr(body, behind_closing(code, body) - body);
        if (text.find("co_await") == text.npos && text.find("co_return") == text.npos) continue;
        auto line = std::ranges::count(code.substr(0, open), '\n') + 1;
        out.push_back({source.path, static_cast<std::size_t>(line),
                       "a coroutine must not be a capturing lambda"});
    }
}

// --- tests ------------------------------------------------------------------------------------

inline void check_has_test(const Source& source, const Layers& layers,
                           const std::filesystem::path& root, Violations& out)
{
    constexpr std::string_view thinking[] = {"protocol/", "config/", "health/", "failover/",
                                             "proxy/routing/"};
    auto thinks = std::ranges::any_of(
        thinking, [&](std::string_view folder) { return source.path.starts_with(folder); });
    if (!source.is_cpp() || !thinks) return;
    auto exists = [&](const std::string& path) { return std::filesystem::exists(root / path); };
    for (const auto& rule : layers.tested_by) {
        if (!matches(source.path, {rule.subject})) continue;
        for (const auto& test : rule.patterns)
            if (!exists(test)) out.push_back({source.path, 1, "there is no " + test});
        return;
    }
    auto test = "tests/" + source.path.substr(0, source.path.size() - 4) + "_test.cpp";
    if (!exists(test)) out.push_back({source.path, 1, "there is no " + test});
}

}  // namespace pointsman::tidy
