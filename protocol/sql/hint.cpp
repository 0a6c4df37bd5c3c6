#include "protocol/sql/hint.hpp"

namespace pointsman::protocol::sql {

namespace {

constexpr std::string_view key = "route=";
constexpr std::string_view server_prefix = "server:";
constexpr std::string_view gtid_key = "after_gtid=";
constexpr std::string_view gtid_ends = " \t\r\n\v\f;*/";
constexpr std::string_view separators = " \t\r\n\v\f,;*/";
constexpr std::size_t longest_server_name = 255;

HintView hint_of(std::string_view value)
{
    if (value == "primary") return {RouteHint::Kind::primary, {}, {}};
    if (value == "replica") return {RouteHint::Kind::replica, {}, {}};
    if (!value.starts_with(server_prefix)) return {};
    value.remove_prefix(server_prefix.size());
    if (value.empty() || value.size() > longest_server_name) return {};
    return {RouteHint::Kind::server, value, {}};
}

bool begins_word(std::string_view text, std::size_t at)
{
    return at == 0 || separators.find(text[at - 1]) != std::string_view::npos;
}

/// A GTID set, which has commas in it.
std::string_view find_after_gtid(std::string_view comment)
{
    for (std::size_t at = comment.find(gtid_key); at != std::string_view::npos;
         at = comment.find(gtid_key, at + 1)) {
        if (!begins_word(comment, at)) continue;
        const std::string_view rest = comment.substr(at + gtid_key.size());
        return rest.substr(0, rest.find_first_of(gtid_ends));
    }
    return {};
}

HintView find_route(std::string_view comment)
{
    for (std::size_t at = comment.find(key); at != std::string_view::npos;
         at = comment.find(key, at + 1)) {
        if (!begins_word(comment, at)) continue;
        const std::string_view rest = comment.substr(at + key.size());
        const HintView hint = hint_of(rest.substr(0, rest.find_first_of(separators)));
        if (hint.kind != RouteHint::Kind::none) return hint;
    }
    return {};
}

}  // namespace

HintView find_hint(std::string_view comment)
{
    HintView hint = find_route(comment);
    hint.after_gtid = find_after_gtid(comment);
    return hint;
}

}  // namespace pointsman::protocol::sql
