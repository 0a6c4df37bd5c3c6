#pragma once
// From evidence to findings. Pure.

#include "failover/problem.hpp"

#include <string>
#include <vector>

namespace pointsman::failover {

struct Finding {
    const Problem* problem = nullptr;  // a row of problems()
    Symptoms symptoms;
};

/// All that holds, gravest first. When this process was late, that is the only finding.
std::vector<Finding> diagnose(const Evidence& evidence, const config::Failover& settings);

/// The sentence with its numbers: "… (2 of 2 replicas asked, 0 hear of it)".
std::string to_text(const Finding& finding);

}  // namespace pointsman::failover
