#pragma once
// What a backend answers to commands, written packet by packet as MySQL 9.7 was seen to write it.
// It is made without Exchange and without the message encoders, so that it can judge them.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/packet.hpp"
#include "protocol/server_status.hpp"
#include "protocol/wire_writer.hpp"

#include <cstdint>
#include <string>

namespace pointsman::tests {

class ResponseWriter {
public:
    explicit ResponseWriter(protocol::Capabilities capabilities) : capabilities_(capabilities) {}

    struct ResultSet {
        std::size_t columns = 1;
        std::size_t rows = 1;
        std::size_t value_size = 3;
        std::uint16_t status = protocol::server_status::autocommit;
        std::uint16_t definitions_status = 0;  // 0: as `status`
        bool with_metadata = true;
    };

    ResponseWriter& packet(protocol::Bytes payload)
    {
        sequence_ = protocol::append_message(bytes_, payload, sequence_);
        return *this;
    }

    ResponseWriter& ok(std::uint16_t status = protocol::server_status::autocommit,
                       std::uint64_t affected_rows = 0, std::uint64_t last_insert_id = 0,
                       protocol::Byte header = 0x00)
    {
        protocol::Buffer payload;
        protocol::WireWriter out(payload);
        out.int1(header).lenenc(affected_rows).lenenc(last_insert_id).int2(status).int2(warnings_);
        if ((status & protocol::server_status::session_state_changed) != 0)
            out.lenenc_text("").lenenc_text(std::string("\x01\x05\x04shop", 7));
        return packet(payload);
    }

    ResponseWriter& err(std::uint16_t code = 1064)
    {
        protocol::Buffer payload;
        protocol::WireWriter(payload).int1(0xff).int2(code).text("#42000You have an error");
        return packet(payload);
    }

    /// EOF, or the OK that replaces it.
    ResponseWriter& end(std::uint16_t status = protocol::server_status::autocommit)
    {
        if (has(protocol::capability::deprecate_eof)) return ok(status, 0, 0, 0xfe);
        return true_eof(status);
    }

    ResponseWriter& true_eof(std::uint16_t status = protocol::server_status::autocommit)
    {
        protocol::Buffer payload;
        protocol::WireWriter(payload).int1(0xfe).int2(warnings_).int2(status);
        return packet(payload);
    }

    ResponseWriter& definition()
    {
        protocol::Buffer payload;
        protocol::WireWriter(payload).lenenc_text("def").zeros(3).lenenc_text("a").zeros(14);
        return packet(payload);
    }

    /// Definitions and the EOF behind them; nothing of either for a group of none.
    ResponseWriter& definitions(std::size_t count, std::uint16_t status, bool with_metadata = true)
    {
        if (count == 0) return *this;
        for (std::size_t i = 0; with_metadata && i < count; ++i) definition();
        if (!has(protocol::capability::deprecate_eof)) true_eof(status);
        return *this;
    }

    /// Up to the rows.
    ResponseWriter& result_head(const ResultSet& set)
    {
        protocol::Buffer payload;
        protocol::WireWriter out(payload);
        out.lenenc(set.columns);
        if (has(protocol::capability::optional_resultset_metadata)) out.int1(set.with_metadata);
        packet(payload);
        const auto status = set.definitions_status == 0 ? set.status : set.definitions_status;
        return definitions(set.columns, status, set.with_metadata);
    }

    /// A text row; its first column is NULL (0xfb) in every second one.
    ResponseWriter& row(const ResultSet& set, std::size_t number = 0)
    {
        protocol::Buffer payload;
        protocol::WireWriter out(payload);
        for (std::size_t column = 0; column < set.columns; ++column) {
            if (column == 0 && number % 2 == 1)
                out.null();
            else
                out.lenenc_text(std::string(set.value_size, 'v'));
        }
        return packet(payload);
    }

    ResponseWriter& result_set(const ResultSet& set)
    {
        result_head(set);
        for (std::size_t i = 0; i < set.rows; ++i) row(set, i);
        return end(set.status);
    }

    ResponseWriter& prepare_ok(std::uint32_t id, std::uint16_t columns, std::uint16_t parameters,
                               bool with_metadata = true)
    {
        protocol::Buffer payload;
        protocol::WireWriter out(payload);
        out.int1(0).int4(id).int2(columns).int2(parameters).int1(0).int2(warnings_);
        if (has(protocol::capability::optional_resultset_metadata)) out.int1(with_metadata);
        packet(payload);
        definitions(parameters, protocol::server_status::autocommit, with_metadata);
        return definitions(columns, protocol::server_status::autocommit, with_metadata);
    }

    ResponseWriter& warnings(std::uint16_t count)
    {
        warnings_ = count;
        return *this;
    }

    const protocol::Buffer& bytes() const { return bytes_; }

private:
    bool has(protocol::Capabilities flags) const { return (capabilities_ & flags) != 0; }

    protocol::Capabilities capabilities_;
    protocol::Buffer bytes_;
    std::uint16_t warnings_ = 0;
    std::uint8_t sequence_ = 1;
};

}  // namespace pointsman::tests
