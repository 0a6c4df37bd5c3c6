// MariaDB's GTID lists, and the Position that is of either flavour.

#include "protocol/gtid_set.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace pointsman::protocol {

namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Reads a number up to `end_mark` (or the text's end, if that is 0) off the front of `text`.
template <class T>
bool take_number(std::string_view& text, char end_mark, T& number)
{
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(stop - begin));
    if (end_mark == '\0') return text.empty();
    if (text.empty() || text.front() != end_mark) return false;
    text.remove_prefix(1);
    return true;
}

Result<MariadbGtid> parse_gtid(std::string_view text)
{
    MariadbGtid gtid;
    const bool well_formed = take_number(text, '-', gtid.domain) &&
                             take_number(text, '-', gtid.server_id) &&
                             take_number(text, '\0', gtid.sequence);
    if (!well_formed) return make_error_code(Errc::bad_value);
    return gtid;
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

Result<GtidList> GtidList::parse(std::string_view text)
{
    GtidList list;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view part = trimmed(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (part.empty()) continue;
        const auto gtid = parse_gtid(part);
        if (!gtid) return gtid.error();
        list.add(*gtid);
    }
    return list;
}

std::string GtidList::to_string() const
{
    std::string text;
    for (const auto& [domain, gtid] : domains_) {
        if (!text.empty()) text += ',';
        text += std::to_string(domain) + '-' + std::to_string(gtid.server_id) + '-' +
                std::to_string(gtid.sequence);
    }
    return text;
}

std::optional<MariadbGtid> GtidList::in_domain(std::uint32_t domain) const
{
    const auto place = domains_.find(domain);
    if (place == domains_.end()) return std::nullopt;
    return place->second;
}

bool GtidList::contains(const GtidList& other) const
{
    return std::all_of(other.domains_.begin(), other.domains_.end(), [&](const auto& entry) {
        const auto mine = in_domain(entry.first);
        return mine && mine->sequence >= entry.second.sequence;
    });
}

GtidList& GtidList::unite(const GtidList& other)
{
    for (const auto& [domain, gtid] : other.domains_) add(gtid);
    return *this;
}

std::uint64_t GtidList::behind(const GtidList& other) const
{
    std::uint64_t count = 0;
    for (const auto& [domain, gtid] : other.domains_) {
        const auto mine = in_domain(domain);
        const std::uint64_t had = mine ? mine->sequence : 0;
        const std::uint64_t lacking = gtid.sequence > had ? gtid.sequence - had : 0;
        if (lacking > std::numeric_limits<std::uint64_t>::max() - count)
            return std::numeric_limits<std::uint64_t>::max();
        count += lacking;
    }
    return count;
}

void GtidList::add(MariadbGtid gtid)
{
    MariadbGtid& mine = domains_.try_emplace(gtid.domain, gtid).first->second;
    if (gtid.sequence > mine.sequence) mine = gtid;
}

Result<Position> parse_position(std::string_view text, GtidFlavour flavour)
{
    if (flavour == GtidFlavour::mysql) {
        auto set = GtidSet::parse(text);
        if (!set) return set.error();
        return Position(std::move(*set));
    }
    auto list = GtidList::parse(text);
    if (!list) return list.error();
    return Position(std::move(*list));
}

std::string to_string(const Position& position)
{
    return std::visit([](const auto& gtids) { return gtids.to_string(); }, position);
}

bool is_empty(const Position& position)
{
    return std::visit([](const auto& gtids) { return gtids.empty(); }, position);
}

bool contains(const Position& position, const Position& other)
{
    if (is_empty(other)) return true;
    if (position.index() != other.index()) return false;
    if (const auto* set = std::get_if<GtidSet>(&position))
        return set->contains(std::get<GtidSet>(other));
    return std::get<GtidList>(position).contains(std::get<GtidList>(other));
}

std::partial_ordering compare(const Position& a, const Position& b)
{
    const bool a_has_b = contains(a, b);
    const bool b_has_a = contains(b, a);
    if (a_has_b && b_has_a) return std::partial_ordering::equivalent;
    if (a_has_b) return std::partial_ordering::greater;
    return b_has_a ? std::partial_ordering::less : std::partial_ordering::unordered;
}

std::uint64_t missing_count(const Position& position, const Position& ahead)
{
    if (const auto* set = std::get_if<GtidSet>(&ahead)) {
        GtidSet missing = *set;
        if (const auto* had = std::get_if<GtidSet>(&position)) missing.subtract(*had);
        return missing.count();
    }
    const auto* list = std::get_if<GtidList>(&position);
    return (list != nullptr ? *list : GtidList()).behind(std::get<GtidList>(ahead));
}

}  // namespace pointsman::protocol
