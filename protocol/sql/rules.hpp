#pragma once
// The heads of statements: what the words after the first one decide. Each rule takes the tokens it
// understands; the rest of the statement goes through BodyScan.

#include "protocol/sql/body_scan.hpp"

namespace pointsman::protocol::sql {

/// What a rule works with.
struct Parse {
    Cursor& cursor;
    Statement& statement;
    BodyScan& body;
};

/// Reads one statement from its first word; the rest of its tokens are left to BodyScan.
void read_statement(Parse& parse);

// statement_rules.cpp
void read_with(Parse& parse);
void read_set_statement_for(Parse& parse);
void read_create(Parse& parse);
void read_alter(Parse& parse);
void read_drop(Parse& parse);
void read_rename(Parse& parse);
void read_load(Parse& parse);
void read_flush(Parse& parse);
void read_lock(Parse& parse);
void read_backup(Parse& parse);
void read_analyze(Parse& parse);

// show_rules.cpp
void read_show(Parse& parse);
void read_explain(Parse& parse);

// transaction_rules.cpp
void read_begin(Parse& parse);
void read_start(Parse& parse);
void read_commit(Parse& parse);
void read_rollback(Parse& parse);

// session_effects.cpp
void read_set(Parse& parse);

// compound.cpp
/// Takes a stored program's body, whose own semicolons do not end the statement.
void read_program(Parse& parse);
/// The same after the word that opened the block.
void read_block(Parse& parse);

}  // namespace pointsman::protocol::sql
