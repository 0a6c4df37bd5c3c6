#include "protocol/gtid_set.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

namespace {

// Two servers, short to write: A and B stand for their UUIDs in the tests' texts.
const std::string uuid_a = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string uuid_b = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string spelled(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (c == 'A')
            result += uuid_a;
        else if (c == 'B')
            result += uuid_b;
        else
            result += c;
    }
    return result;
}

GtidSet set(std::string_view text)
{
    const auto parsed = GtidSet::parse(spelled(text));
    INFO(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

}  // namespace

TEST_CASE("a GTID set is printed in canonical form, whatever it was read from")
{
    struct Row {
        std::string_view text, canonical;
    };
    for (const Row& row : {
             Row{"", ""},
             Row{" \n", ""},
             Row{"A:1", "A:1"},
             Row{"A:1-1", "A:1"},
             Row{"A:1-5:7", "A:1-5:7"},
             Row{"A:7:1-5", "A:1-5:7"},
             Row{"A:1-5:6-9", "A:1-9"},
             Row{"A:1-5:3-9:2", "A:1-9"},
             Row{"B:1-3,A:1-2", "A:1-2,B:1-3"},
             Row{"A:1-2,\nB:1-3,", "A:1-2,B:1-3"},
             Row{"A:1-2,A:3", "A:1-3"},
             Row{" A : 1 - 2 : 5 ", "A:1-2:5"},
             Row{"A:5-3", ""},
             Row{"A", ""},
             Row{"A:tag", ""},
             Row{"A:1:tag", "A:1"},
             Row{",,", ""},
             Row{"3e11fa4771ca11e19e33c80aa9429562:1", "A:1"},
             Row{"A:tag:1-5:7", "A:tag:1-5:7"},
             Row{"A:ToG:1", "A:tog:1"},
             Row{"A:1-3:tag2:4", "A:1-3:tag2:4"},
             Row{"A:tag2:4,A:1-3", "A:1-3:tag2:4"},
             Row{"A:z:1:y:2:z:2", "A:y:2:z:1-2"},
             Row{"A:_x_9:1,B:2", "A:_x_9:1,B:2"},
             Row{"A:1-9223372036854775806", "A:1-9223372036854775806"},
         }) {
        INFO(row.text);
        CHECK(set(row.text).to_string() == spelled(row.canonical));
    }
}

TEST_CASE("UUIDs are read in either case and printed in lower case")
{
    const auto parsed = GtidSet::parse("3E11FA47-71CA-11E1-9E33-C80AA9429562:1");
    REQUIRE(parsed.has_value());
    CHECK(parsed->to_string() == uuid_a + ":1");
}

TEST_CASE("what is no GTID set is refused")
{
    for (const char* wrong :
         {"A:", "A:0", "A:-1", "A:1-", "A::1", "A:1:", "A:x-1", "A:1;2", "A 1",
          "A:9223372036854775807", "A:99999999999999999999", "A:tag-1:1", "A:9tag:1",
          "A:a23456789012345678901234567890123:1", "nonsense:1", "0-1-5",
          "3e11fa47-71ca11e19e33c80aa942956-2:1", "3e11fa47-71ca-11e1-9e33-c80aa942956g:1"}) {
        INFO(wrong);
        CHECK(GtidSet::parse(spelled(wrong)).has_error());
    }
}

TEST_CASE("union, difference and intersection")
{
    struct Row {
        std::string_view a, b, united, without, common;
    };
    for (const Row& row : {
             Row{"A:1-5", "A:3-9", "A:1-9", "A:1-2", "A:3-5"},
             Row{"A:1-9", "A:3-5", "A:1-9", "A:1-2:6-9", "A:3-5"},
             Row{"A:1-9", "A:1-9", "A:1-9", "", "A:1-9"},
             Row{"A:1-9", "A:2:4:6:8", "A:1-9", "A:1:3:5:7:9", "A:2:4:6:8"},
             Row{"A:1-3:7-9", "A:2-8", "A:1-9", "A:1:9", "A:2-3:7-8"},
             Row{"A:1-3:5-7:9-11", "A:3-9", "A:1-11", "A:1-2:10-11", "A:3:5-7:9"},
             Row{"A:1-5", "B:1-5", "A:1-5,B:1-5", "A:1-5", ""},
             Row{"A:1-5", "A:tag:1-5", "A:1-5:tag:1-5", "A:1-5", ""},
             Row{"A:1-5:tag:1-9", "A:tag:2-3,B:1", "A:1-5:tag:1-9,B:1", "A:1-5:tag:1:4-9",
                 "A:tag:2-3"},
             Row{"", "A:1", "A:1", "", ""},
             Row{"A:1", "", "A:1", "A:1", ""},
         }) {
        INFO(row.a << " and " << row.b);
        const GtidSet a = set(row.a);
        const GtidSet b = set(row.b);
        CHECK(GtidSet(a).unite(b).to_string() == spelled(row.united));
        CHECK(GtidSet(a).subtract(b).to_string() == spelled(row.without));
        CHECK(GtidSet(a).intersect(b).to_string() == spelled(row.common));
        CHECK(a.intersects(b) == !row.common.empty());
        CHECK(b.intersects(a) == !row.common.empty());
        CHECK(a.contains(b) == (set(row.united) == a));
        CHECK(a.contains(a));
    }
}

TEST_CASE("a single GTID is found in a set")
{
    const GtidSet gtids = set("A:1-5:9:tag:7");
    const Uuid a = parse_uuid(uuid_a).value();
    const Uuid b = parse_uuid(uuid_b).value();
    CHECK(gtids.contains(a, "", 1));
    CHECK(gtids.contains(a, "", 5));
    CHECK_FALSE(gtids.contains(a, "", 6));
    CHECK(gtids.contains(a, "", 9));
    CHECK_FALSE(gtids.contains(a, "", 10));
    CHECK(gtids.contains(a, "tag", 7));
    CHECK_FALSE(gtids.contains(a, "other", 7));
    CHECK_FALSE(gtids.contains(b, "", 1));
}

TEST_CASE("GTIDs are added one by one, and wrong ones are left out")
{
    const Uuid a = parse_uuid(uuid_a).value();
    GtidSet gtids;
    gtids.add(a, "", {1, 1});
    gtids.add(a, "", {3, 3});
    CHECK(gtids.to_string() == spelled("A:1:3"));
    gtids.add(a, "", {2, 2});
    CHECK(gtids.to_string() == spelled("A:1-3"));
    gtids.add(a, "", {0, 9});
    gtids.add(a, "", {9, 8});
    gtids.add(a, "no tag", {1, 1});
    gtids.add(a, "", {1, max_transaction_number + 1});
    CHECK(gtids.to_string() == spelled("A:1-3"));
}

TEST_CASE("transactions are counted, without an overflow")
{
    CHECK(set("").count() == 0);
    CHECK(set("A:1-5:7:tag:1-2,B:3").count() == 9);
    CHECK(set("A:1-9223372036854775806:t:1-9223372036854775806:u:1-9").count() == UINT64_MAX);
}

TEST_CASE("a long fragmented set keeps every gap")
{
    std::string text = uuid_a;
    for (int i = 1; i <= 20001; i += 2) text += ":" + std::to_string(i);
    const GtidSet odd = GtidSet::parse(text).value();
    CHECK(odd.count() == 10001);
    CHECK(odd.to_string() == text);
    CHECK(set("A:1-20001").subtract(odd).count() == 10000);
    CHECK_FALSE(odd.contains(set("A:2")));
}

TEST_CASE("what a server owns is read without the threads that own it")
{
    const std::string uuid = "11111111-1111-1111-1111-111111111111";
    const std::string other = "22222222-2222-2222-2222-222222222222";
    const auto owned =
        GtidSet::parse_owned(uuid + ":5#12:6#13#140,\n" + other + ":tag:7#1");
    REQUIRE(owned.has_value());
    CHECK(owned->to_string() == uuid + ":5-6," + other + ":tag:7");
    CHECK(GtidSet::parse_owned("")->empty());
    CHECK_FALSE(GtidSet::parse_owned(uuid + ":-5#12").has_value());
}

}  // namespace pointsman::protocol
