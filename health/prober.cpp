#include "health/prober.hpp"

#include "health/probe_sql.hpp"

#include <algorithm>

namespace pointsman::health {
namespace {

using Clock = std::chrono::steady_clock;

/// server_id and gtid_mode can be set while it runs; 50 probes are five seconds by default.
constexpr unsigned probes_per_facts = 50;

struct CodeMeaning {
    std::uint32_t code;
    ProbeResult result;
};

// Server errors whose meaning is known; every other one is query_failed.
constexpr CodeMeaning meanings[] = {
    {1040, ProbeResult::saturated},        // ER_CON_COUNT_ERROR
    {1203, ProbeResult::saturated},        // ER_TOO_MANY_USER_CONNECTIONS
    {1226, ProbeResult::saturated},        // ER_USER_LIMIT_REACHED
    {1044, ProbeResult::access_denied},    // ER_DBACCESS_DENIED_ERROR
    {1045, ProbeResult::access_denied},    // ER_ACCESS_DENIED_ERROR
    {1129, ProbeResult::access_denied},    // ER_HOST_IS_BLOCKED
    {1130, ProbeResult::access_denied},    // ER_HOST_NOT_PRIVILEGED
    {1142, ProbeResult::access_denied},    // ER_TABLEACCESS_DENIED_ERROR
    {1227, ProbeResult::access_denied},    // ER_SPECIFIC_ACCESS_DENIED_ERROR
    {1698, ProbeResult::access_denied},    // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    {1862, ProbeResult::access_denied},    // ER_MUST_CHANGE_PASSWORD_LOGIN
    {3118, ProbeResult::access_denied},    // ER_ACCOUNT_HAS_BEEN_LOCKED
    {1053, ProbeResult::connection_lost},  // ER_SERVER_SHUTDOWN
    {1927, ProbeResult::connection_lost},  // ER_CONNECTION_KILLED (MariaDB)
    {4031, ProbeResult::connection_lost},  // ER_CLIENT_INTERACTION_TIMEOUT
};

ProbeResult meaning_of(std::uint32_t code)
{
    auto row = std::ranges::find(meanings, code, &CodeMeaning::code);
    return row == std::end(meanings) ? ProbeResult::query_failed : row->result;
}

ProbeResult classify(const MysqlError& error, bool was_connected)
{
    switch (error.failure) {
        case MysqlFailure::timeout:
            return was_connected ? ProbeResult::query_timeout : ProbeResult::connect_timeout;
        case MysqlFailure::refused:
            return ProbeResult::connect_refused;
        case MysqlFailure::unreachable:
            return ProbeResult::connect_failed;
        case MysqlFailure::tls:
            return ProbeResult::tls_failed;
        case MysqlFailure::lost:
            return was_connected ? ProbeResult::connection_lost : ProbeResult::connect_failed;
        case MysqlFailure::server_error:
            return meaning_of(error.code);
        case MysqlFailure::protocol:
            return was_connected ? ProbeResult::query_failed : ProbeResult::connect_failed;
    }
    return ProbeResult::query_failed;
}

/// Rows are visible a moment before gtid_executed has their transaction: it is owned until then
/// (measured: MySQL 9.7). Null: that makes no sense.
std::shared_ptr<const protocol::Position> with_owned(
    const std::shared_ptr<const protocol::Position>& executed, std::string_view owned)
{
    if (owned.empty() || !executed) return executed;
    const auto* set = std::get_if<protocol::GtidSet>(&*executed);
    auto more = protocol::GtidSet::parse_owned(owned);
    if (!set || !more) return nullptr;
    auto all = *set;
    return std::make_shared<const protocol::Position>(std::move(all.unite(*more)));
}

MysqlError strange_answer()
{
    return {MysqlFailure::protocol, 0, "HY000", "the answer to the probe has an unknown shape"};
}

}  // namespace

Prober::Prober(config::Endpoint address, const config::Monitor& monitor,
               const config::ServerTls& tls, const config::Probe& timing)
    : options_{std::move(address), monitor.user, monitor.password.value, tls,
               timing.connect_timeout},
      timeout_(timing.timeout)
{
}

ProbeSample Prober::probe()
{
    ProbeSample sample;
    sample.started = Clock::now();
    ServerReport report;
    bool standing = connection_ && connection_->is_open();
    auto refusal = look(report);
    // A standing connection may have ended for reasons of its own (wait_timeout, KILL): that says
    // nothing about the server, so it gets one more chance at once.
    if (standing && refusal && refusal->result == ProbeResult::connection_lost)
        refusal = look(report);

    sample.finished = Clock::now();
    if (refusal) {
        sample.result = refusal->result;
        sample.error_code = refusal->error.code;
        sample.error = std::move(refusal->error.text);
        return sample;
    }
    sample.result = ProbeResult::ok;
    sample.report = std::move(report);
    return sample;
}

std::optional<Prober::Refusal> Prober::look(ServerReport& report)
{
    if (!connection_ || !connection_->is_open())
        if (auto failure = connect()) return Refusal{classify(*failure, false), *failure};
    auto failure = ask(report);
    if (!failure) return std::nullopt;
    auto result = classify(*failure, true);
    if (result == ProbeResult::connection_lost) connection_.reset();
    return Refusal{result, *failure};
}

Prober::Failure Prober::connect()
{
    connection_.reset();
    auto connected = MysqlConnection::connect(options_);
    if (!connected) return std::move(connected.error());
    connection_.emplace(std::move(*connected));
    dialect_ = &dialect_for(connection_->server_version());
    probes_until_facts_ = 0;
    return std::nullopt;
}

Prober::Failure Prober::read_facts()
{
    auto answer = query(dialect_->facts);
    if (!answer) return std::move(answer.error());
    auto facts = parse_facts(*dialect_, connection_->server_version(), *answer);
    if (!facts) return strange_answer();
    facts_ = std::move(*facts);
    probes_until_facts_ = probes_per_facts;
    return std::nullopt;
}

Prober::Failure Prober::ask(ServerReport& report)
{
    answer_by_ = Clock::now() + timeout_;
    if (probes_until_facts_ == 0)
        if (auto failure = read_facts()) return failure;
    --probes_until_facts_;

    auto answer = query(dialect_->probe);
    if (!answer) return std::move(answer.error());
    auto parsed = parse_report(*dialect_, facts_, *answer);
    if (!parsed) return strange_answer();
    report = std::move(*parsed);
    read_positions(report);
    return read_applier_errors(report);
}

// Most looks see what the last one saw.
void Prober::read_positions(ServerReport& report)
{
    bool moved = report.executed != executed_;
    if (moved) {
        executed_ = report.executed;
        position_.reset();
        auto flavour = report.facts.flavour == Flavour::mariadb ? protocol::GtidFlavour::mariadb
                                                                : protocol::GtidFlavour::mysql;
        if (auto read = protocol::parse_position(executed_, flavour))
            position_ = std::make_shared<const protocol::Position>(std::move(*read));
    }
    if (moved || report.owned != owned_) {
        owned_ = report.owned;
        may_show_ = with_owned(position_, owned_);
    }
    report.position = position_;
    report.may_show = may_show_;
}

Prober::Failure Prober::read_applier_errors(ServerReport& report)
{
    bool stopped =
        std::ranges::any_of(report.channels, [](const auto& c) { return !c.applier_on; });
    if (!stopped || dialect_->applier_error.empty()) return std::nullopt;
    auto answer = query(dialect_->applier_error);
    if (!answer) return std::move(answer.error());
    add_applier_errors(report, *answer);
    return std::nullopt;
}

MysqlResult<ResultSets> Prober::query(std::string_view sql)
{
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(answer_by_ - Clock::now());
    return connection_->query(sql, std::max(left, std::chrono::milliseconds{1}));
}

std::string_view to_text(ProbeResult result)
{
    switch (result) {
        case ProbeResult::ok:
            return "ok";
        case ProbeResult::connect_refused:
            return "connect_refused";
        case ProbeResult::connect_timeout:
            return "connect_timeout";
        case ProbeResult::connect_failed:
            return "connect_failed";
        case ProbeResult::tls_failed:
            return "tls_failed";
        case ProbeResult::access_denied:
            return "access_denied";
        case ProbeResult::saturated:
            return "saturated";
        case ProbeResult::query_timeout:
            return "query_timeout";
        case ProbeResult::connection_lost:
            return "connection_lost";
        case ProbeResult::query_failed:
            return "query_failed";
    }
    return "";
}

}  // namespace pointsman::health
