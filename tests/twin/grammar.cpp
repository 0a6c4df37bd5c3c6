#include "tests/twin/grammar.hpp"

#include <charconv>
#include <stdexcept>
#include <unordered_map>

namespace pointsman::twin {

namespace {

constexpr int deepest = 4;

const std::unordered_map<std::string_view, std::string_view>& choices_by_name()
{
    static const auto table = [] {
        std::unordered_map<std::string_view, std::string_view> made;
        for (const auto& word : words()) made.emplace(word.name, word.choices);
        return made;
    }();
    return table;
}

std::size_t number_in(std::string_view digits)
{
    std::size_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string quoted(std::string_view text)
{
    std::string made = "'";
    for (char c : text) made.append(c == '\'' ? 2 : 1, c);
    return made + "'";
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

}  // namespace

Grammar::Grammar(Dice& dice, std::size_t session) : dice_(dice), me_(std::to_string(session))
{
    if (me_.size() < 2) me_.insert(0, "0");
}

std::string Grammar::expand(std::string_view text, int depth)
{
    std::string expanded;
    for (;;) {
        auto open = text.find('{');
        expanded += text.substr(0, open);
        if (open == text.npos) return expanded;
        text.remove_prefix(open + 1);
        auto close = text.find('}');
        expanded += expand_word(text.substr(0, close), depth);
        text.remove_prefix(close + 1);
    }
}

std::string Grammar::expand_word(std::string_view name, int depth)
{
    if (name == "me") return me_;
    if (name.front() == '\'') return quoted(expand_word(name.substr(1, name.size() - 2), depth));
    auto dash = name.find('-');
    if (dash != name.npos && is_digit(name.front())) {
        auto low = number_in(name.substr(0, dash)), high = number_in(name.substr(dash + 1));
        return std::to_string(low + dice_.below(high - low + 1));
    }
    auto found = choices_by_name().find(name);
    if (found == choices_by_name().end()) throw std::logic_error("no word " + std::string(name));
    auto choices = found->second;
    auto choice = depth < deepest ? dice_.pick_text(choices) : choices.substr(0, choices.find('~'));
    return expand(choice, depth + 1);
}

}  // namespace pointsman::twin
