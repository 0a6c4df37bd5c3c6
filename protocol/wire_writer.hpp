#pragma once
// Appends the protocol's basic types to a buffer. It can't fail; that a value fits its field is the
// caller's business (integers are cut to the field's width).

#include "protocol/bytes.hpp"

#include <string_view>

namespace pointsman::protocol {

class WireWriter {
public:
    /// `out` must outlive the writer; what it holds already is kept.
    explicit WireWriter(Buffer& out) : out_(out) {}

    WireWriter& int1(std::uint64_t value) { return integer(value, 1); }
    WireWriter& int2(std::uint64_t value) { return integer(value, 2); }
    WireWriter& int3(std::uint64_t value) { return integer(value, 3); }
    WireWriter& int4(std::uint64_t value) { return integer(value, 4); }
    WireWriter& int6(std::uint64_t value) { return integer(value, 6); }
    WireWriter& int8(std::uint64_t value) { return integer(value, 8); }
    /// int<lenenc>, in its shortest form.
    WireWriter& lenenc(std::uint64_t value);

    WireWriter& bytes(Bytes bytes);
    WireWriter& text(std::string_view text) { return bytes(as_bytes(text)); }
    /// string<NUL>; `text` is cut at a NUL of its own.
    WireWriter& nul_text(std::string_view text);
    WireWriter& lenenc_bytes(Bytes bytes);
    WireWriter& lenenc_text(std::string_view text) { return lenenc_bytes(as_bytes(text)); }
    WireWriter& zeros(std::size_t count);
    /// NULL in a text row.
    WireWriter& null() { return int1(0xfb); }

private:
    WireWriter& integer(std::uint64_t value, int size);
    Buffer& out_;
};

/// How many bytes int<lenenc> takes for `value`.
std::size_t lenenc_size(std::uint64_t value);

}  // namespace pointsman::protocol
