#include "proxy/session/next_transaction.hpp"

#include "protocol/server_status.hpp"

namespace pointsman::proxy {

namespace sql = protocol::sql;

/// Tables must be used: neither SELECT 1 nor to prepare a statement is enough (measured:
/// MySQL 9.7).
bool used_next_transaction(const Settled& settled)
{
    if (settled.report->status & protocol::server_status::in_trans) return true;
    if (!settled.statement || settled.statement->statement_count != 1) return false;
    const auto& statement = *settled.statement;
    switch (statement.kind) {
        case sql::StatementKind::select:
            return statement.names_table;
        case sql::StatementKind::insert:
        case sql::StatementKind::replace:
        case sql::StatementKind::update:
        case sql::StatementKind::delete_:
        case sql::StatementKind::commit:
        case sql::StatementKind::rollback:
        case sql::StatementKind::ddl:
            return true;
        default:
            return false;
    }
}

}  // namespace pointsman::proxy
