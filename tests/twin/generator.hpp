#pragma once
// What a session does next.

#include "tests/twin/dice.hpp"
#include "tests/twin/model.hpp"

namespace pointsman::twin {

enum class Mood : std::uint8_t {
    any,
    quiet,    // nothing that could keep a link
    freeing,  // what ends one of the session's holds
};

/// Appends one or more steps to the model's queue.
void generate(Dice& dice, Model& model, Mood mood);

/// A role outlives a reset.
enum class Anew : std::uint8_t { by_reset, by_login };

/// Puts before the model's queue what begins the session anew.
void generate_reset(Dice& dice, Model& model, Anew how);

/// The steps that every session begins with.
void generate_setup(Dice& dice, Model& model);

/// Links are shared by connections of one account and alike capabilities only.
enum class Variety : std::uint8_t { all, little };

/// The capabilities of a new connection.
protocol::Capabilities random_capabilities(Dice& dice, Variety variety);

}  // namespace pointsman::twin
