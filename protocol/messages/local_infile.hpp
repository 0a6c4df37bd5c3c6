#pragma once
// LOAD DATA LOCAL: the server's request for a file in place of a result, and the packets that the
// client answers with.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_local_infile_request.html

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"
#include "protocol/packet.hpp"

#include <array>
#include <string>
#include <string_view>

namespace pointsman::protocol {

constexpr Byte local_infile_header = 0xfb;

/// The name of the file that the server asks for.
Result<std::string> decode_local_infile_request(Bytes payload);
Buffer encode_local_infile_request(std::string_view file_name);

/// Finds the end of the client's file: an empty packet. The bytes before it pass on unlooked at,
/// nothing is kept.
class InfileStream {
public:
    struct Progress {
        std::size_t forward = 0;  // bytes at the front that belong to the file
        bool finished = false;    // the file ends exactly after them
    };

    /// `first_sequence`: what the client's first packet must have (the request's + 1).
    explicit InfileStream(std::uint8_t first_sequence) : sequence_(first_sequence) {}

    /// All bytes are taken, up to the file's end.
    Result<Progress> on_client_bytes(Bytes bytes);
    /// The sequence id that the server's answer begins with, once finished.
    std::uint8_t next_sequence() const { return sequence_; }

private:
    std::array<Byte, packet_header_size> header_{};
    std::size_t header_size_ = 0;
    std::size_t payload_left_ = 0;
    std::uint8_t sequence_;
};

}  // namespace pointsman::protocol
