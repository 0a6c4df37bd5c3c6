#include "config/loader.hpp"

#include "config/fields.hpp"
#include "config/secrets.hpp"
#include "config/section_reader.hpp"
#include "config/validate.hpp"

#include <type_traits>

namespace pointsman::config {
namespace {

/// Walks the tree along the tables of fields.hpp and fills a Config.
class Loader {
public:
    Loader(Reading& reading, const Surroundings& surroundings)
        : reading_(reading), surroundings_(surroundings), folder_(folder_of(reading.file()))
    {
    }

    Config load(const YamlNode& root)
    {
        Config config;
        std::vector<KeySlot> slots = slots_for(config);
        for_each_section([&](std::string_view key, auto member) {
            auto& section = config.*member;
            auto read = [this, &section](const YamlNode& node, const std::string& path) {
                read_into(node, path, section);
            };
            slots.push_back({std::string{key}, false, read});
        });
        read_section(root, "", slots, reading_);
        finish(config, "");
        if (!reading_.has("listeners")) config.listeners.emplace_back();
        return config;
    }

private:
    static std::string folder_of(const std::string& file)
    {
        const auto slash = file.rfind('/');
        return slash == std::string::npos ? std::string{} : file.substr(0, slash);
    }

    template <class Section>
    void read_into(const YamlNode& node, const std::string& path, Section& section)
    {
        read_section(node, path, slots_for(section), reading_);
        if (!reading_.complains_about(path)) finish(section, path);
    }

    template <class Entry>
    void read_into(const YamlNode& node, const std::string& path, std::vector<Entry>& entries)
    {
        if (node.kind != YamlKind::list && node.kind != YamlKind::null) {
            reading_.add(path, "expected a list, each entry beginning with \"- \"; got " +
                                   std::string{name_of(node.kind)});
            return;
        }
        for (std::size_t i = 0; i < node.children.size() && !reading_.is_full(); ++i) {
            const std::string entry_path = path + "[" + std::to_string(i) + "]";
            reading_.put_place(entry_path, node.children[i].place);
            read_into(node.children[i], entry_path, entries.emplace_back());
        }
    }

    template <class Owner>
    std::vector<KeySlot> slots_for(Owner& owner)
    {
        std::vector<KeySlot> slots;
        for (const auto& field : fields_of<Owner>()) {
            std::visit([&](auto member) { add_slots(field.traits(), owner.*member, slots); },
                       field.member);
        }
        return slots;
    }

    template <class Value>
    void add_slots(const FieldTraits& field, Value& value, std::vector<KeySlot>& slots)
    {
        if constexpr (std::is_same_v<Value, SecretSource>) {
            for (KeySlot& slot : secret_slots(field.key, value, reading_))
                slots.push_back(std::move(slot));
        } else {
            auto read = [this, &value, rules = field.rules](const YamlNode& node,
                                                            const std::string& path) {
                read_one(node, path, rules, value);
            };
            slots.push_back({std::string{field.key}, field.required, read});
        }
    }

    /// A list of values, or one alone.
    template <class Value>
    void read_one(const YamlNode& node, const std::string& path, const ValueRules& rules,
                  std::vector<Value>& values)
    {
        if (node.kind != YamlKind::list) {
            bool is_empty = node.kind == YamlKind::scalar && node.text.empty();
            if (std::is_same_v<Value, std::string> && is_empty) return;
            read_one(node, path, rules, values.emplace_back());
            return;
        }
        for (std::size_t i = 0; i < node.children.size() && !reading_.is_full(); ++i) {
            const std::string entry_path = path + "[" + std::to_string(i) + "]";
            reading_.put_place(entry_path, node.children[i].place);
            read_one(node.children[i], entry_path, rules, values.emplace_back());
        }
    }

    template <class Value>
    void read_one(const YamlNode& node, const std::string& path, const ValueRules& rules,
                  Value& value)
    {
        read_scalar(node, path, rules, value);
    }

    template <class Value>
    void read_scalar(const YamlNode& node, const std::string& path, const ValueRules& rules,
                     Value& value)
    {
        const auto unfit = read_value(node.text, rules, value);
        const bool is_scalar = node.kind == YamlKind::scalar;
        if (is_scalar && !unfit) return;
        // Only texts may be empty, as the text of a list or a map is.
        const std::string expected = unfit ? *unfit : "text, in quotes if it is empty";
        const std::string got = is_scalar ? quoted(node.text) : std::string{name_of(node.kind)};
        reading_.add(path, "expected " + expected + "; got " + got);
    }

    /// What can only be done when all keys of a section are read: secrets and relative paths.
    template <class Owner>
    void finish(Owner& owner, const std::string& path)
    {
        for (const auto& field : fields_of<Owner>()) {
            std::visit([&](auto member) { finish_field(field.traits(), owner.*member, path); },
                       field.member);
        }
    }

    template <class Value>
    void finish_field(const FieldTraits& field, Value& value, const std::string& section)
    {
        if constexpr (std::is_same_v<Value, SecretSource>) {
            load_secret(section, field.key, field.required, folder_, value, reading_,
                        surroundings_);
        } else if constexpr (std::is_same_v<Value, std::string>) {
            if (field.rules.content == Content::path) value = path_from(folder_, value);
        }
    }

    Reading& reading_;
    const Surroundings& surroundings_;
    std::string folder_;
};

LoadResult result_of(std::optional<Config> config, Reading& reading)
{
    if (!reading.mistakes().empty()) return {std::nullopt, reading.take_mistakes()};
    return {std::move(config), {}};
}

}  // namespace

LoadResult load_config(const std::string& path)
{
    FileText file = read_text_file(path);
    if (file.ok()) return load_config_text(file.text, path);
    return {std::nullopt, {Mistake{path, 0, 0, "", "cannot be read: " + file.error}}};
}

LoadResult load_config_text(const std::string& text, const std::string& file_name,
                            const Surroundings& surroundings)
{
    Reading reading{file_name};
    const YamlNode root = read_yaml(text, reading);
    if (!reading.mistakes().empty()) return result_of(std::nullopt, reading);
    Config config = Loader{reading, surroundings}.load(root);
    validate(config, surroundings, reading);
    return result_of(std::move(config), reading);
}

}  // namespace pointsman::config
