#include "proxy/admin/api.hpp"

#include "proxy/admin/topology_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

namespace pointsman::proxy {
namespace {

namespace json = boost::json;
using failover::Cause;

json::string_view view(std::string_view text)
{
    return {text.data(), text.size()};
}

HttpReply answer(unsigned status, const json::value& value)
{
    return {status, "application/json", json::serialize(value) + "\n"};
}

HttpReply refusal(unsigned status, const std::string& reason)
{
    return answer(status, {{"error", reason}});
}

/// The value of `key` in "a=1&b=2"; nothing: it is not there.
std::optional<std::string_view> parameter(std::string_view query, std::string_view key)
{
    while (!query.empty()) {
        auto end = std::min(query.find('&'), query.size());
        auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        auto equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) == key) return pair.substr(std::min(equals + 1, pair.size()));
    }
    return std::nullopt;
}

bool is_set(std::string_view query, std::string_view key)
{
    auto value = parameter(query, key);
    return value && *value != "0" && *value != "false";
}

json::array journal_of(const FailoverLoop& failover)
{
    json::array lines;
    for (const auto& line : failover.journal()) lines.emplace_back(failover::to_text(line.entry));
    return lines;
}

/// The last lines, each as it is on disk.
json::array journal_lines(const FailoverLoop& failover, std::size_t most)
{
    const auto& journal = failover.journal();
    json::array lines;
    auto first = journal.size() - std::min(most, journal.size());
    for (auto i = first; i < journal.size(); ++i) lines.push_back(json::parse(to_json(journal[i])));
    return lines;
}

class Api {
public:
    Api(FailoverLoop& failover, const TopologyBoard& board) : failover_(failover), board_(board) {}

    HttpReply topology() const
    {
        auto current = *board_.get();
        json::array servers;
        for (auto& server : current.servers) {
            // It answers no one meanwhile: that is not what is wrong with it.
            auto clone = failover_.cloning(server.id);
            if (!clone.empty()) server.problem = std::move(clone);
            servers.push_back(server_object(server));
        }
        json::object body{{"epoch", current.epoch},
                          {"writes", writes_word(current.writes)},
                          {"why_not_open", current.why_not_open},
                          {"servers", std::move(servers)},
                          {"text", topology_text(current, failover_.evidence())}};
        const auto* primary = current.primary_server();
        body["primary"] = primary ? json::value(primary->name) : json::value(nullptr);
        return answer(200, std::move(body));
    }

    /// Who would be promoted now, why the others not, and the steps.
    HttpReply plan(const HttpRequest& request) const
    {
        if (!failover_.is_ready()) return not_ready();
        failover::Wish wish;
        if (auto problem = read_wish(request.query, wish)) return refusal(404, *problem);
        auto evidence = failover_.evidence();
        auto ranking = failover::rank_candidates(evidence, Cause::switchover);
        json::array eligible, excluded, findings;
        for (const auto& candidate : ranking.eligible) eligible.emplace_back(candidate.name);
        for (const auto& server : ranking.excluded)
            excluded.push_back({{"server", server.name}, {"reason", server.reason}});
        for (const auto& finding : failover_.controller().findings())
            findings.emplace_back(failover::to_text(finding));
        json::object body{{"candidates", std::move(eligible)},
                          {"excluded", std::move(excluded)},
                          {"findings", std::move(findings)},
                          {"split", ranking.split}};
        auto outlook = failover_.outlook();
        body["risk"] = std::move(outlook.risk);
        body["takes"] = {{"switchover", std::move(outlook.switchover)},
                         {"failover", std::move(outlook.failover)}};
        add_plan(body, failover_.plan(Cause::switchover, wish), evidence);
        return answer(200, std::move(body));
    }

    HttpReply begin(Cause cause, const HttpRequest& request)
    {
        if (!failover_.is_ready()) return not_ready();
        failover::Wish wish;
        if (auto problem = read_wish(request.query, wish)) return refusal(404, *problem);
        wish.accept_loss = is_set(request.query, "accept_loss");
        if (is_set(request.query, "dry_run")) {
            json::object body;
            add_plan(body, failover_.plan(cause, wish), failover_.evidence());
            return answer(200, std::move(body));
        }
        if (auto refused = failover_.begin(cause, wish)) return refusal(409, refused->reason);
        return answer(202, {{"takeover", failover_.takeovers_begun()}});
    }

    /// What is wrong with the servers' settings.
    HttpReply doctor() const
    {
        json::array servers;
        bool waits = false;
        for (const auto& checkup : failover_.checkups()) {
            waits = waits || (!checkup.known && checkup.error.empty());
            json::array advice;
            for (const auto& one : checkup.advice)
                advice.push_back({{"name", one.name},
                                  {"has", one.has},
                                  {"wanted", one.wanted},
                                  {"why", one.why},
                                  {"required", one.required},
                                  {"at_run_time", one.at_run_time}});
            servers.push_back({{"server", checkup.server},
                               {"known", checkup.known},
                               {"error", checkup.error},
                               {"advice", std::move(advice)},
                               {"my_cnf", failover::my_cnf_of(checkup.advice)}});
        }
        if (waits) return not_ready();
        return answer(200, {{"servers", std::move(servers)}});
    }

    /// ?lines=N: no more than the last N.
    HttpReply journal(const HttpRequest& request) const
    {
        std::size_t most = FailoverLoop::journal_lines;
        if (auto wanted = parameter(request.query, "lines")) {
            auto end = wanted->data() + wanted->size();
            auto read = std::from_chars(wanted->data(), end, most);
            if (read.ec != std::errc{} || read.ptr != end)
                return refusal(400, "lines must be a number");
        }
        return answer(200, {{"lines", journal_lines(failover_, most)}});
    }

    HttpReply takeover() const
    {
        const auto& controller = failover_.controller();
        bool idle = controller.phase() == failover::Phase::idle;
        return answer(200, {{"takeover", failover_.takeovers_begun()},
                            {"under_way", !idle},
                            {"ending", view(failover::to_text(controller.ending()))},
                            {"summary", controller.summary()},
                            {"from", controller.takeover().from_name},
                            {"to", controller.takeover().to_name},
                            {"pause_ms", controller.last_pause().count()},
                            {"journal", journal_of(failover_)}});
    }

private:
    static json::string_view writes_word(health::WriteState writes)
    {
        switch (writes) {
            case health::WriteState::open:
                return "open";
            case health::WriteState::held:
                return "held";
            case health::WriteState::none:
                break;
        }
        return "none";
    }

    static json::object server_object(const health::ServerView& server)
    {
        constexpr json::string_view roles[] = {"unknown", "primary", "replica"};
        constexpr json::string_view states[] = {"starting", "up", "suspect", "down", "maintenance"};
        json::object object{{"name", server.name},
                            {"address", server.address.text()},
                            {"role", roles[static_cast<std::size_t>(server.role)]},
                            {"health", states[static_cast<std::size_t>(server.health)]},
                            {"takes_reads", server.takes_reads},
                            {"version", server.version},
                            {"problem", server.problem}};
        object["lag_ms"] = server.lag ? json::value(server.lag->count()) : json::value(nullptr);
        return object;
    }

    static HttpReply not_ready()
    {
        return refusal(503, "Pointsman has just started and looks at the servers: try again");
    }

    static void add_plan(json::object& body, const failover::Planned& planned,
                         const failover::Evidence& evidence)
    {
        if (const auto* refused = std::get_if<failover::Refusal>(&planned)) {
            body["refused"] = refused->reason;
            return;
        }
        const auto& takeover = std::get<failover::Takeover>(planned);
        body["from"] = takeover.from_name;
        body["to"] = takeover.to_name;
        body["plan"] = failover::to_text(takeover, evidence);
    }

    std::optional<std::string> read_wish(std::string_view query, failover::Wish& wish) const
    {
        auto name = parameter(query, "to");
        if (!name || name->empty()) return std::nullopt;
        for (const auto& server : board_.get()->servers)
            if (server.name == *name) wish.to = server.id;
        if (wish.to) return std::nullopt;
        return "there is no server of that name";
    }

    FailoverLoop& failover_;
    const TopologyBoard& board_;
};

}  // namespace

void add_api(HttpServer& server, FailoverLoop& failover, const TopologyBoard& board)
{
    auto api = std::make_shared<Api>(failover, board);
    server.add("GET", "/api/topology", [api](const HttpRequest&) { return api->topology(); });
    server.add("GET", "/api/plan",
               [api](const HttpRequest& request) { return api->plan(request); });
    server.add("GET", "/api/journal",
               [api](const HttpRequest& request) { return api->journal(request); });
    server.add("GET", "/api/doctor", [api](const HttpRequest&) { return api->doctor(); });
    server.add("GET", "/api/takeover", [api](const HttpRequest&) { return api->takeover(); });
    server.add("POST", "/api/switchover", [api](const HttpRequest& request) {
        return api->begin(Cause::switchover, request);
    });
    server.add("POST", "/api/failover",
               [api](const HttpRequest& request) { return api->begin(Cause::failover, request); });
}

}  // namespace pointsman::proxy
