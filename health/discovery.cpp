#include "health/discovery.hpp"

#include <algorithm>
#include <charconv>

namespace pointsman::health {
namespace {

constexpr std::size_t most_addresses = 4;  // each that does not answer costs a timeout

constexpr std::string_view callers_sql =
    "SELECT DISTINCT PROCESSLIST_HOST FROM performance_schema.threads"
    " WHERE PROCESSLIST_COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')";

std::string cell(const ResultSet& set, const Row& row, std::string_view column)
{
    auto at =
        static_cast<std::size_t>(std::ranges::find(set.columns, column) - set.columns.begin());
    return at < row.size() ? row[at].value_or("") : "";
}

bool contains(const std::vector<std::string>& texts, const std::string& text)
{
    return std::ranges::find(texts, text) != texts.end();
}

MysqlResult<ResultSet> ask(MysqlConnection& connection, std::string_view sql,
                           std::chrono::milliseconds within)
{
    auto answer = connection.query(sql, within);
    if (!answer) return answer.error();
    return answer->empty() ? ResultSet{} : std::move(answer->front());
}

class Search {
public:
    explicit Search(const DiscoveryTask& task) : task_(task) {}

    Discovery run()
    {
        for (const auto& source : task_.sources) look_at(source);
        return std::move(result_);
    }

private:
    MysqlResult<MysqlConnection> connect(const config::Endpoint& address) const
    {
        auto options = task_.access;
        options.address = address;
        return MysqlConnection::connect(options);
    }

    void look_at(const config::Endpoint& source)
    {
        auto connection = connect(source);
        if (!connection) return;  // probes say why
        auto replicas = ask(*connection, "SHOW REPLICAS", task_.access.timeout);
        if (!replicas) {
            result_.problems.push_back("the replicas of " + source.text() +
                                       " are not told: " + replicas.error().text);
            return;
        }
        result_.asked = true;
        if (replicas->rows.empty()) return;
        ResultSet nobody;
        auto callers = ask(*connection, callers_sql, task_.access.timeout);
        for (const auto& replica : read_replicas(*replicas, callers ? *callers : nobody))
            consider(replica);
    }

    bool is_known(const std::string& uuid) const
    {
        return std::ranges::any_of(task_.known, [&](const auto& k) { return k.uuid == uuid; });
    }

    bool stands_at_known(const config::Endpoint& address) const
    {
        auto is_here = [&](const auto& one) { return one.address == address; };
        return std::ranges::any_of(task_.known, is_here) ||
               std::ranges::any_of(result_.found, is_here);
    }

    void consider(const NamedReplica& replica)
    {
        if (contains(result_.named, replica.uuid)) return;
        result_.named.push_back(replica.uuid);
        if (is_known(replica.uuid)) return;
        if (result_.found.size() >= task_.most) {
            result_.problems.push_back("replica " + replica.uuid +
                                       " is left out: discover_limit is reached");
            return;
        }
        std::string problem = "its source tells no address";
        for (const auto& address : replica.addresses) {
            // Perhaps a listed one that has not answered yet.
            if (stands_at_known(address)) {
                problem = address.text() + " is another server that is known";
                continue;
            }
            auto wrong = why_not(replica.uuid, address);
            if (wrong.empty()) return result_.found.push_back({replica.uuid, address});
            problem = address.text() + ' ' + wrong;
        }
        result_.problems.push_back("replica " + replica.uuid + " is left out: " + problem);
    }

    /// Empty: it is the one.
    std::string why_not(const std::string& uuid, const config::Endpoint& address) const
    {
        auto connection = connect(address);
        if (!connection) return "cannot be reached: " + connection.error().text;
        auto answer = ask(*connection, "SELECT @@GLOBAL.server_uuid", task_.access.timeout);
        if (!answer) return "does not tell its server_uuid: " + answer.error().text;
        bool one = answer->rows.size() == 1 && answer->rows[0].size() == 1;
        auto told = one ? answer->rows[0][0].value_or("") : "";
        return told == uuid ? "" : "has the server_uuid " + told;
    }

    const DiscoveryTask& task_;
    Discovery result_;
};

}  // namespace

std::vector<NamedReplica> read_replicas(const ResultSet& replicas, const ResultSet& callers)
{
    std::vector<NamedReplica> named;
    for (const auto& row : replicas.rows) {
        auto uuid = cell(replicas, row, "Replica_UUID");
        auto text = cell(replicas, row, "Port");
        std::uint16_t port = 0;
        std::from_chars(text.data(), text.data() + text.size(), port);
        if (uuid.empty() || port == 0) continue;
        NamedReplica replica{uuid, {}};
        auto add = [&](const std::string& host) {
            config::Endpoint address{host, port, {}};
            bool is_new = std::ranges::find(replica.addresses, address) == replica.addresses.end();
            if (!host.empty() && is_new && replica.addresses.size() < most_addresses)
                replica.addresses.push_back(std::move(address));
        };
        add(cell(replicas, row, "Host"));
        for (const auto& caller : callers.rows)
            if (!caller.empty()) add(caller[0].value_or(""));
        named.push_back(std::move(replica));
    }
    return named;
}

Discovery discover(const DiscoveryTask& task)
{
    return Search{task}.run();
}

}  // namespace pointsman::health
