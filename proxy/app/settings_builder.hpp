#pragma once
// From a checked configuration to what sessions use: certificates and keys loaded.

#include "proxy/session/settings.hpp"

#include <string>
#include <variant>

namespace pointsman::proxy {

/// The settings, or a sentence that says what is wrong. Keys that are missing in state_directory
/// are made there (a start may take tens of milliseconds for that).
std::variant<SettingsPtr, std::string> build_settings(const config::Config& config);

}  // namespace pointsman::proxy
