#include "proxy/metrics/sample_sheet.hpp"

#include <utility>

namespace pointsman::proxy {

SampleSheet::SampleSheet(Label common) : common_name_(common.name), common_value_(common.value) {}

prometheus::ClientMetric& SampleSheet::append(Family family, Labels labels)
{
    auto& sample = samples_[static_cast<std::size_t>(family)].emplace_back();
    const auto& text = families()[static_cast<std::size_t>(family)];
    if (!common_value_.empty() && text.name.starts_with("pointsman_"))
        sample.label.push_back({common_name_, common_value_});
    for (const auto& label : labels)
        sample.label.push_back({std::string(label.name), std::string(label.value)});
    return sample;
}

void SampleSheet::add(Family family, double value, Labels labels)
{
    auto& sample = append(family, labels);
    auto type = families()[static_cast<std::size_t>(family)].type;
    if (type == prometheus::MetricType::Counter)
        sample.counter.value = value;
    else
        sample.gauge.value = value;
}

void SampleSheet::add_states(Family family, std::span<const std::string_view> names,
                             std::size_t current, std::string_view state_label, Labels labels)
{
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto& sample = append(family, labels);
        sample.label.push_back({std::string(state_label), std::string(names[i])});
        sample.gauge.value = i == current ? 1 : 0;
    }
}

void SampleSheet::add_summary(Family family, double sum, std::uint64_t count, Labels labels)
{
    auto& sample = append(family, labels);
    sample.summary.sample_sum = sum;
    sample.summary.sample_count = count;
}

void SampleSheet::add_histogram(Family family, prometheus::ClientMetric::Histogram histogram,
                                Labels labels)
{
    append(family, labels).histogram = std::move(histogram);
}

std::vector<prometheus::MetricFamily> SampleSheet::take()
{
    std::vector<prometheus::MetricFamily> result;
    for (const auto& text : families()) {
        auto& samples = samples_[static_cast<std::size_t>(text.family)];
        if (samples.empty()) continue;
        result.push_back({std::string(text.name), std::string(text.help), text.type,
                          std::exchange(samples, {})});
    }
    return result;
}

}  // namespace pointsman::proxy
