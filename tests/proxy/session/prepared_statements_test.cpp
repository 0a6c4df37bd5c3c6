#include "proxy/session/prepared_statements.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;

namespace {

constexpr auto one = static_cast<config::ServerId>(0);
constexpr auto other = static_cast<config::ServerId>(1);

PreparedStatement statement(std::string text)
{
    PreparedStatement made;
    made.key = std::make_shared<const PreparedKey>(PreparedKey{std::move(text), {}, {}});
    return made;
}

std::string text_of(PreparedStatements& statements, std::uint32_t id)
{
    auto* found = statements.find(id);
    return found ? found->key->text : "not there";
}

}  // namespace

TEST_CASE("prepared statements get ids that are not used again")
{
    PreparedStatements statements;
    const auto first = statements.add(statement("SELECT 1"));
    const auto second = statements.add(statement("SELECT 2"));
    REQUIRE(first);
    REQUIRE(second);
    CHECK(*first != 0);  // 0 is no statement in the protocol
    CHECK(text_of(statements, *first) == "SELECT 1");
    CHECK(text_of(statements, *second) == "SELECT 2");
    CHECK(text_of(statements, 77) == "not there");

    statements.erase(*second);
    CHECK(text_of(statements, *second) == "not there");
    const auto third = statements.add(statement("SELECT 3"));
    CHECK(*third != *second);
    CHECK(text_of(statements, *first) == "SELECT 1");

    statements.clear();
    CHECK(text_of(statements, *first) == "not there");
    CHECK(*statements.add(statement("SELECT 4")) != *third);
}

TEST_CASE("the id of all ones is the statement prepared last")
{
    PreparedStatements statements;
    std::uint32_t id = 0xffffffff;
    CHECK(statements.find(id) == nullptr);

    statements.add(statement("SELECT 1"));
    const auto last = statements.add(statement("SELECT 2"));
    id = 0xffffffff;
    REQUIRE(statements.find(id));
    CHECK(id == *last);  // the caller learns which it is
}

TEST_CASE("a session's prepared statements are bounded")
{
    PreparedStatements statements;
    for (std::size_t i = 0; i < PreparedStatements::most; ++i)
        REQUIRE(statements.add(PreparedStatement{}));
    CHECK_FALSE(statements.add(PreparedStatement{}));
    statements.erase(5);
    CHECK(statements.add(PreparedStatement{}));
}

TEST_CASE("a lost server takes its long data and its cursors with it")
{
    PreparedStatements statements;
    auto id = *statements.add(statement("SELECT ?"));
    statements.rebind(*statements.find(id), [](PreparedStatement& made) {
        made.long_data_on = one;
        made.executed_on = one;
    });
    CHECK(statements.needs_link_to(one));
    CHECK_FALSE(statements.needs_link_to(other));

    statements.forget_server(other);
    CHECK(statements.find(id)->long_data_on == one);
    CHECK(statements.find(id)->executed_on == one);
    statements.forget_server(one);
    CHECK_FALSE(statements.find(id)->long_data_on);
    CHECK_FALSE(statements.find(id)->executed_on);
    CHECK_FALSE(statements.needs_link_to(one));
}
