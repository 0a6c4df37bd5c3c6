#include "protocol/sql/held_changes.hpp"

#include "protocol/sql/cursor.hpp"
#include "protocol/sql/folded_table.hpp"

#include <optional>

namespace pointsman::protocol::sql {

namespace {

using Act = HeldChange::Act;

bool is_name(const Token& token)
{
    return token.is(TokenKind::word) || token.is(TokenKind::quoted_name);
}

bool is_word(const Token& token, std::string_view lower)
{
    return token.is(TokenKind::word) && same_name(token.text, lower);
}

std::string lowered(std::string_view name)
{
    std::string lower(name);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

/// name or schema.name.
std::optional<std::string> accept_name(Cursor& cursor)
{
    if (!is_name(cursor.peek())) return std::nullopt;
    std::string name(cursor.take().name());
    if (!cursor.accept(TokenKind::dot)) return name;
    if (!is_name(cursor.peek())) return std::nullopt;
    return name + '.' + std::string(cursor.take().name());
}

void accept_if_exists(Cursor& cursor)
{
    if (!cursor.accept(Word::if_)) return;
    cursor.accept(Word::not_);
    if (is_word(cursor.peek(), "exists")) cursor.take();
}

/// What 'a string' says, if it is the same in every character set and has no escapes.
std::optional<std::string> plain_text(const Token& token)
{
    if (!token.is(TokenKind::string) || token.text.size() < 2) return std::nullopt;
    char quote = token.text.front();
    if ((quote != '\'' && quote != '"') || token.text.back() != quote) return std::nullopt;
    std::string text;
    auto inner = token.text.substr(1, token.text.size() - 2);
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] == '\\' || static_cast<unsigned char>(inner[i]) >= 0x80) return std::nullopt;
        text += inner[i];
        if (inner[i] == quote) ++i;  // doubled
    }
    return text;
}

class Reader {
public:
    Reader(Cursor& cursor, std::vector<HeldChange>& changes) : cursor_(cursor), changes_(changes) {}

    void statement()
    {
        auto first = cursor_.take();
        switch (first.word) {
            case Word::create:
                return create();
            case Word::drop:
                return drop();
            case Word::alter:
            case Word::rename:
                return rename();
            case Word::handler:
                return handler();
            case Word::xa:
                return xa();
            case Word::lock:
                return note(
                    cursor_.peek().is(Word::instance) ? Held::backup_lock : Held::table_locks,
                    Act::take);
            case Word::unlock:
                return unlock();
            case Word::flush:
                return flush();
            case Word::backup:
                return backup();
            case Word::begin:
                if (cursor_.peek().is(Word::not_)) return;  // a block (MariaDB)
                return note(Held::table_locks, Act::leave_all);
            case Word::start:
                if (cursor_.peek().is(Word::transaction)) note(Held::table_locks, Act::leave_all);
                return;
            case Word::prepare:
                return prepare();
            case Word::deallocate:
                return deallocate();
            case Word::execute:
                if (auto name = accept_name(cursor_))
                    note(Held::prepared_text, Act::run, lowered(*name));
                return;
            default:
                return user_locks(first);
        }
    }

private:
    void note(Held what, Act act, std::string name = {}, std::string text = {})
    {
        changes_.push_back({what, act, std::move(name), std::move(text)});
    }

    /// CREATE [OR REPLACE] [TEMPORARY] TABLE [IF NOT EXISTS] name … [AS SELECT …]
    void create()
    {
        if (cursor_.accept(Word::or_)) cursor_.accept(Word::replace);
        bool is_temporary = cursor_.accept(Word::temporary);
        bool is_table = cursor_.accept(Word::table);
        if (is_temporary) create_temporary(is_table);
        while (is_table && !cursor_.at_end()) {
            bool has_rows = cursor_.peek().is(Word::select) || cursor_.peek().is(Word::values);
            cursor_.take();
            if (has_rows && takes_lock_behind()) note(Held::user_lock, Act::take_any);
        }
    }

    void create_temporary(bool is_table)
    {
        accept_if_exists(cursor_);
        auto name = is_table ? accept_name(cursor_) : std::nullopt;
        if (name)
            note(Held::temporary_table, Act::take, std::move(*name));
        else
            note(Held::temporary_table, Act::take_any);
    }

    /// A DROP TABLE without TEMPORARY drops a temporary table, too.
    void drop()
    {
        if (cursor_.accept(Word::prepare)) return deallocate_name();
        cursor_.accept(Word::temporary);
        if (!cursor_.accept(Word::table) && !cursor_.accept(Word::tables)) return;
        accept_if_exists(cursor_);
        do {
            auto name = accept_name(cursor_);
            if (!name) return;
            note(Held::temporary_table, Act::leave, std::move(*name));
        } while (cursor_.accept(TokenKind::comma));
    }

    /// A temporary table may get another name.
    void rename()
    {
        while (!cursor_.at_end())
            if (cursor_.take().is(Word::rename)) note(Held::temporary_table, Act::take_any);
    }

    /// HANDLER table OPEN [[AS] alias] | alias CLOSE
    void handler()
    {
        auto name = accept_name(cursor_);
        if (!name) return note(Held::handler, Act::take_any);
        auto verb = cursor_.take();
        auto alias = name->substr(name->rfind('.') + 1);
        if (is_word(verb, "close")) return note(Held::handler, Act::leave, alias);
        if (!is_word(verb, "open")) return;
        cursor_.accept(Word::as);
        if (is_name(cursor_.peek())) alias = cursor_.take().name();
        note(Held::handler, Act::take, alias);
    }

    void xa()
    {
        auto verb = cursor_.take();
        if (verb.is(Word::start) || verb.is(Word::begin)) return note(Held::xa, Act::take);
        // Neither works while another one of the session is open.
        if (verb.is(Word::commit) || verb.is(Word::rollback)) note(Held::xa, Act::leave_all);
    }

    void unlock()
    {
        if (cursor_.peek().is(Word::instance)) return note(Held::backup_lock, Act::leave_all);
        note(Held::table_locks, Act::leave_all);
        note(Held::read_lock, Act::leave_all);
    }

    void flush()
    {
        while (!cursor_.at_end()) {
            auto word = cursor_.take().word;
            bool locks = (word == Word::with && cursor_.peek().is(Word::read)) ||
                         (word == Word::for_ && cursor_.peek().is(Word::export_));
            if (locks) note(Held::read_lock, Act::take);
        }
    }

    void backup()
    {
        auto verb = cursor_.take();
        bool ends = verb.is(Word::unlock) || (!verb.is(Word::lock) && cursor_.peek().is(Word::end));
        // Of the stages and the lock one may be there without the other.
        note(Held::backup_lock, ends ? Act::leave : Act::take,
             verb.is(Word::lock) || verb.is(Word::unlock) ? "lock" : "stage");
    }

    void prepare()
    {
        auto name = accept_name(cursor_);
        if (!name) return note(Held::prepared_text, Act::take_any);
        cursor_.accept(Word::from);
        auto text = plain_text(cursor_.take());
        if (!cursor_.at_end()) text.reset();
        note(Held::prepared_text, Act::take, lowered(*name), text.value_or(""));
    }

    void deallocate()
    {
        cursor_.accept(Word::prepare);
        deallocate_name();
    }

    void deallocate_name()
    {
        if (auto name = accept_name(cursor_)) note(Held::prepared_text, Act::leave, lowered(*name));
    }

    /// SELECT | DO lock_function('name' …) [[AS] alias], …: each is called once then. A lock that
    /// is taken once too often in this count is only kept for too long.
    void user_locks(const Token& first)
    {
        auto from = changes_.size();
        bool simple = first.is(Word::select) || first.is(Word::do_);
        while (simple) {
            simple = user_lock();
            if (simple && cursor_.at_end()) return;
            simple = simple && cursor_.accept(TokenKind::comma);
        }
        bool takes = takes_lock(first) || takes_lock_behind();
        for (auto at = from; at < changes_.size(); ++at)
            takes = takes || changes_[at].act == Act::take || changes_[at].act == Act::take_any;
        changes_.resize(from);
        if (takes) note(Held::user_lock, Act::take_any);
    }

    bool takes_lock_behind()
    {
        bool takes = false;
        while (!cursor_.at_end() && !takes) takes = takes_lock(cursor_.take());
        return takes;
    }

    /// Not those that only ask, and what lets go of locks is not believed here.
    static bool takes_lock(const Token& token)
    {
        return is_word(token, "get_lock") || is_word(token, "service_get_read_locks") ||
               is_word(token, "service_get_write_locks");
    }

    bool user_lock()
    {
        auto function = cursor_.take();
        if (!cursor_.accept(TokenKind::open)) {
            if (takes_lock(function)) note(Held::user_lock, Act::take_any);
            return false;
        }
        auto name = plain_text(cursor_.peek());
        if (name) cursor_.take();
        auto behind = cursor_.peek();
        bool takes = pass_arguments();
        if (cursor_.accept(Word::as) || is_name(cursor_.peek())) cursor_.take();
        bool alone = behind.is(TokenKind::close);
        if (takes)
            note(Held::user_lock, Act::take_any);
        else if (name && behind.is(TokenKind::comma) && is_word(function, "get_lock"))
            note(Held::user_lock, Act::take, std::move(*name));
        else if (takes_lock(function))
            note(Held::user_lock, Act::take_any);
        else if (name && alone && is_word(function, "release_lock"))
            note(Held::user_lock, Act::leave, std::move(*name));
        else if (!name && alone && is_word(function, "release_all_locks"))
            note(Held::user_lock, Act::leave_all);
        return true;
    }

    /// To the end of a call; true when a lock is taken in it.
    bool pass_arguments()
    {
        bool takes = false;
        for (int depth = 1; depth > 0 && !cursor_.at_end();) {
            auto token = cursor_.take();
            if (token.is(TokenKind::open)) ++depth;
            if (token.is(TokenKind::close)) --depth;
            takes = takes || takes_lock(token);
        }
        return takes;
    }

    Cursor& cursor_;
    std::vector<HeldChange>& changes_;
};

}  // namespace

std::vector<HeldChange> held_changes(std::string_view text, const Statement& statement,
                                     const Dialect& dialect)
{
    if (statement.statement_count != 1) return held_by_effects(statement);
    std::vector<HeldChange> changes;
    Cursor cursor(text, dialect);
    while (cursor.accept(TokenKind::semicolon)) {
    }
    while (cursor.accept(TokenKind::open)) {
    }
    Reader(cursor, changes).statement();
    return changes;
}

std::vector<HeldChange> held_by_effects(const Statement& statement)
{
    struct Row {
        Effect effect;
        Held what;
    };
    constexpr Row rows[] = {
        {effect_temporary_table, Held::temporary_table},
        {effect_handler, Held::handler},
        {effect_user_lock, Held::user_lock},
        {effect_xa, Held::xa},
        {effect_lock_tables, Held::read_lock},
        {effect_prepared_text, Held::prepared_text},
    };
    std::vector<HeldChange> changes;
    for (const auto& row : rows)
        if (statement.has(row.effect)) changes.push_back({row.what, Act::take_any, {}, {}});
    return changes;
}

}  // namespace pointsman::protocol::sql
