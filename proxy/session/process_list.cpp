#include "proxy/session/process_list.hpp"

#include "protocol/messages/resultset.hpp"
#include "protocol/packet.hpp"

#include <charconv>
#include <string>

namespace pointsman::proxy {

namespace {

using Ids = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// The session's id in place of the first cell; nothing when the row is nobody's here.
protocol::Buffer row_with_session_id(protocol::Bytes row, const Ids& ids)
{
    constexpr std::size_t most_digits = 20;
    if (row.empty() || row[0] == 0 || row[0] > most_digits || row.size() <= row[0]) return {};
    auto cell = protocol::as_text(row.subspan(1, row[0]));
    std::uint32_t id = 0;
    auto [stop, error] = std::from_chars(cell.data(), cell.data() + cell.size(), id);
    if (error != std::errc{} || stop != cell.data() + cell.size()) return {};
    for (auto [at_server, session] : ids) {
        if (at_server != id) continue;
        auto own = std::to_string(session);
        protocol::Buffer edited{static_cast<protocol::Byte>(own.size())};
        edited.insert(edited.end(), own.begin(), own.end());
        auto rest = row.subspan(1 + cell.size());
        edited.insert(edited.end(), rest.begin(), rest.end());
        return edited;
    }
    return {};
}

}  // namespace

std::size_t packets_before_rows(protocol::Bytes first, protocol::Capabilities negotiated)
{
    bool is_status = first.empty() || first[0] == 0 || first[0] > 0xfa;
    auto columns = is_status ? protocol::Result<protocol::ColumnCount>(protocol::ColumnCount{})
                             : protocol::decode_column_count(first, negotiated);
    if (!columns || columns->count == 0) return 0;
    bool has_eof = (negotiated & protocol::capability::deprecate_eof) == 0;
    bool has_definitions = columns->metadata == protocol::ResultMetadata::full;
    return 1 + (has_definitions ? columns->count : 0) + (has_eof ? 1 : 0);
}

protocol::Buffer with_session_ids_in_rows(protocol::Bytes answer, protocol::Capabilities negotiated,
                                          const Ids& ids)
{
    protocol::Buffer out;
    std::size_t number = 0, before_rows = 0;
    bool goes_on = false;  // the packet before this one was a part of a longer row
    while (auto header = protocol::peek_header(answer)) {
        if (answer.size() < header->wire_size()) break;
        auto packet = answer.first(header->wire_size());
        auto payload = packet.subspan(protocol::packet_header_size);
        if (number == 0) before_rows = packets_before_rows(payload, negotiated);
        bool is_row = before_rows != 0 && number >= before_rows && !goes_on && !header->continues();
        auto edited = is_row ? row_with_session_id(payload, ids) : protocol::Buffer{};
        if (edited.empty())
            out.insert(out.end(), packet.begin(), packet.end());
        else
            protocol::append_message(out, edited, header->sequence);
        goes_on = header->continues();
        ++number;
        answer = answer.subspan(header->wire_size());
    }
    out.insert(out.end(), answer.begin(), answer.end());
    return out;
}

}  // namespace pointsman::proxy
