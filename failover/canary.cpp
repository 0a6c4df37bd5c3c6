#include "failover/canary.hpp"

#include <algorithm>
#include <array>

namespace pointsman::failover {
namespace {

/// "pointsman", so that people know it, too.
constexpr std::array<std::uint8_t, 9> prefix{0x70, 0x6f, 0x69, 0x6e, 0x74, 0x73, 0x6d, 0x61, 0x6e};

bool is_canary(const protocol::Uuid& uuid)
{
    return std::equal(prefix.begin(), prefix.end(), uuid.begin());
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view text)
{
    std::uint64_t hash = 0xcbf29ce484222325;
    for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
    return hash;
}

std::uint64_t last_of(const protocol::GtidSet& set, const protocol::Uuid& uuid)
{
    for (const auto& source : set.sources())
        if (source.uuid == uuid && source.tag.empty()) return source.intervals.back().last;
    return 0;
}

/// Do as many replicas acknowledge as the primary waits for?
bool is_acknowledged(const Evidence& evidence, const ServerSight& primary)
{
    if (!primary.survey.semi_sync_source) return true;
    auto acks = std::ranges::count_if(evidence.servers, [&](const ServerSight& sight) {
        return sight.answers() && sight.survey.semi_sync_replica && follows(sight, primary);
    });
    return static_cast<std::uint64_t>(acks) >= primary.survey.acks_wanted;
}

}  // namespace

protocol::Uuid canary_source(std::string_view process)
{
    protocol::Uuid uuid{};
    std::ranges::copy(prefix, uuid.begin());
    auto hash = hash_of(process);
    for (auto i = prefix.size(); i < uuid.size(); ++i, hash >>= 8)
        uuid[i] = static_cast<std::uint8_t>(hash & 0xff);
    return uuid;
}

protocol::GtidSet canaries_of(const protocol::GtidSet& set)
{
    protocol::GtidSet canaries;
    for (const auto& source : set.sources())
        if (is_canary(source.uuid))
            for (const auto& interval : source.intervals)
                canaries.add(source.uuid, source.tag, interval);
    return canaries;
}

std::optional<Order> Canary::next(const Evidence& evidence, TimePoint now)
{
    const auto* primary = evidence.primary_sight();
    bool may = interval_.count() > 0 && !under_way_ && primary && primary->answers() &&
               primary->report->is_writable() && !primary->server.maintenance &&
               primary->report->facts.flavour == health::Flavour::mysql &&
               primary->report->facts.gtids;
    if (!may) return std::nullopt;
    bool acknowledged = is_acknowledged(evidence, *primary);
    bool may_end_again = is_stuck() && acknowledged && !acknowledged_;
    bool is_another = sent_to_ != primary->server.id;
    acknowledged_ = acknowledged;
    if (now < next_at_ && !may_end_again && !is_another) return std::nullopt;
    const auto* position = primary->report->position.get();
    const auto* executed = position ? std::get_if<protocol::GtidSet>(position) : nullptr;
    if (!executed) return std::nullopt;
    last_number_ = std::max(last_number_, last_of(*executed, source_)) + 1;
    sent_to_ = primary->server.id;
    under_way_ = true;
    Order order{.server = primary->server.id, .verb = Verb::inject_empty, .within = within};
    order.gtids = protocol::to_string(source_) + ":" + std::to_string(last_number_);
    return order;
}

void Canary::on_outcome(const Outcome& outcome, TimePoint now)
{
    under_way_ = false;
    if (outcome.ok())
        patience_ = milliseconds{0};
    else
        patience_ = std::clamp(patience_ * 2, first_patience, most_patience);
    next_at_ = now + (outcome.ok() ? interval_ : patience_);
}

}  // namespace pointsman::failover
