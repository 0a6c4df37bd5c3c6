#pragma once
// Every fuzz target's entry point, so that unit tests can replay what fuzzing found.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pointsman::tests {

struct ReplayTarget {
    std::string_view name;  // of the folder below corpus/ and old_crashes/
    int (*one_input)(const std::uint8_t* bytes, std::size_t size);
};

const std::vector<ReplayTarget>& replay_targets();

}  // namespace pointsman::tests
