#include "health/primary_choice.hpp"

#include <algorithm>

namespace pointsman::health {
namespace {

using Indices = std::vector<std::size_t>;

bool may_be_primary(const Member& member)
{
    bool alive = member.health == HealthState::up || member.health == HealthState::suspect;
    return alive && member.report && member.report->is_writable();
}

std::string title(const Member& member)
{
    return member.name + " (" + member.address.text() + ")";
}

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

class Chooser {
public:
    Chooser(const std::vector<Member>& members, const ReplicationGraph& graph,
            const std::optional<KnownPrimary>& known, const Appointed& appointed)
        : members_(members), graph_(graph), known_(known), appointed_(appointed)
    {
        if (known) known_at_ = position_of(known->id);
        for (std::size_t i = 0; i < members.size(); ++i)
            if (may_be_primary(members[i]) && (i == known_at_ || !members[i].refused_write))
                writable_.push_back(i);
    }

    PrimaryChoice choose() &&
    {
        if (known_) drop_strangers_to_known();
        if (has_handed_over()) std::erase(writable_, *known_at_);
        if (known_at_ && contains(writable_, *known_at_) && !left_by_its_replicas()) {
            accept(*known_at_);
        } else if (!known_ && still_looking()) {
            choice_.why_none =
                "still looking at " + names_where(HealthState::starting) + " for the first time";
        } else {
            choose_among_writable();
        }
        return std::move(choice_);
    }

private:
    static bool contains(const Indices& indices, std::size_t i)
    {
        return std::ranges::find(indices, i) != indices.end();
    }

    std::optional<std::size_t> position_of(config::ServerId id) const
    {
        auto at = std::ranges::find(members_, id, &Member::id);
        if (at == members_.end()) return std::nullopt;
        return static_cast<std::size_t>(at - members_.begin());
    }

    /// The data directory is another one than that of the known primary, and came from elsewhere.
    bool is_stranger(std::size_t i) const
    {
        const auto& report = *members_[i].report;
        if (known_at_ == i && report.facts.uuid == known_->uuid) return false;
        if (known_at_ && known_at_ != i &&
            (graph_.follows(i, *known_at_) || graph_.follows(*known_at_, i)))
            return false;
        if (report.facts.gtids && report.executed.empty() && !known_->executed.empty()) return true;
        return !gtids_in_common(known_->flavour, report.executed, known_->executed);
    }

    void drop_strangers_to_known()
    {
        std::erase_if(writable_, [&](std::size_t i) {
            bool stranger = is_stranger(i);
            if (stranger)
                refuse(i, "is writable and shares no history with " + known_->name +
                              ", the primary until now: it gets nothing");
            return stranger;
        });
    }

    /// The known primary is not to be seen now, and the replicas follow another writable server.
    bool left_by_its_replicas() const
    {
        if (members_[*known_at_].health == HealthState::up) return false;
        return graph_.followers(*known_at_).empty() &&
               std::ranges::any_of(writable_, [&](std::size_t i) {
                   return i != *known_at_ && !graph_.followers(i).empty();
               });
    }

    /// A move by hand of which the known primary's own report is late: it refused a write as
    /// read-only since its last report, and after that report another became writable that has all
    /// it had. The refusal alone proves nothing (a client can raise any error), and a server that
    /// was writable beside the known primary before is not believed for it.
    bool has_handed_over() const
    {
        if (!known_at_ || !contains(writable_, *known_at_)) return false;
        const auto& known = members_[*known_at_];
        return known.refused_write && std::ranges::any_of(writable_, [&](std::size_t i) {
                   return i != *known_at_ && members_[i].writable_since > known.looked_at &&
                          !graph_.follows(i, *known_at_) && graph_.covers(i, *known_at_);
               });
    }

    bool still_looking() const
    {
        return std::ranges::any_of(
            members_, [](const Member& m) { return m.health == HealthState::starting; });
    }

    /// It was writable when it came up, so no operator has promoted it under our eyes: a former
    /// primary that nobody fenced, say. Without what the known primary had it would lose that.
    bool is_left_behind(std::size_t i) const
    {
        const auto& member = members_[i];
        if (i == known_at_ || member.was_closed) return false;
        if (is_replaced(i)) return true;
        return gtids_lack(known_->flavour, member.report->executed, known_->executed);
    }

    void drop_left_behind()
    {
        std::erase_if(writable_, [&](std::size_t i) {
            if (!is_left_behind(i)) return false;
            bool replaced = is_replaced(i);
            (replaced ? replaced_ : left_behind_).push_back(members_[i].name);
            auto why = replaced ? "is writable still though its role was given to " + known_->name
                                : "came back writable and lacks transactions that " + known_->name +
                                      ", the primary until now, had";
            refuse(i, why +
                          ": it gets nothing. To have it all the same, make it read-only and "
                          "then writable");
            return true;
        });
    }

    void choose_among_writable()
    {
        if (known_) drop_left_behind();
        auto best = writable_;
        if (known_at_) std::erase(best, *known_at_);
        if (!known_) drop_outsiders(best);
        if (!known_) drop_abandoned(best);
        if (best.size() > 1) best = not_following_another(best);
        auto rivals = best;
        if (best.size() > 1) best = followed(best);
        if (best.size() > 1) best = covering_all(best);
        if (!known_ && rivals.size() > 1) best = as_appointed(rivals, best);
        if (best.size() == 1) return accept(best.front());

        auto names = names_of(writable_);
        for (auto i : writable_)
            refuse(i, "is writable like " + names + ", and which is the primary cannot be told");
        choice_.why_none =
            writable_.empty()
                ? why_none_writable()
                : names +
                      " are writable and which is the primary cannot be told: make all but "
                      "one read-only";
    }

    /// With nothing known yet: a writable server that has nothing to do with the ones that report
    /// is not their primary.
    void drop_outsiders(Indices& best)
    {
        std::erase_if(best, [&](std::size_t i) {
            bool outsider = has_company(i) && !related_to_any(i);
            if (outsider) {
                std::erase(writable_, i);
                refuse(i,
                       "is writable and shares no history with the other servers: it gets nothing");
            }
            return outsider;
        });
    }

    /// With nothing known yet: a former primary that nobody fenced, say, whose replicas were moved
    /// to another one, which is away now. Without what those have it would lose that. Who has
    /// neither source nor replica says nothing: it may hold anything.
    std::optional<std::size_t> ahead_of(std::size_t i) const
    {
        const auto& member = members_[i];
        if (member.was_closed || !graph_.followers(i).empty()) return std::nullopt;
        for (std::size_t other = 0; other < members_.size(); ++other) {
            const auto* report = members_[other].report;
            if (other == i || !report || report->is_writable()) continue;
            bool is_of_cluster = has_source_here(other) || !graph_.followers(other).empty();
            if (is_of_cluster && lacks_of(*member.report, *report)) return other;
        }
        return std::nullopt;
    }

    /// What is received and not yet executed counts: clients may have been told of it.
    static bool lacks_of(const ServerReport& report, const ServerReport& other)
    {
        auto lacks = [&](const std::string& gtids) {
            return gtids_lack(other.facts.flavour, report.executed, gtids);
        };
        return lacks(other.executed) ||
               std::ranges::any_of(other.channels, lacks, &ReplicationChannel::received);
    }

    bool has_source_here(std::size_t i) const
    {
        return std::ranges::any_of(members_[i].report->channels, [&](const auto& channel) {
            return graph_.source_of(i, channel).has_value();
        });
    }

    bool is_appointed(std::size_t i) const
    {
        return !appointed_.uuid.empty() && members_[i].report->facts.uuid == appointed_.uuid;
    }

    /// Its role was given away, and it was not read-only since.
    bool is_replaced(std::size_t i) const
    {
        const auto& member = members_[i];
        if (member.was_replaced) return true;
        bool by_journal = std::ranges::find(appointed_.replaced, member.report->facts.uuid) !=
                          appointed_.replaced.end();
        return by_journal && !member.was_closed;
    }

    std::optional<std::string> why_abandoned(std::size_t i) const
    {
        if (is_replaced(i)) return "is writable still though its role was given to another";
        if (is_appointed(i)) return std::nullopt;
        if (auto ahead = ahead_of(i))
            return "is writable, no server replicates from it, and it lacks transactions that " +
                   members_[*ahead].name + " has, which is not its replica";
        return std::nullopt;
    }

    void drop_abandoned(Indices& best)
    {
        std::erase_if(best, [&](std::size_t i) {
            auto why = why_abandoned(i);
            if (!why) return false;
            std::erase(writable_, i);
            left_behind_.push_back(members_[i].name);
            refuse(i, *why +
                          ": it gets nothing. To have it all the same, make it read-only and then "
                          "writable");
            return true;
        });
    }

    /// Others report that are no rivals: read-only servers, which have a primary somewhere.
    bool has_company(std::size_t i) const
    {
        for (std::size_t other = 0; other < members_.size(); ++other)
            if (other != i && members_[other].report && !members_[other].report->is_writable())
                return true;
        return false;
    }

    bool related_to_any(std::size_t i) const
    {
        for (std::size_t other = 0; other < members_.size(); ++other)
            if (other != i && members_[other].report && graph_.share_history(i, other)) return true;
        return false;
    }

    Indices not_following_another(const Indices& among) const
    {
        return filtered(among, [&](std::size_t i) {
            return std::ranges::none_of(
                among, [&](std::size_t other) { return graph_.follows(i, other); });
        });
    }

    Indices followed(const Indices& among) const
    {
        return filtered(among, [&](std::size_t i) { return !graph_.followers(i).empty(); });
    }

    Indices covering_all(const Indices& among) const
    {
        return filtered(among, [&](std::size_t i) {
            return std::ranges::all_of(among, [&](std::size_t other) {
                return i == other || (graph_.covers(i, other) && !graph_.covers(other, i));
            });
        });
    }

    /// Replicas may still follow the one that was replaced. What was written down decides, unless
    /// that is overtaken: then nobody can tell.
    Indices as_appointed(const Indices& rivals, const Indices& best) const
    {
        auto appointed =
            std::ranges::find_if(rivals, [&](std::size_t i) { return is_appointed(i); });
        if (appointed == rivals.end() || best == Indices{*appointed}) return best;
        const auto& facts = members_[*appointed].report->facts;
        bool overtaken = std::ranges::any_of(rivals, [&](std::size_t i) {
            return gtids_lack(facts.flavour, members_[*appointed].report->executed,
                              members_[i].report->executed);
        });
        return overtaken ? rivals : Indices{*appointed};
    }

    /// Those that pass; all, when the test tells none apart.
    template <class Test>
    static Indices filtered(const Indices& among, Test passes)
    {
        Indices left;
        std::ranges::copy_if(among, std::back_inserter(left), passes);
        return left.empty() ? among : left;
    }

    void accept(std::size_t primary)
    {
        choice_.primary = primary;
        for (auto i : writable_) {
            if (i == primary) continue;
            refuse(
                i,
                "is writable, but the primary is " + title(members_[primary]) + ": it gets nothing",
                members_[primary].looked_at > members_[i].writable_since);
        }
    }

    void refuse(std::size_t i, std::string problem, bool confirmed = true)
    {
        choice_.refused.push_back({i, std::move(problem), confirmed});
    }

    std::string why_none_writable() const
    {
        std::string text = known_ ? known_->name + " (" + known_->address.text() +
                                        "), the primary, " + state_of_known()
                                  : std::string("no server is known to be the primary");
        std::vector<std::string> read_only, down, refused;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            const auto& member = members_[i];
            if (known_at_ == i) continue;
            auto is_told_below = [&](const auto& names) {
                return std::ranges::find(names, member.name) != names.end();
            };
            if (is_told_below(left_behind_) || is_told_below(replaced_)) continue;
            if (was_refused(i))
                refused.push_back(member.name);
            else if (member.report && !member.report->is_writable())
                read_only.push_back(member.name);
            else if (member.health == HealthState::down)
                down.push_back(member.name);
        }
        add_group(text, read_only, "is read-only", "are read-only");
        add_group(text, down, "does not answer", "do not answer");
        add_group(text, refused, "is writable and not of this cluster",
                  "are writable and not of this cluster");
        add_group(text, replaced_, "is writable still", "are writable still");
        add_group(text, left_behind_, "is writable and may lack transactions",
                  "are writable and may lack transactions");
        return text;
    }

    static void add_group(std::string& text, const std::vector<std::string>& names,
                          std::string_view one, std::string_view many)
    {
        if (names.empty()) return;
        text += "; " + joined(names) + " " + std::string(names.size() == 1 ? one : many);
    }

    bool was_refused(std::size_t i) const
    {
        return std::ranges::find(choice_.refused, i, &Refused::member) != choice_.refused.end();
    }

    std::string state_of_known() const
    {
        if (!known_at_) return "is no longer configured";
        const auto& member = members_[*known_at_];
        if (was_refused(*known_at_)) return "came back with other data";
        switch (member.health) {
            case HealthState::maintenance:
                return "is in maintenance";
            case HealthState::down:
                return member.trouble;
            case HealthState::starting:
                return "was not reached yet";
            case HealthState::up:
            case HealthState::suspect:
                break;
        }
        return member.report ? "is read-only" : member.trouble;
    }

    std::string names_where(HealthState health) const
    {
        std::vector<std::string> names;
        for (const auto& member : members_)
            if (member.health == health) names.push_back(member.name);
        return joined(names);
    }

    std::string names_of(const Indices& indices) const
    {
        std::vector<std::string> names;
        for (auto i : indices) names.push_back(members_[i].name);
        return joined(names);
    }

    const std::vector<Member>& members_;
    const ReplicationGraph& graph_;
    const std::optional<KnownPrimary>& known_;
    const Appointed& appointed_;
    std::optional<std::size_t> known_at_;
    Indices writable_;
    std::vector<std::string> left_behind_, replaced_;
    PrimaryChoice choice_;
};

}  // namespace

PrimaryChoice choose_primary(const std::vector<Member>& members, const ReplicationGraph& graph,
                             const std::optional<KnownPrimary>& known, const Appointed& appointed)
{
    return Chooser{members, graph, known, appointed}.choose();
}

}  // namespace pointsman::health
