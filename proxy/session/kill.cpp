#include "proxy/session/kill.hpp"

#include "protocol/messages/query.hpp"
#include "protocol/messages/simple_commands.hpp"
#include "protocol/server_error.hpp"

#include "proxy/pool/own_query.hpp"
#include "proxy/session/performer.hpp"

#include <charconv>
#include <string>

namespace pointsman::proxy {

namespace server_error = protocol::server_error;
namespace sql = protocol::sql;
using protocol::Command;
using Ended = std::optional<CloseReason>;

namespace {

bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && (is_space(text.back()) || text.back() == ';')) text.remove_suffix(1);
    return text;
}

/// Takes the word at the front if it is `word` (given in lower case).
bool take_word(std::string_view& text, std::string_view word)
{
    if (text.size() <= word.size() || !is_space(text[word.size()])) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if ((text[i] | 0x20) != word[i]) return false;
    text = trimmed(text.substr(word.size()));
    return true;
}

/// "@a" → "a", in lower case; empty when it is anything else.
std::string plain_variable(std::string_view text)
{
    if (text.size() < 2 || text.front() != '@') return {};
    std::string name;
    for (char c : text.substr(1)) {
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_';
        if (!is_plain) return {};
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    return name;
}

/// Of the literals that numbers are kept as: 7, CAST(7 AS UNSIGNED).
std::optional<std::uint64_t> number_in(std::string_view literal)
{
    constexpr std::string_view before = "CAST(", behind = " AS UNSIGNED)";
    if (literal.starts_with(before) && literal.ends_with(behind)) {
        literal.remove_prefix(before.size());
        literal.remove_suffix(behind.size());
    }
    std::uint64_t number = 0;
    auto* end = literal.data() + literal.size();
    auto [stop, error] = std::from_chars(literal.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

/// A KILL is an action on one server, like any other statement that goes to the primary.
const sql::Statement kill_statement = [] {
    sql::Statement statement;
    statement.kind = sql::StatementKind::kill;
    statement.reason = sql::PrimaryReason::server_specific;
    statement.statement_count = 1;
    return statement;
}();

std::shared_ptr<SessionTag> tag_of(SessionCore& core, std::uint64_t connection_id)
{
    if (connection_id > UINT32_MAX) return nullptr;
    return core.worker.shared.registry.find(static_cast<std::uint32_t>(connection_id));
}

/// While it lives, the link that the tag tells is the session's: nobody else's statement is hit.
class Killing {
public:
    explicit Killing(std::shared_ptr<SessionTag> tag) : tag_(std::move(tag))
    {
        if (tag_) tag_->begin_kill();
    }
    ~Killing()
    {
        if (tag_) tag_->end_kill();
    }
    Killing(const Killing&) = delete;
    Killing& operator=(const Killing&) = delete;

private:
    std::shared_ptr<SessionTag> tag_;
};

/// Asks the primary, as the session's own account.
net::Task<bool> may_kill_others(SessionCore& core)
{
    auto* primary = core.worker.topology->primary_server();
    if (!primary) co_return false;
    LinkRequest request;
    request.user = core.account.user;
    request.secret = core.account.secret;
    request.capabilities = offered_for_own_queries;
    auto context = core.worker.connector();
    auto server = *primary;
    auto opened = co_await open_link(std::move(context), std::move(server), std::move(request));
    auto* link = std::get_if<BackendLinkPtr>(&opened);
    if (!link) co_return false;
    std::string question =
        "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN"
        " ('SUPER','CONNECTION_ADMIN','CONNECTION ADMIN') AND GRANTEE="
        "CONCAT('''',SUBSTRING_INDEX(CURRENT_USER(),'@',1),'''@''',"
        "SUBSTRING_INDEX(CURRENT_USER(),'@',-1),'''')";
    auto rows = co_await query_rows(**link, std::move(question));
    co_return rows && rows->size() == 1 && rows->front().front() != "0";
}

/// The session to be killed holds no link: there is nothing to be stopped on a server.
net::Task<Ended> kill_idle(SessionCore& core, ClientCommand command, std::uint64_t id,
                           std::shared_ptr<SessionTag> killed, bool query_only)
{
    bool client_there = co_await discard(core, command);
    if (!client_there) co_return CloseReason::client_closed;
    bool is_owner = killed->user() == core.account.user;
    if (!is_owner) is_owner = co_await may_kill_others(core);
    if (is_owner && !query_only) killed->end_session();
    protocol::Ok ok;
    ok.status = core.state.status();
    auto error = server_error::other(
        1095, "HY000", "You are not owner of thread " + std::to_string(id));
    auto payload = is_owner ? protocol::encode_ok(ok, core.account.capabilities)
                            : protocol::encode_err(error, core.account.capabilities);
    client_there = co_await reply_payload(core, std::move(payload));
    if (!client_there) co_return CloseReason::client_closed;
    co_return std::nullopt;
}

std::string kill_text(const Kill& kill, std::uint64_t connection_id)
{
    return (kill.query_only ? "KILL QUERY " : "KILL CONNECTION ") + std::to_string(connection_id);
}

/// Performs the KILL; once a server has agreed that a connection dies, the whole session does.
net::Task<Ended> perform(Performer& performer, const std::shared_ptr<SessionTag>& killed)
{
    auto ended = co_await performer.perform();
    bool agreed = performer.server() && performer.report().error_code == 0;
    if (killed && agreed) killed->end_session();
    co_return ended;
}

}  // namespace

std::optional<Kill> parse_kill(std::string_view text)
{
    text = trimmed(text);
    if (!take_word(text, "kill")) return std::nullopt;
    Kill kill;
    kill.query_only = take_word(text, "query");
    if (!kill.query_only) take_word(text, "connection");
    auto* end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, kill.connection_id);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return kill;
}

net::Task<std::optional<Kill>> kill_of_variable(SessionCore& core, std::string text)
{
    auto rest = trimmed(text);
    if (!take_word(rest, "kill")) co_return std::nullopt;
    Kill kill;
    kill.query_only = take_word(rest, "query");
    if (!kill.query_only) take_word(rest, "connection");
    auto name = plain_variable(rest);
    if (name.empty()) co_return std::nullopt;
    if (core.state.unread().user_variables.contains(name)) {
        auto* link = core.links.held(core.state.unread().server);
        if (!link || link->broken) co_return std::nullopt;
        co_await read_back_link(core, *link);
    }
    const auto& variables = *core.state.user_variables();
    auto known = variables.find(name);
    if (known == variables.end()) co_return std::nullopt;
    auto number = number_in(known->second);
    if (!number) co_return std::nullopt;
    kill.connection_id = *number;
    co_return kill;
}

net::Task<std::optional<CloseReason>> handle_kill(SessionCore& core, ClientCommand command,
                                                  Kill kill)
{
    CommandFacts facts{Command::query, &kill_statement, std::nullopt};
    CommandText text;
    auto tag = tag_of(core, kill.connection_id);
    Killing killing(tag);
    if (tag && !tag->link()) {
        auto id = kill.connection_id;
        bool query_only = kill.query_only;
        co_return co_await kill_idle(core, command, id, tag, query_only);
    }
    if (auto link = tag ? tag->link() : std::nullopt) {
        facts.only_on = link->server;
        auto statement = kill_text(kill, link->backend_connection_id);
        text.payload = protocol::encode_query(statement, core.account.capabilities);
    }
    bool was_prepared = command.command != Command::query;
    if (was_prepared && text.payload.empty()) {
        auto statement = kill_text(kill, kill.connection_id);
        text.payload = protocol::encode_query(statement, core.account.capabilities);
    }
    Performer performer(core, command, facts, std::move(text));
    if (kill.query_only) tag.reset();
    co_return co_await perform(performer, tag);
}

net::Task<std::optional<CloseReason>> handle_process_kill(SessionCore& core, ClientCommand command)
{
    CommandFacts facts{Command::process_kill, nullptr, std::nullopt};
    CommandText text;
    auto id = protocol::decode_process_kill(payload_of(core, command));
    auto tag = id ? tag_of(core, *id) : nullptr;
    Killing killing(tag);
    if (tag && !tag->link()) {
        auto killed_id = *id;
        co_return co_await kill_idle(core, command, killed_id, tag, false);
    }
    if (auto link = tag ? tag->link() : std::nullopt) {
        facts.only_on = link->server;
        text.payload = protocol::encode_process_kill(link->backend_connection_id);
    }
    Performer performer(core, command, facts, std::move(text));
    co_return co_await perform(performer, tag);
}

}  // namespace pointsman::proxy
