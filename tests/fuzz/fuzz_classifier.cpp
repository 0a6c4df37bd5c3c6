// Any text gives facts that do not contradict each other, and a write behind it is never missed.

#include "protocol/sql/recent_statements.hpp"

#include "tests/fuzz/sql_input.hpp"

using namespace pointsman::protocol::sql;
using pointsman::tests::require;
using pointsman::tests::with_other_numbers;

extern "C" int LLVMFuzzerTestOneInput(const pointsman::protocol::Byte* bytes, std::size_t size)
{
    const auto sql = pointsman::tests::sql_input(bytes, size);
    const Statement found = classify(sql.text, sql.dialect);
    const bool on_replica = found.access == Access::replica;
    require(on_replica == (found.reason == PrimaryReason::none),
            "a reason exactly for the primary");
    require(!on_replica || found.effects == effect_none,
            "what runs on a replica leaves no effects");
    require(!on_replica || found.transaction == Transaction::none, "nor changes a transaction");
    require((found.kind == StatementKind::empty) == (found.statement_count == 0),
            "empty, or counted");
    require(found.hint.server.empty() == (found.hint.kind != RouteHint::Kind::server),
            "a server's name exactly in a hint for it");

    const std::string changed = with_other_numbers(sql.text);
    if (holds_for_other_numbers(sql.text, found) && differ_in_numbers_only(sql.text, changed)) {
        const Statement other = classify(changed, sql.dialect);
        require(other.access == found.access && other.kind == found.kind &&
                    other.effects == found.effects && other.statement_count == 1 &&
                    other.transaction == found.transaction &&
                    other.hint.kind == RouteHint::Kind::none,
                "numbers decide nothing where they are said not to");
    }

    const Statement longer = classify(sql.text + "\n; DELETE FROM t", sql.dialect);
    require(longer.access == Access::primary, "a write behind any text is seen");
    return 0;
}
