#pragma once
// A cluster, clients, an operator, faults, and Pointsman on simulated time. One seed decides
// everything. Checkers look after each event: `truth.broken` says what was violated first.

#include "tests/sim/process.hpp"

#include <memory>
#include <string>

namespace pointsman::sim {

struct Options {
    std::uint64_t seed = 1;
    std::size_t servers = 3;
    bool semi_sync = true;
    bool faults = true;
    bool deaths = false;            // of Pointsman, at any of its actions
    bool forgets = false;           // its journal is gone after them
    milliseconds trouble{6'000};    // faults happen until then
    milliseconds recovery{12'000};  // and then writes must succeed again within this
};

class World {
public:
    explicit World(const Options& options)
        : options_(options), time_(options.seed), cluster_(options.servers, options.semi_sync)
    {
        for (auto& server : cluster_.servers) server.heard = time_.now();
        settings_.mode = config::FailoverMode::automatic;
        settings_.replication_user = "repl";
        settings_.durability =
            options.semi_sync ? config::Durability::strict : config::Durability::off;
        settings_.cooldown = 2s;
        start();
        time_.plan(10ms, [this] { replicate(); });
        time_.plan(20ms, [this] { client_write(); });
        time_.plan(500ms, [this] { operate(); });
        if (options.faults) time_.plan(time_.between(700, 1'500), [this] { fault(); });
    }

    void run()
    {
        run_until(time_.now() + options_.trouble);
        heal();
        auto acknowledged = truth.acked_count;
        run_until(time_.now() + options_.recovery);
        if (truth.acked_count <= acknowledged + 5)
            truth.fail("writes do not succeed again: " + state_text());
        if (process_ && process_->is_idle() && process_->has_unfinished())
            truth.fail("an interrupted takeover is never ended: " + state_text());
    }

    Truth truth;

private:
    void run_until(TimePoint end)
    {
        while (truth.broken.empty() && time_.step(end))
            if (process_) process_->plan_deadline();
    }

    // ---- the process

    void start()
    {
        process_ = std::make_shared<Process>(Process::Surroundings{
            time_, cluster_, truth, journal_, settings_, [this] { return dies(); }});
        process_->start();
    }

    bool dies()
    {
        if (!options_.deaths || faults_over_ || !time_.one_in(100)) return false;
        kill_process();
        return true;
    }

    void kill_process()
    {
        if (!process_) return;
        process_->die();
        process_.reset();
        ++truth.deaths;
        truth.forgotten = true;
        truth.on_record("--- Pointsman dies");
        journal_.lose_tail(time_);
        if (options_.forgets) journal_ = {};
        time_.plan(time_.between(200, 2'000), [this] { start(); });
    }

    // ---- clients and the operator

    void replicate()
    {
        cluster_.replicate(time_.now(), !time_.one_in(4));
        time_.plan(time_.between(1, 8), [this] { replicate(); });
    }

    bool reached(std::size_t i) const { return cluster_.connected(i, proxy_end); }

    void client_write()
    {
        time_.plan(time_.between(5, 40), [this] { client_write(); });
        if (!process_ || process_->holds() || !process_->primary()) return;
        auto i = *process_->primary();
        auto& server = cluster_.servers[i];
        if (!reached(i) || !server.works() || !server.writable) return;
        auto number = cluster_.commit(i);
        if (!server.semi_sync) return acknowledge(i, number);
        await_acknowledgement(process_, i, number, 40);
    }

    /// The client has its OK once a replica has it, as long as its link and its proxy live.
    void await_acknowledgement(const std::weak_ptr<Process>& through, std::size_t i,
                               std::uint64_t number, int patience)
    {
        time_.plan(3ms, [this, through, i, number, patience] {
            auto process = through.lock();
            if (!process || process != process_ || patience == 0) return;
            if (!cluster_.servers[i].alive || process->primary() != i) return;
            bool flows = cluster_.servers[i].works() && reached(i);
            if (flows && cluster_.acknowledgements(i, number) > 0) return acknowledge(i, number);
            await_acknowledgement(through, i, number, patience - 1);
        });
    }

    void acknowledge(std::size_t i, std::uint64_t number)
    {
        truth.on_acknowledged(cluster_, i, number);
        process_->told(i, number);
    }

    void operate()
    {
        time_.plan(time_.between(800, 3'000), [this] { operate(); });
        if (process_) process_->switch_over();
    }

    // ---- faults

    void fault()
    {
        if (faults_over_) return;
        time_.plan(time_.between(1'500, 4'000), [this] { fault(); });
        auto any = [this] {
            return static_cast<std::size_t>(time_.between(0, std::ssize(cluster_.servers) - 1));
        };
        auto victim = any(), other = any();
        auto primary = process_ ? process_->primary() : std::nullopt;
        auto target = time_.one_in(2) ? primary.value_or(victim) : victim;
        auto& server = cluster_.servers[target];
        auto back = time_.between(200, 3'000);
        switch (time_.between(1, options_.deaths ? 6 : 5)) {
            case 1:
                kill(server);
                time_.plan(back, [this, target] { restart(target); });
                break;
            case 2:
                server.hung = true;
                time_.plan(back, [this, target] { cluster_.servers[target].hung = false; });
                break;
            case 3:
                cluster_.cut(target, proxy_end);
                time_.plan(back, [this] { cluster_.cuts.clear(); });
                break;
            case 4:
                if (target != other) cluster_.cut(target, other);
                time_.plan(back, [this] { cluster_.cuts.clear(); });
                break;
            case 5:
                kill(server);  // and comes back when all is healed
                break;
            default:
                kill_process();
                break;
        }
    }

    void kill(Server& server)
    {
        server.alive = false;
        server.died = time_.now();
    }

    /// Servers wake up read-only, as the settings that we ask for have it.
    void restart(std::size_t i)
    {
        auto& server = cluster_.servers[i];
        if (server.alive) return;
        // A process takes its time to start: who looks sees that it was away.
        if (time_.now() - server.died < 300ms) return time_.plan(300ms, [this, i] { restart(i); });
        server.wake_up(time_.now());
    }

    void heal()
    {
        faults_over_ = true;
        cluster_.cuts.clear();
        for (std::size_t i = 0; i < cluster_.servers.size(); ++i) {
            restart(i);
            cluster_.servers[i].hung = false;
        }
        // Another part of an operator: servers with transactions of their own are cloned anew.
        time_.plan(2s, [this] { clone_errant(); });
        time_.plan(4s, [this] { decide(); });
    }

    /// The operator's part: what the controller could not tell, or not undo, and what a process
    /// cannot know that began when no server took writes.
    void decide()
    {
        time_.plan(500ms, [this] { decide(); });
        if (!process_ || !process_->is_idle()) return;
        auto primary = process_->primary();
        bool lost = !primary && !process_->knows_primary();
        if (!lost && !process_->needs_operator() && !truth.operator_wanted) return;
        auto opened = primary.value_or(truth.promoted);
        // While the one that was promoted last is open, the operator opens no other.
        if (opened != truth.promoted && cluster_.servers[truth.promoted].writable) return;
        truth.promoted = opened;
        cluster_.servers[opened].set_writable(true);
    }

    void clone_errant()
    {
        bool ready = process_ && process_->primary() && process_->is_idle();
        if (!ready) return time_.plan(200ms, [this] { clone_errant(); });
        cluster_.clone_errant(*process_->primary(), time_.now());
    }

    std::string state_text() const
    {
        if (!process_) return "dead" + cluster_.text();
        auto primary = process_->primary();
        return (process_->holds() ? "held" : "open") + cluster_.text() + " primary " +
               (primary ? cluster_.servers[*primary].name : "none");
    }

    Options options_;
    Timeline time_;
    Cluster cluster_;
    Journal journal_;
    config::Failover settings_;
    std::shared_ptr<Process> process_;
    bool faults_over_ = false;
};

}  // namespace pointsman::sim
