#pragma once
// Servers take texts that are none in their character set ('\xbf' in utf8mb4) as literals of the
// connection, not with an introducer: such a value can be set on no other link.

#include <string_view>

namespace pointsman::proxy {

/// Are these bytes, given as hexadecimal digits, certainly a text in that character set?
bool is_well_formed(std::string_view hex, std::string_view character_set);

}  // namespace pointsman::proxy
