#include "proxy/admin/topology_text.hpp"

#include <vector>

namespace pointsman::proxy {
namespace {

std::string_view state_word(const health::ServerView& view)
{
    switch (view.health) {
        case health::HealthState::up:
            return view.quarantined ? "quarantined" : "ok";
        case health::HealthState::suspect:
            return "suspect";
        case health::HealthState::down:
            return "down";
        case health::HealthState::maintenance:
            return "downtimed";
        case health::HealthState::starting:
            break;
    }
    return "unknown";
}

class Tree {
public:
    Tree(const health::Topology& topology, const failover::Evidence& evidence)
        : topology_(topology), evidence_(evidence), shown_(evidence.servers.size(), false)
    {
    }

    std::string text() &&
    {
        if (evidence_.primary) show(*evidence_.primary, 0);
        for (std::size_t i = 0; i < shown_.size(); ++i)
            if (!shown_[i]) show(i, 0);
        return std::move(text_);
    }

private:
    void show(std::size_t i, std::size_t depth)
    {
        if (shown_[i]) return;
        shown_[i] = true;
        const auto& sight = evidence_.servers[i];
        auto name = (depth > 0 ? std::string(2 * (depth - 1), ' ') + "+ " : "") +
                    sight.server.name + " " + sight.server.address.text();
        constexpr std::size_t column = 40;
        if (name.size() < column) name.resize(column, ' ');
        text_ += name + " [" + facts(i) + "]\n";
        for (std::size_t other = 0; other < shown_.size(); ++other)
            if (other != i && follows(evidence_.servers[other], sight)) show(other, depth + 1);
    }

    std::string facts(std::size_t i) const
    {
        const auto& sight = evidence_.servers[i];
        const auto* view = topology_.find(sight.server.id);
        if (!view) return "removed";
        auto lag = view->lag ? std::to_string(view->lag->count()) + " ms" : std::string("-");
        if (evidence_.primary == i) lag = "primary";
        std::string text = lag + "," + std::string(state_word(*view)) + "," + view->version;
        if (sight.report) text += sight.report->is_writable() ? ",rw" : ",ro";
        if (!view->problem.empty()) text += "; " + view->problem;
        return text;
    }

    const health::Topology& topology_;
    const failover::Evidence& evidence_;
    std::vector<bool> shown_;
    std::string text_;
};

}  // namespace

std::string topology_text(const health::Topology& topology, const failover::Evidence& evidence)
{
    return Tree{topology, evidence}.text();
}

}  // namespace pointsman::proxy
