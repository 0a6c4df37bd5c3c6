// SessionState: what statements leave to be asked for: ROW_COUNT(), FOUND_ROWS(), warnings, an
// error.

#include "protocol/server_status.hpp"

#include "proxy/session/session_state.hpp"

namespace pointsman::proxy {

namespace sql = protocol::sql;
namespace server_status = protocol::server_status;
using protocol::Command;

/// Warnings, errors and new ids are asked for by the statements right behind; the number of found
/// rows perhaps a little later.
void SessionState::settle_last_result(const Settled& settled)
{
    const auto& report = *settled.report;
    auto* statement = settled.statement;
    bool is_select = statement && statement->kind == sql::StatementKind::select;
    if (is_select) found_rows_on_.reset();
    if (statement) found_rows_.settle(*statement, report, settled.server);
    if (settled.ran) found_rows_.note_run(*settled.ran, report);
    if (settled.is_cut) found_rows_.forget_value();
    if (statement && statement->has(sql::effect_calc_found_rows)) found_rows_on_ = settled.server;
    settle_row_count(settled);
    // SHOW WARNINGS and GET DIAGNOSTICS leave all as it is, unless they fail, which may be said
    // by a warning; a SELECT that asks has its own result.
    bool shows = statement && (statement->kind == sql::StatementKind::show ||
                               statement->kind == sql::StatementKind::other);
    bool only_asks = shows && statement->has(sql::effect_reads_last_result);
    if (only_asks && report.error_code == 0 && report.warnings == 0) return;
    own_error_.reset();
    owes_ping_ = false;
    last_result_lost_ = false;
    warnings_ = report.error_code != 0 ? 1 : report.warnings;
    last_result_on_ = settled.server;
    // Right behind the INSERT: who asks for one thing that it left asks for the next one, too, and
    // reading the id for ourselves would be in between.
    bool asks = keeps_last_result_ && statement && statement->has(sql::effect_last_insert_id);
    keeps_last_result_ =
        report.warnings != 0 || report.error_code != 0 || report.last_insert_id != 0 || asks;
}

/// As MySQL has it (measured: 9.7, with all kinds of statements): -1 after rows and errors.
void SessionState::settle_row_count(const Settled& settled)
{
    const auto& report = *settled.report;
    bool has_cursor = (report.status & server_status::cursor_exists) != 0;
    bool keeps = settled.statement && settled.statement->kind == sql::StatementKind::other &&
                 settled.statement->has(sql::effect_reads_last_result);
    if (report.error_code != 0) {
        row_count_ = -1;
        return;
    }
    switch (settled.command) {
        case Command::query:
        case Command::stmt_execute:
        case Command::init_db:
            if (keeps) return;
            row_count_ = static_cast<std::int64_t>(report.affected_rows);
            if (report.ends_with_rows) row_count_ = -1;
            if (has_cursor) row_count_.reset();
            return;
        case Command::field_list:
        case Command::set_option:
            row_count_ = -1;
            return;
        case Command::stmt_prepare:
        case Command::statistics:
            return;
        default:
            row_count_.reset();
    }
}

sql::ResultCounts SessionState::result_counts() const
{
    if (dialect_.mariadb) return {};
    // The number of found rows is a matter of how a server runs a statement.
    constexpr std::uint32_t first_that_counts_so = 80400;
    bool counts_so = dialect_.server_version >= first_that_counts_so;
    auto found_rows = counts_so ? found_rows_.value() : std::nullopt;
    return {row_count_, found_rows, warnings_ == 0};
}

void SessionState::note_own_error(const protocol::Err& error)
{
    own_error_ = error;
    warnings_ = 1;
    row_count_ = -1;
}

void SessionState::note_error_at(config::ServerId server)
{
    own_error_.reset();
    warnings_ = 1;
    last_result_on_ = server;
    last_result_lost_ = false;
    keeps_last_result_ = true;
}

}  // namespace pointsman::proxy
