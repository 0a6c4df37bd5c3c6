#pragma once
// A SecretSource in a map: one of `key`, `key`_env, `key`_file, and the text it stands for.

#include "config/config.hpp"
#include "config/section_reader.hpp"
#include "config/surroundings.hpp"

#include <string>
#include <vector>

namespace pointsman::config {

/// The three slots for a secret under `key`.
std::vector<KeySlot> secret_slots(std::string_view key, SecretSource& secret, Reading& reading);

/// Checks that at most one of the three was given (one, when `required`) and fills in `value`.
/// `folder` is where relative paths start.
void load_secret(const std::string& section, std::string_view key, bool required,
                 const std::string& folder, SecretSource& secret, Reading& reading,
                 const Surroundings& surroundings);

/// A path of the file, from the folder of the configuration when it is relative. Empty stays empty.
std::string path_from(const std::string& folder, const std::string& path);

}  // namespace pointsman::config
