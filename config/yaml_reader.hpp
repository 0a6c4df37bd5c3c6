#pragma once
// YAML text as a tree of plain values with their positions. The only user of yaml-cpp, whose
// exceptions end here. Aliases and unknown tags are refused: the first make a small file a huge
// tree.

#include "config/mistake.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pointsman::config {

enum class YamlKind { null, scalar, list, map };

/// A value. In a map it carries its key; keys may occur twice, the reader above says so.
struct YamlNode {
    YamlKind kind = YamlKind::null;
    Place place;                     // of the key, when it has one, else of the value
    std::string key;                 // empty outside a map
    std::string text;                // of a scalar, as written
    std::vector<YamlNode> children;  // of a list or map, in the file's order

    /// The first child with this key, or null.
    const YamlNode* find(std::string_view wanted) const;
};

/// "text", "a list", "a map" or "nothing", for messages.
std::string_view name_of(YamlKind kind);

/// Reads one document. Syntax errors go into `reading`; then what is returned is not to be used.
YamlNode read_yaml(const std::string& text, Reading& reading);

}  // namespace pointsman::config
