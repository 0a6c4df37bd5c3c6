// Configuration text: it becomes a Config or mistakes, each on a line of its own.

#include "config/diff.hpp"
#include "config/loader.hpp"

#include "tests/fuzz/fuzz.hpp"

#include <string>

using namespace pointsman::config;
using pointsman::tests::require;

namespace {

/// No environment and no files: the input must not reach the machine.
Surroundings nothing_around()
{
    return {[](const std::string&) { return std::nullopt; },
            [](const std::string&) -> FileText {
                return {{}, "No such file or directory"};
            }};
}

void check_mistakes(const std::vector<Mistake>& mistakes)
{
    require(!mistakes.empty() && mistakes.size() <= Reading::max_mistakes + 1, "a bounded list");
    const std::string lines = to_text(mistakes);
    const auto line_ends = std::count(lines.begin(), lines.end(), '\n');
    require(static_cast<std::size_t>(line_ends) == mistakes.size(), "a line for each mistake");
}

void check_text_forms(const Config& config)
{
    for (const Server& server : config.servers)
        require(parse_endpoint(server.address.text(), 1) == server.address, "address and back");
    const Milliseconds interval = config.probe.interval;
    require(parse_duration(to_text(interval)) == interval, "duration and back");
    const ByteCount buffer = config.limits.session_buffer;
    require(parse_bytes(to_text(buffer)) == buffer, "size and back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string text(bytes, bytes + size);
    const LoadResult result = load_config_text(text, "fuzz.yaml", nothing_around());
    if (!result.ok()) {
        check_mistakes(result.mistakes);
        return 0;
    }
    require(!result.config->servers.empty() && !result.config->listeners.empty(), "usable");
    require(diff(*result.config, *result.config).empty(), "equal to itself");
    check_text_forms(*result.config);
    return 0;
}
