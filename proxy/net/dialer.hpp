#pragma once
// Connects to an endpoint within a deadline. Names are resolved on a thread of their own, so that a
// slow name server delays nobody else.

#include "config/endpoint.hpp"

#include "proxy/net/stream.hpp"

#include <memory>
#include <string>
#include <variant>

namespace pointsman::proxy::net {

/// A connected stream, or a sentence that says what went wrong ("connection refused", "timed out").
using DialResult = std::variant<std::unique_ptr<Stream>, std::string>;

Task<DialResult> dial(Reactor& reactor, config::Endpoint endpoint, TimePoint deadline);

}  // namespace pointsman::proxy::net
