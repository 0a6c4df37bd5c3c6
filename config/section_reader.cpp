#include "config/section_reader.hpp"

#include "config/fields.hpp"
#include "config/nearest.hpp"
#include "config/values.hpp"

#include <algorithm>

namespace pointsman::config {
namespace {

std::string key_list(const std::vector<KeySlot>& slots)
{
    std::string text;
    for (const KeySlot& slot : slots) text += (text.empty() ? "" : ", ") + slot.key;
    return text;
}

/// The section that has a key of this name, for one that stands at the wrong place.
std::string home_of(const std::string& key)
{
    for (const KnownKey& known : known_keys()) {
        if (known.key != key) continue;
        return known.section.empty() ? "the top level" : known.section;
    }
    return {};
}

std::string unknown_key_message(const std::string& key, const std::vector<KeySlot>& slots)
{
    std::vector<std::string_view> known;
    for (const KeySlot& slot : slots) known.push_back(slot.key);
    if (auto near = nearest(key, known)) {
        return "unknown key; did you mean " + std::string{*near} + "?";
    }
    if (auto home = home_of(key); !home.empty()) return "unknown key here; it belongs to " + home;
    return "unknown key; known here: " + key_list(slots);
}

void read_entry(const YamlNode& entry, const std::string& section,
                const std::vector<KeySlot>& slots, Reading& reading)
{
    const std::string path = join_path(section, entry.key);
    auto named = [&](const KeySlot& slot) { return slot.key == entry.key; };
    const auto slot = std::find_if(slots.begin(), slots.end(), named);
    if (slot == slots.end()) {
        reading.add(entry.place, join_path(section, printable(entry.key)),
                    unknown_key_message(entry.key, slots));
        return;
    }
    if (reading.has(path)) {
        const auto first = std::to_string(reading.place_of(path).line);
        reading.add(entry.place, path, "given twice; the first is in line " + first);
        return;
    }
    reading.put_place(path, entry.place);
    slot->read(entry, path);
}

}  // namespace

std::string join_path(const std::string& section, std::string_view key)
{
    return section.empty() ? std::string{key} : section + "." + std::string{key};
}

void read_section(const YamlNode& node, const std::string& path, const std::vector<KeySlot>& slots,
                  Reading& reading)
{
    if (node.kind != YamlKind::map && node.kind != YamlKind::null) {
        // The text is not shown: it may be a secret at the wrong place.
        reading.add(node.place, path,
                    "expected a map with the keys " + key_list(slots) + "; got " +
                        std::string{name_of(node.kind)});
        return;
    }
    for (const YamlNode& entry : node.children) {
        if (reading.is_full()) return;
        read_entry(entry, path, slots, reading);
    }
    for (const KeySlot& slot : slots) {
        const bool missing = slot.required && !node.find(slot.key);
        if (missing) reading.add(node.place, path, "the key " + slot.key + " is missing");
    }
}

}  // namespace pointsman::config
