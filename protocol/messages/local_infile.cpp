#include "protocol/messages/local_infile.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

#include <algorithm>

namespace pointsman::protocol {

// header int<1> 0xfb, filename string<EOF>.
Result<std::string> decode_local_infile_request(Bytes payload)
{
    WireReader in(payload);
    std::string name;
    in.expect_int1(local_infile_header).read_eof(name);
    return in.finished_or_error(std::move(name));
}

Buffer encode_local_infile_request(std::string_view file_name)
{
    Buffer payload;
    WireWriter(payload).int1(local_infile_header).text(file_name);
    return payload;
}

Result<InfileStream::Progress> InfileStream::on_client_bytes(Bytes bytes)
{
    Progress progress;
    while (progress.forward < bytes.size() && !progress.finished) {
        if (payload_left_ > 0) {
            const std::size_t size = std::min(payload_left_, bytes.size() - progress.forward);
            progress.forward += size;
            payload_left_ -= size;
            continue;
        }
        header_[header_size_++] = bytes[progress.forward++];
        if (header_size_ < packet_header_size) continue;

        const PacketHeader header = *peek_header(header_);
        header_size_ = 0;
        if (header.sequence != sequence_) return make_error_code(Errc::bad_sequence);
        sequence_ += 1;
        payload_left_ = header.payload_size;
        progress.finished = header.payload_size == 0;
    }
    return progress;
}

}  // namespace pointsman::protocol
