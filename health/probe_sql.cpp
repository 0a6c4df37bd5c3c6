#include "health/probe_sql.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::health {
namespace {

using std::chrono::milliseconds;

// The columns of dialect.cpp's mysql_8_probe, in order.
enum Mysql8Column : std::size_t {
    column_read_only,
    column_super_read_only,
    column_owned,
    column_executed,
    column_channel,
    column_source_uuid,
    column_source_host,
    column_source_port,
    column_receiver,
    column_applier,
    column_receiver_error,
    column_received,
    column_caught_up,
    column_queueing_age_us,
    column_handing_out_age_us,
    column_applying_age_us,
    column_last_queued_age_us,
    column_delay_s,
    column_heard_age_us,
    column_heartbeat_us,
    column_auto_position,
    mysql_8_column_count
};

std::string text_or_empty(const Field& field)
{
    return field.value_or(std::string{});
}

template <class Number>
std::optional<Number> number_in(const Field& field)
{
    if (!field) return std::nullopt;
    Number value{};
    const char* end = field->data() + field->size();
    auto [rest, error] = std::from_chars(field->data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

/// Server variables come as 0/1 or OFF/ON.
bool is_on(const Field& field)
{
    return field && (*field == "1" || *field == "ON");
}

/// An age by commit timestamps; clocks that differ must not make it negative.
std::optional<milliseconds> age_in(const Field& microseconds)
{
    auto us = number_in<std::int64_t>(microseconds);
    if (!us) return std::nullopt;
    return milliseconds{std::max<std::int64_t>(*us, 0) / 1000};
}

/// "100000.000", as a decimal column comes.
milliseconds microseconds_in(const Field& field)
{
    auto text = text_or_empty(field);
    auto whole = number_in<std::int64_t>(text.substr(0, text.find('.')));
    return milliseconds{whole.value_or(0) / 1000};
}

std::optional<milliseconds> older(std::optional<milliseconds> a, std::optional<milliseconds> b)
{
    return std::max(a, b);  // nothing is less than any age
}

ReceiverState receiver_state(std::string_view text)
{
    if (text == "ON" || text == "Yes") return ReceiverState::on;
    if (text == "CONNECTING" || text == "Connecting") return ReceiverState::connecting;
    return ReceiverState::off;  // also MariaDB's "Preparing": it did not ask the source yet
}

std::optional<milliseconds> mysql_8_lag(const Row& row, const ReplicationChannel& channel)
{
    if (!channel.applier_on && !channel.caught_up) return std::nullopt;
    auto lag = older(age_in(row[column_queueing_age_us]), age_in(row[column_handing_out_age_us]));
    lag = older(lag, age_in(row[column_applying_age_us]));
    // Between two places a transaction shows in none; the newest one bounds the age from below.
    if (!lag && !channel.caught_up) lag = age_in(row[column_last_queued_age_us]);
    // A replica that is delayed on purpose will be that late with the next write, whatever it is
    // now.
    milliseconds delay =
        std::chrono::seconds{number_in<std::uint32_t>(row[column_delay_s]).value_or(0)};
    return std::max(lag.value_or(milliseconds{0}), delay);
}

ReplicationChannel mysql_8_channel(const Row& row)
{
    ReplicationChannel channel;
    channel.name = text_or_empty(row[column_channel]);
    channel.source_uuid = text_or_empty(row[column_source_uuid]);
    channel.source = {text_or_empty(row[column_source_host]),
                      number_in<std::uint16_t>(row[column_source_port]).value_or(0),
                      {}};
    channel.receiver = receiver_state(text_or_empty(row[column_receiver]));
    channel.applier_on = is_on(row[column_applier]);
    channel.error = text_or_empty(row[column_receiver_error]);
    channel.received = text_or_empty(row[column_received]);
    channel.caught_up = is_on(row[column_caught_up]);
    channel.lag = mysql_8_lag(row, channel);
    channel.heard = age_in(row[column_heard_age_us]);
    channel.heartbeat = microseconds_in(row[column_heartbeat_us]);
    channel.receiving = row[column_queueing_age_us].has_value();
    channel.auto_position = text_or_empty(row[column_auto_position]) != "0";
    channel.delay = std::chrono::seconds{number_in<std::uint32_t>(row[column_delay_s]).value_or(0)};
    return channel;
}

/// A server whose source was taken away (RESET REPLICA ALL) keeps the row of its default channel.
bool names_a_source(const ReplicationChannel& channel)
{
    return !channel.source.host.empty() || !channel.source_uuid.empty();
}

std::optional<ServerReport> parse_mysql_8(const ResultSets& answer)
{
    if (answer.size() != 1 || answer[0].rows.empty()) return std::nullopt;
    ServerReport report;
    for (const auto& row : answer[0].rows) {
        if (row.size() != mysql_8_column_count) return std::nullopt;
        report.read_only = is_on(row[column_read_only]);
        report.super_read_only = is_on(row[column_super_read_only]);
        report.owned = text_or_empty(row[column_owned]);
        report.executed = text_or_empty(row[column_executed]);
        if (!row[column_channel]) continue;
        auto channel = mysql_8_channel(row);
        if (names_a_source(channel)) report.channels.push_back(std::move(channel));
    }
    return report;
}

/// One row of SHOW SLAVE STATUS, by the names of its columns.
class StatusRow {
public:
    StatusRow(const ResultSet& set, const Row& row) : set_(set), row_(row) {}

    const Field& operator[](std::string_view column) const
    {
        static const Field absent;
        auto at = std::ranges::find(set_.columns, column) - set_.columns.begin();
        return static_cast<std::size_t>(at) < row_.size() ? row_[at] : absent;
    }
    std::string text(std::string_view column) const { return text_or_empty((*this)[column]); }
    template <class Number>
    Number number(std::string_view column) const
    {
        return number_in<Number>((*this)[column]).value_or(Number{});
    }

private:
    const ResultSet& set_;
    const Row& row_;
};

/// All that was received is executed: the two threads stand at the same place of the source's log.
bool same_position(const StatusRow& row)
{
    return row.text("Master_Log_File") == row.text("Relay_Master_Log_File") &&
           row.text("Read_Master_Log_Pos") == row.text("Exec_Master_Log_Pos");
}

std::optional<milliseconds> lag_in_seconds(const StatusRow& row, const ReplicationChannel& channel)
{
    if (channel.receiver != ReceiverState::on || !channel.applier_on) {
        // The column is NULL while the receiver is reconnecting; nothing is late if nothing waits.
        bool idle = channel.receiver == ReceiverState::connecting && channel.applier_on &&
                    channel.caught_up;
        return idle ? std::optional{milliseconds{0}} : std::nullopt;
    }
    auto behind = number_in<std::uint32_t>(row["Seconds_Behind_Master"]);
    if (!behind) return std::nullopt;
    return std::chrono::seconds{std::max(*behind, row.number<std::uint32_t>("SQL_Delay"))};
}

ReplicationChannel status_channel(const StatusRow& row, Flavour flavour)
{
    bool mariadb = flavour == Flavour::mariadb;
    ReplicationChannel channel;
    channel.name = row.text(mariadb ? "Connection_name" : "Channel_Name");
    channel.source_uuid = row.text("Master_UUID");
    channel.source_server_id = row.number<std::uint32_t>("Master_Server_Id");
    channel.source = {row.text("Master_Host"), row.number<std::uint16_t>("Master_Port"), {}};
    channel.receiver = receiver_state(row.text("Slave_IO_Running"));
    channel.applier_on = row.text("Slave_SQL_Running") == "Yes";
    channel.error = row.text("Last_IO_Error");
    if (channel.error.empty()) channel.error = row.text("Last_SQL_Error");
    channel.received = row.text(mariadb ? "Gtid_IO_Pos" : "Retrieved_Gtid_Set");
    channel.caught_up = same_position(row);
    channel.lag = lag_in_seconds(row, channel);
    return channel;
}

std::optional<ServerReport> parse_status(const ResultSets& answer, Flavour flavour)
{
    constexpr std::size_t variables = 4;
    if (answer.size() != 2 || answer[0].rows.size() != 1) return std::nullopt;
    const auto& values = answer[0].rows[0];
    if (values.size() != variables) return std::nullopt;
    ServerReport report;
    report.read_only = is_on(values[0]);
    report.super_read_only = is_on(values[1]);
    report.owned = text_or_empty(values[2]);
    report.executed = text_or_empty(values[3]);
    for (const auto& row : answer[1].rows)
        report.channels.push_back(status_channel(StatusRow{answer[1], row}, flavour));
    return report;
}

}  // namespace

std::optional<ServerFacts> parse_facts(const Dialect& dialect, std::string_view version,
                                       const ResultSets& answer)
{
    constexpr std::size_t columns = 5;
    if (answer.size() != 1 || answer[0].rows.size() != 1) return std::nullopt;
    const auto& row = answer[0].rows[0];
    if (row.size() != columns) return std::nullopt;
    auto server_id = number_in<std::uint32_t>(row[1]);
    auto plain = number_in<std::uint32_t>(row[3]);
    auto interactive = number_in<std::uint32_t>(row[4]);
    if (!server_id || !plain || !interactive) return std::nullopt;
    IdleTimeouts idle{std::chrono::seconds{*plain}, std::chrono::seconds{*interactive}};
    return ServerFacts{dialect.flavour,
                       std::string(version),
                       version_number(version),
                       text_or_empty(row[0]),
                       *server_id,
                       is_on(row[2]),
                       idle};
}

std::optional<ServerReport> parse_report(const Dialect& dialect, const ServerFacts& facts,
                                         const ResultSets& answer)
{
    auto report = dialect.kind == DialectKind::mysql_8 ? parse_mysql_8(answer)
                                                       : parse_status(answer, dialect.flavour);
    if (report) report->facts = facts;
    return report;
}

void add_applier_errors(ServerReport& report, const ResultSets& answer)
{
    for (const auto& set : answer)
        for (const auto& row : set.rows) {
            if (row.size() != 2) continue;
            auto channel = std::ranges::find(report.channels, text_or_empty(row[0]),
                                             &ReplicationChannel::name);
            if (channel != report.channels.end() && channel->error.empty())
                channel->error = text_or_empty(row[1]);
        }
}

}  // namespace pointsman::health
