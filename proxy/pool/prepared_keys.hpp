#pragma once
// What makes two preparations of a statement the same, so that sessions share them on a link.

#include "proxy/pool/session_sync.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

/// A text as it was prepared: names and literals in it mean what schema and settings made of them
/// then, so another link has to be at the same when it prepares it.
struct PreparedKey {
    std::string text;
    std::string schema;
    VariablesPtr variables = no_variables();
};
using PreparedKeyPtr = std::shared_ptr<const PreparedKey>;

/// One key for equal preparations; forgets a key that nobody holds. One per worker, and outlives
/// the keys' holders.
class PreparedKeys {
public:
    PreparedKeyPtr intern(PreparedKey key);
    std::size_t size() const { return index_->size(); }

private:
    using Index = std::unordered_map<std::string, std::weak_ptr<const PreparedKey>>;
    std::shared_ptr<Index> index_ = std::make_shared<Index>();
};

}  // namespace pointsman::proxy
