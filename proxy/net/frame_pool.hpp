#pragma once
// Memory for coroutine frames: each thread keeps what it freed for its next frame of about that
// size. A command awaits some eight coroutines; through malloc their frames were a tenth of its
// instructions (proxy/net/README.md). Under ASan it steps aside, so that a stale frame is caught.

#include <array>
#include <cstddef>
#include <new>

namespace pointsman::proxy::net {

class FramePool {
public:
    FramePool() = default;
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;
    ~FramePool()
    {
        for (auto& kept : classes_)
            while (kept.first) ::operator delete(take(kept));
    }

    void* allocate(std::size_t size)
    {
        auto index = class_of(size);
        if (index >= class_count) return ::operator new(size);
        auto& kept = classes_[index];
        return kept.first ? take(kept) : ::operator new((index + 1) * step);
    }

    void release(void* memory, std::size_t size) noexcept
    {
        auto index = class_of(size);
        if (index >= class_count || classes_[index].count >= most_kept) {
            ::operator delete(memory);
            return;
        }
        auto& kept = classes_[index];
        kept.first = new (memory) Block{kept.first};
        ++kept.count;
    }

    /// The calling thread's own.
    static FramePool& of_this_thread()
    {
        thread_local FramePool pool;
        return pool;
    }

private:
    struct Block {
        Block* next;
    };
    struct Class {
        Block* first = nullptr;
        std::size_t count = 0;
    };
    static constexpr std::size_t step = 128;
    static constexpr std::size_t class_count = 32;  // frames up to 4 KiB
    static constexpr std::size_t most_kept = 128;   // of each class

    static std::size_t class_of(std::size_t size) { return (size - 1) / step; }
    static void* take(Class& kept)
    {
        auto* block = kept.first;
        kept.first = block->next;
        --kept.count;
        return block;
    }

    std::array<Class, class_count> classes_{};
};

}  // namespace pointsman::proxy::net
