#pragma once
// zlib and zstd, each packet by itself: so a thread needs one compressor for all its connections,
// and an expander only for packets under way.

#include "protocol/bytes.hpp"
#include "protocol/compression/algorithm.hpp"
#include "protocol/errc.hpp"

#include <memory>
#include <vector>

namespace pointsman::protocol {

/// Compresses one payload at a time; keeps its working memory for the next.
class Compressor {
public:
    Compressor();
    ~Compressor();

    /// Appends `plain` in compressed form. False, and nothing is appended, where that would not be
    /// shorter.
    bool compress(Compression how, Bytes plain, Buffer& out);

private:
    struct Contexts;
    std::size_t run(Compression how, Bytes plain, MutableBytes out);
    std::size_t run_zlib(Bytes plain, MutableBytes out);
    std::size_t run_zstd(int level, Bytes plain, MutableBytes out);

    std::unique_ptr<Contexts> contexts_;
};

/// Expands one payload piece by piece, in memory that its window needs and no more (zlib 32 KiB,
/// zstd what the frame asks for, at most 16 MiB, taken as it is written to).
class Expander {
public:
    Expander();
    ~Expander();

    /// A new payload begins.
    void begin(CompressionAlgorithm algorithm);

    struct Step {
        std::size_t consumed = 0, produced = 0;
        bool ended = false;  // the payload says that this is all
        bool broken = false;
    };
    /// Moves on by what there is, and what there is room for.
    Step expand(Bytes in, MutableBytes out);

    /// Memory that would be better given back than kept.
    bool is_large() const;

private:
    struct Contexts;
    Step expand_zlib(Bytes in, MutableBytes out);
    Step expand_zstd(Bytes in, MutableBytes out);

    std::unique_ptr<Contexts> contexts_;
    CompressionAlgorithm algorithm_ = CompressionAlgorithm::none;
};

/// What the connections of one thread share.
class CodecPool {
public:
    Compressor& compressor() { return compressor_; }
    /// Empty at each use; spares an allocation per packet.
    Buffer& scratch()
    {
        scratch_.clear();
        return scratch_;
    }

    std::unique_ptr<Expander> take();
    void give_back(std::unique_ptr<Expander> expander);

    /// The calling thread's own.
    static CodecPool& of_this_thread();

private:
    static constexpr std::size_t most_kept = 8;
    Compressor compressor_;
    Buffer scratch_;
    std::vector<std::unique_ptr<Expander>> kept_;
};

}  // namespace pointsman::protocol
