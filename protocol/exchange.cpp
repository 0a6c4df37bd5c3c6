#include "protocol/exchange.hpp"

#include "protocol/server_status.hpp"
#include "protocol/wire_reader.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::protocol {
namespace {

// First bytes that mean something. 0xff begins an ERR everywhere, 0x00 and 0xfb only in the first
// packet of a response, 0xfe is ruled by the payload's size.
constexpr Byte ok_byte = 0x00;
constexpr Byte auth_more_data_byte = 0x01;
constexpr Byte auth_next_factor_byte = 0x02;
constexpr Byte local_infile_byte = 0xfb;
constexpr Byte eof_byte = 0xfe;
constexpr Byte err_byte = 0xff;

constexpr Byte fast_auth_ok = 0x03;  // caching_sha2_password: an OK follows at once

// An EOF has 5 bytes, an OK at least 7; no row that begins with 0xfe is shorter than 16 MiB.
constexpr std::size_t shortest_ok = 7;
constexpr std::size_t longest_eof = 8;

// MariaDB's progress reports look like an ERR with this number, and end nothing. Where nobody asked
// for them it is an error like others: SIGNAL may choose it.
constexpr std::uint16_t progress_report = 0xffff;

constexpr Capabilities metadata_is_optional =
    capability::optional_resultset_metadata | capability::mariadb_cache_metadata;

// Anything beyond is no answer of a real server. Tables have at most 4096 columns, but a SELECT of
// more than 65535 expressions works (measured with MySQL 9.7).
constexpr std::uint64_t most_columns = 0xffffff;

struct StatusFields {
    std::uint64_t affected_rows = 0;
    std::uint64_t last_insert_id = 0;
    std::uint16_t status = 0;
    std::uint16_t warnings = 0;
};

// OK_Packet: header, affected_rows lenenc, last_insert_id lenenc, status int<2>, warnings int<2>, …
// EOF_Packet: header, warnings int<2>, status int<2>
// The size tells them apart: servers send a real EOF at some places under CLIENT_DEPRECATE_EOF too
// (MySQL 9.7 does at the end of a non-blocking COM_BINLOG_DUMP).
Result<StatusFields> read_status(Bytes payload)
{
    StatusFields fields;
    WireReader in{payload};
    in.skip(1);
    if (payload[0] == eof_byte && payload.size() < shortest_ok)
        in.read_int2(fields.warnings).read_int2(fields.status);
    else
        in.read_lenenc(fields.affected_rows)
            .read_lenenc(fields.last_insert_id)
            .read_int2(fields.status)
            .read_int2(fields.warnings);
    return in.value_or_error(fields);
}

}  // namespace

Exchange::Exchange(Command command, Capabilities negotiated)
    : negotiated_(negotiated),
      command_(command),
      shape_(traits_of(command).response),
      phase_(Phase::first)
{
    switch (shape_) {
        case ResponseShape::none:
            phase_ = Phase::done;
            break;
        case ResponseShape::rows:
        case ResponseShape::column_definitions:
        case ResponseShape::stream:
            phase_ = Phase::rows;
            break;
        case ResponseShape::one_packet:
        case ResponseShape::text:
        case ResponseShape::result_sets:
        case ResponseShape::prepare:
        case ResponseShape::authentication:
        case ResponseShape::refused:
            break;
    }
}

void Exchange::on_client_done()
{
    if (phase_ == Phase::client_turn) phase_ = Phase::first;
}

Result<Progress> Exchange::on_backend_bytes(Bytes bytes)
{
    Progress progress;
    wanted_ = 0;
    while (phase_ != Phase::done && phase_ != Phase::client_turn && progress.held == Held::none) {
        const Bytes rest = bytes.subspan(progress.forward);
        const Kind kind = kind_at_front(rest);
        if (kind == Kind::incomplete) return progress;
        if (kind == Kind::broken) return make_error_code(Errc::unexpected_packet);
        if (kind == Kind::passing) {
            progress.forward += pass_on(rest);
            continue;
        }
        const PacketHeader header = *peek_header(rest);
        if (header.continues()) return make_error_code(Errc::message_too_large);
        if (rest.size() < header.wire_size()) {
            wanted_ = header.wire_size();
            return progress;
        }
        const Bytes payload = rest.subspan(packet_header_size, header.payload_size);
        const auto held = kind == Kind::error ? on_error(payload) : on_status(payload);
        if (!held) return held.error();
        if (*held == Held::none)
            progress.forward += header.wire_size();
        else
            progress.held_size = header.wire_size();
        progress.held = *held;
    }
    progress.finished = phase_ == Phase::done;
    return progress;
}

Exchange::Kind Exchange::kind_at_front(Bytes rest) const
{
    if (skip_ != 0) return rest.empty() ? Kind::incomplete : Kind::passing;
    const auto header = peek_header(rest);
    if (!header) return Kind::incomplete;
    if (skip_continues_) return Kind::passing;  // its first byte means nothing
    if (header->payload_size == 0) return Kind::broken;
    if (rest.size() == packet_header_size) return Kind::incomplete;
    return kind_of_packet(*header, rest[packet_header_size]);
}

Exchange::Kind Exchange::kind_of_packet(PacketHeader header, Byte first_byte) const
{
    if (first_byte == err_byte) return Kind::error;
    switch (phase_) {
        case Phase::first:
            return Kind::status;
        case Phase::definitions:
            return Kind::passing;
        case Phase::definitions_end:
            return first_byte == eof_byte && header.payload_size <= longest_eof ? Kind::status
                                                                                : Kind::broken;
        case Phase::rows: {
            if (first_byte != eof_byte) return Kind::passing;
            // As a row's first byte 0xfe announces a value of 16 MiB at least.
            if (header.continues()) return Kind::passing;
            const bool is_end =
                has(capability::deprecate_eof) || header.payload_size <= longest_eof;
            return is_end ? Kind::status : Kind::broken;
        }
        case Phase::client_turn:
        case Phase::done:
            break;
    }
    return Kind::broken;
}

// As much of the packet at the front, or under way, as has come.
std::size_t Exchange::pass_on(Bytes rest)
{
    if (skip_ == 0) {
        const PacketHeader header = *peek_header(rest);
        if (phase_ == Phase::rows && !skip_continues_) ++report_.rows;
        skip_ = static_cast<std::uint32_t>(header.wire_size());
        skip_continues_ = header.continues();
        first_packet_ = false;
    }
    const auto passed = static_cast<std::uint32_t>(std::min<std::size_t>(skip_, rest.size()));
    skip_ -= passed;
    const bool message_ends = skip_ == 0 && !skip_continues_;
    if (message_ends && phase_ == Phase::definitions && --definitions_left_ == 0)
        after_definitions();
    return passed;
}

Result<Held> Exchange::on_status(Bytes payload)
{
    first_packet_ = false;
    switch (phase_) {
        case Phase::first:
            return on_first(payload);
        case Phase::definitions_end:
            return on_definitions_end(payload);
        case Phase::rows:
            return on_ok_or_eof(payload);
        case Phase::definitions:
        case Phase::client_turn:
        case Phase::done:
            break;
    }
    return make_error_code(Errc::unexpected_packet);
}

Result<Held> Exchange::on_first(Bytes payload)
{
    const Byte first_byte = payload[0];
    switch (shape_) {
        case ResponseShape::one_packet:
        case ResponseShape::refused:
            if (first_byte == ok_byte || first_byte == eof_byte) return on_ok_or_eof(payload);
            break;
        case ResponseShape::text:
            phase_ = Phase::done;
            return Held::none;
        case ResponseShape::result_sets:
            if (first_byte == ok_byte) return on_ok_or_eof(payload);
            if (first_byte == local_infile_byte) return on_local_infile();
            return on_column_count(payload);
        case ResponseShape::prepare:
            return on_prepare_ok(payload);
        case ResponseShape::authentication:
            return on_auth_packet(payload);
        case ResponseShape::none:
        case ResponseShape::rows:
        case ResponseShape::column_definitions:
        case ResponseShape::stream:
            break;
    }
    return make_error_code(Errc::unexpected_packet);
}

Result<Held> Exchange::on_auth_packet(Bytes payload)
{
    switch (payload[0]) {
        case ok_byte:
            return on_ok_or_eof(payload);
        case auth_more_data_byte: {
            const bool goes_on = payload.size() == 2 && payload[1] == fast_auth_ok;
            phase_ = goes_on ? Phase::first : Phase::client_turn;
            return Held::none;
        }
        case auth_next_factor_byte:
        case eof_byte:
            phase_ = Phase::client_turn;
            return Held::none;
        default:
            return make_error_code(Errc::unexpected_packet);
    }
}

// A client that did not say that it sends files is not asked for one.
Result<Held> Exchange::on_local_infile()
{
    if (!has(capability::local_files)) return make_error_code(Errc::unexpected_packet);
    phase_ = Phase::client_turn;
    return Held::none;
}

// column_count lenenc, with optional metadata: metadata_follows int<1>. Measured with MySQL 9.7
// (resultset_metadata = none): without definitions the EOF behind them still comes, unless
// CLIENT_DEPRECATE_EOF.
Result<Held> Exchange::on_column_count(Bytes payload)
{
    WireReader in{payload};
    std::uint64_t count = 0;
    std::uint8_t metadata_follows = 1;
    in.read_lenenc(count);
    if (has(metadata_is_optional)) in.read_int1(metadata_follows);
    const auto columns = in.finished_or_error(count);
    if (!columns) return columns.error();
    if (*columns > most_columns || metadata_follows > 1) return make_error_code(Errc::bad_value);
    report_.has_result_set = true;
    report_.rows = 0;
    definitions_status_ = 0;
    sends_definitions_ = metadata_follows == 1;
    begin_definitions(static_cast<std::uint32_t>(*columns));
    return Held::none;
}

// status int<1> 0, statement_id int<4>, num_columns int<2>, num_params int<2>, reserved int<1>,
// warning_count int<2>, with optional metadata: metadata_follows int<1>. Parameters come before
// columns; a group of none has no EOF either (measured with MySQL 9.7).
Result<Held> Exchange::on_prepare_ok(Bytes payload)
{
    WireReader in{payload};
    std::uint8_t metadata_follows = 1;
    in.expect_int1(ok_byte)
        .read_int4(report_.statement_id)
        .read_int2(report_.column_count)
        .read_int2(report_.parameter_count)
        .skip(1)
        .read_int2(report_.warnings);
    if (has(capability::optional_resultset_metadata)) in.read_int1(metadata_follows);
    if (in.failed()) return make_error_code(in.error());
    if (metadata_follows > 1) return make_error_code(Errc::bad_value);
    sends_definitions_ = metadata_follows == 1;
    columns_to_come_ = report_.column_count;
    if (report_.parameter_count != 0)
        begin_definitions(report_.parameter_count);
    else
        after_group();
    return Held::prepare_ok;
}

// An opened cursor is told by this EOF, and no rows follow. In the result sets of a CALL the same
// flag says only that the procedure itself had a cursor open: there MORE_RESULTS stands beside it,
// and rows do follow (measured with MySQL 9.7).
Result<Held> Exchange::on_definitions_end(Bytes payload)
{
    const auto fields = read_status(payload);
    if (!fields) return fields.error();
    definitions_status_ = fields->status;
    constexpr std::uint16_t flags =
        server_status::cursor_exists | server_status::more_results_exists;
    if (command_ == Command::stmt_execute &&
        (fields->status & flags) == server_status::cursor_exists)
        return on_ok_or_eof(payload);
    after_group();
    return Held::none;
}

Result<Held> Exchange::on_ok_or_eof(Bytes payload)
{
    const auto fields = read_status(payload);
    if (!fields) return fields.error();
    report_.status = fields->status;
    report_.warnings = fields->warnings;
    report_.has_status = true;
    report_.ends_with_rows = payload[0] == eof_byte;
    if (payload[0] == ok_byte) {
        report_.affected_rows = fields->affected_rows;
        report_.last_insert_id = fields->last_insert_id;
    }
    // Behind the OUT parameters of a CALL comes one more OK, but without CLIENT_DEPRECATE_EOF only
    // the EOF in front of them says so, the one behind them does not (measured with MySQL 9.7).
    if (phase_ == Phase::rows && (definitions_status_ & server_status::ps_out_params) != 0)
        report_.status |= server_status::more_results_exists;

    const bool more = (report_.status & server_status::more_results_exists) != 0;
    report_.has_several = report_.has_several || more;
    phase_ = more && shape_ == ResponseShape::result_sets ? Phase::first : Phase::done;
    const bool has_state = (fields->status & server_status::session_state_changed) != 0 &&
                           has(capability::session_track) && payload.size() >= shortest_ok;
    return has_state ? Held::ok_with_state : Held::none;
}

// header int<1> 0xff, error_code int<2>, …
Result<Held> Exchange::on_error(Bytes payload)
{
    WireReader in{payload};
    std::uint16_t code = 0;
    in.skip(1).read_int2(code);
    if (in.failed()) return make_error_code(in.error());
    if (code == progress_report && has(capability::mariadb_progress)) return Held::none;
    report_.error_code = code;
    failed_at_once_ = first_packet_;
    phase_ = Phase::done;
    return Held::none;
}

void Exchange::begin_definitions(std::uint32_t count)
{
    definitions_left_ = sends_definitions_ ? count : 0;
    if (definitions_left_ != 0)
        phase_ = Phase::definitions;
    else
        after_definitions();
}

void Exchange::after_definitions()
{
    if (has(capability::deprecate_eof))
        after_group();
    else
        phase_ = Phase::definitions_end;
}

void Exchange::after_group()
{
    if (shape_ != ResponseShape::prepare) {
        phase_ = Phase::rows;
        return;
    }
    const std::uint32_t columns = std::exchange(columns_to_come_, 0u);
    if (columns != 0)
        begin_definitions(columns);
    else
        phase_ = Phase::done;
}

}  // namespace pointsman::protocol
