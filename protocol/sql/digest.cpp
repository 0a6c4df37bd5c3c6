#include "protocol/sql/digest.hpp"

#include "protocol/sql/folded_table.hpp"
#include "protocol/sql/functions.hpp"
#include "protocol/sql/lexer.hpp"

namespace pointsman::protocol::sql {

namespace {

/// What one token becomes; several literals may become one.
enum class Item { none, word, name, value, values, row, rows, comma, open, close, sign, other };

constexpr std::uint64_t hash_offset = 0xcbf29ce484222325ull;
constexpr std::uint64_t hash_prime = 0x100000001b3ull;

constexpr bool is_list(Item item)
{
    return item == Item::value || item == Item::values;
}

constexpr bool is_row(Item item)
{
    return item == Item::row || item == Item::rows;
}

/// After these a + or - belongs to the literal behind it.
constexpr bool takes_sign(Item before)
{
    return before == Item::none || before == Item::word || before == Item::comma ||
           before == Item::open || before == Item::other;
}

/// Folds lists as they come: the last few items wait until it is clear that they stay as they are.
class Folder {
public:
    explicit Folder(std::size_t longest) : longest_(longest) {}

    void add(Item item, std::string_view text)
    {
        push({item, text, false});
        while (fold()) {
        }
    }

    Digest finish()
    {
        for (std::size_t i = 0; i < waiting_; ++i) emit(items_[i]);
        Digest digest{std::move(text_), hash_, truncated_};
        return digest;
    }

private:
    struct Piece {
        Item item = Item::none;
        std::string_view text;
        bool upper = false;
    };
    static constexpr std::size_t window = 8;

    Item last(std::size_t back) const
    {
        return back < waiting_ ? items_[waiting_ - 1 - back].item : Item::none;
    }

    void push(Piece piece)
    {
        if (waiting_ == window) {
            emit(items_[0]);
            for (std::size_t i = 1; i < window; ++i) items_[i - 1] = items_[i];
            --waiting_;
        }
        piece.upper = piece.item == Item::word;
        items_[waiting_++] = piece;
    }

    void replace_last(std::size_t count, Item item, std::string_view text)
    {
        waiting_ -= count;
        items_[waiting_++] = {item, text, false};
    }

    bool fold()
    {
        // ?, ? → ?+ and ?+, ? → ?+
        if (last(0) == Item::value && last(1) == Item::comma && is_list(last(2))) {
            replace_last(3, Item::values, "?+");
            return true;
        }
        // sign ? → ?
        if (last(0) == Item::value && last(1) == Item::sign && takes_sign(last(2))) {
            replace_last(2, Item::value, "?");
            return true;
        }
        // (?) and (?+) → one row
        if (last(0) == Item::close && is_list(last(1)) && last(2) == Item::open) {
            replace_last(3, Item::row, last(1) == Item::value ? "(?)" : "(?+)");
            return true;
        }
        // row, row → rows
        if (is_row(last(0)) && last(1) == Item::comma && is_row(last(2))) {
            replace_last(3, Item::rows, "(?+),+");
            return true;
        }
        return false;
    }

    void emit(const Piece& piece)
    {
        const bool glued = piece.item == Item::comma || piece.item == Item::close || after_open_ ||
                           piece.text == "." || after_dot_;
        if (started_ && !glued) write(' ');
        for (const char c : piece.text)
            write(piece.upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
        started_ = true;
        after_open_ = piece.item == Item::open;
        after_dot_ = piece.text == ".";
    }

    void write(char c)
    {
        hash_ = (hash_ ^ static_cast<unsigned char>(c)) * hash_prime;
        if (text_.size() < longest_)
            text_ += c;
        else
            truncated_ = true;
    }

    std::size_t longest_;
    Piece items_[window];
    std::size_t waiting_ = 0;
    std::string text_;
    std::uint64_t hash_ = hash_offset;
    bool truncated_ = false;
    bool started_ = false;
    bool after_open_ = false;
    bool after_dot_ = false;
};

/// Is the word one of the server's own? Its case then says nothing.
bool is_keyword(const Token& token, const Dialect& dialect)
{
    return !token.is(Word::other) || find_function(token.text, token.hash, dialect) != nullptr;
}

Item item_of(const Token& token, const Dialect& dialect)
{
    switch (token.kind) {
        case TokenKind::word:
            return is_keyword(token, dialect) ? Item::word : Item::name;
        case TokenKind::quoted_name:
        case TokenKind::user_variable:
            return Item::name;
        case TokenKind::string:
        case TokenKind::number:
            return Item::value;
        case TokenKind::comma:
            return Item::comma;
        case TokenKind::open:
            return Item::open;
        case TokenKind::close:
            return Item::close;
        case TokenKind::symbol:
            if (token.text == "?") return Item::value;
            return token.text == "-" || token.text == "+" ? Item::sign : Item::other;
        case TokenKind::bad:
        case TokenKind::end:
        case TokenKind::system_variable:
        case TokenKind::dot:
        case TokenKind::semicolon:
        case TokenKind::assign:
            return Item::other;
    }
    return Item::other;
}

}  // namespace

Digest digest(std::string_view text, const Dialect& dialect, std::size_t longest)
{
    Lexer lexer(text, dialect);
    Folder folder(longest);
    TokenKind before = TokenKind::end;
    for (Token token = lexer.next(); !token.is(TokenKind::end); token = lexer.next()) {
        const Item item = before == TokenKind::dot && token.is(TokenKind::word)
                              ? Item::name
                              : item_of(token, dialect);
        // What does not end may be part of a literal.
        std::string_view shown = token.is(TokenKind::bad) ? "…" : token.text;
        if (item == Item::value) shown = "?";
        folder.add(item, shown);
        before = token.kind;
    }
    return folder.finish();
}

}  // namespace pointsman::protocol::sql
