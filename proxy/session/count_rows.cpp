#include "proxy/session/count_rows.hpp"

#include "protocol/packet.hpp"

#include "proxy/session/process_list.hpp"

namespace pointsman::proxy {

namespace {

using protocol::sql::CountColumn;

constexpr std::size_t value_size = 8;

void write_int8(protocol::MutableBytes out, std::uint64_t value)
{
    for (auto& byte : out) {
        byte = static_cast<protocol::Byte>(value & 0xff);
        value >>= 8;
    }
}

/// header 0x00, null_bitmap, values
void put_counts(protocol::MutableBytes row, const std::vector<CountColumn>& columns,
                const protocol::sql::ResultCounts& counts)
{
    constexpr std::size_t reserved_bits = 2;
    std::size_t at = 1 + (columns.size() + reserved_bits + 7) / 8;
    if (row.size() != at + value_size * columns.size() || row[0] != 0) return;
    for (auto column : columns) {
        auto value = row.subspan(at, value_size);
        if (column == CountColumn::row_count)
            write_int8(value, static_cast<std::uint64_t>(*counts.row_count));
        if (column == CountColumn::found_rows) write_int8(value, *counts.found_rows);
        at += value_size;
    }
}

}  // namespace

protocol::Buffer with_counts_in_rows(protocol::Buffer answer, protocol::Capabilities negotiated,
                                     const std::vector<CountColumn>& columns,
                                     const protocol::sql::ResultCounts& counts)
{
    std::size_t number = 0, before_rows = 0, at = 0;
    while (auto header = protocol::peek_header(protocol::Bytes(answer).subspan(at))) {
        if (answer.size() - at < header->wire_size()) break;
        auto packet = protocol::MutableBytes(answer).subspan(at, header->wire_size());
        auto payload = packet.subspan(protocol::packet_header_size);
        if (number == 0) before_rows = packets_before_rows(payload, negotiated);
        bool is_row = before_rows != 0 && number >= before_rows;
        if (is_row) put_counts(payload, columns, counts);
        ++number;
        at += header->wire_size();
    }
    return answer;
}

}  // namespace pointsman::proxy
