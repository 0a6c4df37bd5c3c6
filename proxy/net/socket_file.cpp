#include "proxy/net/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pointsman::proxy::net {

namespace {

/// 0 when somebody takes the connection, else why not.
int try_to_connect(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    int error = ::connect(fd, generic, sizeof address) == 0 ? 0 : errno;
    ::close(fd);
    return error;
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path))
{
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0) return;
    device_ = info.st_dev;
    inode_ = info.st_ino;
}

SocketFile::~SocketFile()
{
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0) return;
    if (info.st_dev == device_ && info.st_ino == inode_) ::unlink(path_.c_str());
}

std::string clear_socket_path(const std::string& path)
{
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return {};
    if (!S_ISSOCK(info.st_mode)) return "something stands there that is no socket";
    int error = try_to_connect(path);
    // A full backlog (EAGAIN) has a listener behind it as well.
    if (error != ECONNREFUSED) return "another process listens there";
    if (::unlink(path.c_str()) == 0) return {};
    return std::string("removing the socket that was left there: ") + std::strerror(errno);
}

}  // namespace pointsman::proxy::net
