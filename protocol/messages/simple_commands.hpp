#pragma once
// Commands of a few fields each. Those without any (COM_QUIT, COM_PING, COM_STATISTICS, COM_DEBUG,
// COM_PROCESS_INFO, COM_RESET_CONNECTION) are their byte alone.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_utility.html
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication.html
//
// All views borrow from the payload.

#include "protocol/bytes.hpp"
#include "protocol/command.hpp"
#include "protocol/errc.hpp"

#include <string>
#include <string_view>

namespace pointsman::protocol {

/// A command of its byte alone.
Buffer encode_bare_command(Command command);

/// COM_INIT_DB: the schema to use from now on.
Result<std::string_view> decode_init_db(Bytes payload);
Buffer encode_init_db(std::string_view schema);

/// COM_PROCESS_KILL: the id is four bytes, so it can't name every thread of a server.
Result<std::uint32_t> decode_process_kill(Bytes payload);
Buffer encode_process_kill(std::uint32_t connection_id);

/// COM_SET_OPTION.
enum class ConnectionOption : std::uint16_t { multi_statements_on = 0, multi_statements_off = 1 };
Result<ConnectionOption> decode_set_option(Bytes payload);
Buffer encode_set_option(ConnectionOption option);

/// COM_FIELD_LIST: the columns of `table` that match `wildcard`.
struct FieldList {
    std::string_view table;
    std::string_view wildcard;
};
Result<FieldList> decode_field_list(Bytes payload);
Buffer encode_field_list(const FieldList& list);

/// COM_REGISTER_REPLICA: a replica tells its source what it is.
struct RegisterReplica {
    std::uint32_t server_id = 0;
    std::string_view host, user, password;
    std::uint16_t port = 0;
    std::uint32_t rank = 0;
    std::uint32_t source_id = 0;
};
Result<RegisterReplica> decode_register_replica(Bytes payload);
Buffer encode_register_replica(const RegisterReplica& replica);

/// COM_BINLOG_DUMP: the binary log from a file and position on.
struct BinlogDump {
    std::uint32_t position = 4;
    std::uint16_t flags = 0;
    std::uint32_t server_id = 0;
    std::string_view file;
};
Result<BinlogDump> decode_binlog_dump(Bytes payload);
Buffer encode_binlog_dump(const BinlogDump& dump);

/// COM_BINLOG_DUMP_GTID: the binary log without what the replica has. `gtid_set` is the server's
/// own binary form of a GTID set.
struct BinlogDumpGtid {
    std::uint16_t flags = 0;
    std::uint32_t server_id = 0;
    std::string_view file;
    std::uint64_t position = 4;
    Bytes gtid_set;
};
Result<BinlogDumpGtid> decode_binlog_dump_gtid(Bytes payload);
Buffer encode_binlog_dump_gtid(const BinlogDumpGtid& dump);

}  // namespace pointsman::protocol
