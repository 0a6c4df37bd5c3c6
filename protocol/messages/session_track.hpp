#pragma once
// The session-state part of an OK packet: what a statement changed in its session.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html#sect_protocol_basic_ok_packet_sessinfo

#include "protocol/bytes.hpp"
#include "protocol/errc.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pointsman::protocol {

struct TrackedVariable {
    std::string name, value;
};  // SESSION_TRACK_SYSTEM_VARIABLES (MariaDB: several in one entry)
struct TrackedSchema {
    std::string name;
};  // SESSION_TRACK_SCHEMA
struct TrackedStateChange {
    bool changed = false;
};  // SESSION_TRACK_STATE_CHANGE
struct TrackedGtids {
    std::string gtids;
};  // SESSION_TRACK_GTIDS
struct TrackedCharacteristics {
    std::string statements;
};  // SESSION_TRACK_TRANSACTION_CHARACTERISTICS
struct TrackedTransactionState {
    std::string state;
};  // SESSION_TRACK_TRANSACTION_STATE: 8 letters
struct TrackedUnknown {
    Byte type = 0;
    Buffer data;
};  // kept as it came
using TrackedChange = std::variant<TrackedVariable, TrackedSchema, TrackedStateChange, TrackedGtids,
                                   TrackedCharacteristics, TrackedTransactionState, TrackedUnknown>;

Result<std::vector<TrackedChange>> decode_session_state(Bytes session_state);
Buffer encode_session_state(const std::vector<TrackedChange>& changes);

}  // namespace pointsman::protocol
