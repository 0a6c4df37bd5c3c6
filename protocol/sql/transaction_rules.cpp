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
    read_program(parse);
}

/// START TRANSACTION [READ ONLY | READ WRITE | WITH CONSISTENT SNAPSHOT, …], else START REPLICA and the like.
void read_start(Parse& parse)
{
    if (!parse.cursor.accept(Word::transaction)) {
        parse.statement.kind = StatementKind::replication;
        return needs_primary(parse.statement, PrimaryReason::server_specific, effect_implicit_commit);
    }
    needs_primary(parse.statement, PrimaryReason::transaction);
    parse.statement.transaction = Transaction::begin;
    do {
        if (parse.cursor.accept(Word::read)) {
            if (parse.cursor.accept(Word::only))
                parse.statement.transaction = Transaction::begin_read_only;
            else parse.cursor.accept(Word::write);
        } else if (parse.cursor.accept(Word::with)) {
            parse.cursor.accept(Word::consistent);
            parse.cursor.accept(Word::snapshot);
        }
    } while (parse.cursor.accept(TokenKind::comma));
    if (!parse.cursor.at_end()) parse.statement.transaction = Transaction::begin;
    expect_end(parse);
}

void read_commit(Parse& parse)
{
    switch (read_ending(parse.cursor)) {
        case Ending::plain: parse.statement.transaction = Transaction::commit; break;
        case Ending::chain: parse.statement.transaction = Transaction::commit_chain; break;
        case Ending::release: parse.statement.transaction = Transaction::commit_release; break;
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
        case Ending::plain: parse.statement.transaction = Transaction::rollback; break;
        case Ending::chain: parse.statement.transaction = Transaction::rollback_chain; break;
        case Ending::release: parse.statement.transaction = Transaction::rollback_release; break;
    }
    expect_end(parse);
}

}  // namespace pointsman::protocol::sql
