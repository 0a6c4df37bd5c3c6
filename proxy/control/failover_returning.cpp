// FailoverLoop: servers that cannot follow the primary as they are. What they have and it lacks is
// saved first; then the operator's policy says what is done.

#include "proxy/control/failover_loop.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace pointsman::proxy {
namespace {

constexpr std::chrono::milliseconds rejoin_every{5'000};
constexpr std::chrono::milliseconds save_again_after{60'000};

}  // namespace

/// Servers that came back by themselves, or were out of reach when the role moved.
void FailoverLoop::rejoin_due(const failover::Evidence& evidence, net::TimePoint now)
{
    if (config_.failover.mode != config::FailoverMode::automatic) return;
    watch_clones(evidence, now);
    for (auto& server : servers_) {
        if (server.mending.cloning) continue;
        if (controller_.phase() != failover::Phase::idle || now < server.next_rejoin) continue;
        // A look from before the last order shows what a takeover has mended since: a replica that
        // was told to attach again lets its new source wait a second for acknowledgements.
        const auto* sight = evidence.find(server.server.id);
        if (!sight || sight->reported_at <= server.last_order) continue;
        if (may_be_cloning(server, *sight, now)) continue;
        auto planned = failover::plan_rejoin(evidence, server.server.id, config_.failover.repair);
        auto* takeover = std::get_if<failover::Takeover>(&planned);
        if (!takeover) {
            const auto& refusal = std::get<failover::Refusal>(planned);
            note_refusal(server, refusal);
            if (!refusal.errant.empty()) save_errant(server, *sight, refusal.errant, now);
            repair(server, evidence, *sight, refusal);
            continue;
        }
        server.next_rejoin = now + rejoin_every;
        failover::Actions actions;
        controller_.start(std::move(*takeover), evidence, {}, now, actions);
        perform(std::move(actions));
    }
}

void FailoverLoop::repair(Controlled& server, const failover::Evidence& evidence,
                          const failover::ServerSight& sight, const failover::Refusal& refusal)
{
    if (!refusal.errant.empty()) return replace_errant(server, evidence, refusal.errant);
    // An interrupted clone leaves neither data nor GTIDs (measured on 9.7): only another one helps.
    bool emptied = sight.answers() && sight.report->executed.empty();
    if (server.mending.clones > 0 && emptied)
        return begin_clone(server, evidence, "its clone did not end", failover::Verb::clone);
    if (config_.failover.provision && failover::is_new(evidence, sight))
        return begin_clone(server, evidence, "it is new", failover::Verb::clone_new);
    mend_due(server, evidence, sight, net::Clock::now());
}

/// Said once for each reason.
void FailoverLoop::note_refusal(Controlled& server, const failover::Refusal& refusal)
{
    auto said = refusal.for_operator ? refusal.reason : std::string{};
    if (said == server.last_refusal) return;
    server.last_refusal = said;
    if (said.empty()) return;
    auto text = server.server.name + " is kept apart: " + said;
    write_down({failover::JournalKind::warning, std::move(text), std::chrono::milliseconds{0}});
}

void FailoverLoop::save_errant(Controlled& server, const failover::ServerSight& sight,
                               const protocol::GtidSet& errant, net::TimePoint now)
{
    auto& returning = server.returning;
    if (returning.errant != errant) {
        returning = {.errant = errant, .next_save = now};
        server.mending.clones = 0;
    }
    if (!returning.saved.file.empty() || now < returning.next_save || !around_.save_errant) return;
    returning.next_save = now + save_again_after;
    auto shared = protocol::GtidSet::parse(sight.report->executed);
    if (!shared) return;
    shared->subtract(errant);
    const auto& own = config_.failover;
    auto access = failover::access_of(config_);
    failover::SaveErrant wanted{
        .server = server.server,
        .errant = errant,
        .shared = std::move(*shared),
        .program = own.mysqlbinlog,
        .directory = config_.state_directory + "/errant",
        .most_bytes = own.errant_size.value,
        .user = own.replication_user.empty() ? access.user : own.replication_user,
        .password = own.replication_user.empty() ? access.password : own.replication_password.value,
        .tls = config_.server_tls,
    };
    run_saver(std::move(wanted));
}

void FailoverLoop::run_saver(failover::SaveErrant wanted)
{
    auto job = [&control = around_.control, weak = std::weak_ptr(self_), save = around_.save_errant,
                wanted] {
        auto saved = std::make_shared<failover::SavedErrant>(save(wanted));
        boost::asio::post(control, [weak, wanted, saved] {
            if (auto loop = weak.lock()) (*loop)->note_saved(wanted, std::move(*saved));
        });
    };
    if (!around_.pool.post(std::move(job))) note_saved(wanted, {{}, "too many jobs wait"});
}

void FailoverLoop::note_saved(const failover::SaveErrant& wanted, failover::SavedErrant saved)
{
    auto* server = find(wanted.server.id);
    if (!server || server->returning.errant != wanted.errant) return;
    const auto& name = server->server.name;
    if (saved.file.empty()) {
        if (std::exchange(server->returning.saved.error, saved.error) == saved.error) return;
        return write_down({failover::JournalKind::warning,
                           "what " + name + " has and the primary lacks is not saved, and " + name +
                               " is left as it is: " + saved.error});
    }
    auto text = "what " + name + " has and the primary lacks is saved in " + saved.file + ": " +
                failover::to_text(saved.content);
    server->returning.saved = std::move(saved);
    if (config_.failover.repair == config::Repair::leave)
        text +=
            "; apply what you want of it on the primary, then set failover.repair to clone, or "
            "set " +
            name + " up anew";
    write_down({failover::JournalKind::note, std::move(text)});
}

}  // namespace pointsman::proxy
