#include "health/probe_sql.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::health;
using namespace std::chrono_literals;

namespace {

const Dialect& mysql_8 = dialect_for("9.7.4");
const Dialect& mysql_5 = dialect_for("5.7.44");
const Dialect& mariadb = dialect_for("10.11.19-MariaDB");

/// A row of the MySQL 8 probe, of a replica that is current; a test changes what it is about.
struct Mysql8Row {
    Field read_only = "1", super_read_only = "1", owned = "", executed = "u:1-9";
    Field channel = "", source_uuid = "source-uuid", host = "10.0.0.1", port = "3306";
    Field receiver = "ON", applier = "ON", error = "", received = "u:5-9", caught_up = "1";
    Field queueing_us, handing_out_us, applying_us, last_queued_us = "900000000", delay_s = "0";
    Field heard_us = "70000", heartbeat_us = "100000.000", auto_position = "1";

    Row row() const
    {
        return {read_only,      super_read_only, owned,          executed,
                channel,        source_uuid,     host,           port,
                receiver,       applier,         error,          received,
                caught_up,      queueing_us,     handing_out_us, applying_us,
                last_queued_us, delay_s,         heard_us,       heartbeat_us,
                auto_position};
    }
};

ServerReport report_of(const std::vector<Row>& rows)
{
    auto report = parse_report(mysql_8, {}, {ResultSet{{}, rows}});
    REQUIRE(report);
    return *report;
}

ReplicationChannel channel_of(const Mysql8Row& row)
{
    return report_of({row.row()}).channels.at(0);
}

using Columns = std::vector<std::pair<std::string, std::string>>;

ResultSet status_of(const Columns& columns)
{
    ResultSet set;
    set.rows.emplace_back();
    for (const auto& [name, value] : columns) {
        set.columns.push_back(name);
        set.rows[0].push_back(value == "NULL" ? Field{} : Field{value});
    }
    return set;
}

Columns replication_status(const std::string& io, const std::string& sql, const std::string& behind)
{
    return {{"Connection_name", ""},
            {"Master_Host", "10.0.0.1"},
            {"Master_Port", "3307"},
            {"Slave_IO_Running", io},
            {"Slave_SQL_Running", sql},
            {"Seconds_Behind_Master", behind},
            {"Master_Log_File", "bin.2"},
            {"Relay_Master_Log_File", "bin.2"},
            {"Read_Master_Log_Pos", "400"},
            {"Exec_Master_Log_Pos", "400"},
            {"Gtid_IO_Pos", "0-1-7"},
            {"Master_Server_Id", "1"},
            {"SQL_Delay", "0"},
            {"Last_IO_Error", ""},
            {"Last_SQL_Error", ""}};
}

ReplicationChannel mariadb_channel(const Columns& columns)
{
    ResultSet variables{{}, {{"1", "0", "", "0-1-7"}}};
    auto report = parse_report(mariadb, {}, {variables, status_of(columns)});
    REQUIRE(report);
    return report->channels.at(0);
}

}  // namespace

TEST_CASE("a MySQL server that follows nobody has no channel")
{
    Row row = Mysql8Row{}.row();
    row[0] = row[1] = "0";
    for (std::size_t i = 4; i < row.size(); ++i) row[i].reset();
    auto report = report_of({row});
    CHECK(report.is_writable());
    CHECK_FALSE(report.is_replica());
    CHECK(report.executed == "u:1-9");
}

TEST_CASE("either of the two read-only flags makes a server not writable")
{
    struct Case {
        const char *read_only, *super_read_only;
        bool writable;
    };
    for (auto c : {Case{"0", "0", true}, Case{"1", "0", false}, Case{"0", "1", false},
                   Case{"1", "1", false}}) {
        Mysql8Row row;
        row.read_only = c.read_only;
        row.super_read_only = c.super_read_only;
        CHECK(report_of({row.row()}).is_writable() == c.writable);
    }
}

TEST_CASE("a MySQL replica's channel is read in full")
{
    auto channel = channel_of({});
    CHECK(channel.source_uuid == "source-uuid");
    CHECK(channel.source == config::Endpoint{"10.0.0.1", 3306, {}});
    CHECK(channel.receiver == ReceiverState::on);
    CHECK(channel.applier_on);
    CHECK(channel.caught_up);
    CHECK(channel.lag == 0ms);
    CHECK(channel.received == "u:5-9");
}

TEST_CASE("lag is the age of the oldest transaction that waits anywhere")
{
    Mysql8Row row;
    SECTION("nothing waits, however old the last transaction is")
    {
        CHECK(channel_of(row).lag == 0ms);
    }
    SECTION("one is being applied")
    {
        row.caught_up = "0";
        row.applying_us = "2500999";
        CHECK(channel_of(row).lag == 2'500ms);
    }
    SECTION("the oldest of several counts")
    {
        row.caught_up = "0";
        row.queueing_us = "100000";
        row.handing_out_us = "800000";
        row.applying_us = "3000000";
        CHECK(channel_of(row).lag == 3'000ms);
    }
    SECTION("one is being received: it is not yet in the received set")
    {
        row.queueing_us = "40000000";
        CHECK(channel_of(row).lag == 40'000ms);
    }
    SECTION("some wait and none shows: the last one received is a lower bound")
    {
        row.caught_up = "0";
        row.last_queued_us = "7000";
        CHECK(channel_of(row).lag == 7ms);
    }
    SECTION("the source's clock is ahead")
    {
        row.caught_up = "0";
        row.applying_us = "-50000";
        CHECK(channel_of(row).lag == 0ms);
    }
}

TEST_CASE("a replica that is delayed on purpose is never fresher than its delay")
{
    Mysql8Row row;
    row.delay_s = "5";
    CHECK(channel_of(row).lag == 5'000ms);
    row.caught_up = "0";
    row.last_queued_us = "300000";
    CHECK(channel_of(row).lag == 5'000ms);
    row.applying_us = "6100000";
    CHECK(channel_of(row).lag == 6'100ms);
}

TEST_CASE("a stopped applier with transactions that wait has no lag that could be told")
{
    Mysql8Row row;
    row.applier = "OFF";
    row.caught_up = "0";
    auto channel = channel_of(row);
    CHECK_FALSE(channel.applier_on);
    CHECK_FALSE(channel.lag.has_value());
}

TEST_CASE("several channels are all read, a channel without a source is none")
{
    Mysql8Row other;
    other.channel = "reports";
    other.receiver = "CONNECTING";
    other.error = "cannot connect";
    Mysql8Row reset;
    reset.source_uuid = "";
    reset.host = "";
    auto report = report_of({Mysql8Row{}.row(), other.row(), reset.row()});
    REQUIRE(report.channels.size() == 2);
    CHECK(report.channels[1].name == "reports");
    CHECK(report.channels[1].receiver == ReceiverState::connecting);

    report.channels[1].error.clear();
    add_applier_errors(
        report, {ResultSet{{}, {{"reports", "duplicate key"}, {"other", "x"}, {"reports"}}}});
    CHECK(report.channels[1].error == "duplicate key");
    CHECK(report.channels[0].error.empty());
}

TEST_CASE("facts hold the version of the greeting and the numbers of the server")
{
    auto facts =
        parse_facts(mysql_8, "9.7.4-2", {ResultSet{{}, {{"the-uuid", "3", "ON", "600", "28800"}}}});
    REQUIRE(facts);
    CHECK(facts->uuid == "the-uuid");
    CHECK(facts->server_id == 3);
    CHECK(facts->version_number == 90704);
    CHECK(facts->gtids);
    CHECK(facts->idle_timeouts.plain == std::chrono::seconds{600});
    CHECK(facts->idle_timeouts.interactive == std::chrono::seconds{28'800});
    CHECK_FALSE(
        parse_facts(mysql_8, "9.7.4", {ResultSet{{}, {{"u", "3", "ON_PERMISSIVE", "1", "1"}}}})
            ->gtids);
}

TEST_CASE("an answer of another shape is nothing")
{
    CHECK_FALSE(parse_facts(mysql_8, "9", {}));
    CHECK_FALSE(parse_facts(mysql_8, "9", {ResultSet{}}));
    CHECK_FALSE(parse_facts(mysql_8, "9", {ResultSet{{}, {{"uuid", "3"}}}}));
    CHECK_FALSE(parse_facts(mysql_8, "9", {ResultSet{{}, {{"uuid", "three", "ON", "1", "1"}}}}));
    CHECK_FALSE(parse_report(mysql_8, {}, {}));
    CHECK_FALSE(parse_report(mysql_8, {}, {ResultSet{}}));
    CHECK_FALSE(parse_report(mysql_8, {}, {ResultSet{{}, {Row(20)}}}));
    CHECK_FALSE(parse_report(mysql_5, {}, {ResultSet{{}, {Row(4)}}}));
    CHECK_FALSE(parse_report(mariadb, {}, {ResultSet{{}, {Row(3)}}, ResultSet{}}));
    // NULL everywhere is a server that says nothing of replication.
    auto report = parse_report(mysql_8, {}, {ResultSet{{}, {Row(21)}}});
    REQUIRE(report);
    CHECK(report->channels.empty());
}

TEST_CASE("MariaDB's lag comes in seconds, and from nowhere when a thread stands")
{
    struct Case {
        const char *io, *sql, *behind;
        std::optional<std::chrono::milliseconds> lag;
    };
    for (auto c :
         {Case{"Yes", "Yes", "0", 0ms}, Case{"Yes", "Yes", "7", 7'000ms},
          Case{"Yes", "No", "NULL", std::nullopt}, Case{"No", "Yes", "NULL", std::nullopt},
          Case{"Connecting", "Yes", "NULL", 0ms}, Case{"Preparing", "Yes", "NULL", std::nullopt}}) {
        auto channel = mariadb_channel(replication_status(c.io, c.sql, c.behind));
        INFO(c.io << " " << c.sql << " " << c.behind);
        CHECK(channel.lag == c.lag);
    }
}

TEST_CASE("a MariaDB replica cut off with a backlog has no lag that could be told")
{
    auto status = replication_status("Connecting", "Yes", "NULL");
    for (auto& [name, value] : status)
        if (name == "Exec_Master_Log_Pos") value = "100";
    auto channel = mariadb_channel(status);
    CHECK_FALSE(channel.caught_up);
    CHECK_FALSE(channel.lag.has_value());
}

TEST_CASE("MariaDB's source, position and delay are read by column name")
{
    auto status = replication_status("Yes", "Yes", "1");
    for (auto& [name, value] : status)
        if (name == "SQL_Delay") value = "30";
    auto channel = mariadb_channel(status);
    CHECK(channel.source == config::Endpoint{"10.0.0.1", 3307, {}});
    CHECK(channel.source_server_id == 1);
    CHECK(channel.received == "0-1-7");
    CHECK(channel.lag == 30'000ms);
    // Columns that a version does not have are absent, not an error.
    CHECK(mariadb_channel({{"Master_Host", "h"}}).receiver == ReceiverState::off);
}

TEST_CASE("a replica says how long ago it heard of its source")
{
    Mysql8Row row;
    auto channel = channel_of(row);
    CHECK(channel.heard == 70ms);
    CHECK(channel.heartbeat == 100ms);
    CHECK(channel.auto_position);
    CHECK_FALSE(channel.receiving);
    row.heard_us.reset();
    row.queueing_us = "10";
    row.auto_position = "0";
    channel = channel_of(row);
    CHECK_FALSE(channel.heard);
    CHECK(channel.receiving);
    CHECK_FALSE(channel.auto_position);
}
