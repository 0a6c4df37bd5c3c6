#include "proxy/metrics/exporter.hpp"

#include <catch2/catch.hpp>

using namespace pointsman::proxy;

TEST_CASE("each family has one help and one type line and label values are escaped")
{
    MetricsSources sources;
    sources.cluster = "a\"b\\c\nd";
    auto text = Exporter(std::move(sources)).text();
    CHECK(text.find("cluster=\"a\\\"b\\\\c\\nd\"") != text.npos);

    std::string_view help = "# HELP pointsman_logins_total ";
    auto first = text.find(help);
    REQUIRE(first != text.npos);
    CHECK(text.find(help, first + 1) == text.npos);
    CHECK(text.find("# TYPE pointsman_logins_total counter\n") != text.npos);
    CHECK(text.ends_with('\n'));
}
