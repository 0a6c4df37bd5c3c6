// Performer: ROW_COUNT() and FOUND_ROWS() of a statement whose link has gone to another session, or
// was asked something by the proxy: the values are known here, and are put in.

#include "protocol/messages/query.hpp"

#include "proxy/session/performer.hpp"

namespace pointsman::proxy {

namespace sql = protocol::sql;
using protocol::Command;

/// Is all known that the statement asks for, in a form that can be answered so?
bool Performer::finds_counts()
{
    counts_text_.clear();
    count_columns_.clear();
    if (!command_.is_whole() || facts_.statement->statement_count != 1) return false;
    counts_ = core_.state.result_counts();
    if (facts_.command == Command::stmt_execute) return finds_count_columns();
    auto query = protocol::decode_query(payload_of(core_, command_), core_.account.capabilities);
    if (!query) return false;
    auto text = sql::with_result_counts(query->text, core_.state.dialect(), counts_);
    if (text) counts_text_ = std::move(*text);
    return text.has_value();
}

bool Performer::finds_count_columns()
{
    constexpr std::size_t flags_at = 5;
    constexpr protocol::Byte cursors = 0x07;
    auto payload = payload_of(core_, command_);
    bool opens_cursor = payload.size() <= flags_at || (payload[flags_at] & cursors) != 0;
    auto* statement = text_.statement_id ? core_.prepared.find(*text_.statement_id) : nullptr;
    if (opens_cursor || !statement) return false;
    count_columns_ = sql::plain_count_columns(statement->key->text, core_.state.dialect());
    for (auto column : count_columns_) {
        bool is_unknown = (column == sql::CountColumn::row_count && !counts_.row_count) ||
                          (column == sql::CountColumn::found_rows && !counts_.found_rows);
        if (is_unknown) count_columns_.clear();
        if (is_unknown) break;
    }
    return !count_columns_.empty();
}

/// Was this a question that only its link could answer? The next one will be, too.
bool Performer::will_ask_in_vain()
{
    if (knows_answer_ || !facts_.runs_statement()) return false;
    const auto& statement = *facts_.statement;
    bool asks = statement.kind == sql::StatementKind::select && asks_for_last_result(statement);
    return asks && !finds_counts();
}

/// Nothing when the client's own text is to go out.
protocol::Buffer Performer::with_counts() const
{
    if (!knows_answer_ || counts_text_.empty()) return {};
    auto capabilities = core_.account.capabilities;
    auto query = protocol::decode_query(payload_of(core_, command_), capabilities);
    if (!query) return {};
    query->text = counts_text_;
    return protocol::encode_query(*query, capabilities);
}

}  // namespace pointsman::proxy
