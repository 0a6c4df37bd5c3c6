// Replays the fuzz targets' seeds and old crashes: a wrong input ends the program, as it would
// under libFuzzer, so the report names the input first.

#include "tests/fuzz/replay_targets.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace pointsman::tests {

namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> contents_of(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Gives every file of `folder` to the target, whole and cut at each of its first bytes.
std::size_t replay(const ReplayTarget& target, const fs::path& folder)
{
    constexpr std::size_t cuts = 512;
    std::size_t files = 0;
    if (!fs::exists(folder)) return files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        INFO(entry.path().string());
        const auto bytes = contents_of(entry.path());
        CHECK(target.one_input(bytes.data(), bytes.size()) == 0);
        for (std::size_t size = 0; size < bytes.size() && size < cuts; ++size) {
            // A copy of just that size, so that a sanitizer sees a read past its end.
            const std::vector<std::uint8_t> cut(bytes.begin(),
                                                bytes.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(target.one_input(cut.data(), cut.size()) == 0);
        }
        ++files;
    }
    return files;
}

}  // namespace

TEST_CASE("every fuzz target takes its seeds, cut anywhere, and its old crashes")
{
    const fs::path root = fs::path(POINTSMAN_SOURCE_DIR) / "tests/fuzz";
    for (const ReplayTarget& target : replay_targets()) {
        INFO("fuzz target " << target.name);
        CHECK(replay(target, root / "corpus" / target.name) > 0);
        replay(target, root / "old_crashes" / target.name);
    }
}

}  // namespace pointsman::tests
