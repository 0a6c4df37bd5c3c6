#pragma once
// What the tester knows of one session, and the steps that it takes. Little on purpose: statements
// that fail are compared like all others.

#include "protocol/bytes.hpp"
#include "protocol/command.hpp"
#include "protocol/exchange.hpp"
#include "protocol/messages/column_type.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::twin {

/// Why a session may need a link of its own until further notice. A bit set; when in doubt, set.
enum Hold : std::uint32_t {
    hold_nothing = 0,
    hold_transaction = 1u << 0,  // open, or autocommit is off
    hold_temporary = 1u << 1,
    hold_table_locks = 1u << 2,
    hold_user_locks = 1u << 3,
    hold_handler = 1u << 4,
    hold_cursor = 1u << 5,
    hold_xa = 1u << 6,
    hold_once = 1u << 7,     // until the next statement: warnings, LAST_INSERT_ID(), FOUND_ROWS()
    hold_unknown = 1u << 8,  // until COM_RESET_CONNECTION
    hold_role = 1u << 9,     // which outlives that: until the next login
};
constexpr std::uint32_t hold_everything = 0xffffffff;
/// For people: "transaction, xa", or "nothing".
std::string describe_holds(std::uint32_t holds);

/// One command of a session.
struct Step {
    protocol::Command command = protocol::Command::query;
    protocol::Buffer payload;
    std::string text;                 // for people
    std::optional<std::size_t> slot;  // the prepared statement that the payload names
    protocol::Buffer file;            // for LOAD DATA LOCAL
    std::uint32_t takes = hold_nothing, frees = hold_nothing;
    bool makes_tables = false;
    bool reconnects = false;  // in place of a command: say goodbye and log in again
    std::uint8_t account = 0;  // for COM_CHANGE_USER and reconnecting
};

/// One of the prepared statements that a session keeps.
struct Slot {
    bool open = false;
    std::uint16_t parameters = 0;
    std::vector<protocol::ColumnType> types;  // of its last execution; empty: none sent yet
};

struct Model {
    std::size_t number = 0;  // of the session
    std::uint32_t holds = hold_nothing;
    std::uint32_t held_for = 0;  // statements
    std::uint16_t status = 2;
    std::array<Slot, 4> slots;
    protocol::Capabilities capabilities = 0;
    std::deque<Step> queue;  // still to be taken
};

/// Takes in what the server said to a step.
void settle(Model& model, const Step& step, const protocol::Report& report);

}  // namespace pointsman::twin
