#pragma once
// A bounded receive buffer that borrows its memory only while it holds bytes, so that an idle
// session costs none.

#include "protocol/bytes.hpp"

#include <memory>
#include <vector>

namespace pointsman::proxy::net {

/// Chunks of one size, kept for the next user. One per worker; keeps at most `most_kept`.
class BufferPool {
public:
    BufferPool(std::size_t chunk_size, std::size_t most_kept)
        : chunk_size_(chunk_size), most_kept_(most_kept)
    {
    }
    using Chunk = std::unique_ptr<protocol::Byte[]>;

    std::size_t chunk_size() const { return chunk_size_; }
    Chunk take();
    void give_back(Chunk chunk);

private:
    std::size_t chunk_size_, most_kept_;
    std::vector<Chunk> kept_;
};

/// Bytes come in at the back and are consumed at the front. Views stay valid until the next
/// prepare(), consume() of everything, or grow().
class ReadBuffer {
public:
    explicit ReadBuffer(BufferPool& pool) : pool_(pool) {}
    ReadBuffer(const ReadBuffer&) = delete;
    ReadBuffer& operator=(const ReadBuffer&) = delete;
    ~ReadBuffer() { release(); }

    protocol::Bytes data() const { return {memory() + begin_, end_ - begin_}; }
    /// The same, for rewriting in place.
    protocol::MutableBytes mutable_data() { return {memory() + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }
    std::size_t capacity() const { return large_.empty() ? pool_.chunk_size() : large_.size(); }

    /// Room behind the data to read into; moves the data to the front when there is none. Empty
    /// only when the buffer is full.
    protocol::MutableBytes prepare();
    void commit(std::size_t bytes) { end_ += bytes; }
    void consume(std::size_t bytes);
    /// Makes the capacity at least `bytes`; goes back to a chunk when all is consumed.
    void grow(std::size_t bytes);
    /// Returns the memory when nothing is held.
    void release();

private:
    protocol::Byte* memory() { return large_.empty() ? chunk_.get() : large_.data(); }
    const protocol::Byte* memory() const { return large_.empty() ? chunk_.get() : large_.data(); }

    BufferPool& pool_;
    BufferPool::Chunk chunk_;
    protocol::Buffer large_;
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace pointsman::proxy::net
