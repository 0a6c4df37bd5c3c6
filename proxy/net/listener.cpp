#include "proxy/net/listener.hpp"

#include "proxy/net/socket_file.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pointsman::proxy::net {

namespace {

constexpr int backlog = 1024;
constexpr auto pause_when_out_of_descriptors = std::chrono::milliseconds(100);

std::string failure(const config::Endpoint& endpoint, const char* step)
{
    return "listening on " + endpoint.text() + ": " + step + ": " + std::strerror(errno);
}

/// Before the file can be connected to: what may not enter never does.
bool set_mode(const config::Endpoint& endpoint, unsigned mode)
{
    return !endpoint.is_unix() || ::chmod(endpoint.socket_path.c_str(), mode) == 0;
}

std::variant<int, std::string> listen_or_close(int fd, const sockaddr* address, socklen_t size,
                                               const config::Endpoint& endpoint, unsigned mode)
{
    std::string problem;
    if (::bind(fd, address, size) < 0)
        problem = failure(endpoint, "bind");
    else if (!set_mode(endpoint, mode))
        problem = failure(endpoint, "chmod");
    else if (::listen(fd, backlog) < 0)
        problem = failure(endpoint, "listen");
    if (problem.empty()) return fd;
    ::close(fd);
    return problem;
}

std::variant<int, std::string> open_unix(const config::Endpoint& endpoint, unsigned mode)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.socket_path.size() >= sizeof address.sun_path)
        return "listening on " + endpoint.text() + ": the path is too long for a unix socket";
    endpoint.socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (auto problem = clear_socket_path(endpoint.socket_path); !problem.empty())
        return "listening on " + endpoint.text() + ": " + problem;
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return failure(endpoint, "socket");
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    return listen_or_close(fd, generic, sizeof address, endpoint, mode);
}

Accepted describe(int fd, const sockaddr_storage& from)
{
    Accepted accepted{fd, "localhost", 0, from.ss_family == AF_UNIX};
    char text[INET6_ADDRSTRLEN] = "";
    if (from.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
        ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        accepted.peer_port = ntohs(v4.sin_port);
        accepted.peer_host = text;
    } else if (from.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        accepted.peer_port = ntohs(v6.sin6_port);
        accepted.peer_host = text;
        if (accepted.peer_host.starts_with("::ffff:")) accepted.peer_host.erase(0, 7);
    }
    return accepted;
}

}  // namespace

std::variant<int, std::string> open_listening_socket(const config::Endpoint& endpoint,
                                                     unsigned mode)
{
    if (endpoint.is_unix()) return open_unix(endpoint, mode);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    auto port = std::to_string(endpoint.port);
    const char* host = endpoint.host.empty() ? nullptr : endpoint.host.c_str();
    if (int code = ::getaddrinfo(host, port.c_str(), &hints, &found); code != 0)
        return "listening on " + endpoint.text() + ": " + ::gai_strerror(code);
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, ::freeaddrinfo);
    int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return failure(endpoint, "socket");
    int one = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    return listen_or_close(fd, found->ai_addr, found->ai_addrlen, endpoint, mode);
}

std::uint16_t bound_port(int listening_fd)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(listening_fd, reinterpret_cast<sockaddr*>(&address), &size);
    if (address.ss_family == AF_INET)
        return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
    return 0;
}

struct Listener::State {
    State(Reactor& reactor, int fd, OnAccept callback)
        : handle(reactor, fd), pause(reactor), on_accept(std::move(callback))
    {
    }
    IoHandle handle;
    Signal pause;
    OnAccept on_accept;
    bool closed = false;
};

Listener::Listener(Reactor& reactor, int listening_fd, OnAccept on_accept)
    : state_(std::make_shared<State>(reactor, listening_fd, std::move(on_accept)))
{
    spawn(accept_loop(state_));
}

Listener::~Listener()
{
    auto state = state_;
    state->closed = true;
    state->pause.notify_all();
    state->handle.cancel();
}

Task<void> Listener::accept_loop(std::shared_ptr<State> state)
{
    while (!state->closed) {
        auto wait = co_await state->handle.until_readable();
        if (wait != Wait::ready) co_return;
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        int fd = ::accept4(state->handle.fd(), reinterpret_cast<sockaddr*>(&from), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            int one = 1;
            if (from.ss_family != AF_UNIX)
                ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            state->on_accept(describe(fd, from));
        } else if (errno == EAGAIN) {
            state->handle.note_drained();
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            // The connection stays in the backlog; trying again at once would only burn CPU.
            auto until = state->handle.reactor().now() + pause_when_out_of_descriptors;
            co_await state->pause.wait_until(until);
        }
    }
}

}  // namespace pointsman::proxy::net
