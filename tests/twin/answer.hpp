#pragma once
// Are two answers the same, and what do they say?

#include "tests/twin/peer.hpp"

#include <string>

namespace pointsman::twin {

/// Byte for byte, but for what README.md lists as each connection's own.
bool is_same(protocol::Command command, const Answer& proxied, const Answer& direct,
             protocol::Capabilities capabilities);

/// Pointsman's word that it does not know what the statement before left: it is no guess.
bool is_honest_refusal(const Answer& proxied);

/// For people: one line for each packet.
std::string describe(const Answer& answer, protocol::Capabilities capabilities);

/// Bytes as text, what is not printable as \xNN, cut when long.
std::string printable(protocol::Bytes bytes, std::size_t longest);

}  // namespace pointsman::twin
