#include "failover/survey.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::failover;

TEST_CASE("a survey says what writes wait for")
{
    CHECK(parse_survey("log_bin=ON\nuptime=7").stall == Stall::none);
    CHECK(parse_survey("stall.commit=3\nlog_bin=ON").stall == Stall::commit);
    CHECK(parse_survey("stall.lock=1").stall == Stall::lock);
    CHECK(parse_survey("stall.nonsense=1").stall == Stall::none);
}

TEST_CASE("commits that queue behind others are explained by what those wait for")
{
    CHECK(parse_survey("stall.commit=7\nstall.semi_sync=1").stall == Stall::semi_sync);
    CHECK(parse_survey("stall.disk_full=7\nstall.lock=1").stall == Stall::disk_full);
}

TEST_CASE("a survey tells a server that woke up read-only from one that was made so")
{
    CHECK(parse_survey("read_only_set=0").read_only_since_start);
    CHECK_FALSE(parse_survey("read_only_set=1").read_only_since_start);
    CHECK_FALSE(parse_survey("log_bin=ON").read_only_since_start);
}

TEST_CASE("a plugin that is not loaded has no variable")
{
    CHECK_FALSE(parse_survey("log_bin=ON").semi_sync_plugin);
    auto survey = parse_survey("rpl_semi_sync_source_enabled=OFF\nlog_bin=OFF\nfilters=2");
    CHECK(survey.known);
    CHECK(survey.semi_sync_plugin);
    CHECK_FALSE(survey.semi_sync_source);
    CHECK_FALSE(survey.log_bin);
    CHECK(survey.filters);
}
