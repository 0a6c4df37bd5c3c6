#include "proxy/session/session_info.hpp"

#include "tests/support/stage.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;

namespace {

/// What is told of the session while a server works on the statement `during`.
SessionInfo seen_during(Stage& stage, std::string_view during, const protocol::Buffer& bytes)
{
    SessionInfo seen;
    stage.every_server([&, text = std::string(during)](const std::string& command) {
        if (command.find(text) != std::string::npos) seen = stage.session->describe();
        bool begins = command.find("BEGIN") != std::string::npos;
        return FakeServer::Answer{FakeServer::framed_ok(
            begins ? protocol::server_status::in_trans | protocol::server_status::autocommit
                   : protocol::server_status::autocommit)};
    });
    stage.ask(bytes);
    return seen;
}

std::uint64_t held(const Stage& stage, Pin pin)
{
    for (std::size_t i = 0; i < pin_count; ++i)
        if (pin_names[i].pin == pin) return stage.counters.pins_held[i].get();
    return 0;
}

}  // namespace

TEST_CASE("a session tells who it is and why it keeps its link")
{
    Stage stage;
    std::string logged;
    stage.worker.note_pinned = [&](std::uint32_t, config::ServerId server, std::string_view why) {
        if (server == primary) logged = why;
    };
    const auto bytes = joined({query("LOCK TABLES t READ"), query("DO 1"), quit()});
    const auto seen = seen_during(stage, "DO 1", bytes);
    CHECK(seen.user == "joe");
    CHECK(seen.client_host == "192.0.2.1");
    CHECK(seen.client_port == 50'000);
    CHECK(seen.activity == SessionInfo::Activity::active);
    CHECK(seen.links == std::vector<std::string>{"db0"});
    CHECK(seen.pins == std::vector<std::string_view>{"table_locks"});
    CHECK(seen.connection_id >= SessionRegistry::first_id);
    CHECK(logged == "table_locks");
    CHECK(held(stage, pin_lock_tables) == 0);  // the session is over
}

TEST_CASE("a transaction is a reason that passes")
{
    Stage stage;
    const auto bytes = joined({query("BEGIN"), query("DO 1"), quit()});
    const auto seen = seen_during(stage, "DO 1", bytes);
    CHECK(seen.pins == std::vector<std::string_view>{"transaction"});
    CHECK(held(stage, pin_transaction) == 0);
}

TEST_CASE("every reason has a name of its own")
{
    for (const auto& row : pin_names) {
        CHECK_FALSE(row.name.empty());
        const auto same = [&](const PinName& other) {
            return other.pin == row.pin || other.name == row.name;
        };
        CHECK(std::count_if(pin_names.begin(), pin_names.end(), same) == 1);
    }
}
