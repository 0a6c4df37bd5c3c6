#pragma once
// What a server answered to the dialect's statements, read into values. Pure and total: an answer
// of another shape is nothing, never a guess.

#include "health/dialect.hpp"
#include "health/mysql_client.hpp"
#include "health/probe.hpp"

#include <optional>
#include <string_view>

namespace pointsman::health {

/// The answer to `dialect.facts`; `version` is the greeting's.
std::optional<ServerFacts> parse_facts(const Dialect& dialect, std::string_view version,
                                       const ResultSets& answer);

/// The answer to `dialect.probe`, with `facts` put in.
std::optional<ServerReport> parse_report(const Dialect& dialect, const ServerFacts& facts,
                                         const ResultSets& answer);

/// Adds the answer to `dialect.applier_error` to the channels that have no error yet.
void add_applier_errors(ServerReport& report, const ResultSets& answer);

}  // namespace pointsman::health
