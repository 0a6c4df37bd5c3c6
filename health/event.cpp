#include "health/event.hpp"

#include <algorithm>

namespace pointsman::health {
namespace {

struct KindTraits {
    HealthEventKind kind;
    std::string_view word;
    Severity severity;
};

constexpr KindTraits traits[health_event_kind_count] = {
    {HealthEventKind::server_up, "server_up", Severity::info},
    {HealthEventKind::server_suspect, "server_suspect", Severity::debug},
    {HealthEventKind::server_down, "server_down", Severity::error},
    {HealthEventKind::maintenance_began, "maintenance_began", Severity::info},
    {HealthEventKind::maintenance_ended, "maintenance_ended", Severity::info},
    {HealthEventKind::server_added, "server_added", Severity::info},
    {HealthEventKind::server_removed, "server_removed", Severity::info},
    {HealthEventKind::primary_found, "primary_found", Severity::info},
    {HealthEventKind::primary_changed, "primary_changed", Severity::warning},
    {HealthEventKind::primary_lost, "primary_lost", Severity::error},
    {HealthEventKind::writable_refused, "writable_refused", Severity::error},
    {HealthEventKind::writable_settled, "writable_settled", Severity::info},
    {HealthEventKind::reads_began, "reads_began", Severity::info},
    {HealthEventKind::reads_ended, "reads_ended", Severity::warning},
};

const KindTraits& traits_of(HealthEventKind kind)
{
    return *std::ranges::find(traits, kind, &KindTraits::kind);
}

class Comparison {
public:
    Comparison(const Topology* before, const Topology& after) : before_(before), after_(after) {}

    std::vector<HealthEvent> run()
    {
        for (const auto& server : after_.servers)
            compare(before_ ? before_->find(server.id) : nullptr, server);
        if (before_)
            for (const auto& old : before_->servers)
                if (!after_.find(old.id))
                    add(HealthEventKind::server_removed, old, "is no longer configured");
        compare_primary();
        return std::move(events_);
    }

private:
    void compare(const ServerView* old, const ServerView& now)
    {
        if (before_ && !old) add(HealthEventKind::server_added, now, "is configured");
        auto was = old ? old->health : HealthState::starting;
        if (was != now.health) compare_health(was, now);
        if (now.quarantined && !(old && old->quarantined))
            add(HealthEventKind::writable_refused, now, now.problem);
        if (!now.quarantined && old && old->quarantined)
            add(HealthEventKind::writable_settled, now, "is no longer writable beside the primary");
        if (now.takes_reads && !(old && old->takes_reads))
            add(HealthEventKind::reads_began, now, "takes reads");
        bool still_there = now.health == HealthState::up && now.role != Role::primary;
        if (!now.takes_reads && old && old->takes_reads && still_there)
            add(HealthEventKind::reads_ended, now,
                now.problem.empty() ? "takes no reads" : now.problem);
    }

    void compare_health(HealthState was, const ServerView& now)
    {
        if (was == HealthState::maintenance)
            add(HealthEventKind::maintenance_ended, now, "is back from maintenance");
        switch (now.health) {
            case HealthState::starting:
                break;
            case HealthState::up:
                add(HealthEventKind::server_up, now, "is up");
                break;
            case HealthState::suspect:
                add(HealthEventKind::server_suspect, now, now.problem);
                break;
            case HealthState::down:
                add(HealthEventKind::server_down, now, now.problem);
                break;
            case HealthState::maintenance:
                add(HealthEventKind::maintenance_began, now, "is in maintenance");
                break;
        }
    }

    void compare_primary()
    {
        const auto* was = before_ ? before_->primary_server() : nullptr;
        const auto* now = after_.primary_server();
        if (now && before_ && before_->epoch != 0 && before_->epoch != after_.epoch) {
            add(HealthEventKind::primary_changed, *now,
                was ? "is the primary now, after " + was->name : "is the new primary");
        } else if (now && !was) {
            add(HealthEventKind::primary_found, *now, "is the primary");
        } else if (was && !now) {
            events_.push_back(
                {HealthEventKind::primary_lost, was->id, was->name, after_.why_not_open});
        }
    }

    void add(HealthEventKind kind, const ServerView& server, std::string_view what)
    {
        // A server's problem is a whole sentence, which begins with its name.
        if (what.starts_with(server.name + " ")) what.remove_prefix(server.name.size() + 1);
        events_.push_back({kind, server.id, server.name,
                           server.name + " (" + server.address.text() + ") " + std::string(what)});
    }

    const Topology* before_;
    const Topology& after_;
    std::vector<HealthEvent> events_;
};

}  // namespace

std::string_view to_text(HealthEventKind kind)
{
    return traits_of(kind).word;
}
Severity severity(HealthEventKind kind)
{
    return traits_of(kind).severity;
}

std::vector<HealthEvent> events_between(const Topology* before, const Topology& after)
{
    return Comparison{before, after}.run();
}

}  // namespace pointsman::health
