#pragma once
// The verbs of a takeover in SQL, over connections that stay open: opening them when the role must
// move would cost more than the move. A blocking adapter, for one thread at a time.

#include "config/config.hpp"

#include "health/mysql_client.hpp"

#include "failover/evidence.hpp"
#include "failover/server_control.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pointsman::failover {

/// What the adapter logs in with, and what replicas log in to their source with.
struct ControlAccess {
    std::string user, password;
    std::string replication_user, replication_password;
    config::ServerTls tls;
    milliseconds connect_timeout{1'000};
    friend bool operator==(const ControlAccess&, const ControlAccess&) = default;
};

ControlAccess access_of(const config::Config& config);

/// As a string of SQL.
std::string quoted(std::string_view text);
/// Servers talk to each other as Pointsman talks to them: is TLS a must?
bool requires_tls(const config::ServerTls& tls);

class MysqlServerControl : public ServerControl {
public:
    MysqlServerControl(config::Endpoint address, ControlAccess access);

    Outcome perform(const Order& order) override;

private:
    using Connection = std::optional<health::MysqlConnection>;

    Outcome run(Connection& connection, std::string_view sql, milliseconds within);
    Outcome run_all(std::initializer_list<std::string> statements, milliseconds within);
    Outcome make_read_only(milliseconds within);
    Outcome follow(const Order& order);
    Outcome repoint(const Order& order);
    Outcome change_source(const Order& order, std::string_view options);
    Outcome stop_replication(milliseconds within);
    Outcome promote(std::string_view open_sql, milliseconds within);
    Outcome kill_all(std::string_view ids_sql, milliseconds within);
    Outcome find_blockers(milliseconds within);
    Outcome read_settings(milliseconds within);
    Outcome set_variable(const Order& order);
    Outcome wait_executed(const Order& order);
    // mysql_repair_control.cpp
    Outcome inject_empty(const Order& order);
    Outcome clone(const Order& order);
    Outcome clone_state(milliseconds within);
    Outcome cannot_follow(milliseconds within);
    std::optional<health::MysqlError> connect(Connection& connection, milliseconds within);

    config::Endpoint address_;
    ControlAccess access_;
    Connection main_, spare_;  // the spare one kills what the main one waits for in vain
    std::string main_id_;      // CONNECTION_ID() of the main one
};

}  // namespace pointsman::failover
