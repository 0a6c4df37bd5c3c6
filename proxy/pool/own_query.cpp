#include "proxy/pool/own_query.hpp"

#include "protocol/exchange.hpp"
#include "protocol/messages/query.hpp"
#include "protocol/messages/resultset.hpp"
#include "protocol/packet.hpp"

#include <array>

namespace pointsman::proxy {

namespace {

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

std::optional<OwnTable> table_of(const std::vector<protocol::Bytes>& payloads,
                                 protocol::Capabilities caps)
{
    if (payloads.empty()) return std::nullopt;
    auto columns = protocol::decode_column_count(payloads.front(), caps);
    if (!columns || columns->count >= payloads.size()) return std::nullopt;
    OwnTable table;
    std::size_t first_row = 1;
    if (columns->metadata == protocol::ResultMetadata::full) {
        for (; first_row <= columns->count; ++first_row) {
            auto column = protocol::decode_column_definition(payloads[first_row], caps);
            if (column) table.columns.push_back(std::move(*column));
        }
        if (!(caps & protocol::capability::deprecate_eof)) ++first_row;
    }
    for (auto i = first_row; i + 1 < payloads.size(); ++i) {
        auto cells = protocol::decode_text_row(payloads[i], columns->count);
        if (!cells) return std::nullopt;
        auto& row = table.rows.emplace_back();
        for (const auto& cell : *cells)
            row.push_back(cell ? std::optional(std::string(protocol::as_text(*cell)))
                               : std::nullopt);
    }
    return table;
}

}  // namespace

net::Task<std::optional<std::vector<OwnRow>>> query_rows(BackendLink& link, std::string sql)
{
    auto table = co_await query_table(link, std::move(sql));
    if (!table) co_return std::nullopt;
    co_return std::move(table->rows);
}

net::Task<std::optional<OwnTable>> query_table(BackendLink& link, std::string sql,
                                                std::size_t most_bytes)
{
    protocol::Buffer wire;
    auto payload = protocol::encode_query(sql, link.negotiated);
    protocol::append_message(wire, payload, 0);
    link.broken = true;
    auto sent = co_await link.stream->write_all(wire);
    if (sent.status != net::IoStatus::ok) co_return std::nullopt;
    auto answer = co_await read_answer(link, most_bytes);
    if (!answer.complete) co_return std::nullopt;
    link.broken = false;
    co_return std::move(answer.table);
}

net::Task<OwnAnswer> read_answer(BackendLink& link, std::size_t most_bytes)
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
    } else {
        answer.table = table_of(payloads, link.negotiated);
    }
    co_return answer;
}

net::Task<std::optional<LoginVariables>> query_login_variables(BackendLink& link)
{
    static constexpr std::array<std::string_view, 6> names{
        "character_set_client", "character_set_connection", "character_set_results",
        "collation_connection", "sql_mode", "wait_timeout"};
    std::string question = "SELECT @@init_connect";
    for (auto name : names) question.append(",@@").append(name);
    auto rows = co_await query_rows(link, std::move(question));
    if (!rows || rows->size() != 1) co_return std::nullopt;
    const auto& row = rows->front();
    auto variables = std::make_shared<Variables>();
    // character_set_results may be NULL: written as the tracker writes it.
    for (std::size_t i = 0; i < names.size(); ++i)
        variables->emplace(names[i], row[i + 1].value_or(""));
    variables->emplace(results_collation, variables->find("collation_connection")->second);
    co_return LoginVariables{std::move(variables), row[0].value_or("")};
}

}  // namespace pointsman::proxy
