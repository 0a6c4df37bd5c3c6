#include "proxy/session/held_things.hpp"

#include <algorithm>

namespace pointsman::proxy {

using protocol::sql::Held;
using protocol::sql::HeldChange;

namespace {

/// More names than this are not kept apart: the session then keeps its link to the end.
constexpr std::size_t most_names = 1'000;

unsigned bit_of(Held what)
{
    return 1u << static_cast<unsigned>(what);
}

}  // namespace

void HeldThings::apply(const HeldChange& change, std::string_view schema)
{
    Key key{change.what, change.name};
    bool unqualified =
        change.what == Held::temporary_table && change.name.find('.') == std::string::npos;
    if (unqualified) key.second.insert(0, std::string(schema) + '.');
    switch (change.act) {
        case HeldChange::Act::take:
            return take(std::move(key), change.text);
        case HeldChange::Act::take_any:
            // Locks of no name may be let go of all at once; of the others nobody can tell.
            unnamed_ |= bit_of(change.what);
            return;
        case HeldChange::Act::leave:
            return leave(key);
        case HeldChange::Act::leave_all:
            return leave_all(change.what);
        case HeldChange::Act::run:
            return;
    }
}

void HeldThings::take(Key key, const std::string& text)
{
    if (named_.size() >= most_names && !named_.contains(key)) {
        unnamed_ |= bit_of(key.first);
        return;
    }
    auto& entry = named_[std::move(key)];
    ++entry.count;
    entry.text = text;
}

void HeldThings::leave(const Key& key)
{
    auto found = named_.find(key);
    if (found == named_.end()) return;
    bool is_counted = key.first == Held::user_lock;
    if (!is_counted || --found->second.count == 0) named_.erase(found);
}

void HeldThings::leave_all(Held what)
{
    unnamed_ &= ~bit_of(what);
    std::erase_if(named_, [what](const auto& entry) { return entry.first.first == what; });
}

bool HeldThings::holds(Held what) const
{
    if ((unnamed_ & bit_of(what)) != 0) return true;
    auto first = named_.lower_bound(Key{what, {}});
    return first != named_.end() && first->first.first == what;
}

const std::string* HeldThings::prepared_text(const std::string& name) const
{
    auto found = named_.find(Key{Held::prepared_text, name});
    bool known = found != named_.end() && !found->second.text.empty();
    return known ? &found->second.text : nullptr;
}

}  // namespace pointsman::proxy
