#pragma once
// The YAML file → Config, or every mistake in it at once.

#include "config/config.hpp"
#include "config/mistake.hpp"
#include "config/surroundings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pointsman::config {

/// `config` is set exactly when there are no mistakes. Server ids are not assigned yet: see
/// server_ids.hpp.
struct LoadResult {
    std::optional<Config> config;
    std::vector<Mistake> mistakes;
    bool ok() const { return config.has_value(); }
};

/// Reads and checks a file, the secrets and the certificates that it names.
LoadResult load_config(const std::string& path);

/// The same for text that is at hand. `file_name` stands in the mistakes; relative paths in the
/// text start at its folder.
LoadResult load_config_text(const std::string& text, const std::string& file_name,
                            const Surroundings& surroundings = real_surroundings());

}  // namespace pointsman::config
