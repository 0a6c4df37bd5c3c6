#pragma once
// The rules that hold anywhere in a statement: locking reads, INTO, variables, function calls,
// other servers' own tables. Told token by token; remembers two tokens.

#include "protocol/sql/cursor.hpp"

namespace pointsman::protocol::sql {

/// The statement needs the primary, for `reason`; the gravest reason stays.
void needs_primary(Statement& statement, PrimaryReason reason, std::uint32_t effects = effect_none);

class BodyScan {
public:
    BodyScan(Cursor& cursor, Statement& statement, const Dialect& dialect)
        : cursor_(cursor), statement_(statement), dialect_(dialect)
    {
    }

    /// Takes one token and applies the rules to it.
    Token step();
    /// All tokens to the end of the statement.
    void rest()
    {
        while (!cursor_.at_end()) step();
    }
    /// In statements about accounts and definers, @host after a name is no variable.
    void expect_accounts() { accounts_ = true; }

private:
    void word(const Token& token);
    void opened(const Token& token);
    void called_unknown();
    bool is_table_name() const;
    bool is_column_list() const;
    void user_variable(const Token& token);
    void qualified_by(const Token& name);
    void named_in_information_schema(const Token& table);
    bool is_cte_column_list() const;

    Cursor& cursor_;
    Statement& statement_;
    const Dialect& dialect_;
    Token previous_;
    TokenKind before_previous_ = TokenKind::end;
    Word before_previous_word_ = Word::other;
    bool accounts_ = false;
    bool saw_system_variable_ = false;
    bool saw_rows_ = false;               // of an INSERT: the column list is over
    bool in_information_schema_ = false;  // the last dot followed that name
};

}  // namespace pointsman::protocol::sql
