#include "failover/evidence.hpp"

namespace pointsman::failover {

void note_order(Survey& survey, Verb verb, const Outcome& outcome)
{
    bool starts = verb == Verb::promote_semi_sync;
    if (!starts && verb != Verb::stop_semi_sync) return;
    if (outcome.kind == OutcomeKind::unknown) survey.known = false;
    if (outcome.ok()) survey.semi_sync_source = starts;
}

const health::ReplicationChannel* channel_from(const ServerSight& replica,
                                               const ServerSight& source)
{
    if (!replica.report) return nullptr;
    for (const auto& channel : replica.report->channels) {
        bool by_uuid = source.report && !channel.source_uuid.empty() &&
                       channel.source_uuid == source.report->facts.uuid;
        // A replica that did not connect yet knows no UUID.
        bool by_address = channel.source_uuid.empty() && channel.source == source.server.address;
        if (by_uuid || by_address) return &channel;
    }
    return nullptr;
}

bool follows(const ServerSight& replica, const ServerSight& source)
{
    return channel_from(replica, source) != nullptr;
}

}  // namespace pointsman::failover
