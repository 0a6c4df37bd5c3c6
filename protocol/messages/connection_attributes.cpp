#include "protocol/messages/connection_attributes.hpp"

namespace pointsman::protocol {

namespace {
constexpr std::size_t max_size = 65535;  // what servers take
}  // namespace

void read_attributes(WireReader& in, ConnectionAttributes& attributes)
{
    Bytes field;
    in.read_lenenc_string(field);
    if (field.size() > max_size) in.fail(Errc::message_too_large);
    if (in.failed()) return;

    WireReader pairs(field);
    while (pairs.remaining() != 0) {
        std::pair<std::string, std::string> attribute;
        pairs.read_lenenc_string(attribute.first).read_lenenc_string(attribute.second);
        if (pairs.failed()) break;
        attributes.push_back(std::move(attribute));
    }
    if (pairs.failed()) in.fail(pairs.error());
}

void write_attributes(WireWriter& out, const ConnectionAttributes& attributes)
{
    Buffer field;
    WireWriter pairs(field);
    for (const auto& [key, value] : attributes) {
        const std::size_t before = field.size();
        pairs.lenenc_text(key).lenenc_text(value);
        if (field.size() > max_size) field.resize(before);
    }
    out.lenenc_bytes(field);
}

}  // namespace pointsman::protocol
