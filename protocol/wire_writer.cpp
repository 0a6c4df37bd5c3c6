#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

WireWriter& WireWriter::integer(std::uint64_t value, int size)
{
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<Byte>(value >> (8 * i)));
    return *this;
}

WireWriter& WireWriter::lenenc(std::uint64_t value)
{
    switch (lenenc_size(value)) {
        case 1:
            return int1(value);
        case 3:
            return int1(0xfc).int2(value);
        case 4:
            return int1(0xfd).int3(value);
        default:
            return int1(0xfe).int8(value);
    }
}

WireWriter& WireWriter::bytes(Bytes bytes)
{
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
}

WireWriter& WireWriter::nul_text(std::string_view text)
{
    return this->text(text.substr(0, text.find('\0'))).int1(0);
}

WireWriter& WireWriter::lenenc_bytes(Bytes bytes)
{
    return lenenc(bytes.size()).bytes(bytes);
}

WireWriter& WireWriter::zeros(std::size_t count)
{
    out_.insert(out_.end(), count, Byte{0});
    return *this;
}

std::size_t lenenc_size(std::uint64_t value)
{
    if (value < 0xfb) return 1;
    if (value <= 0xffff) return 3;
    if (value <= 0xffffff) return 4;
    return 9;
}

}  // namespace pointsman::protocol
