#pragma once
// recv, send and epoll_wait without the C library's wrappers. Those are cancellation points: in a
// process with threads each call pays two atomic operations and some thirty instructions for it.
// Nobody here cancels a thread. Under sanitizers the wrappers are used: they check the memory.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace pointsman::proxy::net {

/// The call would have to wait, or was interrupted: no fault.
inline bool is_again(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

inline ssize_t raw_receive(int fd, void* into, std::size_t size)
{
    return ::recv(fd, into, size, 0);
}
inline ssize_t raw_send(int fd, const void* bytes, std::size_t size)
{
    return ::send(fd, bytes, size, MSG_NOSIGNAL);
}
inline int raw_epoll_wait(int fd, epoll_event* events, int size, int timeout_ms)
{
    return ::epoll_wait(fd, events, size, timeout_ms);
}

#else

inline ssize_t raw_receive(int fd, void* into, std::size_t size)
{
    return ::syscall(SYS_recvfrom, fd, into, size, 0, nullptr, nullptr);
}
inline ssize_t raw_send(int fd, const void* bytes, std::size_t size)
{
    return ::syscall(SYS_sendto, fd, bytes, size, MSG_NOSIGNAL, nullptr, 0);
}
inline int raw_epoll_wait(int fd, epoll_event* events, int size, int timeout_ms)
{
    return static_cast<int>(
        ::syscall(SYS_epoll_pwait, fd, events, size, timeout_ms, nullptr, std::size_t{0}));
}

#endif

}  // namespace pointsman::proxy::net
