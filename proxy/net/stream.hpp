#pragma once
// A byte stream to a client or a server: a socket, with TLS over it once started, and the
// protocol's compression over that.
//
// The hot path calls try_read and try_write, which never suspend, and waits on handle() only when
// they say would_block. All kinds of stream have the same face, so nobody above asks which it is;
// bytes are plain ones, and a write that would block is tried again with the same bytes.

#include "protocol/bytes.hpp"
#include "protocol/compression/compressed_channel.hpp"

#include "proxy/net/io_result.hpp"
#include "proxy/net/reactor.hpp"
#include "proxy/net/read_buffer.hpp"
#include "proxy/net/task.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace pointsman::proxy::net {

class Stream {
public:
    Stream(Reactor& reactor, int connected_fd);
    ~Stream();

    IoResult try_read(protocol::MutableBytes into);
    IoResult try_write(protocol::Bytes bytes);

    /// What read_some does, without its frame: after would_block, await this and then read again.
    IoHandle::Awaiter until_readable() { return until_possible(false); }
    IoResult read_after(Wait wait, protocol::MutableBytes into);

    /// Reads at least one byte.
    Task<IoResult> read_some(protocol::MutableBytes into);
    /// Writes all of it; `bytes` in the result says how many were taken when it fails.
    Task<IoResult> write_all(protocol::Bytes bytes);

    /// TLS as a server or as a client; `server_name` is sent as SNI and, where the context verifies
    /// identity, checked. False when the handshake fails; tls_error() then says why.
    Task<bool> start_tls_server(SSL_CTX* context);
    Task<bool> start_tls_client(SSL_CTX* context, const std::string& server_name, bool verify_name);
    bool is_tls() const { return ssl_ != nullptr; }
    const std::string& tls_error() const { return tls_error_; }

    /// From now on all is compressed: to be called between the packet that ends the login and the
    /// first command. `buffers` lends memory while input waits to be expanded.
    void start_compression(protocol::Compression how, protocol::Peer peer, BufferPool& buffers);
    bool is_compressed() const { return compressed_ != nullptr; }
    /// The peer broke the rules of compression; why reading failed.
    bool compression_is_broken() const;

    IoHandle& handle() { return handle_; }
    const IoHandle& handle() const { return handle_; }
    /// An idle stream that has something to say, or is gone: it can't be used for a new command.
    bool has_unexpected_input();

    /// After the login: bytes may go by the thread's io_uring from now on, where there is one and
    /// no TLS. A write may then fail after it was taken, which the next call says.
    void join_ring();
    /// Waits until all that was written is with the kernel: before the end of a stream whose last
    /// words count.
    Task<void> settle_writes(TimePoint deadline);

    /// Sends what TLS wants to say last and ends our direction. The socket closes with the object.
    void shut_down();
    /// Ends both directions at once: who waits for it reads its end. For a peer that says nothing.
    void cut();

private:
    /// What compression needs, besides the socket.
    struct Compressed;

    IoResult read_below(protocol::MutableBytes into);
    IoResult write_below(protocol::Bytes bytes);
    IoResult read_compressed(protocol::MutableBytes into);
    IoResult write_compressed(protocol::Bytes bytes);
    IoResult tls_result(int result, std::size_t bytes);
    Task<bool> finish_handshake();
    IoHandle::Awaiter until_possible(bool for_write);

    IoHandle handle_;
    SSL* ssl_ = nullptr;
    std::unique_ptr<Compressed> compressed_;
    bool needs_readable_ = false;  // TLS: what the last call that would block waits for
    std::string tls_error_;
};

}  // namespace pointsman::proxy::net
