#include "proxy/metrics/metrics.hpp"

#include "proxy/metrics/process_stats.hpp"
#include "proxy/metrics/sample_sheet.hpp"
#include "proxy/session/close_reason.hpp"
#include "proxy/session/pin.hpp"

#include <limits>
#include <map>
#include <utility>

namespace pointsman::proxy {
namespace {

using Workers = std::vector<const Counters*>;

struct CounterRow {
    Family family;
    Label label;
    Counter Counters::*member;
};

constexpr CounterRow counter_rows[] = {
    {Family::sessions_open, {}, &Counters::sessions_open},
    {Family::sessions_opened, {}, &Counters::sessions_opened},
    {Family::logins, {"result", "ok"}, &Counters::logins_ok},
    {Family::logins, {"result", "denied"}, &Counters::logins_denied},
    {Family::logins_learned, {}, &Counters::logins_learned},
    {Family::tls_handshakes, {}, &Counters::tls_handshakes},
    {Family::client_received, {}, &Counters::bytes_from_clients},
    {Family::client_sent, {}, &Counters::bytes_to_clients},
    {Family::protocol_errors, {}, &Counters::protocol_errors},
    {Family::reads_retried, {}, &Counters::reads_retried},
    {Family::reads_redone, {}, &Counters::reads_redone},
    {Family::statements_held, {}, &Counters::statements_held},
    {Family::hold_timeouts, {}, &Counters::hold_timeouts},
    {Family::outcome_unknown, {}, &Counters::outcome_unknown},
    {Family::in_doubt, {"outcome", "absent"}, &Counters::in_doubt_absent},
    {Family::in_doubt, {"outcome", "undecided"}, &Counters::in_doubt_undecided},
    {Family::statements_killed, {"reason", "timeout"}, &Counters::statements_timed_out},
    {Family::statements_killed, {"reason", "client_gone"}, &Counters::statements_abandoned},
    {Family::link_waits, {}, &Counters::link_waits},
    {Family::link_wait_timeouts, {}, &Counters::link_wait_timeouts},
};

struct ServerRow {
    Family family;
    Counter ServerCounters::*member;
};

constexpr ServerRow server_rows[] = {
    {Family::server_sent, &ServerCounters::bytes_to_server},
    {Family::server_received, &ServerCounters::bytes_from_server},
    {Family::links_open, &ServerCounters::links_open},
    {Family::links_busy, &ServerCounters::links_busy},
    {Family::links_idle, &ServerCounters::links_idle},
    {Family::links_moved, &ServerCounters::links_moved},
    {Family::link_syncs, &ServerCounters::link_syncs},
    {Family::links_opened, &ServerCounters::links_opened},
    {Family::links_failed, &ServerCounters::links_failed},
    {Family::links_lost, &ServerCounters::links_lost},
};

struct LatencyRow {
    std::string_view access;
    LatencyHistogram ServerCounters::*member;
};

constexpr LatencyRow latency_rows[] = {
    {"read", &ServerCounters::read_latency},
    {"write", &ServerCounters::write_latency},
};

// Texts in the order of the enumerators.
constexpr std::string_view statement_names[statement_class_count] = {
    "read", "write", "transaction", "session", "prepare", "other"};
constexpr std::string_view route_names[route_reason_count] = {
    "read", "read_no_replica", "needs_primary", "in_transaction", "pinned",
    "hint", "listener_mode",   "redo",    "not_fresh"};
constexpr std::string_view freshness_names[read_freshness_count] = {
    "known_fresh", "waited", "timed_out", "not_tried", "asked"};
constexpr std::string_view role_names[] = {"unknown", "primary", "replica"};
constexpr std::string_view health_names[] = {"starting", "up", "suspect", "down", "maintenance"};
constexpr std::string_view write_state_names[] = {"open", "held", "none"};
constexpr std::string_view flavour_names[] = {"mysql", "mariadb"};

/// The name under which the numbers of a slot are exported.
struct NamedSlot {
    std::size_t slot;
    std::string_view name;
};

// Servers beyond the slots share the last one; it is no single server's then.
std::vector<NamedSlot> named_slots(const health::Topology& topology)
{
    constexpr std::size_t shared = max_counted_servers - 1;
    std::vector<NamedSlot> slots;
    bool shared_used = false;
    for (const auto& server : topology.servers) {
        auto slot = Counters::server_slot(server.id);
        if (slot != shared) slots.push_back({slot, server.name});
        shared_used |= slot == shared;
    }
    if (shared_used) slots.push_back({shared, "other"});
    return slots;
}

template <class Get>
double sum_of(const Workers& workers, Get get)
{
    std::uint64_t sum = 0;  // unsigned: a gauge may be up on one worker and down on another
    for (const auto* worker : workers) sum += get(*worker);
    return static_cast<double>(sum);
}

void add_totals(SampleSheet& sheet, const Workers& workers)
{
    for (const auto& row : counter_rows) {
        auto value = sum_of(workers, [&](const Counters& c) { return (c.*row.member).get(); });
        if (row.label.name.empty())
            sheet.add(row.family, value);
        else
            sheet.add(row.family, value, {row.label});
    }
    for (std::size_t i = 0; i < route_reason_count; ++i) {
        auto value = sum_of(workers, [&](const Counters& c) { return c.routes[i].get(); });
        sheet.add(Family::routes, value, {{"reason", route_names[i]}});
    }
}

static_assert(close_reason_count <= max_close_reasons);

void add_closed(SampleSheet& sheet, const Workers& workers)
{
    for (std::size_t i = 0; i < close_reason_count; ++i) {
        auto value = sum_of(workers, [&](const Counters& c) { return c.sessions_closed[i].get(); });
        sheet.add(Family::sessions_closed, value, {{"reason", close_reasons[i].label}});
    }
}

static_assert(pin_count <= max_pins);

void add_pins(SampleSheet& sheet, const Workers& workers)
{
    for (std::size_t i = 0; i < pin_count; ++i) {
        auto held = sum_of(workers, [&](const Counters& c) { return c.pins_held[i].get(); });
        auto taken = sum_of(workers, [&](const Counters& c) { return c.pins_taken[i].get(); });
        sheet.add(Family::sessions_pinned, held, {{"reason", pin_names[i].name}});
        sheet.add(Family::pins_taken, taken, {{"reason", pin_names[i].name}});
    }
}

template <class Get>
prometheus::ClientMetric::Histogram sum_histogram(const Workers& workers, Get get)
{
    prometheus::ClientMetric::Histogram result;
    for (std::size_t i = 0; i < LatencyHistogram::bucket_count; ++i) {
        for (const auto* worker : workers)
            result.sample_count += get(*worker).bucket(i);
        auto last = i + 1 == LatencyHistogram::bucket_count;
        auto bound = last ? std::numeric_limits<double>::infinity()
                          : static_cast<double>(LatencyHistogram::upper_bound_us(i)) / 1e6;
        result.bucket.push_back({result.sample_count, bound});
    }
    for (const auto* worker : workers)
        result.sample_sum += static_cast<double>(get(*worker).sum_ns()) / 1e9;
    return result;
}

void add_freshness(SampleSheet& sheet, const Workers& workers)
{
    for (std::size_t i = 0; i < read_freshness_count; ++i) {
        auto value = sum_of(workers, [&](const Counters& c) { return c.read_freshness[i].get(); });
        sheet.add(Family::read_freshness, value, {{"outcome", freshness_names[i]}});
    }
    auto waits = sum_histogram(
        workers, [](const Counters& c) -> auto& { return c.consistency_wait; });
    sheet.add_histogram(Family::consistency_wait, std::move(waits), {});
}

void add_server_counters(SampleSheet& sheet, const Workers& workers, NamedSlot server)
{
    Label name{"server", server.name};
    auto sum = [&](auto get) {
        return sum_of(workers, [&](const Counters& c) { return get(c.servers[server.slot]); });
    };
    for (const auto& row : server_rows)
        sheet.add(row.family, sum([&](const ServerCounters& c) { return (c.*row.member).get(); }),
                  {name});
    for (std::size_t i = 0; i < statement_class_count; ++i)
        sheet.add(Family::statements,
                  sum([&](const ServerCounters& c) { return c.statements[i].get(); }),
                  {name, {"kind", statement_names[i]}});
    for (const auto& row : latency_rows) {
        auto of_server = [&](const Counters& c) -> auto& {
            return c.servers[server.slot].*row.member;
        };
        auto total = sum_histogram(workers, of_server);
        sheet.add_histogram(Family::latency, total, {name, {"access", row.access}});
    }
}

void add_errors(SampleSheet& sheet, const Workers& workers, const std::vector<NamedSlot>& servers)
{
    std::map<std::uint32_t, std::uint64_t> by_key;
    for (const auto* worker : workers)
        worker->errors.for_each(
            [&](std::uint32_t key, std::uint64_t count) { by_key[key] += count; });

    std::map<std::size_t, std::string_view> names;
    for (const auto& server : servers) names[server.slot] = server.name;
    for (const auto& [key, count] : by_key) {
        auto slot = (key >> 16) - 1;
        auto code = std::to_string(key & 0xffff);
        auto value = static_cast<double>(count);
        if (slot == Counters::own_slot)
            sheet.add(Family::own_errors, value, {{"code", code}});
        else if (auto name = names.find(slot); name != names.end())
            sheet.add(Family::server_errors, value, {{"server", name->second}, {"code", code}});
    }
    auto other = sum_of(workers, [](const Counters& c) { return c.errors.other(); });
    if (other > 0)
        sheet.add(Family::server_errors, other, {{"server", "other"}, {"code", "other"}});
}

void add_server_view(SampleSheet& sheet, const health::ServerView& server)
{
    Label name{"server", server.name};
    auto address = server.address.text();
    sheet.add(Family::server_info, 1,
              {name,
               {"address", address},
               {"flavour", flavour_names[static_cast<std::size_t>(server.flavour)]},
               {"version", server.version},
               {"uuid", server.uuid}});
    sheet.add_states(Family::server_role, role_names, static_cast<std::size_t>(server.role), "role",
                     {name});
    sheet.add_states(Family::server_health, health_names, static_cast<std::size_t>(server.health),
                     "state", {name});
    sheet.add(Family::server_takes_reads, server.takes_reads ? 1 : 0, {name});
    sheet.add(Family::server_quarantined, server.quarantined ? 1 : 0, {name});
    sheet.add(Family::server_weight, server.weight, {name});
    if (server.lag)
        sheet.add(Family::server_lag, std::chrono::duration<double>(*server.lag).count(), {name});
}

void add_topology(SampleSheet& sheet, const health::Topology& topology)
{
    sheet.add(Family::cluster_servers, static_cast<double>(topology.servers.size()));
    sheet.add(Family::topology_epoch, static_cast<double>(topology.epoch));
    sheet.add(Family::topology_revision, static_cast<double>(topology.revision));
    sheet.add_states(Family::writes_state, write_state_names,
                     static_cast<std::size_t>(topology.writes), "state");
    for (const auto& server : topology.servers) add_server_view(sheet, server);
}

void add_probes(SampleSheet& sheet, const std::vector<ProbeStats>& probes,
                const health::Topology& topology)
{
    for (const auto& probe : probes) {
        const auto* server = topology.find(probe.server);
        if (!server) continue;
        for (const auto& result : probe.results)
            sheet.add(Family::probes, static_cast<double>(result.count),
                      {{"server", server->name}, {"result", result.name}});
        sheet.add_summary(Family::probe_duration,
                          std::chrono::duration<double>(probe.total_duration).count(), probe.timed,
                          {{"server", server->name}});
    }
}

void add_process(SampleSheet& sheet)
{
    auto stats = read_process_stats();
    if (!stats) return;
    sheet.add(Family::process_cpu, stats->cpu_seconds);
    sheet.add(Family::process_resident_memory, static_cast<double>(stats->resident_bytes));
    sheet.add(Family::process_virtual_memory, static_cast<double>(stats->virtual_bytes));
    sheet.add(Family::process_open_fds, static_cast<double>(stats->open_fds));
    sheet.add(Family::process_max_fds, static_cast<double>(stats->max_fds));
    sheet.add(Family::process_start_time, stats->start_time_seconds);
    sheet.add(Family::process_threads, static_cast<double>(stats->threads));
}

}  // namespace

Metrics::Metrics(MetricsSources sources) : sources_(std::move(sources)) {}

std::vector<prometheus::MetricFamily> Metrics::Collect() const
{
    SampleSheet sheet({"cluster", sources_.cluster});
    auto workers = sources_.workers ? sources_.workers() : Workers{};
    auto topology = sources_.topology ? sources_.topology() : nullptr;

    sheet.add(Family::build_info, 1, {{"version", sources_.version}});
    sheet.add(Family::workers, static_cast<double>(workers.size()));
    add_totals(sheet, workers);
    add_freshness(sheet, workers);
    add_closed(sheet, workers);
    add_pins(sheet, workers);
    if (topology) {
        auto servers = named_slots(*topology);
        for (const auto& server : servers) add_server_counters(sheet, workers, server);
        add_errors(sheet, workers, servers);
        add_topology(sheet, *topology);
        if (sources_.probes) add_probes(sheet, sources_.probes(), *topology);
    }
    add_process(sheet);
    return sheet.take();
}

}  // namespace pointsman::proxy
