#pragma once
// The look-up of words. Included by the lexer alone, which asks for every word of every statement.

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/words.hpp"

namespace pointsman::protocol::sql {

struct WordRow {
    std::string_view name;
    Word word = Word::other;
};

constexpr std::string_view without_underscore(std::string_view name)
{
    if (name.ends_with('_')) name.remove_suffix(1);
    return name;
}

constexpr std::array word_rows = {
#define POINTSMAN_SQL_ROW(word) WordRow{without_underscore(#word), Word::word},
    POINTSMAN_SQL_WORDS(POINTSMAN_SQL_ROW)
#undef POINTSMAN_SQL_ROW
};

constexpr FoldedTable<WordRow, 512> word_table(word_rows);

/// The word spelled `text`, any case, whose hash_name is `hash`.
inline Word find_word(std::string_view text, std::uint32_t hash)
{
    const WordRow* row = word_table.find(text, hash);
    return row ? row->word : Word::other;
}

}  // namespace pointsman::protocol::sql
