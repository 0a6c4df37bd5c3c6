#include "failover/diagnosis.hpp"

namespace pointsman::failover {

std::vector<Finding> diagnose(const Evidence& evidence, const config::Failover& settings)
{
    std::vector<Finding> findings;
    auto symptoms = symptoms_of(evidence, settings);
    for (const auto& row : problems()) {
        if (!row.holds(symptoms)) continue;
        findings.push_back({&row, symptoms});
        if (row.code == ProblemCode::detector_late) break;
    }
    return findings;
}

std::string to_text(const Finding& finding)
{
    const auto& symptoms = finding.symptoms;
    return std::string(finding.problem->meaning) + " (" + std::to_string(symptoms.reachable) +
           " of " + std::to_string(symptoms.replicas) + " replicas asked, " +
           std::to_string(symptoms.fresh) + " hear of it)";
}

}  // namespace pointsman::failover
