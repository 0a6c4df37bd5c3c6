#pragma once
// Builds steps: the tools of the generator's kinds.

#include "protocol/capability.hpp"

#include "tests/twin/dice.hpp"
#include "tests/twin/grammar.hpp"
#include "tests/twin/model.hpp"
#include "tests/twin/texts.hpp"

#include <span>
#include <string>

namespace pointsman::twin {

class Maker {
public:
    Maker(Dice& given_dice, Model& given_model)
        : dice(given_dice), model(given_model), grammar(given_dice, given_model.number)
    {
    }

    Dice& dice;
    Model& model;
    Grammar grammar;

    bool has(protocol::Capabilities flags) const { return (model.capabilities & flags) == flags; }

    /// A random row as COM_QUERY.
    void query(std::span<const TextRow> rows) { query(dice.pick_weighted(rows)); }
    void query(const TextRow& row);
    /// Any command; `text` is for people.
    Step& add(protocol::Command command, protocol::Buffer payload, std::string text);
    /// A command that names a prepared statement.
    Step& add_for_slot(protocol::Command command, std::size_t slot, protocol::Buffer payload,
                       std::string text);
};

/// The kinds of steps about prepared statements.
void prepare_statement(Maker& maker);
void execute_statement(Maker& maker);
void execute_with_cursor(Maker& maker);
void execute_with_long_data(Maker& maker);
void prepare_execute_close(Maker& maker);
void reset_statement(Maker& maker);
void close_statement(Maker& maker);

}  // namespace pointsman::twin
