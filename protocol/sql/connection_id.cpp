#include "protocol/sql/connection_id.hpp"

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/lexer.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace pointsman::protocol::sql {

namespace {

constexpr std::size_t most_tokens = 4096;
constexpr std::size_t longest_alias = 255;

/// Statements whose own text is all that they run.
constexpr std::string_view openings[] = {"select", "with",   "insert", "replace", "update",
                                         "delete", "values", "do",     "set",     "call"};
/// Who asks these wants the server's own ids.
constexpr std::string_view tell_server_ids[] = {
    "processlist", "performance_schema", "information_schema", "sys",
    "innodb_trx",  "is_used_lock",       "pseudo_thread_id",   "ps_thread_id"};
/// Those of them that can be told by the sessions' ids instead.
constexpr std::string_view tell_session_ids[] = {"processlist", "is_used_lock",
                                                 "information_schema", "performance_schema"};
/// What may stand in front of a table, and what may follow it and is no alias.
constexpr std::string_view before_table[] = {"from", "join", "straight_join"};
constexpr std::string_view after_table[] = {"join",  "inner",   "left",         "right",
                                            "cross", "natural", "straight_join"};
constexpr std::string_view index_hints[] = {"use", "ignore", "force", "partition"};
/// Of the process lists, behind their ids.
constexpr std::string_view list_columns[] = {"USER", "HOST",  "DB",  "COMMAND",
                                             "TIME", "STATE", "INFO"};
constexpr std::string_view modifiers[] = {
    "all",           "distinct",         "distinctrow",        "high_priority",
    "straight_join", "sql_small_result", "sql_big_result",     "sql_buffer_result",
    "sql_cache",     "sql_no_cache",     "sql_calc_found_rows"};
/// What ends a list of columns.
constexpr std::string_view clauses[] = {"from",      "where", "group",  "having",    "order",
                                        "limit",     "union", "except", "intersect", "window",
                                        "into",      "for",   "on",     "using",     "set",
                                        "procedure", "lock",  "values", "update",    "qualify"};
constexpr std::string_view operators[] = {
    "and",     "or",     "xor",   "div",      "mod",     "not",    "like", "in",   "is",
    "between", "regexp", "rlike", "interval", "collate", "binary", "when", "then", "else"};
/// They end an expression and are no alias.
constexpr std::string_view values[] = {"end", "null", "true", "false", "unknown"};

template <std::size_t N>
bool is_one_of(const Token& token, const std::string_view (&words)[N])
{
    return token.is(TokenKind::word) &&
           std::any_of(words, words + N, [&](auto word) { return same_name(token.text, word); });
}

bool is_word(const Token& token, std::string_view lower)
{
    return token.is(TokenKind::word) && same_name(token.text, lower);
}

bool is_name(const Token& token)
{
    return token.is(TokenKind::word) || token.is(TokenKind::quoted_name) ||
           token.is(TokenKind::string);
}

/// A token and how many parentheses it stands in; those themselves stand outside.
struct Placed {
    Token token;
    int depth = 0;
};
using Tokens = std::vector<Placed>;

template <std::size_t N>
bool names_one_of(const Token& token, const std::string_view (&names)[N])
{
    bool is_plain_name = token.is(TokenKind::word) || token.is(TokenKind::quoted_name);
    return is_plain_name &&
           std::any_of(names, names + N, [&](auto name) { return same_name(token.name(), name); });
}

bool may_be_rewritten(const Token& token, bool begins, bool lists_too)
{
    if (begins && !token.is(TokenKind::open) && !is_one_of(token, openings)) return false;
    if (lists_too && names_one_of(token, tell_session_ids)) return true;
    return !names_one_of(token, tell_server_ids);
}

/// All tokens of the text; nothing when there are too many, or when it may not be rewritten: only
/// some versions read it, or it is about the server's own ids.
std::optional<Tokens> tokens_of(std::string_view text, const Dialect& dialect, bool lists_too)
{
    if (text.find("/*!") != text.npos || text.find("/*M!") != text.npos) return std::nullopt;
    Tokens tokens;
    Lexer lexer(text, dialect);
    int depth = 0;
    bool begins = true;
    for (auto token = lexer.next(); !token.is(TokenKind::end); token = lexer.next()) {
        bool ends = token.is(TokenKind::semicolon);
        if (tokens.size() == most_tokens || (!ends && !may_be_rewritten(token, begins, lists_too)))
            return std::nullopt;
        if (token.is(TokenKind::close)) --depth;
        tokens.push_back({token, depth});
        begins = ends || (begins && token.is(TokenKind::open));
        if (token.is(TokenKind::open)) ++depth;
    }
    if (lexer.failed()) return std::nullopt;
    return tokens;
}

std::string literal(std::uint32_t id)
{
    return "CAST(" + std::to_string(id) + " AS UNSIGNED)";
}

class Rewriter {
public:
    Rewriter(std::string_view text, const Tokens& tokens, const Dialect& dialect,
             std::span<const CallValue> calls)
        : text_(text), tokens_(tokens), dialect_(dialect), calls_(calls)
    {
    }
    /// The process lists, too.
    void name_sessions(std::string_view schema, const SessionIds& ids)
    {
        schema_ = schema;
        ids_ = &ids;
    }

    std::optional<std::string> run()
    {
        for (std::size_t at = 0; at < tokens_.size();) {
            auto edit = edit_at(at);
            if (!edit) return std::nullopt;
            at = std::max(at + 1, edit->end);
            if (edit->end > 0) edits_.push_back(std::move(*edit));
        }
        if (edits_.empty()) return std::nullopt;
        std::map<std::size_t, std::string> aliases;  // by where they go
        for (auto [begin, end] : columns_) {
            auto how = naming_of(begin, end);
            auto name = text_of(begin, end);
            if (how == Naming::has_name) continue;
            if (how == Naming::unsure || !can_be_alias(name)) return std::nullopt;
            aliases[offset_behind(end - 1)] += " AS " + quoted(name);
        }
        return with(aliases);
    }

private:
    enum class Naming { has_name, has_none, unsure };

    const Token& token(std::size_t at) const { return tokens_[at].token; }
    std::size_t offset_of(std::size_t at) const
    {
        return static_cast<std::size_t>(token(at).text.data() - text_.data());
    }
    std::size_t offset_behind(std::size_t at) const
    {
        return offset_of(at) + token(at).text.size();
    }
    std::string_view text_of(std::size_t begin, std::size_t end) const
    {
        return text_.substr(offset_of(begin), offset_behind(end - 1) - offset_of(begin));
    }

    /// What comes in the place of some tokens.
    struct Edit {
        std::size_t begin = 0, end = 0;  // of tokens; end 0: nothing is to be changed here
        std::string text = {};
    };

    /// Nothing when the whole text can't be rewritten.
    std::optional<Edit> edit_at(std::size_t at)
    {
        for (const auto& call : calls_) {
            bool is_one = is_call(at, call.function) && at + 2 < tokens_.size() &&
                          token(at + 2).is(TokenKind::close);
            if (!is_one) continue;
            note_columns(at);
            return Edit{at, at + 3, call.literal};
        }
        if (names_one_of(token(at), tell_session_ids)) return list_at(at);
        return Edit{};
    }

    std::optional<Edit> list_at(std::size_t at)
    {
        if (!ids_ || ids_->at_server.empty()) return std::nullopt;
        if (is_call(at, "is_used_lock")) {
            auto end = at + 2;
            while (end < tokens_.size() && tokens_[end].depth > tokens_[at].depth) ++end;
            if (end == tokens_.size()) return std::nullopt;
            note_columns(at);
            auto call = std::string(text_of(at, end + 1));
            return Edit{at, end + 1, owner_of_lock(call)};
        }
        bool qualified = at + 2 < tokens_.size() && token(at + 1).is(TokenKind::dot);
        if (same_name(token(at).name(), "processlist")) {
            // A column's table, or an alias that looks like one.
            bool is_table = !qualified && is_shown(schema_) && stands_as_table(at);
            return is_table ? process_list(at, at + 1, schema_) : Edit{};
        }
        bool is_list = qualified && same_name(token(at + 2).name(), "processlist");
        if (!is_list || !stands_as_table(at)) return std::nullopt;
        return process_list(at, at + 3, token(at).name());
    }

    static bool is_shown(std::string_view schema)
    {
        return same_name(schema, "information_schema") || same_name(schema, "performance_schema");
    }

    bool stands_as_table(std::size_t at) const
    {
        if (at == 0) return false;
        const auto& before = token(at - 1);
        return before.is(TokenKind::comma) || before.is(TokenKind::open) ||
               is_one_of(before, before_table);
    }

    /// A table in its place, with the same columns.
    std::optional<Edit> process_list(std::size_t begin, std::size_t end,
                                     std::string_view schema) const
    {
        constexpr std::uint32_t with_engine = 80034;  // since one of the 8.0.2x
        bool is_performance = same_name(schema, "performance_schema");
        bool is_old = is_performance && dialect_.server_version < with_engine;
        bool goes_on = end < tokens_.size();
        bool is_column = goes_on && token(end).is(TokenKind::dot);
        if (dialect_.mariadb || is_old || is_column) return std::nullopt;
        if (goes_on && is_one_of(token(end), index_hints)) return std::nullopt;
        std::string table = "(SELECT ID+CASE ID";
        for (auto [at_server, session] : ids_->at_server)
            table += " WHEN " + std::to_string(at_server) + " THEN " +
                     std::to_string(std::int64_t{session} - std::int64_t{at_server});
        table.append(" ELSE 0 END AS ").append(spelling_of("ID", begin));
        for (auto column : list_columns)
            table.append(",").append(column).append(" AS ").append(spelling_of(column, begin));
        if (is_performance)
            table.append(",EXECUTION_ENGINE AS ").append(spelling_of("EXECUTION_ENGINE", begin));
        table.append(" FROM ").append(schema).append(".processlist)");
        if (!goes_on || !is_alias(token(end))) table.append(" AS ").append(token(end - 1).text);
        return Edit{begin, end, std::move(table)};
    }

    /// As the list of columns in front of the table has it: a server shows it so.
    std::string_view spelling_of(std::string_view column, std::size_t table) const
    {
        for (std::size_t at = 0; at < table; ++at)
            if (is_word(token(at), column)) return token(at).text;
        return column;
    }

    static bool is_alias(const Token& token)
    {
        return is_name(token) && !is_one_of(token, clauses) && !is_one_of(token, after_table);
    }

    /// Whose session it is that a server's function tells.
    std::string owner_of_lock(const std::string& call) const
    {
        std::string owner = "(CASE " + call;
        for (auto [at_server, session] : ids_->at_server)
            owner += " WHEN " + std::to_string(at_server) + " THEN " + literal(session);
        return owner + " ELSE " + call + " END)";
    }

    bool is_call(std::size_t at, std::string_view function) const
    {
        bool qualified = at > 0 && token(at - 1).is(TokenKind::dot);
        return !qualified && is_word(token(at), function) && at + 1 < tokens_.size() &&
               token(at + 1).is(TokenKind::open);
    }

    /// The columns of SELECTs that a token is part of, from the inside out: their names change with
    /// their text.
    void note_columns(std::size_t at)
    {
        for (;;) {
            auto begin = column_begin(at);
            if (begin) columns_.emplace(*begin, column_end(at));
            int depth = tokens_[at].depth;
            while (at > 0 && tokens_[at].depth >= depth) --at;
            if (tokens_[at].depth >= depth) return;
        }
    }

    /// Nothing when it stands in no list of columns.
    std::optional<std::size_t> column_begin(std::size_t at) const
    {
        int depth = tokens_[at].depth;
        std::optional<std::size_t> begin;
        while (at-- > 0 && tokens_[at].depth >= depth) {
            if (tokens_[at].depth > depth) continue;
            const auto& before = token(at);
            if (before.is(TokenKind::semicolon) || is_one_of(before, clauses)) return std::nullopt;
            if (before.is(TokenKind::comma) && !begin) begin = at + 1;
            if (!is_word(before, "select")) continue;
            if (begin) return begin;
            while (is_one_of(token(at + 1), modifiers)) ++at;
            return at + 1;
        }
        return std::nullopt;
    }

    std::size_t column_end(std::size_t at) const
    {
        int depth = tokens_[at].depth;
        for (; at < tokens_.size() && tokens_[at].depth >= depth; ++at) {
            const auto& here = token(at);
            bool ends = here.is(TokenKind::comma) || here.is(TokenKind::semicolon) ||
                        is_one_of(here, clauses);
            if (ends && tokens_[at].depth == depth) break;
        }
        return at;
    }

    /// [AS] name at its end?
    Naming naming_of(std::size_t begin, std::size_t end) const
    {
        const auto& last = token(end - 1);
        if (last.is(TokenKind::close) || last.is(TokenKind::number)) return Naming::has_none;
        if (end - begin < 2 || !is_name(last)) return Naming::unsure;
        const auto& before = token(end - 2);
        if (is_word(before, "as")) return Naming::has_name;
        if (is_one_of(last, values)) return Naming::has_none;
        bool two_texts = before.is(TokenKind::string) && last.is(TokenKind::string);
        if (two_texts) return Naming::unsure;
        bool ends_value = before.is(TokenKind::close) || before.is(TokenKind::number) ||
                          before.is(TokenKind::user_variable) || is_name(before);
        return ends_value && !is_one_of(before, operators) ? Naming::has_name : Naming::has_none;
    }

    /// In character sets that nobody knows here, a byte may be half a character.
    static bool can_be_alias(std::string_view name)
    {
        return name.size() <= longest_alias && std::none_of(name.begin(), name.end(), [](char c) {
                   return static_cast<unsigned char>(c) >= 0x80;
               });
    }

    static std::string quoted(std::string_view name)
    {
        std::string quoted = "`";
        for (char c : name) {
            quoted += c;
            if (c == '`') quoted += c;
        }
        return quoted + '`';
    }

    std::string with(const std::map<std::size_t, std::string>& aliases) const
    {
        std::string out;
        std::size_t done = 0;
        auto alias = aliases.begin();
        auto copy_to = [&](std::size_t offset) {
            for (; alias != aliases.end() && alias->first <= offset; ++alias) {
                if (alias->first > done) out += text_.substr(done, alias->first - done);
                out += alias->second;
                done = std::max(done, alias->first);
            }
            if (offset > done) out += text_.substr(done, offset - done);
            done = std::max(done, offset);
        };
        for (const auto& edit : edits_) {
            copy_to(offset_of(edit.begin));
            out += edit.text;
            done = offset_behind(edit.end - 1);
        }
        copy_to(text_.size());
        return out;
    }

    std::string_view text_;
    const Tokens& tokens_;
    const Dialect& dialect_;
    std::span<const CallValue> calls_;
    std::string_view schema_;
    const SessionIds* ids_ = nullptr;
    std::vector<Edit> edits_;
    std::map<std::size_t, std::size_t> columns_;  // begin → end
};

}  // namespace

std::optional<std::string> with_calls_replaced(std::string_view text, const Dialect& dialect,
                                               std::span<const CallValue> calls)
{
    auto tokens = tokens_of(text, dialect, false);
    if (!tokens) return std::nullopt;
    return Rewriter(text, *tokens, dialect, calls).run();
}

std::optional<std::string> with_connection_id(std::string_view text, const Dialect& dialect,
                                              std::uint32_t id)
{
    const CallValue own[] = {{"connection_id", literal(id)}};
    return with_calls_replaced(text, dialect, own);
}

std::optional<std::string> with_session_ids(std::string_view text, const Dialect& dialect,
                                            std::string_view schema, const SessionIds& ids)
{
    auto tokens = tokens_of(text, dialect, true);
    if (!tokens) return std::nullopt;
    const CallValue own[] = {{"connection_id", literal(ids.own)}};
    Rewriter rewriter(text, *tokens, dialect, own);
    rewriter.name_sessions(schema, ids);
    return rewriter.run();
}

}  // namespace pointsman::protocol::sql
