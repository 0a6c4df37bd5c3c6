#pragma once
// One map of the file against the keys that are known in it: hands each value to its slot, and says
// what is unknown, double or missing.

#include "config/mistake.hpp"
#include "config/yaml_reader.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::config {

/// What to do with the value of one key.
struct KeySlot {
    std::string key;
    bool required = false;
    std::function<void(const YamlNode& value, const std::string& path)> read;
};

/// "limits" and "session_buffer" → "limits.session_buffer"; "" and "limits" → "limits".
std::string join_path(const std::string& section, std::string_view key);

/// Reads a map by its slots. An empty section (a key with nothing below it) is one with defaults.
void read_section(const YamlNode& node, const std::string& path, const std::vector<KeySlot>& slots,
                  Reading& reading);

}  // namespace pointsman::config
