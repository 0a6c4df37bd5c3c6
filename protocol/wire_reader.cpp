#include "protocol/wire_reader.hpp"

#include <algorithm>

namespace pointsman::protocol {

namespace {
constexpr Byte null_marker = 0xfb;
}  // namespace

WireReader& WireReader::read_lenenc(std::uint64_t& out)
{
    Byte first = 0;
    read_int1(first);
    if (failed_) return *this;
    switch (first) {
        case 0xfc:
            return read_int2(out);
        case 0xfd:
            return read_int3(out);
        case 0xfe:
            return read_int8(out);
        case null_marker:
        case 0xff:
            return fail(Errc::bad_value);
        default:
            out = first;
            return *this;
    }
}

WireReader& WireReader::read_nullable(std::optional<Bytes>& out)
{
    if (peek() == null_marker) {
        out = std::nullopt;
        return skip(1);
    }
    const Bytes bytes = take_lenenc();
    if (!failed_) out = bytes;
    return *this;
}

WireReader& WireReader::skip(std::uint64_t size)
{
    take(size);
    return *this;
}

WireReader& WireReader::expect_int1(Byte expected)
{
    Byte byte = 0;
    read_int1(byte);
    if (!failed_ && byte != expected) fail(Errc::bad_value);
    return *this;
}

WireReader& WireReader::fail(Errc error)
{
    if (failed_) return *this;
    failed_ = true;
    error_ = error;
    rest_ = {};
    return *this;
}

Bytes WireReader::take(std::uint64_t size)
{
    if (size > rest_.size()) {
        fail(Errc::truncated);
        return {};
    }
    const Bytes taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
}

Bytes WireReader::take_nul(NulAtEnd nul)
{
    const auto end = std::find(rest_.begin(), rest_.end(), Byte{0});
    const bool found = end != rest_.end();
    if (!found && nul == NulAtEnd::required) {
        fail(Errc::truncated);
        return {};
    }
    const Bytes taken = take(static_cast<std::uint64_t>(end - rest_.begin()));
    if (found) skip(1);
    return taken;
}

Bytes WireReader::take_lenenc()
{
    std::uint64_t size = 0;
    read_lenenc(size);
    return failed_ ? Bytes{} : take(size);
}

}  // namespace pointsman::protocol
