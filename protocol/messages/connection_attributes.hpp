#pragma once
// Connection attributes: the key-value pairs that HandshakeResponse41 and COM_CHANGE_USER carry.
// The field is string<lenenc> around pairs of string<lenenc>, of 64 KiB in all.

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

#include <string>
#include <utility>
#include <vector>

namespace pointsman::protocol {

using ConnectionAttributes = std::vector<std::pair<std::string, std::string>>;

/// Appends the pairs to `attributes`, in their order; duplicates stay.
void read_attributes(WireReader& in, ConnectionAttributes& attributes);
/// Pairs that would take the field past 64 KiB are left out.
void write_attributes(WireWriter& out, const ConnectionAttributes& attributes);

}  // namespace pointsman::protocol
