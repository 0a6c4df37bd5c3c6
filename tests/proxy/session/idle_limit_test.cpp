#include "proxy/session/idle_limit.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;

namespace {

VariablesPtr variables(const char* wait_timeout = nullptr)
{
    auto made = std::make_shared<Variables>();
    (*made)["interactive_timeout"] = "7";
    if (wait_timeout) (*made)["wait_timeout"] = wait_timeout;
    return made;
}

}  // namespace

TEST_CASE("a session may be silent for as long as its server lets it")
{
    IdleLimit limit;
    CHECK(limit.of(variables(), 0ms) == 28'800s);
    limit.begin(600s);
    CHECK(limit.of(variables(), 0ms) == 600s);
    CHECK(limit.of(variables("2"), 0ms) == 2s);
    CHECK(limit.of(variables(), 0ms) == 600s);
    limit.begin(30s);
    CHECK(limit.wait_timeout(variables()) == 30s);
}

TEST_CASE("the operator's bound shortens it and never lengthens it")
{
    IdleLimit limit;
    const auto set = variables("5");
    CHECK(limit.of(set, 1s) == 1s);
    CHECK(limit.of(set, 1h) == 5s);
    CHECK(limit.wait_timeout(set) == 5s);
}

TEST_CASE("a value that is no number of seconds changes nothing")
{
    IdleLimit limit;
    limit.begin(60s);
    for (const char* text : {"", "0", "-1", "soon", "99999999999"})
        CHECK(limit.of(variables(text), 0ms) == 60s);
}
