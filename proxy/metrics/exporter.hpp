#pragma once
// The body of GET /metrics. The HTTP server that carries it is proxy/admin/http_server.

#include "proxy/metrics/metrics.hpp"

#include <string>
#include <string_view>

namespace pointsman::proxy {

class Exporter {
public:
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    explicit Exporter(MetricsSources sources) : metrics_(std::move(sources)) {}
    /// Everything in Prometheus' text format.
    std::string text() const;

private:
    Metrics metrics_;
};

}  // namespace pointsman::proxy
