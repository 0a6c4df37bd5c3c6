#include "proxy/pool/own_query.hpp"

#include "protocol/exchange.hpp"
#include "protocol/messages/query.hpp"
#include "protocol/messages/resultset.hpp"
#include "protocol/packet.hpp"

namespace pointsman::proxy {

namespace {

constexpr std::size_t most_bytes = 1u << 20;

/// Payloads of the packets in a whole answer.
std::vector<protocol::Bytes> split(protocol::Bytes answer)
{
    std::vector<protocol::Bytes> payloads;
    while (auto header = protocol::peek_header(answer)) {
        if (answer.size() < header->wire_size()) break;
        payloads.push_back(answer.subspan(protocol::packet_header_size, header->payload_size));
        answer = answer.subspan(header->wire_size());
    }
    return payloads;
}

std::optional<std::vector<OwnRow>> rows_of(const std::vector<protocol::Bytes>& payloads,
                                           protocol::Capabilities caps)
{
    if (payloads.empty()) return std::nullopt;
    auto columns = protocol::decode_column_count(payloads.front(), caps);
    if (!columns) return std::nullopt;
    bool has_eof = !(caps & protocol::capability::deprecate_eof);
    bool described = columns->metadata == protocol::ResultMetadata::full;
    std::size_t first_row = 1 + (described ? columns->count + (has_eof ? 1 : 0) : 0);
    std::vector<OwnRow> rows;
    for (auto i = first_row; i + 1 < payloads.size(); ++i) {
        auto cells = protocol::decode_text_row(payloads[i], columns->count);
        if (!cells) return std::nullopt;
        auto& row = rows.emplace_back();
        for (const auto& cell : *cells)
            row.push_back(cell ? std::optional(std::string(protocol::as_text(*cell)))
                               : std::nullopt);
    }
    return rows;
}

}  // namespace

net::Task<std::optional<std::vector<OwnRow>>> query_rows(BackendLink& link, std::string sql)
{
    protocol::Buffer wire;
    auto payload = protocol::encode_query(sql, link.negotiated);
    protocol::append_message(wire, payload, 0);
    link.broken = true;
    auto sent = co_await link.stream->write_all(wire);
    if (sent.status != net::IoStatus::ok) co_return std::nullopt;
    auto answer = co_await read_answer(link);
    if (!answer.complete) co_return std::nullopt;
    link.broken = false;
    if (answer.error.code != 0) co_return std::nullopt;
    co_return std::move(answer.rows);
}

net::Task<OwnAnswer> read_answer(BackendLink& link)
{
    protocol::Exchange exchange(protocol::Command::query, link.negotiated);
    protocol::Buffer bytes;
    OwnAnswer answer;
    for (;;) {
        auto data = link.buffer.data();
        auto progress = exchange.on_backend_bytes(data);
        if (!progress) co_return answer;
        auto used = progress->forward + progress->held_size;
        bytes.insert(bytes.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(used));
        link.buffer.consume(used);
        if (progress->finished) break;
        if (used > 0) continue;
        if (bytes.size() > most_bytes) co_return answer;
        auto room = link.buffer.prepare();
        auto got = co_await link.stream->read_some(room);
        if (got.status != net::IoStatus::ok) co_return answer;
        link.buffer.commit(got.bytes);
    }
    auto payloads = split(bytes);
    answer.complete = !payloads.empty();
    if (exchange.report().error_code != 0) {
        auto error = protocol::decode_err(payloads.back());
        answer.complete = error.has_value();
        if (error) answer.error = std::move(*error);
    } else if (auto rows = rows_of(payloads, link.negotiated)) {
        answer.rows = std::move(*rows);
    }
    co_return answer;
}

}  // namespace pointsman::proxy
