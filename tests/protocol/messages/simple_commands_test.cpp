#include "protocol/messages/simple_commands.hpp"

#include "tests/support/hex.hpp"
#include "tests/support/truncation.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

using tests::hex;
using tests::unhex;

TEST_CASE("commands of one field are read and written")
{
    CHECK(hex(encode_bare_command(Command::ping)) == "0e");
    CHECK(hex(encode_init_db("shop")) == "02 73 68 6f 70");
    CHECK(*decode_init_db(unhex("02 73686f70")) == "shop");
    CHECK(hex(encode_process_kill(9)) == "0c 09 00 00 00");
    CHECK(*decode_process_kill(unhex("0c 09000000")) == 9);
    CHECK(hex(encode_set_option(ConnectionOption::multi_statements_off)) == "1b 01 00");
    CHECK((*decode_set_option(unhex("1b 0000")) == ConnectionOption::multi_statements_on));
    CHECK(decode_set_option(unhex("1b 0200")).error() == Errc::bad_value);
    CHECK(decode_process_kill(unhex("0c 0900")).error() == Errc::truncated);
    CHECK(decode_init_db(unhex("03 73")).error() == Errc::bad_value);
}

TEST_CASE("COM_FIELD_LIST names a table and a pattern")
{
    const Buffer listing = unhex("04 6f726400 25");
    const auto list = decode_field_list(listing);
    REQUIRE(list.has_value());
    CHECK(list->table == "ord");
    CHECK(list->wildcard == "%");
    CHECK(hex(encode_field_list(*list)) == "04 6f 72 64 00 25");
}

TEST_CASE("what replicas send is read and written, and a cut is an error")
{
    const RegisterReplica replica{2, "host", "user", "secret", 3306, 0, 1};
    const Buffer registered = encode_register_replica(replica);
    const auto again = decode_register_replica(registered);
    REQUIRE(again.has_value());
    CHECK(again->server_id == 2);
    CHECK(again->host == "host");
    CHECK(again->port == 3306);
    CHECK(again->source_id == 1);
    CHECK(tests::sizes_accepted(registered, decode_register_replica).empty());

    const Buffer dumping = encode_binlog_dump({4, 1, 2, "binlog.000001"});
    const auto dump = decode_binlog_dump(dumping);
    REQUIRE(dump.has_value());
    CHECK(dump->file == "binlog.000001");
    CHECK(dump->flags == 1);

    const Buffer set = unhex("0000000000000000");
    const Buffer wire = encode_binlog_dump_gtid({4, 2, "b.1", 4, set});
    const auto by_gtid = decode_binlog_dump_gtid(wire);
    REQUIRE(by_gtid.has_value());
    CHECK(by_gtid->file == "b.1");
    CHECK(by_gtid->position == 4);
    CHECK(by_gtid->gtid_set.size() == 8);
    CHECK(tests::sizes_accepted(wire, decode_binlog_dump_gtid).empty());
    CHECK(decode_binlog_dump_gtid(unhex("1e 0400 02000000 ffffffff 61")).error() ==
          Errc::truncated);
}

}  // namespace pointsman::protocol
