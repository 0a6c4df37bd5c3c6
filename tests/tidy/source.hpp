#pragma once
// A source file as the tidy rules see it: its lines, and the same lines with comments and literals
// blanked, so that a rule about code never trips over text.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::tidy {

struct Source {
    std::string path;  // from the repository's root
    std::vector<std::string> raw;
    std::vector<std::string> code;      // comments and literals are spaces
    std::vector<std::string> comments;  // everything but comments is spaces

    bool is_header() const { return path.ends_with(".hpp"); }
    bool is_cpp() const { return path.ends_with(".cpp"); }
};

inline bool is_word(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

inline std::vector<std::string> split_lines(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        auto end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

/// Where each byte of a C++ text belongs; marks are 'c' code, '/' comment, '"' literal.
class Marker {
public:
    explicit Marker(std::string_view text) : text_(text), marks_(text.size(), 'c') {}

    std::string marks()
    {
        while (at_ < text_.size()) step();
        return std::move(marks_);
    }

private:
    bool sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    void take(std::size_t end, char mark)
    {
        end = std::min(end, text_.size());
        std::fill(marks_.begin() + static_cast<std::ptrdiff_t>(at_),
                  marks_.begin() + static_cast<std::ptrdiff_t>(end), mark);
        at_ = end;
    }

    std::size_t after(std::string_view what, std::size_t from) const
    {
        auto found = text_.find(what, from);
        return found == text_.npos ? text_.size() : found + what.size();
    }

    std::size_t quoted_end(char quote) const
    {
        auto i = at_ + 1;
        while (i < text_.size() && text_[i] != quote && text_[i] != '\n')
            i += text_[i] == '\\' ? 2 : 1;
        return i + 1;
    }

    std::size_t raw_string_end() const
    {
        auto open = text_.find('(', at_);
        if (open == text_.npos) return text_.size();
        auto delimiter = text_.substr(at_ + 2, open - at_ - 2);
        return after(")" + std::string(delimiter) + "\"", open);
    }

    void step()
    {
        auto previous = at_ > 0 ? text_[at_ - 1] : ' ';
        if (sees("//")) return take(text_.find('\n', at_), '/');
        if (sees("/*")) return take(after("*/", at_ + 2), '/');
        if (sees("R\"") && !is_word(previous)) return take(raw_string_end(), '"');
        if (sees("\"")) return take(quoted_end('"'), '"');
        // A quote behind a digit separates thousands.
        if (sees("'") && !is_word(previous)) return take(quoted_end('\''), '"');
        ++at_;
    }

    std::string_view text_;
    std::string marks_;
    std::size_t at_ = 0;
};

/// `text` with every byte that does not carry `mark` blanked; line ends stay.
inline std::string only(std::string_view text, std::string_view marks, char mark)
{
    std::string result(text);
    for (std::size_t i = 0; i < result.size(); ++i)
        if (marks[i] != mark && result[i] != '\n') result[i] = ' ';
    return result;
}

inline Source make_source(std::string path, std::string_view text)
{
    auto marks = path.ends_with(".hpp") || path.ends_with(".cpp") ? Marker(text).marks()
                                                                  : std::string(text.size(), 'c');
    return {std::move(path), split_lines(text), split_lines(only(text, marks, 'c')),
            split_lines(only(text, marks, '/'))};
}

/// Every file of ours that a rule looks at, sorted by path.
inline std::vector<Source> read_tree(const std::filesystem::path& root)
{
    constexpr const char* folders[] = {"protocol", "config", "health", "failover",
                                       "proxy",    "tests",  "bench"};
    constexpr std::string_view endings[] = {".hpp", ".cpp", ".py", ".sh"};
    std::vector<Source> sources;
    for (const auto* folder : folders) {
        if (!std::filesystem::exists(root / folder)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            auto ending = entry.path().extension().string();
            if (!entry.is_regular_file() || std::ranges::count(endings, ending) == 0) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            std::string text{std::istreambuf_iterator<char>(in), {}};
            sources.push_back(make_source(entry.path().lexically_relative(root).string(), text));
        }
    }
    std::ranges::sort(sources, {}, &Source::path);
    return sources;
}

}  // namespace pointsman::tidy
