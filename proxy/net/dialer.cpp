#include "proxy/net/dialer.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

namespace pointsman::proxy::net {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

using Addresses = std::vector<Address>;
using Resolved = std::variant<Addresses, std::string>;

Address unix_address(const std::string& path)
{
    Address address;
    auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
    un->sun_family = AF_UNIX;
    path.copy(un->sun_path, sizeof un->sun_path - 1);
    address.size = sizeof *un;
    return address;
}

Resolved look_up(const config::Endpoint& endpoint, int flags)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    auto port = std::to_string(endpoint.port);
    int code = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
    if (code != 0) return std::string(::gai_strerror(code));
    Addresses addresses;
    for (auto* entry = found; entry; entry = entry->ai_next) {
        Address address;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.size = entry->ai_addrlen;
        addresses.push_back(address);
    }
    ::freeaddrinfo(found);
    return addresses;
}

/// What the resolving thread and the waiting coroutine share.
struct Lookup {
    explicit Lookup(Reactor& reactor) : done(reactor) {}
    Signal done;
    std::optional<Resolved> result;
};

Task<Resolved> resolve(Reactor& reactor, config::Endpoint endpoint, TimePoint deadline)
{
    if (endpoint.is_unix()) co_return Addresses{unix_address(endpoint.socket_path)};
    auto numeric = look_up(endpoint, AI_NUMERICHOST);
    if (std::holds_alternative<Addresses>(numeric)) co_return numeric;

    auto lookup = std::make_shared<Lookup>(reactor);
    std::thread([lookup, endpoint, &reactor] {
        auto result = look_up(endpoint, 0);
        reactor.post([lookup, result = std::move(result)] {
            lookup->result = result;
            lookup->done.notify_all();
        });
    }).detach();
    co_await lookup->done.wait_until(deadline);
    if (!lookup->result) co_return std::string("resolving " + endpoint.host + " timed out");
    co_return *lookup->result;
}

int pending_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

/// nullptr with errno set when the connection can't even begin.
std::unique_ptr<Stream> begin_connect(Reactor& reactor, const Address& address)
{
    int family = address.storage.ss_family;
    int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return nullptr;
    int one = 1;
    if (family != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int started = ::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
    if (started < 0 && errno != EINPROGRESS) {
        int error = errno;
        ::close(fd);
        errno = error;
        return nullptr;
    }
    auto stream = std::make_unique<Stream>(reactor, fd);
    if (started < 0) stream->handle().note_full();  // writable means connected
    return stream;
}

}  // namespace

Task<DialResult> dial(Reactor& reactor, config::Endpoint endpoint, TimePoint deadline)
{
    auto resolved = co_await resolve(reactor, endpoint, deadline);
    if (auto* problem = std::get_if<std::string>(&resolved)) co_return std::move(*problem);
    std::string problem = "no address for " + endpoint.host;
    for (const auto& address : std::get<Addresses>(resolved)) {
        auto stream = begin_connect(reactor, address);
        if (!stream) {
            problem = std::strerror(errno);
            continue;
        }
        stream->handle().set_deadline(deadline);
        auto wait = co_await stream->handle().until_writable();
        if (wait == Wait::timed_out) co_return std::string("connecting timed out");
        int error = pending_error(stream->handle().fd());
        if (wait == Wait::ready && error == 0) co_return std::move(stream);
        problem = std::strerror(error);
    }
    co_return problem;
}

}  // namespace pointsman::proxy::net
