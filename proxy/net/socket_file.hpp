#pragma once
// The file of a listening unix socket: made with its permissions, gone when nobody listens any
// more.

#include <cstdint>
#include <string>

namespace pointsman::proxy::net {

/// Removes the file at its end, unless another process has put its own in that place.
class SocketFile {
public:
    /// The file that stands there now, just made by us.
    explicit SocketFile(std::string path);
    ~SocketFile();
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

/// What a process that died left behind is removed. A sentence when the path can't be had: somebody
/// listens there, or it is no socket; empty when the way is free.
std::string clear_socket_path(const std::string& path);

}  // namespace pointsman::proxy::net
