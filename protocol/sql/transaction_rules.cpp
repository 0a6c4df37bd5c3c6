// BEGIN, START, COMMIT and ROLLBACK in all their spellings.

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/rules.hpp"

namespace pointsman::protocol::sql {

namespace {

enum class Ending { plain, chain, release };

/// [WORK] [AND [NO] CHAIN] [[NO] RELEASE]
Ending read_ending(Cursor& cursor)
{
    Ending ending = Ending::plain;
    cursor.accept(Word::work);
    if (cursor.accept(Word::and_)) {
        const bool no = cursor.accept(Word::no);
        if (cursor.accept(Word::chain) && !no) ending = Ending::chain;
    }
    const bool no = cursor.accept(Word::no);
    if (cursor.accept(Word::release) && !no) ending = Ending::release;
    return ending;
}

/// READ ONLY | READ WRITE | WITH CONSISTENT SNAPSHOT; false for anything else.
bool read_characteristic(Parse& parse)
{
    Cursor& cursor = parse.cursor;
    if (cursor.accept(Word::with))
        return cursor.accept(Word::consistent) && cursor.accept(Word::snapshot);
    if (!cursor.accept(Word::read)) return false;
    if (cursor.accept(Word::write)) return true;
    parse.statement.transaction = Transaction::begin_read_only;
    return cursor.accept(Word::only);
}

/// Anything left over is a spelling that these rules do not know.
void expect_end(Parse& parse)
{
    if (!parse.cursor.at_end()) parse.statement.reason = PrimaryReason::not_understood;
}

}  // namespace

/// BEGIN [WORK]; anything else is a block (MariaDB's BEGIN NOT ATOMIC).
void read_begin(Parse& parse)
{
    parse.cursor.accept(Word::work);
    if (parse.cursor.at_end()) {
        parse.statement.transaction = Transaction::begin;
        return;
    }
    parse.statement.kind = StatementKind::other;
    parse.statement.reason = PrimaryReason::not_understood;
    read_block(parse);
}

/// START TRANSACTION [READ ONLY | READ WRITE | WITH CONSISTENT SNAPSHOT, …], else START REPLICA and
/// the like.
void read_start(Parse& parse)
{
    if (!parse.cursor.accept(Word::transaction)) {
        parse.statement.kind = StatementKind::replication;
        return needs_primary(parse.statement, PrimaryReason::server_specific,
                             effect_implicit_commit);
    }
    needs_primary(parse.statement, PrimaryReason::transaction);
    parse.statement.transaction = Transaction::begin;
    if (parse.cursor.at_end()) return;
    bool known = read_characteristic(parse);
    while (known && parse.cursor.accept(TokenKind::comma)) known = read_characteristic(parse);
    if (known && parse.cursor.at_end()) return;
    parse.statement.transaction = Transaction::begin;
    parse.statement.reason = PrimaryReason::not_understood;
}

void read_commit(Parse& parse)
{
    switch (read_ending(parse.cursor)) {
        case Ending::plain:
            parse.statement.transaction = Transaction::commit;
            break;
        case Ending::chain:
            parse.statement.transaction = Transaction::commit_chain;
            break;
        case Ending::release:
            parse.statement.transaction = Transaction::commit_release;
            break;
    }
    expect_end(parse);
}

/// ROLLBACK, and ROLLBACK TO [SAVEPOINT], which ends nothing.
void read_rollback(Parse& parse)
{
    const Ending ending = read_ending(parse.cursor);
    if (parse.cursor.accept(Word::to)) {
        parse.statement.kind = StatementKind::savepoint;
        return;
    }
    switch (ending) {
        case Ending::plain:
            parse.statement.transaction = Transaction::rollback;
            break;
        case Ending::chain:
            parse.statement.transaction = Transaction::rollback_chain;
            break;
        case Ending::release:
            parse.statement.transaction = Transaction::rollback_release;
            break;
    }
    expect_end(parse);
}

}  // namespace pointsman::protocol::sql
