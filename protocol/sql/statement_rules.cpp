#include "protocol/sql/rules.hpp"

#include <array>

namespace pointsman::protocol::sql {

namespace {

using enum StatementKind;
using enum PrimaryReason;

struct StatementRule {
    Word first = Word::other;
    StatementKind kind = StatementKind::other;
    PrimaryReason reason =
        PrimaryReason::none;  // none: a replica may run it, unless the body objects
    std::uint32_t effects = effect_none;
    void (*read_head)(Parse&) = nullptr;
};

constexpr StatementRule rules[] = {
    {Word::select, select},
    {Word::table, table},
    {Word::values, values},
    {Word::with, select, none, effect_none, read_with},
    {Word::show, show, none, effect_none, read_show},
    {Word::describe, describe, none, effect_none, read_explain},
    {Word::desc, describe, none, effect_none, read_explain},
    {Word::explain, describe, none, effect_none, read_explain},
    {Word::help, help},
    {Word::checksum, checksum, server_specific},

    {Word::insert, insert, writes},
    {Word::replace, replace, writes},
    {Word::update, update, writes},
    {Word::delete_, delete_, writes},
    {Word::load, load, writes, effect_none, read_load},
    {Word::import, StatementKind::import, writes, effect_implicit_commit},
    {Word::call, call, writes, effect_routine},
    {Word::do_, do_, PrimaryReason::function},
    {Word::handler, handler, session_state, effect_handler},

    {Word::set, set, none, effect_none, read_set},
    {Word::use, use, session_state, effect_schema},
    {Word::prepare, prepare, session_state, effect_prepared_text},
    {Word::execute, execute, session_state, effect_prepared_text},
    {Word::deallocate, deallocate, session_state, effect_prepared_text},
    {Word::get, other, session_state, effect_reads_last_result},
    {Word::signal, other, session_state},
    {Word::resignal, other, session_state},

    {Word::begin, begin, PrimaryReason::transaction, effect_none, read_begin},
    {Word::start, begin, none, effect_none, read_start},
    {Word::commit, commit, PrimaryReason::transaction, effect_none, read_commit},
    {Word::rollback, rollback, PrimaryReason::transaction, effect_none, read_rollback},
    {Word::savepoint, savepoint, PrimaryReason::transaction},
    {Word::release, savepoint, PrimaryReason::transaction},
    {Word::xa, xa, PrimaryReason::transaction, effect_xa},

    {Word::lock, lock_tables, session_state, effect_lock_tables | effect_implicit_commit,
     read_lock},
    {Word::unlock, unlock_tables, session_state, effect_unlock_tables},
    {Word::backup, admin, session_state, effect_lock_tables, read_backup},
    {Word::flush, flush, server_specific, effect_implicit_commit, read_flush},
    {Word::kill, kill, server_specific, effect_connection_id},
    {Word::reset, reset, server_specific, effect_implicit_commit},

    {Word::create, ddl, writes, effect_implicit_commit, read_create},
    {Word::alter, ddl, writes, effect_implicit_commit, read_alter},
    {Word::drop, ddl, none, effect_none, read_drop},
    {Word::rename, ddl, writes, effect_implicit_commit, read_rename},
    {Word::truncate, ddl, writes, effect_implicit_commit},
    {Word::grant, account, writes, effect_implicit_commit, read_rename},
    {Word::revoke, account, writes, effect_implicit_commit, read_rename},

    {Word::analyze, admin, none, effect_none, read_analyze},
    {Word::optimize, admin, writes, effect_implicit_commit},
    {Word::repair, admin, writes, effect_implicit_commit},
    {Word::check, admin, writes, effect_implicit_commit},
    {Word::cache, admin, server_specific, effect_implicit_commit},
    {Word::install, admin, writes, effect_implicit_commit},
    {Word::uninstall, admin, writes, effect_implicit_commit},
    {Word::clone, admin, server_specific},
    {Word::shutdown, admin, server_specific},
    {Word::restart, admin, server_specific},

    // Blocks outside stored programs (MariaDB).
    {Word::if_, other, not_understood, effect_none, read_block},
    {Word::case_, other, not_understood, effect_none, read_block},
    {Word::loop, other, not_understood, effect_none, read_block},
    {Word::repeat, other, not_understood, effect_none, read_block},
    {Word::while_, other, not_understood, effect_none, read_block},

    {Word::stop, replication, server_specific, effect_implicit_commit},
    {Word::change, replication, server_specific, effect_implicit_commit},
    {Word::purge, replication, server_specific},
    {Word::binlog, replication, writes},
};

constexpr auto rule_index = [] {
    std::array<std::uint8_t, word_count> index{};
    for (std::size_t i = 0; i < std::size(rules); ++i)
        index[static_cast<std::size_t>(rules[i].first)] = static_cast<std::uint8_t>(i + 1);
    return index;
}();

const StatementRule* rule_of(Word first)
{
    const std::uint8_t index = rule_index[static_cast<std::size_t>(first)];
    return index == 0 ? nullptr : &rules[index - 1];
}

bool begins_main_statement(Word word)
{
    switch (word) {
        case Word::select:
        case Word::table:
        case Word::values:
        case Word::insert:
        case Word::replace:
        case Word::update:
        case Word::delete_:
            return true;
        default:
            return false;
    }
}

void become_account(Parse& parse)
{
    parse.statement.kind = account;
    parse.body.expect_accounts();
}

}  // namespace

void read_statement(Parse& parse)
{
    bool parenthesised = false;
    while (parse.cursor.accept(TokenKind::open)) parenthesised = true;
    const Token first = parse.cursor.peek();
    const StatementRule* rule = rule_of(first.word);
    const bool query =
        rule && (rule->kind == select || rule->kind == table || rule->kind == values);
    if (!rule || (parenthesised && !query)) {
        parse.statement.kind = other;
        needs_primary(parse.statement, not_understood);
        return;
    }
    parse.statement.kind = rule->kind;
    if (rule->reason != none) needs_primary(parse.statement, rule->reason, rule->effects);
    parse.cursor.take();
    if (rule->read_head) rule->read_head(parse);
}

/// WITH cte AS (…), … SELECT | UPDATE | DELETE: the first such word outside parentheses tells.
void read_with(Parse& parse)
{
    int depth = 0;
    while (!parse.cursor.at_end()) {
        const Word next = parse.cursor.peek().word;
        if (depth == 0 && begins_main_statement(next)) {
            const StatementRule& rule = *rule_of(next);
            parse.statement.kind = rule.kind;
            if (rule.reason != none) needs_primary(parse.statement, rule.reason);
            return;
        }
        const Token token = parse.body.step();
        if (token.is(TokenKind::open)) ++depth;
        if (token.is(TokenKind::close)) --depth;
    }
}

/// SET STATEMENT variable = value, … FOR statement (MariaDB).
void read_set_statement_for(Parse& parse)
{
    needs_primary(parse.statement, session_state);
    while (!parse.cursor.at_end() && !parse.cursor.peek().is(Word::for_)) parse.body.step();
    if (parse.cursor.accept(Word::for_)) read_statement(parse);
}

/// Words before the object, as OR REPLACE, UNIQUE or DEFINER = 'a'@'b', are passed over.
void read_create(Parse& parse)
{
    parse.body.expect_accounts();
    for (int words = 0; words < 32 && !parse.cursor.at_end(); ++words) {
        const Token token = parse.cursor.take();
        switch (token.word) {
            case Word::temporary:
                // No implicit commit; the table lives in the session only.
                parse.statement.effects = effect_temporary_table;
                return;
            case Word::user:
            case Word::role:
                return become_account(parse);
            case Word::function:
            case Word::procedure:
            case Word::trigger:
            case Word::event:
                return read_program(parse);
            case Word::package: {
                auto effects = parse.statement.effects;
                read_block(parse);
                parse.statement.effects = effects;
                return;
            }
            case Word::database:
            case Word::index:
            case Word::logfile:
            case Word::schema:
            case Word::server:
            case Word::table:
            case Word::tablespace:
            case Word::view:
                return;
            default:
                break;
        }
    }
}

void read_alter(Parse& parse)
{
    parse.body.expect_accounts();
    const Token object = parse.cursor.peek();
    if (object.is(Word::user) || object.is(Word::role)) return become_account(parse);
    if (object.is(Word::instance)) parse.statement.kind = admin;
    const bool program = object.is(Word::function) || object.is(Word::procedure) ||
                         object.is(Word::event) || object.text.size() == 7;  // DEFINER = … EVENT
    if (program) read_program(parse);
}

void read_drop(Parse& parse)
{
    const Token object = parse.cursor.peek();
    parse.statement.kind = ddl;
    if (object.is(Word::prepare)) {
        parse.statement.kind = deallocate;
        return needs_primary(parse.statement, session_state, effect_prepared_text);
    }
    const bool temporary = object.is(Word::temporary);
    needs_primary(parse.statement, writes,
                  temporary ? effect_temporary_table : effect_implicit_commit);
    if (object.is(Word::user) || object.is(Word::role)) become_account(parse);
}

/// RENAME, and GRANT and REVOKE, which always name accounts.
void read_rename(Parse& parse)
{
    parse.body.expect_accounts();
    if (parse.cursor.peek().is(Word::user)) become_account(parse);
}

void read_load(Parse& parse)
{
    if (parse.cursor.accept(Word::index)) {
        parse.statement.kind = admin;
        parse.statement.effects |= effect_implicit_commit;
        return;
    }
    // LOAD DATA | XML [LOW_PRIORITY | CONCURRENT] [LOCAL] INFILE
    for (int words = 0; words < 3 && !parse.cursor.at_end(); ++words)
        if (parse.cursor.take().is(Word::local)) parse.statement.effects |= effect_local_infile;
}

/// FLUSH TABLES … WITH READ LOCK and … FOR EXPORT keep locks.
void read_flush(Parse& parse)
{
    Word previous = Word::other;
    while (!parse.cursor.at_end()) {
        const Word word = parse.cursor.take().word;
        const bool locks = (previous == Word::with && word == Word::read) ||
                           (previous == Word::for_ && word == Word::export_);
        if (locks) parse.statement.effects |= effect_lock_tables;
        previous = word;
    }
}

/// LOCK INSTANCE FOR BACKUP commits nothing.
void read_lock(Parse& parse)
{
    if (parse.cursor.accept(Word::instance)) parse.statement.effects = effect_lock_tables;
}

/// BACKUP STAGE, BACKUP LOCK (MariaDB): its LOCK is no locking read.
void read_backup(Parse& parse)
{
    parse.cursor.accept(Word::lock);
}

/// ANALYZE TABLE; in MariaDB also ANALYZE statement, which runs it.
void read_analyze(Parse& parse)
{
    while (parse.cursor.accept(Word::format)) {
        parse.cursor.take();  // =
        parse.cursor.take();
    }
    const Word next = parse.cursor.peek().word;
    if (next == Word::with || (begins_main_statement(next) && next != Word::table)) {
        read_statement(parse);
        parse.statement.kind = explain;
        return;
    }
    needs_primary(parse.statement, writes, effect_implicit_commit);
}

}  // namespace pointsman::protocol::sql
