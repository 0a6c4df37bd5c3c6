#pragma once
// Random text from templates: {word} stands for one of the word's choices (words.cpp), which may
// hold words again; {3-9} for a number, {'word'} for a word in quotes; {me} for the
// session's own two digits.

#include "tests/twin/dice.hpp"

#include <span>
#include <string>
#include <string_view>

namespace pointsman::twin {

/// A word and its choices, which ~ separates. The first one ends recursion.
struct Word {
    std::string_view name;
    std::string_view choices;
};
std::span<const Word> words();

class Grammar {
public:
    Grammar(Dice& dice, std::size_t session);
    std::string expand(std::string_view text) { return expand(text, 0); }

private:
    std::string expand(std::string_view text, int depth);
    std::string expand_word(std::string_view name, int depth);

    Dice& dice_;
    std::string me_;
};

}  // namespace pointsman::twin
