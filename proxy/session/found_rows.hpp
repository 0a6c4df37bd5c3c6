#pragma once
// Pure: where FOUND_ROWS() is known, and what it is. It speaks of the last SELECT (or DO), which
// need not be the last statement; where its value is not certain only the link tells where that
// ran.

#include "protocol/exchange.hpp"
#include "protocol/server_status.hpp"
#include "protocol/sql/statement.hpp"

#include "config/endpoint.hpp"

#include <cstdint>
#include <optional>

namespace pointsman::proxy {

class FoundRows {
public:
    /// A statement of the session ended on its link to `server`.
    void settle(const protocol::sql::Statement& statement, const protocol::Report& report,
                config::ServerId server)
    {
        using protocol::sql::StatementKind;
        bool reads =
            statement.kind == StatementKind::select || statement.kind == StatementKind::table ||
            statement.kind == StatementKind::do_ || statement.kind == StatementKind::values;
        bool sets = reads && statement.statement_count == 1 && report.error_code == 0;
        // What others do to it is not known (some SET make it 0): only their link can tell.
        if (sets)
            on_ = server;
        else if (on_ != server)
            on_.reset();
        if (sets)
            value_ = value_after(statement, report);
        else if (report.error_code != 0 || !leaves_alone(statement))
            value_.reset();
        is_unset_ = is_unset_ && leaves_alone(statement);
    }
    /// EXECUTE ran a text that is known, as `statement` would itself.
    void note_run(const protocol::sql::Statement& statement, const protocol::Report& report)
    {
        using protocol::sql::StatementKind;
        if (statement.kind == StatementKind::select && report.error_code == 0)
            value_ = value_after(statement, report);
    }
    /// Not all of the statement was seen.
    void forget_value() { value_.reset(); }
    /// The session has another link to `server`, or the proxy has asked something there.
    void lose(config::ServerId server)
    {
        if (on_ == server) on_.reset();
    }
    /// After a reset of the connection nobody knows it.
    void lose()
    {
        on_.reset();
        value_.reset();
    }

    /// Nothing while nobody knows it.
    std::optional<config::ServerId> on() const { return on_; }
    /// The session has read nothing yet: it is 0.
    bool is_unset() const { return is_unset_; }
    /// What it is, as MySQL counts (measured: 9.7).
    std::optional<std::uint64_t> value() const
    {
        return is_unset_ ? std::optional<std::uint64_t>(0) : value_;
    }

private:
    /// As many as were sent, unless others were skipped or counted (measured: MySQL 9.7, with
    /// LIMIT, GROUP BY, DISTINCT, UNION, sql_select_limit).
    static std::optional<std::uint64_t> value_after(const protocol::sql::Statement& statement,
                                                    const protocol::Report& report)
    {
        if (statement.kind == protocol::sql::StatementKind::do_) return 1;
        bool has_cursor = (report.status & protocol::server_status::cursor_exists) != 0;
        bool is_sent = report.has_result_set && report.ends_with_rows && !has_cursor;
        bool is_all =
            !statement.skips_rows && !statement.has(protocol::sql::effect_calc_found_rows);
        return is_sent && is_all ? std::optional(report.rows) : std::nullopt;
    }
    static bool leaves_alone(const protocol::sql::Statement& statement)
    {
        using protocol::sql::StatementKind;
        if (statement.statement_count != 1) return false;
        switch (statement.kind) {
            case StatementKind::set:
            case StatementKind::use:
            case StatementKind::begin:
            case StatementKind::commit:
            case StatementKind::rollback:
            case StatementKind::savepoint:
            case StatementKind::prepare:
            case StatementKind::deallocate:
            case StatementKind::ddl:
            case StatementKind::set_transaction:
                return true;
            default:
                return false;
        }
    }

    std::optional<config::ServerId> on_;
    std::optional<std::uint64_t> value_;
    bool is_unset_ = true;
};

}  // namespace pointsman::proxy
