#include "config/fields.hpp"
#include "config/loader.hpp"
#include "config/yaml_reader.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::config;

namespace {

const std::string example_path = std::string{POINTSMAN_SOURCE_DIR} + "/config/example.yaml";

/// The map that holds the keys of `section` ("", "probe", "servers[]").
const YamlNode* find_section(const YamlNode& root, std::string section)
{
    if (section.empty()) return &root;
    const bool is_list = section.back() == ']';
    if (is_list) section.resize(section.size() - 2);
    const YamlNode* node = root.find(section);
    if (!node || !is_list) return node;
    return node->children.empty() ? nullptr : &node->children.front();
}

}  // namespace

TEST_CASE("the example loads, and apart from its entries it is the defaults")
{
    const auto result = load_config(example_path);
    REQUIRE(to_text(result.mistakes) == "");
    Config expected;
    expected.listeners.emplace_back();
    expected.servers = {{ServerId{}, "db1", {"db1.example.com", 3306, {}}}};
    expected.users = {{"app", {"change-me", {}, {}}}};
    CHECK(*result.config == expected);
}

TEST_CASE("the example shows every key that the loader knows, with its default")
{
    const FileText example = read_text_file(example_path);
    REQUIRE(example.ok());
    Reading reading{example_path};
    const YamlNode root = read_yaml(example.text, reading);
    REQUIRE(reading.mistakes().empty());

    std::size_t checked = 0;
    for (const KnownKey& known : known_keys()) {
        INFO(known.section << "." << known.key);
        const YamlNode* section = find_section(root, known.section);
        REQUIRE(section != nullptr);
        const YamlNode* value = section->find(known.key);
        REQUIRE(value != nullptr);
        // Required keys and secrets have no default; the other ways to give a secret are comments.
        if (known.is_secret) {
            CHECK(example.text.find("# " + known.key + "_env: ") != std::string::npos);
            CHECK(example.text.find("# " + known.key + "_file: ") != std::string::npos);
        } else if (!known.required) {
            CHECK(value->text == known.default_text);
        }
        ++checked;
    }
    CHECK(checked > 45);
}
