#include "failover/audit.hpp"

#include "tests/failover/scene.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using failover::lost_by;
using protocol::GtidSet;
using tests::made_by;
using tests::uuid_number;

namespace {

std::string lost(const std::string& acknowledged, const std::string& position)
{
    return lost_by(*GtidSet::parse(acknowledged), *GtidSet::parse(position)).to_string();
}

}  // namespace

TEST_CASE("what was acknowledged and is not there is lost, and nothing else")
{
    auto db1 = uuid_number(0), db2 = uuid_number(1);
    CHECK(lost(db1 + ":100", made_by(0, 100)).empty());
    CHECK(lost("", made_by(0, 100)).empty());
    CHECK(lost(db1 + ":103", made_by(0, 100)) == db1 + ":101-103");
    CHECK(lost(db1 + ":103," + db2 + ":7", made_by(0, 103)) == db2 + ":1-7");
    // A hole below the newest that is there is somebody's own doing, not a loss of ours.
    CHECK(lost(db1 + ":103", db1 + ":1-100:103").empty());
    CHECK(lost(db1 + ":tag:5", db1 + ":1-9:tag:1-4") == db1 + ":tag:5");
}
