// Ring: whether this kernel does what the ring rests on. Its version says little of that: features
// are carried to older kernels, and a container's filter may let some calls pass and not others.

#include "proxy/net/ring.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pointsman::proxy::net {

namespace {

constexpr std::uint64_t trial_tag = 8;
constexpr long long patience_ns = 1'000'000'000;  // for what comes at once if it comes at all

/// Two connected sockets; the near one takes some KiB at most.
class Pair {
public:
    Pair()
    {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()) < 0)
            throw std::system_error(errno, std::generic_category(), "socketpair");
        const int little = 4096;
        ::setsockopt(near(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair()
    {
        ::close(near());
        ::close(far());
    }
    int near() const { return ends_[0]; }
    int far() const { return ends_[1]; }

private:
    std::array<int, 2> ends_{};
};

/// How many bytes wait there.
std::size_t drain(int fd)
{
    std::array<protocol::Byte, 4096> room;
    std::size_t all = 0;
    for (;;) {
        auto got = ::recv(fd, room.data(), room.size(), 0);
        if (got <= 0) return all;
        all += static_cast<std::size_t>(got);
    }
}

}  // namespace

std::string Ring::try_out()
{
    const Pair pair;
    auto problem = try_sends(pair.near(), pair.far());
    return problem.empty() ? try_receives(pair.near(), pair.far()) : problem;
}

/// A send must be over when the call that submits it returns, and say what was not taken.
std::string Ring::try_sends(int near, int far)
{
    auto part = try_send(near, send_area);
    if (part.value_or(0) <= 0 || part.value_or(0) >= static_cast<int>(send_area))
        return "this kernel's sends do not say at once how much a full socket took";
    if (try_send(near, 1) != -EAGAIN)
        return "this kernel's sends do not say at once that a socket is full";
    if (drain(far) != static_cast<std::size_t>(*part))
        return "this kernel's sends do not say truly how much a full socket took";
    if (try_send(near, 1) || drain(far) != 1)
        return "this kernel's sends do not go out silently when they are submitted";
    return {};
}

/// What the kernel says of a send as soon as that is submitted.
std::optional<int> Ring::try_send(int fd, std::size_t size)
{
    auto* entry = next_entry();
    prepare_send(*entry, fd, to_send_.get(), size);
    io_uring_sqe_set_data64(entry, trial_tag);
    if (int submitted = io_uring_submit(&ring_); submitted < 0)
        throw std::system_error(-submitted, std::generic_category(), "io_uring_enter");
    io_uring_cqe* completion = nullptr;
    if (io_uring_peek_cqe(&ring_, &completion) < 0) return {};
    int result = completion->res;
    io_uring_cqe_seen(&ring_, completion);
    return result;
}

/// One request receives again and again into the shared buffers, until it is cancelled.
std::string Ring::try_receives(int near, int far)
{
    auto* entry = next_entry();
    prepare_receive(*entry, near);
    io_uring_sqe_set_data64(entry, trial_tag);
    for (int turn = 0; turn < 2; ++turn) {
        if (::send(far, "x", 1, MSG_NOSIGNAL) != 1) return "a socket that is empty took nothing";
        auto got = await_one();
        constexpr auto wanted = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER;
        if (!got || got->result != 1 || (got->flags & wanted) != wanted)
            return "this kernel has no receive that goes on by itself";
        give_back(got->flags >> IORING_CQE_BUFFER_SHIFT);
    }
    prepare_cancel(*next_entry(), trial_tag);
    auto ended = await_one();
    if (!ended || ended->result != -ECANCELED || ended->flags & IORING_CQE_F_MORE)
        return "this kernel does not end a receive when it is told to";
    return {};
}

/// Submits what is queued and takes the next completion, if one comes.
std::optional<Ring::Completion> Ring::await_one()
{
    __kernel_timespec limit{0, patience_ns - 1};
    io_uring_cqe* completion = nullptr;
    int waited = io_uring_submit_and_wait_timeout(&ring_, &completion, 1, &limit, nullptr);
    if (waited < 0 && waited != -ETIME && waited != -EINTR)
        throw std::system_error(-waited, std::generic_category(), "io_uring_enter");
    if (!completion) return {};
    Completion taken{completion->user_data, completion->res, completion->flags};
    io_uring_cqe_seen(&ring_, completion);
    return taken;
}

}  // namespace pointsman::proxy::net
