#include "protocol/command.hpp"

#include <array>

namespace pointsman::protocol {

namespace {

constexpr CommandTraits rows[] = {
    {Command::sleep, "SLEEP", ResponseShape::refused},
    {Command::quit, "QUIT", ResponseShape::none},
    {Command::init_db, "INIT_DB", ResponseShape::one_packet},
    {Command::query, "QUERY", ResponseShape::result_sets},
    {Command::field_list, "FIELD_LIST", ResponseShape::column_definitions},
    // MariaDB still has these two; MySQL answers with ERR 1047, which is one packet too.
    {Command::create_db, "CREATE_DB", ResponseShape::one_packet},
    {Command::drop_db, "DROP_DB", ResponseShape::one_packet},
    {Command::refresh, "REFRESH", ResponseShape::one_packet},
    {Command::shutdown, "SHUTDOWN", ResponseShape::one_packet},
    {Command::statistics, "STATISTICS", ResponseShape::text},
    {Command::process_info, "PROCESS_INFO", ResponseShape::result_sets},
    {Command::connect, "CONNECT", ResponseShape::refused},
    {Command::process_kill, "PROCESS_KILL", ResponseShape::one_packet},
    {Command::debug, "DEBUG", ResponseShape::one_packet},
    {Command::ping, "PING", ResponseShape::one_packet},
    {Command::time, "TIME", ResponseShape::refused},
    {Command::delayed_insert, "DELAYED_INSERT", ResponseShape::refused},
    {Command::change_user, "CHANGE_USER", ResponseShape::authentication},
    {Command::binlog_dump, "BINLOG_DUMP", ResponseShape::stream},
    {Command::table_dump, "TABLE_DUMP", ResponseShape::refused},
    {Command::connect_out, "CONNECT_OUT", ResponseShape::refused},
    {Command::register_replica, "REGISTER_REPLICA", ResponseShape::one_packet},
    {Command::stmt_prepare, "STMT_PREPARE", ResponseShape::prepare},
    {Command::stmt_execute, "STMT_EXECUTE", ResponseShape::result_sets},
    {Command::stmt_send_long_data, "STMT_SEND_LONG_DATA", ResponseShape::none},
    {Command::stmt_close, "STMT_CLOSE", ResponseShape::none},
    {Command::stmt_reset, "STMT_RESET", ResponseShape::one_packet},
    {Command::set_option, "SET_OPTION", ResponseShape::one_packet},
    {Command::stmt_fetch, "STMT_FETCH", ResponseShape::rows},
    {Command::daemon, "DAEMON", ResponseShape::refused},
    {Command::binlog_dump_gtid, "BINLOG_DUMP_GTID", ResponseShape::stream},
    {Command::reset_connection, "RESET_CONNECTION", ResponseShape::one_packet},
    // Servers speak these two among themselves, in both directions at once: they need a direct
    // link.
    {Command::clone, "CLONE", ResponseShape::refused},
    {Command::subscribe_group_replication_stream, "SUBSCRIBE_GROUP_REPLICATION_STREAM",
     ResponseShape::refused},
    {Command::mariadb_stmt_bulk_execute, "STMT_BULK_EXECUTE", ResponseShape::result_sets},
};

using TraitsByByte = std::array<CommandTraits, 256>;

constexpr TraitsByByte index_rows()
{
    TraitsByByte table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = {static_cast<Command>(byte), "Unknown", ResponseShape::refused};
    for (const CommandTraits& row : rows) table[static_cast<std::size_t>(row.command)] = row;
    return table;
}

constexpr TraitsByByte traits_by_byte = index_rows();

}  // namespace

const CommandTraits& traits_of(Command command)
{
    return traits_by_byte[static_cast<std::uint8_t>(command)];
}

}  // namespace pointsman::protocol
