#pragma once
// Contradictions between values that each are fine alone, all of them, in sentences.

#include "config/config.hpp"
#include "config/mistake.hpp"
#include "config/surroundings.hpp"

namespace pointsman::config {

/// Adds what is wrong to `reading`, which also knows where each key stands. A value that was
/// already found unfit has its default here, so nothing is said twice.
void validate(const Config& config, const Surroundings& surroundings, Reading& reading);

}  // namespace pointsman::config
