#include "protocol/compression/codec.hpp"

#include <zlib.h>
#include <zstd.h>

#include <new>

namespace pointsman::protocol {
namespace {

/// 16 MiB: no packet holds more, so no honest frame needs a larger window.
constexpr int max_window_log = 24;
constexpr std::size_t largest_kept = std::size_t{512} * 1024;

/// zlib takes pointers to what it only reads without const.
Bytef* in_pointer(Bytes bytes)
{
    return const_cast<Bytef*>(bytes.data());
}

}  // namespace

struct Compressor::Contexts {
    z_stream zlib{};
    bool has_zlib = false;
    ZSTD_CCtx* zstd = nullptr;

    ~Contexts()
    {
        if (has_zlib) deflateEnd(&zlib);
        ZSTD_freeCCtx(zstd);
    }
};

Compressor::Compressor() : contexts_(std::make_unique<Contexts>()) {}
Compressor::~Compressor() = default;

bool Compressor::compress(Compression how, Bytes plain, Buffer& out)
{
    const std::size_t before = out.size();
    if (plain.empty()) return false;
    out.resize(before + plain.size() - 1);
    const std::size_t size = run(how, plain, MutableBytes(out).subspan(before));
    out.resize(before + size);
    return size != 0;
}

// The size of the result; 0 where it does not fit.
std::size_t Compressor::run(Compression how, Bytes plain, MutableBytes out)
{
    if (out.empty()) return 0;
    if (how.algorithm == CompressionAlgorithm::zlib) return run_zlib(plain, out);
    if (how.algorithm == CompressionAlgorithm::zstd) return run_zstd(how.level, plain, out);
    return 0;
}

std::size_t Compressor::run_zlib(Bytes plain, MutableBytes out)
{
    auto& stream = contexts_->zlib;
    if (!contexts_->has_zlib) {
        if (deflateInit(&stream, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc();
        contexts_->has_zlib = true;
    }
    deflateReset(&stream);
    stream.next_in = in_pointer(plain);
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    return deflate(&stream, Z_FINISH) == Z_STREAM_END ? out.size() - stream.avail_out : 0;
}

std::size_t Compressor::run_zstd(int level, Bytes plain, MutableBytes out)
{
    auto*& context = contexts_->zstd;
    if (!context) context = ZSTD_createCCtx();
    if (!context) throw std::bad_alloc();
    const std::size_t size =
        ZSTD_compressCCtx(context, out.data(), out.size(), plain.data(), plain.size(), level);
    return ZSTD_isError(size) ? 0 : size;
}

struct Expander::Contexts {
    z_stream zlib{};
    bool has_zlib = false;
    ZSTD_DCtx* zstd = nullptr;

    ~Contexts()
    {
        if (has_zlib) inflateEnd(&zlib);
        ZSTD_freeDCtx(zstd);
    }
};

Expander::Expander() : contexts_(std::make_unique<Contexts>()) {}
Expander::~Expander() = default;

void Expander::begin(CompressionAlgorithm algorithm)
{
    algorithm_ = algorithm;
    auto& contexts = *contexts_;
    if (algorithm == CompressionAlgorithm::zlib) {
        if (!contexts.has_zlib && inflateInit(&contexts.zlib) != Z_OK) throw std::bad_alloc();
        contexts.has_zlib = true;
        inflateReset(&contexts.zlib);
    } else {
        if (!contexts.zstd) contexts.zstd = ZSTD_createDCtx();
        if (!contexts.zstd) throw std::bad_alloc();
        ZSTD_DCtx_reset(contexts.zstd, ZSTD_reset_session_only);
        ZSTD_DCtx_setParameter(contexts.zstd, ZSTD_d_windowLogMax, max_window_log);
    }
}

Expander::Step Expander::expand(Bytes in, MutableBytes out)
{
    return algorithm_ == CompressionAlgorithm::zlib ? expand_zlib(in, out) : expand_zstd(in, out);
}

Expander::Step Expander::expand_zlib(Bytes in, MutableBytes out)
{
    auto& stream = contexts_->zlib;
    stream.next_in = in_pointer(in);
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    Step step;
    step.consumed = in.size() - stream.avail_in;
    step.produced = out.size() - stream.avail_out;
    step.ended = result == Z_STREAM_END;
    // Z_BUF_ERROR: nothing could be done, for want of input or of room.
    step.broken = result != Z_STREAM_END && result != Z_OK && result != Z_BUF_ERROR;
    return step;
}

Expander::Step Expander::expand_zstd(Bytes in, MutableBytes out)
{
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(contexts_->zstd, &output, &input);
    Step step;
    step.broken = ZSTD_isError(result) != 0;
    step.consumed = input.pos;
    step.produced = output.pos;
    step.ended = result == 0;
    return step;
}

bool Expander::is_large() const
{
    return contexts_->zstd && ZSTD_sizeof_DCtx(contexts_->zstd) > largest_kept;
}

std::unique_ptr<Expander> CodecPool::take()
{
    if (kept_.empty()) return std::make_unique<Expander>();
    auto expander = std::move(kept_.back());
    kept_.pop_back();
    return expander;
}

void CodecPool::give_back(std::unique_ptr<Expander> expander)
{
    if (expander && kept_.size() < most_kept && !expander->is_large())
        kept_.push_back(std::move(expander));
}

CodecPool& CodecPool::of_this_thread()
{
    thread_local CodecPool pool;
    return pool;
}

}  // namespace pointsman::protocol
