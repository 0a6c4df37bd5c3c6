// Takeover plans in words.

#include "failover/takeover.hpp"

#include <array>

namespace pointsman::failover {
namespace {

std::string name_of(const Evidence& evidence, config::ServerId id)
{
    const auto* sight = evidence.find(id);
    return sight ? sight->server.name : "?";
}

std::string orders_text(const std::vector<Order>& orders, const Evidence& evidence)
{
    std::string text;
    for (const auto& order : orders) {
        text += (text.empty() ? "" : ", ") + name_of(evidence, order.server) + " " +
                std::string(to_text(order.verb));
        if (order.verb == Verb::follow || order.verb == Verb::repoint)
            text += " " + order.source.text();
    }
    return text;
}

}  // namespace

std::string_view to_text(StepKind kind)
{
    constexpr std::array<std::string_view, 14> words{"check",        "prepare_candidate",
                                                     "move_replica", "hold_writes",
                                                     "fence",        "read_position",
                                                     "sever",        "confirm",
                                                     "freeze",       "choose",
                                                     "catch_up",     "promote",
                                                     "publish",      "finish"};
    return words[static_cast<std::size_t>(kind)];
}

std::string_view to_text(Cause cause)
{
    constexpr std::array<std::string_view, 5> words{"switchover", "failover", "rejoin", "resume",
                                                    "reopen"};
    return words[static_cast<std::size_t>(cause)];
}

std::string to_text(const Takeover& takeover, const Evidence& evidence)
{
    std::string text;
    for (std::size_t i = 0; i < takeover.steps.size(); ++i) {
        const auto& step = takeover.steps[i];
        if (i == takeover.point_of_no_return) text += "   -- from here on only forward --\n";
        text += std::to_string(i + 1) + ". " + step.title;
        auto orders = orders_text(step.orders, evidence);
        if (!orders.empty()) text += " [" + orders + "]";
        text += '\n';
    }
    for (const auto& warning : takeover.warnings) text += "warning: " + warning + '\n';
    return text;
}

}  // namespace pointsman::failover
