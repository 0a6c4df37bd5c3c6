#pragma once
// A listening socket of one worker. Every worker opens its own on the same port (SO_REUSEPORT) and
// the kernel spreads connections; a unix socket is opened once and shared by duplicates.

#include "config/endpoint.hpp"

#include "proxy/net/reactor.hpp"
#include "proxy/net/task.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace pointsman::proxy::net {

/// An accepted connection: its descriptor (non-blocking) and where it comes from.
struct Accepted {
    int fd = -1;
    std::string peer_host;  // numeric address, or "localhost" for a unix socket
    std::uint16_t peer_port = 0;
    bool is_unix = false;
};

/// Opens a listening socket: its descriptor, or a sentence that says why not. Port 0 picks a free
/// one; bound_port() tells which.
/// A unix socket's file gets `mode`; what a dead process left in its place is removed.
std::variant<int, std::string> open_listening_socket(const config::Endpoint& endpoint,
                                                     unsigned mode = 0777);
std::uint16_t bound_port(int listening_fd);

class Listener {
public:
    using OnAccept = std::function<void(Accepted)>;

    /// Takes over `listening_fd`. `on_accept` owns each descriptor that it is given.
    Listener(Reactor& reactor, int listening_fd, OnAccept on_accept);
    ~Listener();

private:
    /// What the accepting coroutine needs once the Listener itself may be gone.
    struct State;
    static Task<void> accept_loop(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace pointsman::proxy::net
