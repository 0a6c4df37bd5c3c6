#pragma once
// Collects samples under their family while one scrape is put together.

#include "proxy/metrics/families.hpp"

#include <prometheus/metric_family.h>

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::proxy {

/// One label of one sample; the texts live as long as the call that gets it.
struct Label {
    std::string_view name;
    std::string_view value;
};
using Labels = std::initializer_list<Label>;

class SampleSheet {
public:
    /// `common` stands on each sample of a pointsman_ family; an empty value leaves it out.
    explicit SampleSheet(Label common);

    /// One sample of a counter or gauge.
    void add(Family family, double value, Labels labels = {});
    /// One gauge per name: 1 for the one at `current`, 0 for the others.
    void add_states(Family family, std::span<const std::string_view> names, std::size_t current,
                    std::string_view state_label, Labels labels = {});
    /// A sum and a count.
    void add_summary(Family family, double sum, std::uint64_t count, Labels labels = {});
    void add_histogram(Family family, prometheus::ClientMetric::Histogram histogram, Labels labels);

    /// The families with at least one sample; the sheet is empty afterwards.
    std::vector<prometheus::MetricFamily> take();

private:
    prometheus::ClientMetric& append(Family family, Labels labels);

    std::string common_name_, common_value_;
    std::array<std::vector<prometheus::ClientMetric>, family_count> samples_;
};

}  // namespace pointsman::proxy
