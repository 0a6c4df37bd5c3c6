#include "proxy/control/journal_line.hpp"

#include <boost/json.hpp>

#include <array>
#include <cstdio>

namespace pointsman::proxy {
namespace {

namespace json = boost::json;
using failover::JournalServer;
using std::chrono::milliseconds;

void add_text(json::object& object, json::string_view key, const std::string& text)
{
    if (!text.empty()) object[key] = text;
}

std::string text_at(const json::object& object, json::string_view key)
{
    const auto* value = object.if_contains(key);
    if (!value || !value->is_string()) return {};
    return {value->as_string().data(), value->as_string().size()};
}

std::int64_t number_at(const json::object& object, json::string_view key)
{
    const auto* value = object.if_contains(key);
    boost::system::error_code error;
    auto number = value ? value->to_number<std::int64_t>(error) : 0;
    return error ? 0 : number;
}

bool flag_at(const json::object& object, json::string_view key)
{
    const auto* value = object.if_contains(key);
    return value && value->is_bool() && value->get_bool();
}

json::object survey_object(const failover::Survey& survey)
{
    return {{"semi_sync_plugin", survey.semi_sync_plugin},
            {"semi_sync_source", survey.semi_sync_source},
            {"semi_sync_lossless", survey.semi_sync_lossless},
            {"acks_wanted", survey.acks_wanted}};
}

std::optional<failover::Survey> survey_at(const json::object& object, json::string_view key)
{
    const auto* value = object.if_contains(key);
    if (!value || !value->is_object()) return std::nullopt;
    const auto& from = value->get_object();
    failover::Survey survey;
    survey.known = true;
    survey.semi_sync_plugin = flag_at(from, "semi_sync_plugin");
    survey.semi_sync_source = flag_at(from, "semi_sync_source");
    survey.semi_sync_lossless = flag_at(from, "semi_sync_lossless");
    survey.acks_wanted = static_cast<std::uint32_t>(number_at(from, "acks_wanted"));
    return survey;
}

}  // namespace

std::string time_text(milliseconds since_1970)
{
    using namespace std::chrono;
    auto days_since = floor<days>(since_1970);
    year_month_day date{local_days{days_since}};
    hh_mm_ss<milliseconds> time{since_1970 - days_since};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<long>(time.hours().count()),
                  static_cast<long>(time.minutes().count()),
                  static_cast<long>(time.seconds().count()),
                  static_cast<long>(time.subseconds().count()));
    return text.data();
}

std::string to_json(const JournalLine& line)
{
    const auto& entry = line.entry;
    json::object object{{"time", time_text(line.written_at)},
                        {"time_ms", line.written_at.count()},
                        {"kind", std::string(failover::to_text(entry.kind))},
                        {"text", entry.text}};
    if (entry.took.count() > 0) object["took_ms"] = entry.took.count();
    if (entry.takeover > 0) object["takeover"] = entry.takeover;
    add_text(object, "cause", entry.cause);
    add_text(object, "step", entry.step);
    add_text(object, "from", entry.from.name);
    add_text(object, "from_uuid", entry.from.uuid);
    add_text(object, "to", entry.to.name);
    add_text(object, "to_uuid", entry.to.uuid);
    add_text(object, "gtids", entry.gtids);
    if (entry.survey) object["survey"] = survey_object(*entry.survey);
    return json::serialize(object) + "\n";
}

std::optional<JournalLine> journal_line(std::string_view text)
{
    boost::system::error_code error;
    auto value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error || !value.is_object()) return std::nullopt;
    const auto& object = value.get_object();
    auto kind = failover::journal_kind(text_at(object, "kind"));
    if (!kind) return std::nullopt;
    JournalLine line;
    line.written_at = milliseconds{number_at(object, "time_ms")};
    auto& entry = line.entry;
    entry.kind = *kind;
    entry.text = text_at(object, "text");
    entry.took = milliseconds{number_at(object, "took_ms")};
    entry.takeover = static_cast<std::uint64_t>(number_at(object, "takeover"));
    entry.cause = text_at(object, "cause");
    entry.step = text_at(object, "step");
    entry.from = JournalServer{text_at(object, "from"), text_at(object, "from_uuid")};
    entry.to = JournalServer{text_at(object, "to"), text_at(object, "to_uuid")};
    entry.gtids = text_at(object, "gtids");
    entry.survey = survey_at(object, "survey");
    return line;
}

}  // namespace pointsman::proxy
