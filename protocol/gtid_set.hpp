#pragma once
// Which transactions a server has: MySQL's GTID sets (with tags, as 8.3 and later have them),
// MariaDB's GTID lists, and a Position that is one or the other.
// https://dev.mysql.com/doc/refman/9.7/en/replication-gtids-concepts.html
// https://mariadb.com/kb/en/gtid/
//
// "Has everything that the other has" is a partial order in both: two sets may each have what the
// other lacks. Never sort by it before that was ruled out.

#include "protocol/errc.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pointsman::protocol {

using Uuid = std::array<std::uint8_t, 16>;

/// 8-4-4-4-12 hexadecimal digits of either case, the dashes all there or all left out.
Result<Uuid> parse_uuid(std::string_view text);
/// In lower case.
std::string to_string(const Uuid& uuid);

/// Transaction numbers first, first + 1, … last. 1 ≤ first ≤ last ≤ max_transaction_number.
struct GtidInterval {
    std::uint64_t first = 1;
    std::uint64_t last = 1;

    std::uint64_t count() const { return last - first + 1; }
    auto operator<=>(const GtidInterval&) const = default;
};
constexpr std::uint64_t max_transaction_number = 0x7ffffffffffffffe;

/// What numbers a set has under one UUID and tag.
struct GtidSource {
    Uuid uuid{};
    std::string tag;                      // empty: none
    std::vector<GtidInterval> intervals;  // ascending, apart by more than one; never empty in a set

    bool operator==(const GtidSource&) const = default;
};

/// A set of MySQL's GTIDs. Always in canonical form, so == compares what is in it.
class GtidSet {
public:
    /// "uuid:1-5:7,uuid:tag:1-3" and all that a server prints or takes: white space, either case,
    /// any order, overlaps, empty parts. An interval that ends before it begins is empty.
    static Result<GtidSet> parse(std::string_view text);
    /// What @@GLOBAL.gtid_owned says: each number is followed by its threads, "uuid:5#12:6#13#14".
    static Result<GtidSet> parse_owned(std::string_view text);

    /// As a server prints it, without the line breaks.
    std::string to_string() const;

    bool empty() const { return sources_.empty(); }
    /// How many transactions; the highest number there is if they are more.
    std::uint64_t count() const;
    /// Ascending by UUID, then by tag.
    const std::vector<GtidSource>& sources() const { return sources_; }

    bool contains(const Uuid& uuid, std::string_view tag, std::uint64_t number) const;
    /// Is all of `other` in here?
    bool contains(const GtidSet& other) const;
    bool intersects(const GtidSet& other) const;

    /// Union, difference and intersection, in place.
    GtidSet& unite(const GtidSet& other);
    GtidSet& subtract(const GtidSet& other);
    GtidSet& intersect(const GtidSet& other);
    /// Adds one interval; a wrong one (see GtidInterval) is left out.
    void add(const Uuid& uuid, std::string_view tag, GtidInterval interval);

    bool operator==(const GtidSet&) const = default;

private:
    std::vector<GtidSource> sources_;
};

/// One domain's newest GTID on a MariaDB server.
struct MariadbGtid {
    std::uint32_t domain = 0;
    std::uint32_t server_id = 0;
    std::uint64_t sequence = 0;

    bool operator==(const MariadbGtid&) const = default;
};

/// MariaDB's position: for each domain the last transaction; those before it are had as well.
class GtidList {
public:
    /// "0-1-5,1-2-7"; of several in one domain (as gtid_binlog_state has them) the highest sequence
    /// number counts.
    static Result<GtidList> parse(std::string_view text);
    std::string to_string() const;

    bool empty() const { return domains_.empty(); }
    /// The newest GTID of each domain, ascending by domain.
    const std::map<std::uint32_t, MariadbGtid>& domains() const { return domains_; }
    std::optional<MariadbGtid> in_domain(std::uint32_t domain) const;
    /// In each domain of `other`: as far as it, or further?
    bool contains(const GtidList& other) const;
    /// The further of both in each domain.
    GtidList& unite(const GtidList& other);
    /// How many transactions `other` has beyond this, summed over its domains.
    std::uint64_t behind(const GtidList& other) const;
    void add(MariadbGtid gtid);

    bool operator==(const GtidList&) const = default;

private:
    std::map<std::uint32_t, MariadbGtid> domains_;
};

enum class GtidFlavour : std::uint8_t { mysql, mariadb };

/// What a server has executed or received, of either flavour.
using Position = std::variant<GtidSet, GtidList>;

Result<Position> parse_position(std::string_view text, GtidFlavour flavour);
std::string to_string(const Position& position);
bool is_empty(const Position& position);
/// Has `position` all of `other`? Positions of different flavours have nothing of each other, but
/// an empty one is had by all.
bool contains(const Position& position, const Position& other);
/// less: `b` has all of `a` and more. unordered: each has what the other lacks.
std::partial_ordering compare(const Position& a, const Position& b);
/// How many transactions `ahead` has that `position` lacks; all of them in different flavours.
std::uint64_t missing_count(const Position& position, const Position& ahead);

}  // namespace pointsman::protocol
