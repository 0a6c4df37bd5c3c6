#pragma once
// COM_QUERY, with the query attributes that may stand in front of the text.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/errc.hpp"
#include "protocol/messages/parameters.hpp"

#include <string_view>
#include <vector>

namespace pointsman::protocol {

/// Both borrow from the payload.
struct Query {
    std::vector<Parameter> attributes;
    std::string_view text;
};

/// The SQL text of a COM_QUERY payload (its command byte included), behind the attributes if the
/// connection has any. For every query of every session: no allocation, and without attributes no
/// work.
Result<std::string_view> query_text(Bytes payload, Capabilities capabilities);

/// The value of the attribute `name`, in the query's own bytes; empty when it has none.
std::string_view query_attribute(Bytes payload, Capabilities capabilities, std::string_view name);

Result<Query> decode_query(Bytes payload, Capabilities capabilities);
/// Attributes are written only under CLIENT_QUERY_ATTRIBUTES.
Buffer encode_query(const Query& query, Capabilities capabilities);
/// The usual case: no attributes.
Buffer encode_query(std::string_view text, Capabilities capabilities);

}  // namespace pointsman::protocol
