#include "failover/errant.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace pointsman::failover {
namespace {

// Words that begin a line of SQL which changes no data.
constexpr std::array<std::string_view, 14> harmless_lines{"SET ",
                                                          "BEGIN",
                                                          "COMMIT",
                                                          "ROLLBACK",
                                                          "DELIMITER ",
                                                          "use `",
                                                          "/*!*/;",
                                                          "/*!\\C ",
                                                          "FLUSH ",
                                                          "ANALYZE TABLE ",
                                                          "ANALYZE LOCAL TABLE ",
                                                          "ANALYZE NO_WRITE_TO_BINLOG TABLE ",
                                                          "flush ",
                                                          "analyze table "};

// Events that carry no rows, as the comment line of each event names them.
constexpr std::array<std::string_view, 7> harmless_events{
    "Rotate to ", "Start: binlog", "Previous-GTIDs", "Stop", "GTID\t", "Query\t", "Xid = "};

constexpr std::array<std::string_view, 3> row_changes{"### INSERT INTO ", "### UPDATE ",
                                                      "### DELETE FROM "};

template <std::size_t n>
bool begins_with_any(std::string_view text, const std::array<std::string_view, n>& beginnings)
{
    return std::ranges::any_of(beginnings, [&](auto word) { return text.starts_with(word); });
}

/// mysqlbinlog's own: "/*!80001 SET @@session.…".
bool is_versioned_set(std::string_view text)
{
    if (!text.starts_with("/*!")) return false;
    text.remove_prefix(3);
    while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())))
        text.remove_prefix(1);
    return text.starts_with(" SET ");
}

/// "#261123  6:09:19 server id 1  end_log_pos 1323 CRC32 0x079ff79e \tTable_map: …".
std::string_view event_of(std::string_view comment)
{
    constexpr std::string_view server_id = " server id ";
    if (comment.find(server_id) == comment.npos) return {};
    auto tab = comment.find('\t');
    return tab == comment.npos ? std::string_view{} : comment.substr(tab + 1);
}

/// Its first two words and no more: what follows may be a secret.
std::string verb_of(std::string_view statement)
{
    std::string words;
    int left = 2;
    for (unsigned char c : statement) {
        if (c == ' ' && --left == 0) break;
        if (!std::isalpha(c) && c != ' ' && c != '_') break;
        words += static_cast<char>(std::toupper(c));
    }
    return words.empty() ? "a statement" : words;
}

}  // namespace

void ErrantReader::changed(std::string what)
{
    auto& changes = content_.changes;
    if (changes.contains(what) || changes.size() < ErrantContent::most_kinds)
        ++changes[std::move(what)];
    else
        ++content_.more_changes;
}

void ErrantReader::line(std::string_view text)
{
    if (in_binlog_block_) {  // base64: what it says follows as comments
        in_binlog_block_ = !text.starts_with("'/*!*/;");
        return;
    }
    if (text.starts_with("BINLOG '")) {
        in_binlog_block_ = true;
        return;
    }
    if (begins_with_any(text, row_changes)) return changed(std::string(text.substr(4)));
    if (!text.starts_with("#")) return statement(text);
    auto event = event_of(text);
    bool of_rows = event.find("_rows: ") != event.npos;
    if (of_rows) content_.has_rows = true;
    bool known = of_rows || event.empty() || event.starts_with("Table_map: ");
    if (known || begins_with_any(event, harmless_events)) return;
    changed("an event that is not known");
}

void ErrantReader::statement(std::string_view text)
{
    constexpr std::string_view next = "SET @@SESSION.GTID_NEXT= '";
    if (text.starts_with(next)) {
        auto gtid = text.substr(next.size());
        auto set = protocol::GtidSet::parse(gtid.substr(0, gtid.find('\'')));
        if (set) content_.gtids.unite(*set);
        return;
    }
    if (text.empty() || begins_with_any(text, harmless_lines) || is_versioned_set(text)) return;
    changed(verb_of(text));
}

std::string to_text(const ErrantContent& content)
{
    auto count = content.gtids.count();
    auto text = std::to_string(count) + (count == 1 ? " transaction (" : " transactions (") +
                content.gtids.to_string() + "): ";
    if (content.changed_nothing()) return text + "they changed nothing";
    if (content.changes.empty()) return text + "rows that are not decoded";
    std::string list;
    for (const auto& [what, times] : content.changes)
        list += (list.empty() ? "" : ", ") + std::to_string(times) + " " + what;
    if (content.more_changes > 0)
        list += ", " + std::to_string(content.more_changes) + " other changes";
    return text + list;
}

}  // namespace pointsman::failover
