// GTID sets and lists: text, and the laws that their arithmetic must keep.

#include "protocol/gtid_set.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

void sets(std::string_view text_a, std::string_view text_b)
{
    const auto a = GtidSet::parse(text_a);
    const auto b = GtidSet::parse(text_b);
    if (!a || !b) return;
    require(*GtidSet::parse(a->to_string()) == *a, "text and back");

    GtidSet both = *a;
    both.unite(*b);
    GtidSet common = *a;
    common.intersect(*b);
    GtidSet only_a = *a;
    only_a.subtract(*b);
    require(both.contains(*a) && both.contains(*b), "a union has both");
    require(common.empty() == !a->intersects(*b), "an intersection is empty or not");
    require(!only_a.intersects(*b), "a difference has nothing of what was taken");
    require(GtidSet(only_a).unite(common) == *a, "the parts make the whole");
    require(a->contains(*b) == (common == *b), "containment is intersection");
}

void lists(std::string_view text_a, std::string_view text_b)
{
    const auto a = GtidList::parse(text_a);
    const auto b = GtidList::parse(text_b);
    if (!a || !b) return;
    require(*GtidList::parse(a->to_string()) == *a, "text and back");
    GtidList both = *a;
    both.unite(*b);
    require(both.contains(*a) && both.contains(*b), "a union has both");
    require(both.behind(*a) == 0, "and is behind neither");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    const std::string_view text = as_text({bytes, size});
    const std::size_t middle = std::min(text.find(0x7c), text.size());  // a vertical bar
    const std::string_view behind = text.substr(std::min(middle + 1, text.size()));
    sets(text.substr(0, middle), behind);
    lists(text.substr(0, middle), behind);
    return 0;
}
