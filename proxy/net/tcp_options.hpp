#pragma once
// What the kernel is told about connections whose other end may vanish without a word.

#include "config/config.hpp"

namespace pointsman::proxy::net {

/// Keepalive as configured; nothing for a unix socket.
void keep_alive(int fd, const config::Tcp& settings);

}  // namespace pointsman::proxy::net
