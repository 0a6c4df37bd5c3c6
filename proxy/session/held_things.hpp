#pragma once
// Pure: what a session holds on its link by name, so that it is known when the last is gone.

#include "protocol/sql/held_changes.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace pointsman::proxy {

class HeldThings {
public:
    /// A statement did this. `schema` is the session's default one.
    void apply(const protocol::sql::HeldChange& change, std::string_view schema);
    bool holds(protocol::sql::Held what) const;
    bool empty() const { return named_.empty() && unnamed_ == 0; }
    /// The text that was prepared as `name` (in lower case); nullptr when it is not known.
    const std::string* prepared_text(const std::string& name) const;

private:
    using Key = std::pair<protocol::sql::Held, std::string>;
    struct Entry {
        unsigned count = 0;  // user locks: how often it was asked for
        std::string text;    // of a prepared statement
    };
    void take(Key key, const std::string& text);
    void leave(const Key& key);
    void leave_all(protocol::sql::Held what);

    std::map<Key, Entry> named_;
    unsigned unnamed_ = 0;  // a bit for each kind of which some have no name
};

}  // namespace pointsman::proxy
