#pragma once
// The two hash functions that MySQL's login plugins are built from, and the wiping of what they
// were given. Private to protocol/auth.

#include "protocol/auth/secret.hpp"

#include <array>
#include <initializer_list>

namespace pointsman::protocol::auth {

/// The digest of the parts, one behind the other.
Sha1Digest sha1_of(std::initializer_list<Bytes> parts);
Sha256Digest sha256_of(std::initializer_list<Bytes> parts);

/// Overwrites memory in a way that the optimizer keeps.
void wipe_bytes(MutableBytes bytes) noexcept;

/// Compares in a time that says nothing about where the difference is.
bool equal_in_constant_time(Bytes a, Bytes b) noexcept;

}  // namespace pointsman::protocol::auth
