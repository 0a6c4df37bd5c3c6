#pragma once

#include "protocol/bytes.hpp"

namespace pointsman::proxy::net {

/// Fills `bytes` from the system's generator for secrets.
void fill_random(protocol::MutableBytes bytes);

}  // namespace pointsman::proxy::net
