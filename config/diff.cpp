#include "config/diff.hpp"

#include "config/fields.hpp"

#include <algorithm>
#include <type_traits>

namespace pointsman::config {
namespace {

template <class Value>
std::string shown(const Value& value)
{
    const std::string text = value_text(value);
    return text.empty() ? "\"\"" : text;
}

/// One changed key, without the name of its section: "weight 100 → 50".
struct Change {
    std::string text;
    Reload reload;
};

template <class Value>
void compare_values(const FieldTraits& field, const Value& from, const Value& to,
                    std::vector<Change>& changes)
{
    if (from == to) return;
    std::string text{field.key};
    if constexpr (std::is_same_v<Value, SecretSource>) {
        text += " changed";
    } else {
        text += " " + shown(from) + " → " + shown(to);
    }
    changes.push_back({text, field.reload});
}

template <class Owner>
std::vector<Change> changes_between(const Owner& from, const Owner& to)
{
    std::vector<Change> changes;
    for (const auto& field : fields_of<Owner>()) {
        auto compare = [&](auto member) {
            compare_values(field.traits(), from.*member, to.*member, changes);
        };
        std::visit(compare, field.member);
    }
    return changes;
}

/// "servers" → "server".
std::string singular(std::string_view list)
{
    return std::string{list.substr(0, list.size() - 1)};
}

template <class Entry>
const Entry* find_named(const std::vector<Entry>& entries, const std::string& name)
{
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    return found == entries.end() ? nullptr : &*found;
}

std::string where(const Listener& listener)
{
    return " (" + listener.address.text() + ")";
}
std::string where(const Server& server)
{
    return " (" + server.address.text() + ")";
}
std::string where(const User&)
{
    return {};
}

template <class Entry>
bool stays_in_place(const Entry& from, const Entry& to)
{
    return from.address == to.address;
}
bool stays_in_place(const User&, const User&)
{
    return true;
}

NamedChanges& names_of(Diff& diff, const Listener&)
{
    return diff.listeners;
}
NamedChanges& names_of(Diff& diff, const Server&)
{
    return diff.servers;
}
NamedChanges& names_of(Diff& diff, const User&)
{
    return diff.users;
}

/// Walks the sections of two configurations and writes down what differs.
class Comparison {
public:
    Comparison(const Config& from, const Config& to) : from_(from), to_(to) {}

    Diff run()
    {
        say("", changes_between(from_, to_));
        for_each_section(
            [&](std::string_view key, auto member) { compare(key, from_.*member, to_.*member); });
        set_flags();
        return std::move(diff_);
    }

private:
    void say(const std::string& subject, const std::vector<Change>& changes)
    {
        const std::string prefix = subject.empty() ? "" : subject + ": ";
        for (const Change& change : changes) {
            const std::string sentence = prefix + change.text;
            diff_.sentences.push_back(sentence);
            if (change.reload == Reload::restart) {
                diff_.needs_restart.push_back(sentence + " takes effect with the next start");
            }
        }
    }

    template <class Section>
    void compare(std::string_view key, const Section& from, const Section& to)
    {
        say(std::string{key}, changes_between(from, to));
    }

    template <class Entry>
    void compare(std::string_view key, const std::vector<Entry>& from, const std::vector<Entry>& to)
    {
        const std::string word = singular(key) + " ";
        NamedChanges& names = names_of(diff_, Entry{});
        for (const Entry& entry : from) {
            if (find_named(to, entry.name)) continue;
            names.removed.push_back(entry.name);
            diff_.sentences.push_back(word + entry.name + where(entry) + " removed");
        }
        for (const Entry& entry : to) {
            if (const Entry* before = find_named(from, entry.name)) {
                compare_entry(word + entry.name, *before, entry, names);
                continue;
            }
            names.added.push_back(entry.name);
            diff_.sentences.push_back(word + entry.name + where(entry) + " added");
        }
    }

    template <class Entry>
    void compare_entry(const std::string& subject, const Entry& from, const Entry& to,
                       NamedChanges& names)
    {
        const auto changes = changes_between(from, to);
        if (changes.empty()) return;
        say(subject, changes);
        if (stays_in_place(from, to)) {
            names.changed.push_back(to.name);
        } else {
            names.removed.push_back(from.name);
            names.added.push_back(to.name);
        }
    }

    void set_flags()
    {
        diff_.monitor = from_.monitor != to_.monitor;
        diff_.probe = from_.probe != to_.probe;
        diff_.routing = from_.routing != to_.routing;
        diff_.pool = from_.pool != to_.pool;
        diff_.failover = from_.failover != to_.failover;
        diff_.client_tls = from_.client_tls != to_.client_tls;
        diff_.server_tls = from_.server_tls != to_.server_tls;
        diff_.server_compression = from_.server_compression != to_.server_compression;
        diff_.credentials = from_.credentials != to_.credentials;
        diff_.limits = from_.limits != to_.limits;
        diff_.tcp = from_.tcp != to_.tcp;
        diff_.metrics = from_.metrics != to_.metrics;
        diff_.admin = from_.admin != to_.admin;
        diff_.log = from_.log != to_.log;
        diff_.server_version = from_.server_version != to_.server_version;
    }

    const Config& from_;
    const Config& to_;
    Diff diff_;
};

}  // namespace

Diff diff(const Config& from, const Config& to)
{
    return Comparison{from, to}.run();
}

}  // namespace pointsman::config
