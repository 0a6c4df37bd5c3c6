#include "config/yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <deque>
#include <sstream>

namespace pointsman::config {
namespace {

Place place_at(const YAML::Mark& mark)
{
    if (mark.is_null()) return {};
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

/// Turns the parser's events into a tree. An open node is always the last child of its parent, so
/// the pointers in `open_` stay valid until it closes.
class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(YamlNode& root, Reading& reading) : root_(root), reading_(reading) {}

    void OnDocumentStart(const YAML::Mark& mark) override
    {
        if (documents_++ == 1)
            reading_.add(place_at(mark), "", "a second YAML document; expected one");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override
    {
        add(mark, YamlKind::null, {}, {});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override
    {
        reading_.add(place_at(mark), "", "YAML aliases are not supported; write the value out");
        add(mark, YamlKind::null, {}, {});
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override
    {
        add(mark, YamlKind::scalar, tag, value);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override
    {
        open_.push_back({add(mark, YamlKind::list, tag, {})});
    }
    void OnSequenceEnd() override { open_.pop_back(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override
    {
        open_.push_back({add(mark, YamlKind::map, tag, {})});
    }
    void OnMapEnd() override { open_.pop_back(); }

private:
    struct Open {
        YamlNode* node;
        bool key_given = false;  // of a map: the next event is a value
        std::string key = {};
        Place key_place = {};
    };

    /// The new node; null for an ordinary key.
    YamlNode* add(const YAML::Mark& mark, YamlKind kind, const std::string& tag, std::string text)
    {
        const Place place = place_at(mark);
        check_tag(tag, place);
        if (documents_ > 1) return start(later_documents_, kind, place);
        if (open_.empty()) return start(root_, kind, place, std::move(text));

        Open& parent = open_.back();
        const bool is_key = parent.node->kind == YamlKind::map && !parent.key_given;
        if (is_key) return take_key(parent, kind, place, std::move(text));

        YamlNode& child = parent.node->children.emplace_back();
        start(child, kind, place, std::move(text));
        if (parent.node->kind == YamlKind::map) {
            child.key = std::move(parent.key);
            child.place = parent.key_place;
            parent.key_given = false;
        }
        return &child;
    }

    YamlNode* take_key(Open& parent, YamlKind kind, Place place, std::string text)
    {
        parent.key_given = true;
        parent.key = std::move(text);
        parent.key_place = place;
        if (kind == YamlKind::scalar) return nullptr;
        reading_.add(place, "", "expected a key, got " + std::string{name_of(kind)});
        return start(odd_keys_.emplace_back(), kind, place);
    }

    static YamlNode* start(YamlNode& node, YamlKind kind, Place place, std::string text = {})
    {
        node.kind = kind;
        node.place = place;
        node.text = std::move(text);
        node.children.clear();
        return &node;
    }

    void check_tag(const std::string& tag, Place place)
    {
        const bool is_standard =
            tag.empty() || tag == "?" || tag == "!" || tag.rfind("tag:yaml.org,2002:", 0) == 0;
        if (!is_standard) reading_.add(place, "", "YAML tags are not supported; remove it");
    }

    YamlNode& root_;
    Reading& reading_;
    int documents_ = 0;
    std::vector<Open> open_;
    YamlNode later_documents_;
    std::deque<YamlNode> odd_keys_;  // keys that are lists or maps; references stay valid
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view wanted) const
{
    for (const YamlNode& child : children)
        if (child.key == wanted) return &child;
    return nullptr;
}

std::string_view name_of(YamlKind kind)
{
    switch (kind) {
        case YamlKind::null:
            return "nothing";
        case YamlKind::scalar:
            return "text";
        case YamlKind::list:
            return "a list";
        case YamlKind::map:
            return "a map";
    }
    return "";
}

YamlNode read_yaml(const std::string& text, Reading& reading)
{
    YamlNode root;
    try {
        std::istringstream input{text};
        YAML::Parser parser{input};
        TreeBuilder builder{root, reading};
        while (parser.HandleNextDocument(builder) && reading.mistakes().empty()) {
        }
    } catch (const YAML::Exception& error) {
        // What the tree showed before is most likely a consequence of the same slip.
        reading.clear_mistakes();
        reading.add(place_at(error.mark), "", "not valid YAML: " + error.msg);
    }
    return root;
}

}  // namespace pointsman::config
