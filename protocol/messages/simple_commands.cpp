#include "protocol/messages/simple_commands.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {

/// A reader behind the command byte, which must be `command`'s.
WireReader body_of(Bytes payload, Command command)
{
    WireReader in(payload);
    in.expect_int1(static_cast<Byte>(command));
    return in;
}

void read_int1_string(WireReader& in, std::string_view& out)
{
    std::uint8_t size = 0;
    in.read_int1(size).read_fixed(size, out);
}

void write_int1_string(WireWriter& out, std::string_view text)
{
    const std::string_view short_text = text.substr(0, 255);
    out.int1(short_text.size()).text(short_text);
}

}  // namespace

Buffer encode_bare_command(Command command)
{
    return {static_cast<Byte>(command)};
}

Result<std::string_view> decode_init_db(Bytes payload)
{
    WireReader in = body_of(payload, Command::init_db);
    std::string_view schema;
    in.read_eof(schema);
    return in.finished_or_error(schema);
}

Buffer encode_init_db(std::string_view schema)
{
    Buffer payload = encode_bare_command(Command::init_db);
    WireWriter(payload).text(schema);
    return payload;
}

Result<std::uint32_t> decode_process_kill(Bytes payload)
{
    WireReader in = body_of(payload, Command::process_kill);
    std::uint32_t id = 0;
    in.read_int4(id);
    return in.finished_or_error(id);
}

Buffer encode_process_kill(std::uint32_t connection_id)
{
    Buffer payload = encode_bare_command(Command::process_kill);
    WireWriter(payload).int4(connection_id);
    return payload;
}

Result<ConnectionOption> decode_set_option(Bytes payload)
{
    WireReader in = body_of(payload, Command::set_option);
    std::uint16_t option = 0;
    in.read_int2(option);
    if (option > 1) in.fail(Errc::bad_value);
    return in.finished_or_error(static_cast<ConnectionOption>(option));
}

Buffer encode_set_option(ConnectionOption option)
{
    Buffer payload = encode_bare_command(Command::set_option);
    WireWriter(payload).int2(static_cast<std::uint16_t>(option));
    return payload;
}

// table string<NUL>, wildcard string<EOF>.
Result<FieldList> decode_field_list(Bytes payload)
{
    WireReader in = body_of(payload, Command::field_list);
    FieldList list;
    in.read_nul_or_eof(list.table).read_eof(list.wildcard);
    return in.finished_or_error(list);
}

Buffer encode_field_list(const FieldList& list)
{
    Buffer payload = encode_bare_command(Command::field_list);
    WireWriter(payload).nul_text(list.table).text(list.wildcard);
    return payload;
}

// server_id int<4>, hostname, user, password: int<1> and so many bytes each, port int<2>,
// replication_rank int<4>, source_id int<4>.
Result<RegisterReplica> decode_register_replica(Bytes payload)
{
    WireReader in = body_of(payload, Command::register_replica);
    RegisterReplica replica;
    in.read_int4(replica.server_id);
    read_int1_string(in, replica.host);
    read_int1_string(in, replica.user);
    read_int1_string(in, replica.password);
    in.read_int2(replica.port).read_int4(replica.rank).read_int4(replica.source_id);
    return in.finished_or_error(replica);
}

Buffer encode_register_replica(const RegisterReplica& replica)
{
    Buffer payload = encode_bare_command(Command::register_replica);
    WireWriter out(payload);
    out.int4(replica.server_id);
    write_int1_string(out, replica.host);
    write_int1_string(out, replica.user);
    write_int1_string(out, replica.password);
    out.int2(replica.port).int4(replica.rank).int4(replica.source_id);
    return payload;
}

// binlog_pos int<4>, flags int<2>, server_id int<4>, binlog_filename string<EOF>.
Result<BinlogDump> decode_binlog_dump(Bytes payload)
{
    WireReader in = body_of(payload, Command::binlog_dump);
    BinlogDump dump;
    in.read_int4(dump.position).read_int2(dump.flags).read_int4(dump.server_id);
    in.read_eof(dump.file);
    return in.finished_or_error(dump);
}

Buffer encode_binlog_dump(const BinlogDump& dump)
{
    Buffer payload = encode_bare_command(Command::binlog_dump);
    WireWriter out(payload);
    out.int4(dump.position).int2(dump.flags).int4(dump.server_id).text(dump.file);
    return payload;
}

// flags int<2>, server_id int<4>, binlog_filename_len int<4>, binlog_filename, binlog_pos int<8>,
// data_size int<4>, data. Servers read data_size whatever the flags say.
Result<BinlogDumpGtid> decode_binlog_dump_gtid(Bytes payload)
{
    WireReader in = body_of(payload, Command::binlog_dump_gtid);
    BinlogDumpGtid dump;
    std::uint32_t file_size = 0;
    std::uint32_t set_size = 0;
    in.read_int2(dump.flags).read_int4(dump.server_id);
    in.read_int4(file_size).read_fixed(file_size, dump.file).read_int8(dump.position);
    in.read_int4(set_size).read_fixed(set_size, dump.gtid_set);
    return in.finished_or_error(dump);
}

Buffer encode_binlog_dump_gtid(const BinlogDumpGtid& dump)
{
    Buffer payload = encode_bare_command(Command::binlog_dump_gtid);
    WireWriter out(payload);
    out.int2(dump.flags).int4(dump.server_id);
    out.int4(dump.file.size()).text(dump.file).int8(dump.position);
    out.int4(dump.gtid_set.size()).bytes(dump.gtid_set);
    return payload;
}

}  // namespace pointsman::protocol
