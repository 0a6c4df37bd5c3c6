#pragma once
// The ports that clients connect to: opened all or none, spread over the workers.

#include "config/config.hpp"

#include "proxy/app/worker.hpp"
#include "proxy/net/socket_file.hpp"

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace pointsman::proxy {

/// Sockets that listen already and belong to nobody yet; closed when dropped.
class OpenedListeners {
public:
    OpenedListeners() = default;
    OpenedListeners(OpenedListeners&&) noexcept = default;
    OpenedListeners& operator=(OpenedListeners&&) = delete;
    ~OpenedListeners();

    struct One {
        config::Listener settings;
        std::vector<int> descriptors;           // one for each worker
        std::unique_ptr<net::SocketFile> file;  // of a unix socket
    };
    std::vector<One> all;
};

/// Opens `wanted`, each once per worker. On the first problem nothing stays open, and the sentence
/// says which listener and why.
std::variant<OpenedListeners, std::string> open_listeners(
    const std::vector<config::Listener>& wanted, std::size_t workers);

/// The listeners in use.
class Listeners {
public:
    explicit Listeners(std::vector<std::unique_ptr<Worker>>& workers) : workers_(workers) {}

    void add(OpenedListeners opened);
    /// Its clients stay.
    void remove(const std::string& name);
    /// The files of all unix sockets go; nobody new finds the way in.
    void remove_files() { files_.clear(); }
    /// Takes over what can change while it is open: mode, TLS, limit; new sessions see it.
    void change(const config::Listener& settings);

private:
    std::vector<std::unique_ptr<Worker>>& workers_;
    std::map<std::string, std::shared_ptr<ListenerShare>> shares_;
    std::map<std::string, std::unique_ptr<net::SocketFile>> files_;
};

}  // namespace pointsman::proxy
