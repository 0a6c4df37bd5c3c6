#pragma once
// What statements take and leave in their session by name: temporary tables, handlers, locks, XA
// transactions, statements prepared as text. Read from the text of those that may do so, for who
// must know when the last one is gone.

#include "protocol/sql/classifier.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::protocol::sql {

/// A kind of thing that a session holds.
enum class Held : std::uint8_t {
    temporary_table,
    handler,
    user_lock,
    xa,
    table_locks,  // LOCK TABLES: gone with UNLOCK TABLES, and when a transaction begins
    read_lock,    // FLUSH TABLES … WITH READ LOCK: gone with UNLOCK TABLES
    backup_lock,  // LOCK INSTANCE, BACKUP STAGE, BACKUP LOCK
    prepared_text,
};
constexpr std::size_t held_count = 8;

struct HeldChange {
    enum class Act : std::uint8_t {
        take,      // one of this name
        take_any,  // some that nobody can name
        leave,     // one of this name, if there is one
        leave_all,
        run,  // EXECUTE of this name
    };
    Held what = Held::temporary_table;
    Act act = Act::take_any;
    std::string name;  // as it is written, without quotes; "schema.table" if it says so
    std::string text;  // of PREPARE, where it is a plain literal
};

/// What the text, of which `statement` are the facts, does when it succeeds. A name too many taken
/// and one too few left is the careful answer to what it can't tell.
std::vector<HeldChange> held_changes(std::string_view text, const Statement& statement,
                                     const Dialect& dialect);
/// The same of a text that is not there whole, or of several statements.
std::vector<HeldChange> held_by_effects(const Statement& statement);

}  // namespace pointsman::protocol::sql
