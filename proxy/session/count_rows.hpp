#pragma once
// Pure: the answer to a prepared SELECT ROW_COUNT() and the like, with the values that are known.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/sql/result_counts.hpp"

#include <vector>

namespace pointsman::proxy {

/// The wire bytes of a whole binary answer with these columns, all of eight bytes. Whatever else it
/// is stays as it is.
protocol::Buffer with_counts_in_rows(protocol::Buffer answer, protocol::Capabilities negotiated,
                                     const std::vector<protocol::sql::CountColumn>& columns,
                                     const protocol::sql::ResultCounts& counts);

}  // namespace pointsman::proxy
