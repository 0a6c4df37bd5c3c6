#pragma once
// What Verb::survey asks, and its answer as a value. MySQL 8.0.23 and later.

#include "failover/evidence.hpp"

#include <string_view>

namespace pointsman::failover {

std::string_view survey_sql();
Survey parse_survey(std::string_view text);

}  // namespace pointsman::failover
