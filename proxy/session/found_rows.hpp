#pragma once
// Pure: where FOUND_ROWS() is known. It speaks of the last SELECT (or DO), which need not be the
// last statement, and only on the link where that ran.

#include "protocol/exchange.hpp"
#include "protocol/sql/statement.hpp"

#include "config/endpoint.hpp"

#include <optional>

namespace pointsman::proxy {

class FoundRows {
public:
    /// A statement of the session ended on its link to `server`.
    void settle(const protocol::sql::Statement& statement, const protocol::Report& report,
                config::ServerId server)
    {
        using protocol::sql::StatementKind;
        bool reads = statement.kind == StatementKind::select ||
                     statement.kind == StatementKind::table ||
                     statement.kind == StatementKind::do_ ||
                     statement.kind == StatementKind::values;
        bool sets = reads && statement.statement_count == 1 && report.error_code == 0;
        // What others do to it is not known (some SET make it 0): only their link can tell.
        if (sets)
            on_ = server;
        else if (on_ != server)
            on_.reset();
        is_unset_ = is_unset_ && leaves_alone(statement);
    }
    /// The session has another link to `server`, or the proxy has asked something there.
    void lose(config::ServerId server)
    {
        if (on_ == server) on_.reset();
    }
    /// After a reset of the connection nobody knows it.
    void lose() { on_.reset(); }

    /// Nothing while nobody knows it.
    std::optional<config::ServerId> on() const { return on_; }
    /// The session has read nothing yet: it is 0.
    bool is_unset() const { return is_unset_; }

private:
    static bool leaves_alone(const protocol::sql::Statement& statement)
    {
        using protocol::sql::StatementKind;
        if (statement.statement_count != 1) return false;
        switch (statement.kind) {
            case StatementKind::set:
            case StatementKind::use:
            case StatementKind::begin:
            case StatementKind::set_transaction:
                return true;
            default:
                return false;
        }
    }

    std::optional<config::ServerId> on_;
    bool is_unset_ = true;
};

}  // namespace pointsman::proxy
