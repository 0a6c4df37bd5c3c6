#pragma once
// A cursor over one packet's payload. Every read is checked; the first one that fails makes the
// reader fail for good, and everything it then hands out is left as it was. So a decoder lists its
// fields in the manual's order and asks once, at the end, whether all went well.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_data_types.html

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pointsman::protocol {

class WireReader {
public:
    explicit WireReader(Bytes payload) : rest_(payload) {}

    /// Fixed-length integers, least significant byte first. `out` may be wider than the field.
    template <std::unsigned_integral T>
    WireReader& read_int1(T& out)
    {
        return read_int<1>(out);
    }
    template <std::unsigned_integral T>
    WireReader& read_int2(T& out)
    {
        return read_int<2>(out);
    }
    template <std::unsigned_integral T>
    WireReader& read_int3(T& out)
    {
        return read_int<3>(out);
    }
    template <std::unsigned_integral T>
    WireReader& read_int4(T& out)
    {
        return read_int<4>(out);
    }
    template <std::unsigned_integral T>
    WireReader& read_int6(T& out)
    {
        return read_int<6>(out);
    }
    template <std::unsigned_integral T>
    WireReader& read_int8(T& out)
    {
        return read_int<8>(out);
    }

    /// int<lenenc>. 0xfb (NULL) and 0xff are no integers: bad_value.
    WireReader& read_lenenc(std::uint64_t& out);

    /// Strings go to std::string or Buffer (copied), std::string_view or Bytes (borrowed from the
    /// payload).
    template <class Out>
    WireReader& read_fixed(std::uint64_t size, Out& out)
    {
        return give(take(size), out);
    }
    /// string<NUL>; the NUL must be there.
    template <class Out>
    WireReader& read_nul(Out& out)
    {
        return give(take_nul(NulAtEnd::required), out);
    }
    /// string<NUL> as the last field, where some senders leave the NUL out.
    template <class Out>
    WireReader& read_nul_or_eof(Out& out)
    {
        return give(take_nul(NulAtEnd::optional), out);
    }
    template <class Out>
    WireReader& read_lenenc_string(Out& out)
    {
        return give(take_lenenc(), out);
    }
    /// Everything that is left.
    template <class Out>
    WireReader& read_eof(Out& out)
    {
        return give(take(rest_.size()), out);
    }

    /// string<lenenc>, or 0xfb for NULL (nothing), as text rows have it.
    WireReader& read_nullable(std::optional<Bytes>& out);

    WireReader& skip(std::uint64_t size);
    /// The next byte must be `expected`.
    WireReader& expect_int1(Byte expected);

    /// Makes the reader fail, unless it has failed already.
    WireReader& fail(Errc error);

    bool failed() const { return failed_; }
    Errc error() const { return error_; }
    std::size_t remaining() const { return rest_.size(); }
    Bytes rest() const { return rest_; }
    /// The next byte, without moving on.
    std::optional<Byte> peek() const
    {
        return rest_.empty() ? std::nullopt : std::optional<Byte>(rest_.front());
    }

    /// `value`, if nothing failed and the payload is used up.
    template <class T>
    Result<T> finished_or_error(T value)
    {
        if (!rest_.empty()) fail(Errc::trailing_bytes);
        return value_or_error(std::move(value));
    }
    /// `value`, if nothing failed; more bytes may follow.
    template <class T>
    Result<T> value_or_error(T value) const
    {
        if (failed_) return make_error_code(error_);
        return value;
    }

private:
    enum class NulAtEnd : std::uint8_t { required, optional };

    Bytes take(std::uint64_t size);
    Bytes take_nul(NulAtEnd nul);
    Bytes take_lenenc();

    template <int Size, std::unsigned_integral T>
    WireReader& read_int(T& out)
    {
        static_assert(sizeof(T) >= Size, "the field does not fit");
        const Bytes bytes = take(Size);
        if (failed_) return *this;
        std::uint64_t value = 0;
        for (int i = 0; i < Size; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
        out = static_cast<T>(value);
        return *this;
    }

    WireReader& give(Bytes bytes, std::string& out)
    {
        if (!failed_) out.assign(as_text(bytes));
        return *this;
    }
    WireReader& give(Bytes bytes, std::string_view& out)
    {
        if (!failed_) out = as_text(bytes);
        return *this;
    }
    WireReader& give(Bytes bytes, Buffer& out)
    {
        if (!failed_) out.assign(bytes.begin(), bytes.end());
        return *this;
    }
    WireReader& give(Bytes bytes, Bytes& out)
    {
        if (!failed_) out = bytes;
        return *this;
    }

    Bytes rest_;
    Errc error_ = Errc::truncated;
    bool failed_ = false;
};

}  // namespace pointsman::protocol
