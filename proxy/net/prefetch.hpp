#pragma once
// Asks for memory that will be needed soon, so that it comes while something else is done. Between
// two of its events a session goes cold: others and the kernel have had the caches.

#include <cstddef>

namespace pointsman::proxy::net {

/// A piece of memory that is touched when an event of a handle is dealt with. Never read through:
/// it may be gone by then.
struct WarmMemory {
    const void* begin = nullptr;
    std::size_t size = 0;  // bytes
};

inline void prefetch(WarmMemory memory)
{
    constexpr std::size_t cache_line = 64;
    if (!memory.begin) return;
    for (std::size_t at = 0; at < memory.size; at += cache_line)
        __builtin_prefetch(static_cast<const char*>(memory.begin) + at);
}

}  // namespace pointsman::proxy::net
