#include "config/mistake.hpp"

#include <algorithm>

namespace pointsman::config {
namespace {

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

std::string to_text(const Mistake& mistake)
{
    std::string text = mistake.file.empty() ? "configuration" : mistake.file;
    if (mistake.line != 0) {
        text += ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column);
    }
    text += ": ";
    if (!mistake.path.empty()) text += mistake.path + ": ";
    return text + mistake.message;
}

std::string to_text(const std::vector<Mistake>& mistakes)
{
    std::string text;
    for (const Mistake& mistake : mistakes) text += to_text(mistake) + "\n";
    return text;
}

Place Reading::place_of(std::string_view path) const
{
    for (;;) {
        if (auto found = places_.find(path); found != places_.end()) return found->second;
        const auto cut = path.find_last_of(".[");
        if (cut == std::string_view::npos) return {};
        path = path.substr(0, cut);
    }
}

bool Reading::complains_about(std::string_view path) const
{
    auto is_about = [&](const Mistake& mistake) { return mistake.path == path; };
    return std::any_of(mistakes_.begin(), mistakes_.end(), is_about);
}

void Reading::add(std::string path, std::string message)
{
    const Place place = place_of(path);
    add(place, std::move(path), std::move(message));
}

void Reading::add(Place place, std::string path, std::string message)
{
    if (is_full()) return;
    if (mistakes_.size() == max_mistakes) {
        place = {};
        path.clear();
        message = "there are more mistakes; they are shown when these are gone";
    }
    // The parser's own messages quote what it stumbled over, a line end too.
    std::replace_if(message.begin(), message.end(), is_control, '?');
    mistakes_.push_back({file_, place.line, place.column, std::move(path), std::move(message)});
}

}  // namespace pointsman::config
