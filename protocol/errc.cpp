#include "protocol/errc.hpp"

#include <string>

namespace pointsman::protocol {

namespace {

// Boost's base class has no virtual destructor; nobody deletes a category.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class ProtocolCategory final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "mysql protocol"; }

    std::string message(int code) const override
    {
        switch (static_cast<Errc>(code)) {
            case Errc::truncated:
                return "a field reaches past the end of its packet";
            case Errc::trailing_bytes:
                return "a packet goes on after its last field";
            case Errc::bad_value:
                return "a field holds a value that is not defined";
            case Errc::bad_sequence:
                return "a packet's sequence id is not the expected one";
            case Errc::message_too_large:
                return "a message is larger than the limit";
            case Errc::unexpected_packet:
                return "a packet that may not come at this point";
            case Errc::unsupported:
                return "a part of the protocol that is not spoken here";
        }
        return "unknown error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& protocol_category() noexcept
{
    static const ProtocolCategory category;
    return category;
}

}  // namespace pointsman::protocol
