#pragma once
// One blocking probe of one server, on a connection that stays open between probes. A blocking
// adapter: it may read the clock. Used by one thread at a time.

#include "config/config.hpp"

#include "health/dialect.hpp"
#include "health/mysql_client.hpp"
#include "health/probe.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace pointsman::health {

class Prober {
public:
    /// `monitor.password.value` holds the loaded text.
    Prober(config::Endpoint address, const config::Monitor& monitor, const config::ServerTls& tls,
           const config::Probe& timing);

    /// Connects if need be, asks, and says what came of it. Takes at most connect_timeout +
    /// timeout.
    ProbeSample probe();

private:
    using Failure = std::optional<MysqlError>;
    struct Refusal {
        ProbeResult result;
        MysqlError error;
    };

    std::optional<Refusal> look(ServerReport& report);
    Failure connect();
    Failure ask(ServerReport& report);
    Failure read_facts();
    Failure read_applier_errors(ServerReport& report);
    MysqlResult<ResultSets> query(std::string_view sql);
    void read_positions(ServerReport& report);

    ConnectOptions options_;
    std::chrono::milliseconds timeout_;
    std::optional<MysqlConnection> connection_;
    const Dialect* dialect_ = nullptr;
    ServerFacts facts_;
    unsigned probes_until_facts_ = 0;
    TimePoint answer_by_{};
    std::string executed_, owned_;  // what the two below were read from
    std::shared_ptr<const protocol::Position> position_ =
        std::make_shared<const protocol::Position>();
    std::shared_ptr<const protocol::Position> may_show_ = position_;
};

}  // namespace pointsman::health
