#include "proxy/pool/prepared_keys.hpp"

namespace pointsman::proxy {

PreparedKeyPtr PreparedKeys::intern(PreparedKey key)
{
    std::string name = key.schema;
    name += '\0';
    name += sync_statement(*no_variables(), *key.variables).value_or("");
    name += '\0';
    name += key.text;
    if (auto known = (*index_)[name].lock()) return known;
    std::weak_ptr<Index> index = index_;
    auto forget = [index, name](const PreparedKey* gone) {
        if (auto still = index.lock()) still->erase(name);
        delete gone;
    };
    PreparedKeyPtr made(new PreparedKey(std::move(key)), forget);
    (*index_)[name] = made;
    return made;
}

}  // namespace pointsman::proxy
