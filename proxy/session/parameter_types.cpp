#include "proxy/session/parameter_types.hpp"

#include "protocol/messages/column_type.hpp"

#include <algorithm>

namespace pointsman::proxy {

namespace {

constexpr std::size_t type_size = 2;  // the type, and a flag: unsigned

bool is_null(protocol::Bytes type)
{
    return type[0] == static_cast<protocol::Byte>(protocol::ColumnType::null);
}

}  // namespace

bool same_bytes(protocol::Bytes one, protocol::Bytes other)
{
    return std::equal(one.begin(), one.end(), other.begin(), other.end());
}

bool same_types(protocol::Bytes one, protocol::Bytes other)
{
    if (same_bytes(one, other)) return true;
    // With query attributes each type is followed by a name: such blocks are equal or not.
    if (one.size() != other.size() || one.size() % type_size != 0) return false;
    for (std::size_t at = 0; at < one.size(); at += type_size) {
        auto left = one.subspan(at, type_size), right = other.subspan(at, type_size);
        if (!same_bytes(left, right) && !is_null(left) && !is_null(right)) return false;
    }
    return true;
}

}  // namespace pointsman::proxy
