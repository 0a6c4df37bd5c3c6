#include "proxy/session/account_use.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

config::Config limits(std::uint32_t all, std::uint32_t of_joe)
{
    config::Config config;
    config.limits.max_user_connections = all;
    config::User joe;
    joe.name = "joe";
    joe.max_connections = of_joe;
    config.users.push_back(joe);
    return config;
}

}  // namespace

TEST_CASE("without limits an account has as many sessions as it likes")
{
    AccountUse use;
    for (int i = 0; i < 1000; ++i) CHECK_FALSE(use.take("joe"));
}

TEST_CASE("an account's own limit comes before that of all, each worded as a server does")
{
    AccountUse use;
    use.configure(limits(1, 2));
    AccountSlot first(use), second(use), third(use);
    CHECK_FALSE(first.take("joe"));
    CHECK_FALSE(second.take("joe"));
    const auto own = third.take("joe");
    REQUIRE(own);
    CHECK(own->code == 1226);
    CHECK(own->sqlstate == "42000");
    CHECK(own->message ==
          "User 'joe' has exceeded the 'max_user_connections' resource (current value: 2)");
    CHECK_FALSE(use.take("ann"));
    const auto all = use.take("ann");
    REQUIRE(all);
    CHECK(all->code == 1203);
    CHECK(all->message ==
          "User ann already has more than 'max_user_connections' active connections");
}

TEST_CASE("a session that ends, or becomes another account's, makes room")
{
    AccountUse use;
    use.configure(limits(1, 0));
    AccountSlot outer(use);
    {
        AccountSlot inner(use);
        CHECK_FALSE(inner.take("joe"));
        CHECK(outer.take("joe"));
        CHECK_FALSE(inner.take("ann"));
        CHECK_FALSE(outer.take("joe"));
    }
    CHECK_FALSE(AccountSlot(use).take("ann"));
    use.configure(limits(0, 0));
    CHECK_FALSE(use.take("joe"));
}
