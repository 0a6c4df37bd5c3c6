#pragma once
// The command phase's COM_* codes, and what each does to the stream: a table.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html

#include <cstdint>
#include <string_view>

namespace pointsman::protocol {

enum class Command : std::uint8_t {
    sleep = 0x00,
    quit = 0x01,
    init_db = 0x02,
    query = 0x03,
    field_list = 0x04,
    create_db = 0x05,
    drop_db = 0x06,
    refresh = 0x07,
    shutdown = 0x08,
    statistics = 0x09,
    process_info = 0x0a,
    connect = 0x0b,
    process_kill = 0x0c,
    debug = 0x0d,
    ping = 0x0e,
    time = 0x0f,
    delayed_insert = 0x10,
    change_user = 0x11,
    binlog_dump = 0x12,
    table_dump = 0x13,
    connect_out = 0x14,
    register_replica = 0x15,
    stmt_prepare = 0x16,
    stmt_execute = 0x17,
    stmt_send_long_data = 0x18,
    stmt_close = 0x19,
    stmt_reset = 0x1a,
    set_option = 0x1b,
    stmt_fetch = 0x1c,
    daemon = 0x1d,
    binlog_dump_gtid = 0x1e,
    reset_connection = 0x1f,
    clone = 0x20,
    subscribe_group_replication_stream = 0x21,
    mariadb_stmt_bulk_execute = 0xfa,
};

/// How the response to a command is laid out.
enum class ResponseShape : std::uint8_t {
    none,         // no response at all
    one_packet,   // OK, EOF or ERR
    text,         // one packet of plain text, or ERR (COM_STATISTICS)
    result_sets,  // OK, ERR, LOCAL INFILE request, or column count; several under MORE_RESULTS
    prepare,      // COM_STMT_PREPARE_OK with definitions behind it, or ERR
    rows,         // rows up to EOF/OK or ERR (COM_STMT_FETCH)
    column_definitions,  // definitions up to EOF/OK or ERR (COM_FIELD_LIST)
    authentication,      // AuthSwitch/AuthMoreData… up to OK or ERR (COM_CHANGE_USER)
    stream,              // event packets without end, up to EOF or ERR (COM_BINLOG_DUMP)
    refused,             // internal or removed command: a server answers ERR 1047
};

struct CommandTraits {
    Command command;
    std::string_view name;  // as in the manual, without COM_
    ResponseShape response;
};

/// Traits of any first byte; bytes that are no command have shape `refused` and name "Unknown".
const CommandTraits& traits_of(Command command);

}  // namespace pointsman::protocol
