#include "protocol/gtid_set.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

namespace pointsman::protocol {

namespace {

using Intervals = std::vector<GtidInterval>;

constexpr std::size_t uuid_text_size = 36;
constexpr std::size_t undashed_uuid_size = 32;
constexpr std::size_t max_tag_size = 32;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_tag(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

bool is_tag(std::string_view text)
{
    const auto allowed = [](char c) { return begins_tag(c) || (c >= '0' && c <= '9'); };
    return !text.empty() && text.size() <= max_tag_size && begins_tag(text.front()) &&
           std::all_of(text.begin(), text.end(), allowed);
}

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (number < 1 || number > max_transaction_number) return std::nullopt;
    return number;
}

/// "7" or "1-5". The last may be below the first: nobody is hurt, servers take it too.
std::optional<GtidInterval> parse_interval(std::string_view text)
{
    const std::size_t dash = text.find('-');
    const auto first = parse_number(trimmed(text.substr(0, dash)));
    if (!first) return std::nullopt;
    if (dash == std::string_view::npos) return GtidInterval{*first, *first};
    const auto last = parse_number(trimmed(text.substr(dash + 1)));
    if (!last) return std::nullopt;
    return GtidInterval{*first, *last};
}

/// Sorts, and joins what touches.
void normalise(Intervals& intervals)
{
    std::sort(intervals.begin(), intervals.end());
    Intervals joined;
    for (const GtidInterval& next : intervals) {
        if (!joined.empty() && next.first <= joined.back().last + 1)
            joined.back().last = std::max(joined.back().last, next.last);
        else
            joined.push_back(next);
    }
    intervals = std::move(joined);
}

Intervals without(const Intervals& from, const Intervals& taken)
{
    Intervals left;
    auto hole = taken.begin();
    for (GtidInterval rest : from) {
        while (hole != taken.end() && hole->last < rest.first) ++hole;
        auto cut = hole;
        bool used_up = false;
        for (; cut != taken.end() && cut->first <= rest.last && !used_up; ++cut) {
            if (cut->first > rest.first) left.push_back({rest.first, cut->first - 1});
            used_up = cut->last >= rest.last;
            rest.first = cut->last + 1;
        }
        if (!used_up) left.push_back(rest);
        hole = cut == hole ? hole : cut - 1;  // the last cut may reach into the next interval
    }
    return left;
}

using SourceKey = std::tuple<const Uuid&, std::string_view>;

SourceKey key_of(const GtidSource& source)
{
    return {source.uuid, source.tag};
}

template <class Sources>
auto find_place(Sources& sources, const SourceKey& key)
{
    const auto comes_before = [](const GtidSource& source, const SourceKey& wanted) {
        return key_of(source) < wanted;
    };
    return std::lower_bound(sources.begin(), sources.end(), key, comes_before);
}

const Intervals* find_intervals(const std::vector<GtidSource>& sources, const SourceKey& key)
{
    const auto place = find_place(sources, key);
    return place != sources.end() && key_of(*place) == key ? &place->intervals : nullptr;
}

bool has_no_intervals(const GtidSource& source)
{
    return source.intervals.empty();
}

/// Sorts, joins sources of one key, and normalises the intervals of each.
void normalise(std::vector<GtidSource>& sources)
{
    std::stable_sort(sources.begin(), sources.end(), [](const GtidSource& a, const GtidSource& b) {
        return key_of(a) < key_of(b);
    });
    std::vector<GtidSource> joined;
    for (GtidSource& next : sources) {
        if (has_no_intervals(next)) continue;
        if (joined.empty() || key_of(joined.back()) != key_of(next)) {
            joined.push_back(std::move(next));
            continue;
        }
        Intervals& mine = joined.back().intervals;
        mine.insert(mine.end(), next.intervals.begin(), next.intervals.end());
    }
    for (GtidSource& source : joined) normalise(source.intervals);
    sources = std::move(joined);
}

/// One "uuid:tag:1-5:7:tag2:4", appended to `sources` as it stands. A UUID or tag without intervals
/// is empty, as servers take it.
Result<void> parse_source(std::string_view text, std::vector<GtidSource>& sources)
{
    const auto uuid = parse_uuid(trimmed(text.substr(0, text.find(':'))));
    if (!uuid) return uuid.error();
    sources.push_back({*uuid, {}, {}});
    text.remove_prefix(std::min(text.find(':'), text.size()));
    while (!text.empty()) {
        text.remove_prefix(1);  // the colon
        const std::size_t end = std::min(text.find(':'), text.size());
        const std::string_view part = trimmed(text.substr(0, end));
        text.remove_prefix(end);
        if (is_tag(part)) {
            std::string tag(part);
            std::transform(tag.begin(), tag.end(), tag.begin(), lower);
            sources.push_back({*uuid, std::move(tag), {}});
            continue;
        }
        const auto interval = parse_interval(part);
        if (!interval) return make_error_code(Errc::bad_value);
        if (interval->first <= interval->last) sources.back().intervals.push_back(*interval);
    }
    return {};
}

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b)
{
    const std::uint64_t sum = a + b;
    return sum < a ? std::numeric_limits<std::uint64_t>::max() : sum;
}

void append_intervals(std::string& text, const Intervals& intervals)
{
    for (const GtidInterval& interval : intervals) {
        text += ':';
        text += std::to_string(interval.first);
        if (interval.last == interval.first) continue;
        text += '-';
        text += std::to_string(interval.last);
    }
}

}  // namespace

Result<Uuid> parse_uuid(std::string_view text)
{
    const bool dashed = text.size() == uuid_text_size;
    if (!dashed && text.size() != undashed_uuid_size) return make_error_code(Errc::bad_value);
    Uuid uuid{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (dashed && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (text[i] != '-') return make_error_code(Errc::bad_value);
            continue;
        }
        const int digit = hex_digit(text[i]);
        if (digit < 0) return make_error_code(Errc::bad_value);
        uuid[nibble / 2] = static_cast<std::uint8_t>(uuid[nibble / 2] << 4 | digit);
        ++nibble;
    }
    return uuid;
}

std::string to_string(const Uuid& uuid)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(uuid_text_size);
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[uuid[i] >> 4];
        text += digits[uuid[i] & 15];
    }
    return text;
}

Result<GtidSet> GtidSet::parse(std::string_view text)
{
    GtidSet set;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view part = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (part.empty()) continue;
        if (auto parsed = parse_source(part, set.sources_); !parsed) return parsed.error();
    }
    normalise(set.sources_);
    return set;
}

Result<GtidSet> GtidSet::parse_owned(std::string_view text)
{
    std::string numbers;
    bool in_thread = false;
    for (char c : text) {
        bool is_digit = c >= '0' && c <= '9';
        in_thread = c == '#' || (in_thread && is_digit);
        if (!in_thread) numbers += c;
    }
    return parse(numbers);
}

std::string GtidSet::to_string() const
{
    std::string text;
    const Uuid* previous = nullptr;
    for (const GtidSource& source : sources_) {
        if (previous == nullptr || *previous != source.uuid) {
            if (previous != nullptr) text += ',';
            text += protocol::to_string(source.uuid);
        }
        if (!source.tag.empty()) text.append(":").append(source.tag);
        append_intervals(text, source.intervals);
        previous = &source.uuid;
    }
    return text;
}

std::uint64_t GtidSet::count() const
{
    std::uint64_t count = 0;
    for (const GtidSource& source : sources_)
        for (const GtidInterval& interval : source.intervals)
            count = saturating_add(count, interval.count());
    return count;
}

bool GtidSet::contains(const Uuid& uuid, std::string_view tag, std::uint64_t number) const
{
    const Intervals* intervals = find_intervals(sources_, {uuid, tag});
    if (intervals == nullptr) return false;
    const auto ends_before = [](const GtidInterval& interval, std::uint64_t wanted) {
        return interval.last < wanted;
    };
    const auto place = std::lower_bound(intervals->begin(), intervals->end(), number, ends_before);
    return place != intervals->end() && place->first <= number;
}

bool GtidSet::contains(const GtidSet& other) const
{
    return std::all_of(other.sources_.begin(), other.sources_.end(), [&](const GtidSource& source) {
        const Intervals* mine = find_intervals(sources_, key_of(source));
        return mine != nullptr && without(source.intervals, *mine).empty();
    });
}

bool GtidSet::intersects(const GtidSet& other) const
{
    return std::any_of(other.sources_.begin(), other.sources_.end(), [&](const GtidSource& source) {
        const Intervals* mine = find_intervals(sources_, key_of(source));
        return mine != nullptr && without(source.intervals, *mine) != source.intervals;
    });
}

GtidSet& GtidSet::unite(const GtidSet& other)
{
    if (&other == this) return *this;
    sources_.insert(sources_.end(), other.sources_.begin(), other.sources_.end());
    normalise(sources_);
    return *this;
}

GtidSet& GtidSet::subtract(const GtidSet& other)
{
    for (GtidSource& source : sources_)
        if (const Intervals* taken = find_intervals(other.sources_, key_of(source)))
            source.intervals = without(source.intervals, *taken);
    std::erase_if(sources_, has_no_intervals);
    return *this;
}

GtidSet& GtidSet::intersect(const GtidSet& other)
{
    GtidSet only_here = *this;
    only_here.subtract(other);
    return subtract(only_here);
}

void GtidSet::add(const Uuid& uuid, std::string_view tag, GtidInterval interval)
{
    const bool valid = interval.first >= 1 && interval.first <= interval.last &&
                       interval.last <= max_transaction_number && (tag.empty() || is_tag(tag));
    if (!valid) return;
    auto place = find_place(sources_, {uuid, tag});
    if (place == sources_.end() || key_of(*place) != SourceKey{uuid, tag})
        place = sources_.insert(place, {uuid, std::string(tag), {}});
    place->intervals.push_back(interval);
    normalise(place->intervals);
}

}  // namespace pointsman::protocol
