#include "protocol/sql/words.hpp"

#include "protocol/sql/folded_table.hpp"

namespace pointsman::protocol::sql {

namespace {

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

constexpr FoldedTable<WordRow, 1024> word_table(word_rows);

}  // namespace

Word find_word(std::string_view text, std::uint32_t hash)
{
    const WordRow* row = word_table.find(text, hash);
    return row ? row->word : Word::other;
}

}  // namespace pointsman::protocol::sql
