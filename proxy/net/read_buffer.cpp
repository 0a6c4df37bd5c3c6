#include "proxy/net/read_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace pointsman::proxy::net {

BufferPool::Chunk BufferPool::take()
{
    if (kept_.empty()) return BufferPool::Chunk(new protocol::Byte[chunk_size_]);
    auto chunk = std::move(kept_.back());
    kept_.pop_back();
    return chunk;
}

void BufferPool::give_back(Chunk chunk)
{
    if (chunk && kept_.size() < most_kept_) kept_.push_back(std::move(chunk));
}

protocol::MutableBytes ReadBuffer::prepare()
{
    if (!chunk_ && large_.empty()) chunk_ = pool_.take();
    if (end_ == capacity() && begin_ > 0) {
        std::memmove(memory(), memory() + begin_, size());
        end_ -= begin_;
        begin_ = 0;
    }
    return {memory() + end_, capacity() - end_};
}

void ReadBuffer::consume(std::size_t bytes)
{
    begin_ += bytes;
    if (begin_ < end_) return;
    begin_ = end_ = 0;
    if (!large_.empty()) protocol::Buffer().swap(large_);
}

void ReadBuffer::grow(std::size_t bytes)
{
    if (bytes <= capacity()) return;
    protocol::Buffer larger(bytes);
    auto held = data();
    std::copy(held.begin(), held.end(), larger.begin());
    end_ = held.size();
    begin_ = 0;
    large_.swap(larger);
    pool_.give_back(std::move(chunk_));
}

void ReadBuffer::release()
{
    if (!empty()) return;
    begin_ = end_ = 0;
    protocol::Buffer().swap(large_);
    pool_.give_back(std::move(chunk_));
}

}  // namespace pointsman::proxy::net
