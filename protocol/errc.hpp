#pragma once
// What can be wrong with bytes that claim to be MySQL's protocol. "More bytes are needed" is not an
// error: it is a value of the framer and of the exchange.

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace pointsman::protocol {

enum class Errc {
    truncated = 1,      // a field reaches past the end of its packet
    trailing_bytes,     // a packet goes on after its last field
    bad_value,          // a field holds a value that the manual does not define
    bad_sequence,       // a packet's sequence id is not the expected one
    message_too_large,  // a message is larger than the configured limit
    unexpected_packet,  // a well-formed packet that may not come at this point
    unsupported,        // understood, but not spoken here
};

const boost::system::error_category& protocol_category() noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept
{
    return {static_cast<int>(code), protocol_category()};
}

/// A decoded value, or the reason why there is none.
template <class T>
using Result = boost::system::result<T>;

}  // namespace pointsman::protocol

template <>
struct boost::system::is_error_code_enum<pointsman::protocol::Errc> : std::true_type {
};
