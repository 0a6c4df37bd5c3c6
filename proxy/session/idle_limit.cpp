#include "proxy/session/idle_limit.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::proxy {

void IdleLimit::begin(std::chrono::seconds wait_timeout)
{
    initial_ = now_ = wait_timeout;
    seen_.reset();
}

std::chrono::seconds IdleLimit::wait_timeout(const VariablesPtr& variables)
{
    if (variables == seen_) return now_;
    seen_ = variables;
    now_ = initial_;
    auto set = variables->find("wait_timeout");
    if (set == variables->end()) return now_;
    std::uint32_t seconds = 0;
    const auto& text = set->second;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && seconds > 0) now_ = std::chrono::seconds{seconds};
    return now_;
}

config::Milliseconds IdleLimit::of(const VariablesPtr& variables, config::Milliseconds most)
{
    config::Milliseconds limit = wait_timeout(variables);
    return most.count() > 0 ? std::min(limit, most) : limit;
}

}  // namespace pointsman::proxy
