#include "proxy/net/tcp_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace pointsman::proxy::net {

namespace {

/// The kernel counts in whole seconds; 0 leaves its own setting.
void set_seconds(int fd, int option, config::Milliseconds value)
{
    if (value.count() == 0) return;
    auto seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(value).count());
    ::setsockopt(fd, IPPROTO_TCP, option, &seconds, sizeof seconds);
}

bool is_tcp(int fd)
{
    int domain = AF_UNIX;
    socklen_t size = sizeof domain;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    return domain != AF_UNIX;
}

}  // namespace

void keep_alive(int fd, const config::Tcp& settings)
{
    if (!is_tcp(fd)) return;
    int one = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    set_seconds(fd, TCP_KEEPIDLE, settings.keepalive_time);
    set_seconds(fd, TCP_KEEPINTVL, settings.keepalive_interval);
    if (settings.keepalive_count == 0) return;
    auto count = static_cast<int>(settings.keepalive_count);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

}  // namespace pointsman::proxy::net
