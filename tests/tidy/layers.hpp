#pragma once
// layers.txt as data: one rule per line, `kind subject : pattern pattern …`.

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::tidy {

using Patterns = std::vector<std::string>;

inline bool matches(std::string_view path, const Patterns& patterns)
{
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
        return fnmatch(pattern.c_str(), std::string(path).c_str(), 0) == 0;
    });
}

struct Rule {
    std::string subject;
    Patterns patterns;
};

struct Layers {
    std::vector<Rule> layers;      // folder : layers and files that it may include
    std::vector<Rule> libraries;   // prefix of a header in <> : files that may include it
    std::vector<Rule> calls;       // text in code : files where it may stand
    std::vector<Rule> words;       // word in a name : files where it may stand
    std::vector<Rule> path_words;  // word in a path : files where it may stand
    std::vector<Rule> tested_by;   // source : its test file; none: needs none
    std::vector<std::string> unknown_lines;

    /// The folder rule that `path` falls under: the longest that fits.
    const Rule* layer_of(std::string_view path) const
    {
        const Rule* best = nullptr;
        for (const auto& rule : layers)
            if (path.starts_with(rule.subject) &&
                (!best || rule.subject.size() > best->subject.size()))
                best = &rule;
        return best;
    }
};

inline Layers parse_layers(std::istream& in)
{
    Layers result;
    const std::map<std::string, std::vector<Rule>*, std::less<>> kinds = {
        {"layer", &result.layers}, {"library", &result.libraries}, {"call", &result.calls},
        {"word", &result.words},   {"tested", &result.tested_by},  {"path", &result.path_words},
    };
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.front() == '#') continue;
        // The subject of a call may hold colons: the separator has a space on both sides.
        line += ' ';
        auto colon = line.find(" : ");
        auto space = line.find(' ');
        auto kind = kinds.find(std::string_view(line).substr(0, space));
        if (colon == line.npos || kind == kinds.end() || space >= colon) {
            result.unknown_lines.push_back(line);
            continue;
        }
        auto subject = line.substr(space + 1, colon - space - 1);
        subject.erase(subject.find_last_not_of(' ') + 1);
        std::istringstream rest(line.substr(colon + 3));
        Rule rule{subject, {}};
        for (std::string pattern; rest >> pattern;) rule.patterns.push_back(pattern);
        kind->second->push_back(std::move(rule));
    }
    return result;
}

}  // namespace pointsman::tidy
