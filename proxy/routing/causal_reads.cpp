#include "proxy/routing/causal_reads.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::proxy {

using protocol::GtidList;
using protocol::GtidSet;
using protocol::Position;

namespace {

/// A session's own writes stand apart when others write in between; more pieces than these are
/// taken together with what lies between them.
constexpr std::size_t most_pieces = 64;

std::uint64_t bit_of(config::ServerId server)
{
    auto index = config::index_of(server);
    return index < 64 ? std::uint64_t{1} << index : 0;
}

void subtract(Position& position, const Position& had)
{
    auto* set = std::get_if<GtidSet>(&position);
    auto* gone = std::get_if<GtidSet>(&had);
    if (set && gone) set->subtract(*gone);
    if (!set && contains(had, position)) position = GtidList{};
}

void intersect(Position& position, const Position& other)
{
    auto* set = std::get_if<GtidSet>(&position);
    auto* kept = std::get_if<GtidSet>(&other);
    if (set && kept) set->intersect(*kept);
    auto* list = std::get_if<GtidList>(&position);
    auto* most = std::get_if<GtidList>(&other);
    if (!list || !most) return;
    GtidList both;
    for (const auto& [domain, gtid] : list->domains()) {
        auto limit = most->in_domain(domain);
        if (limit) both.add(gtid.sequence < limit->sequence ? gtid : *limit);
    }
    position = std::move(both);
}

}  // namespace

void unite(Position& position, const Position& more)
{
    if (position.index() != more.index()) {
        position = more;
        return;
    }
    if (auto* set = std::get_if<GtidSet>(&position))
        set->unite(std::get<GtidSet>(more));
    else
        std::get<GtidList>(position).unite(std::get<GtidList>(more));
}

void ServerMarks::learn(const health::Topology& topology)
{
    for (const auto& server : topology.servers)
        if (server.executed)
            learn(server.id, server.executed, server.executed_at, server.may_show);
}

void ServerMarks::learn(config::ServerId server, PositionPtr position, Moment asked,
                        PositionPtr may_show)
{
    auto& mark = marks_[config::index_of(server)];
    if (asked <= mark.at) return;
    bool changed = position != mark.position;
    if (changed && mark.position && !contains(*position, *mark.position)) {
        ++setbacks_;
        mark.acknowledged = 0;
    }
    mark.may_show = may_show ? std::move(may_show) : position;
    mark.position = std::move(position);
    mark.at = asked;
    if (asked > mark.raised_at) mark.raised = Position{};
}

void ServerMarks::raise(config::ServerId server, const Position& has, Moment asked)
{
    auto& mark = marks_[config::index_of(server)];
    unite(mark.raised, has);
    mark.raised_at = std::max(mark.raised_at, asked);
    mark.behind_until = Moment{};
}

void ServerMarks::note_behind(config::ServerId server, Moment until)
{
    marks_[config::index_of(server)].behind_until = until;
}

bool ServerMarks::has(config::ServerId server, const Position& needed) const
{
    const auto& known = mark(server);
    if (known.position && contains(*known.position, needed)) return true;
    return contains(known.raised, needed) || is_empty(missing(server, needed));
}

Position ServerMarks::missing(config::ServerId server, Position needed) const
{
    const auto& known = mark(server);
    if (known.position) subtract(needed, *known.position);
    subtract(needed, known.raised);
    return needed;
}

PositionPtr ServerMarks::taken_after(config::ServerId server, Moment moment) const
{
    const auto& known = mark(server);
    return known.at > moment ? known.position : nullptr;
}

PositionPtr ServerMarks::bound_of_shown(config::ServerId server, Moment moment) const
{
    const auto& known = mark(server);
    return known.at > moment ? known.may_show : nullptr;
}

bool ServerMarks::is_behind(config::ServerId server, Moment now) const
{
    return now < mark(server).behind_until;
}

void SessionReads::wrote(const Position& gtids, config::ServerId server, bool in_order, Moment now)
{
    unite(written_, gtids);
    bound_size();
    changed_at_ = now;
    met_on_ = 0;
    needs_anything_ = true;
    if (in_order && seen_on_ == server) seen_on_.reset();
}

void SessionReads::bound_size()
{
    auto* set = std::get_if<GtidSet>(&written_);
    if (!set) return;
    std::size_t pieces = 0;
    for (const auto& source : set->sources()) pieces += source.intervals.size();
    if (pieces <= most_pieces) return;
    GtidSet whole;
    for (const auto& source : set->sources())
        whole.add(source.uuid, source.tag,
                  {source.intervals.front().first, source.intervals.back().last});
    *set = std::move(whole);
}

bool SessionReads::settle_seen(config::ServerId server, const ServerMarks& marks,
                               std::optional<config::ServerId> primary)
{
    if (!seen_on_ || *seen_on_ == server) return true;
    auto there = marks.bound_of_shown(*seen_on_, seen_until_);
    auto on_primary = primary ? marks.bound_of_shown(*primary, seen_until_) : nullptr;
    if (!there && !on_primary) return false;
    seen_ = there ? there : on_primary;
    if (there && on_primary && *seen_on_ != *primary) {
        // What a replica has that the primary lacks is of its own making: no other will have it.
        // What the replica got since the primary was asked was not lost either: it is bounded by
        // the primary's position as well, which was taken after the read.
        auto both = *there;
        intersect(both, *on_primary);
        seen_ = std::make_shared<const Position>(std::move(both));
    }
    settled_on_ = std::exchange(seen_on_, std::nullopt);
    settled_at_ = seen_until_;
    met_on_ = 0;
    changed_at_ = std::max(changed_at_, seen_until_);
    needs_anything_ = true;
    return true;
}

bool SessionReads::is_met(config::ServerId server, const ServerMarks& marks)
{
    if (!needs_anything_) return true;
    if (setbacks_ != marks.setbacks()) {
        setbacks_ = marks.setbacks();
        met_on_ = 0;
        settled_on_.reset();
    }
    auto bit = bit_of(server);
    if ((met_on_ & bit) != 0) return true;
    bool saw_there = !seen_ || settled_on_ == server;
    bool met = marks.has(server, written_) && (saw_there || marks.has(server, *seen_));
    if (met) met_on_ |= bit;
    return met;
}

Position SessionReads::needed() const
{
    auto all = written_;
    if (!seen_) return all;
    if (is_empty(all)) return *seen_;
    unite(all, *seen_);
    return all;
}

void SessionReads::forget_lost(const ServerMarks& marks, config::ServerId primary)
{
    auto had = marks.taken_after(primary, changed_at_);
    if (!had) return;
    intersect(written_, *had);
    if (!seen_) return;
    auto kept = *seen_;
    intersect(kept, *had);
    seen_ = std::make_shared<const Position>(std::move(kept));
}

namespace {

/// "0.050": seconds, as both flavours take them.
std::string in_seconds(std::chrono::milliseconds time)
{
    auto thousandths = std::to_string(time.count() % 1000);
    auto text = std::to_string(time.count() / 1000) + '.';
    text.append(3 - thousandths.size(), '0');
    return text + thousandths;
}

}  // namespace

std::string wait_statement(const Position& needed, std::chrono::milliseconds timeout)
{
    bool mariadb = std::holds_alternative<GtidList>(needed);
    std::string statement = mariadb ? "SELECT MASTER_GTID_WAIT('" :
                                      "SELECT WAIT_FOR_EXECUTED_GTID_SET('";
    statement += to_string(needed);
    return statement + "'," + in_seconds(timeout) + ')';
}

std::string wait_for_commits(std::chrono::milliseconds timeout)
{
    return "SELECT WAIT_FOR_EXECUTED_GTID_SET("
           "REGEXP_REPLACE(@@GLOBAL.gtid_owned,'#[0-9]+','')," +
           in_seconds(timeout) + ')';
}

}  // namespace pointsman::proxy
