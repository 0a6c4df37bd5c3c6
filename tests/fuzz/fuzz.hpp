#pragma once
// What the fuzz targets share: an input that can be taken apart, and a check that stays in force
// whatever the build type.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace pointsman::tests {

/// Ends the program, so that the fuzzer (or the replay) takes the input for a crash.
inline void require(bool holds, const char* what)
{
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

/// The front of an input decides how the rest is used.
class FuzzInput {
public:
    FuzzInput(const protocol::Byte* bytes, std::size_t size) : rest_(bytes, size) {}

    /// The next byte; 0 when there is none.
    protocol::Byte take_byte()
    {
        if (rest_.empty()) return 0;
        const protocol::Byte byte = rest_.front();
        rest_ = rest_.subspan(1);
        return byte;
    }

    /// One of the capability sets that make a difference to the packets' form.
    protocol::Capabilities take_capabilities()
    {
        using namespace protocol::capability;
        constexpr protocol::Capabilities flags[] = {
            session_track,    deprecate_eof,     optional_resultset_metadata,
            query_attributes, connect_attrs,     mariadb_extended_metadata,
            plugin_auth,      secure_connection,
        };
        const protocol::Byte choice = take_byte();
        protocol::Capabilities capabilities = mysql | protocol_41 | transactions;
        for (std::size_t i = 0; i < std::size(flags); ++i)
            if ((choice >> i & 1) != 0) capabilities |= flags[i];
        return capabilities;
    }

    protocol::Bytes rest() const { return rest_; }

private:
    protocol::Bytes rest_;
};

}  // namespace pointsman::tests
