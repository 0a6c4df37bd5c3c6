// Compares sessions through Pointsman with the same sessions straight to a server; see README.md.

#include "tests/twin/rounds.hpp"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

namespace {

using namespace pointsman::twin;
using Clock = std::chrono::steady_clock;

Address parse_address(const std::string& text)
{
    auto colon = text.rfind(':');
    if (colon == text.npos) throw std::invalid_argument("HOST:PORT expected, not " + text);
    return {text.substr(0, colon), static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

RunSettings parse(int count, char** arguments)
{
    RunSettings settings;
    const std::map<std::string, std::function<void(const std::string&)>> options{
        {"--proxied", [&](auto& text) { settings.addresses.proxied = parse_address(text); }},
        {"--direct", [&](auto& text) { settings.addresses.direct = parse_address(text); }},
        {"--seed", [&](auto& text) { settings.seed = std::stoull(text); }},
        {"--statements", [&](auto& text) { settings.statements = std::stoull(text); }},
        {"--sessions", [&](auto& text) { settings.sessions = std::stoull(text); }},
        {"--links", [&](auto& text) { settings.links = std::stoull(text); }},
        {"--differences", [&](auto& text) { settings.differences = std::stoull(text); }},
        {"--parallel", [&](auto& text) { settings.parallel = std::stoull(text); }}};
    for (int i = 1; i < count; ++i) {
        std::string name = arguments[i];
        if (name == "--verbose" || name == "--shrink") {
            (name == "--shrink" ? settings.shrink : settings.verbose) = true;
            continue;
        }
        auto option = options.find(name);
        if (option == options.end() || i + 1 == count)
            throw std::invalid_argument("not an option, or without its value: " + name);
        option->second(arguments[++i]);
    }
    bool possible = settings.sessions > 0 && settings.sessions < 100 && settings.parallel > 0 &&
                    settings.parallel <= settings.sessions && settings.links != 1;
    if (!possible)
        throw std::invalid_argument(
            "1 to 99 sessions, no fewer than --parallel; "
            "--links 0, or 2 and more");
    return settings;
}

double seconds_since(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

void tell(const std::string& differs, const RunSettings& settings, std::uint64_t steps)
{
    std::cout << "DIFFERENT after " << steps << " statements, --seed " << settings.seed
              << " --sessions " << settings.sessions << " --links " << settings.links
              << " --parallel " << settings.parallel << "\n"
              << differs << std::endl;
}

/// How many differences there were.
std::size_t run(const RunSettings& settings)
{
    auto begin = Clock::now();
    Rounds rounds(settings);
    if (auto differs = rounds.set_up()) return tell(*differs, settings, rounds.steps()), 1;
    std::uint64_t told = 0;
    std::size_t differences = 0;
    constexpr std::uint64_t tell_every = 10'000;
    const auto end = rounds.steps() + settings.statements;
    while (rounds.steps() < end) {
        if (auto differs = rounds.run()) {
            tell(*differs, settings, rounds.steps());
            if (settings.shrink) std::cout << "SHRUNK to " << rounds.shrink() << std::endl;
            if (++differences == settings.differences) return differences;
            if (auto again = rounds.recover()) return tell(*again, settings, rounds.steps()), 1;
        }
        if (!settings.verbose || rounds.steps() / tell_every == told) continue;
        told = rounds.steps() / tell_every;
        std::cout << rounds.steps() << " statements, " << seconds_since(begin) << " s, "
                  << rounds.summary() << std::endl;
    }
    std::cout << settings.statements << " statements in " << settings.sessions << " sessions, seed "
              << settings.seed << ": " << differences << " differences (" << seconds_since(begin)
              << " s; " << rounds.summary() << ")" << std::endl;
    return differences;
}

}  // namespace

int main(int count, char** arguments)
{
    try {
        return run(parse(count, arguments)) == 0 ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "twin: " << error.what() << std::endl;
        return 2;
    }
}
