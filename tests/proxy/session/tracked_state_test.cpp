#include "proxy/session/tracked_state.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/sessions.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using protocol::TrackedChange;
using protocol::TrackedGtids;
using protocol::TrackedSchema;
using protocol::TrackedStateChange;
using protocol::TrackedVariable;

namespace capability = protocol::capability;
namespace status = protocol::server_status;

namespace {

constexpr auto without_track = usual_capabilities & ~capability::session_track;

protocol::Buffer ok_with(const std::vector<TrackedChange>& changes)
{
    auto packet = ok(status::autocommit | status::session_state_changed);
    packet.affected_rows = 3;
    packet.info = "Rows matched: 3";
    packet.session_state = protocol::encode_session_state(changes);
    return protocol::encode_ok(packet, usual_capabilities);
}

struct Seen {
    EditedOk edited;
    protocol::Ok ok;
    std::vector<TrackedChange> changes;
    SessionState state;
};

Seen see(const protocol::Buffer& payload, protocol::Capabilities client, SessionState state = {})
{
    auto edited = take_tracked_state(payload, usual_capabilities, client, state);
    auto read = protocol::decode_ok(edited.payload, client);
    REQUIRE(read.has_value());
    auto changes = protocol::decode_session_state(read->session_state);
    REQUIRE(changes.has_value());
    return {std::move(edited), *read, *changes, std::move(state)};
}

}  // namespace

TEST_CASE("a bare state change is taken out of the packet, as a real server wrote it")
{
    // SET @a=1 on MySQL 9.7 with session_track_state_change: OK, autocommit, tracker type 2 "1".
    const auto payload = unhex("00 00 00 02 40 00 00 00 03 02 01 31");
    for (const auto client : {usual_capabilities, without_track}) {
        const auto seen = see(payload, client);
        CHECK(seen.edited.state_changed);
        CHECK(seen.changes.empty());
        CHECK((seen.ok.status & status::session_state_changed) == 0);
        CHECK(seen.ok.status == status::autocommit);
        CHECK(hex(seen.edited.payload).starts_with("00 00 00 02 00 00 00"));
        CHECK(seen.state.variables()->empty());
    }
}

TEST_CASE("a client with session tracking sees what servers track by default, and no more")
{
    const auto seen =
        see(ok_with({TrackedVariable{"time_zone", "+01:00"}, TrackedVariable{"sort_buffer", "1"},
                     TrackedSchema{"shop"}, TrackedGtids{"uuid:1"}, TrackedStateChange{true}}),
            usual_capabilities);
    REQUIRE(seen.changes.size() == 2);
    CHECK(std::get<TrackedVariable>(seen.changes[0]).name == "time_zone");
    CHECK(std::get<TrackedSchema>(seen.changes[1]).name == "shop");
    CHECK((seen.ok.status & status::session_state_changed) != 0);
    CHECK(seen.ok.affected_rows == 3);
    CHECK(seen.ok.info == "Rows matched: 3");
}

TEST_CASE("a client with session tracking is told of its transactions, as servers do unasked")
{
    // BEGIN on MySQL 9.7 with session_track_transaction_info=OFF.
    const auto payload = unhex("00 00 00 03 40 00 00 00 0b 05 09 08 54 5f 5f 5f 5f 5f 5f 5f");
    CHECK(hex(see(payload, usual_capabilities).edited.payload) == hex(payload));
    CHECK(see(payload, without_track).changes.empty());
}

TEST_CASE("a state change without any content is passed on")
{
    // SET session_track_transaction_info='STATE' on MySQL 9.7.
    const auto payload = unhex("00 00 00 02 40 00 00 00 00");
    CHECK(hex(see(payload, usual_capabilities).edited.payload) == hex(payload));
    CHECK(see(payload, without_track).ok.status == status::autocommit);
}

TEST_CASE("a client without session tracking sees none, and the session takes it all in")
{
    const auto seen = see(ok_with({TrackedVariable{"time_zone", "+01:00"},
                                   TrackedVariable{"sort_buffer", "1"}, TrackedSchema{"shop"}}),
                          without_track);
    CHECK(seen.changes.empty());
    CHECK((seen.ok.status & status::session_state_changed) == 0);
    CHECK(seen.ok.affected_rows == 3);
    CHECK(seen.ok.info == "Rows matched: 3");
    CHECK(seen.state.schema() == "shop");
    CHECK(seen.state.variables()->at("time_zone") == "+01:00");
    CHECK(seen.state.variables()->at("sort_buffer") == "1");
    CHECK_FALSE(seen.edited.state_changed);
}

TEST_CASE("a client that chose a tracker sees that one, and the others by their defaults")
{
    const std::vector<TrackedChange> changes{
        TrackedVariable{"sort_buffer_size", "1"}, TrackedVariable{"time_zone", "SYSTEM"},
        TrackedGtids{"uuid:1"}, TrackedStateChange{true}, TrackedSchema{"shop"}};
    const auto seen_after = [&](std::string_view text) {
        return see(ok_with(changes), usual_capabilities, state_after({{.text = text}})).changes;
    };
    CHECK(seen_after("SELECT 1").size() == 2);
    CHECK(seen_after("SET session_track_schema=OFF").size() == 2);
    CHECK(seen_after("SET session_track_transaction_info='STATE'").size() == 2);

    const auto state_change = seen_after("SET session_track_state_change=ON");
    REQUIRE(state_change.size() == 3);
    CHECK(std::holds_alternative<TrackedVariable>(state_change[0]));
    CHECK(std::holds_alternative<TrackedStateChange>(state_change[1]));

    const auto variables = seen_after("SET session_track_system_variables='sort_buffer_size'");
    REQUIRE(variables.size() == 3);
    CHECK(std::get<TrackedVariable>(variables[0]).name == "sort_buffer_size");

    const auto chosen = state_after({{.text = "SET session_track_state_change=ON"}});
    CHECK(see(ok_with(changes), without_track, chosen).changes.empty());
}

TEST_CASE("GTIDs are taken out, and shown to clients that asked for them only")
{
    const std::vector<TrackedChange> changes{TrackedVariable{"sort_buffer", "1"},
                                             TrackedGtids{"uuid:1"}};
    const auto plain = see(ok_with(changes), usual_capabilities);
    CHECK(plain.changes.empty());
    CHECK(plain.edited.gtids == "uuid:1");
    const auto asks = state_after({{.text = "SET session_track_gtids=OWN_GTID",
                                    .changes = {TrackedVariable{"session_track_gtids",
                                                                "OWN_GTID"}}}});
    const auto seen = see(ok_with(changes), usual_capabilities, asks);
    REQUIRE(seen.changes.size() == 1);
    CHECK(std::holds_alternative<TrackedGtids>(seen.changes[0]));
    CHECK(seen.edited.gtids == "uuid:1");
    CHECK(see(ok_with(changes), without_track, asks).changes.empty());

    const std::vector<TrackedChange> off{TrackedVariable{"session_track_gtids", "OFF"}};
    CHECK(see(ok_with(off), usual_capabilities, asks).edited.gtids_off);
    CHECK_FALSE(see(ok_with(off), usual_capabilities, asks).state.chosen_tracking().gtids);
}

TEST_CASE("MariaDB reports a session's GTID as a variable, which stays with its link")
{
    const auto seen = see(ok_with({TrackedVariable{"last_gtid", "0-1-5"}}), usual_capabilities);
    CHECK(seen.edited.gtids == "0-1-5");
    CHECK(seen.changes.empty());
    CHECK(seen.state.variables()->empty());
}

TEST_CASE("a state change that says no is none")
{
    CHECK_FALSE(see(ok_with({TrackedStateChange{false}}), usual_capabilities).edited.state_changed);
}

TEST_CASE("session state that can't be read passes unchanged and counts as a change")
{
    auto packet = ok(status::autocommit | status::session_state_changed);
    packet.session_state = {0x00, 0x20, 0x01};  // longer than it is
    const auto payload = protocol::encode_ok(packet, usual_capabilities);
    SessionState state;
    const auto edited = take_tracked_state(payload, usual_capabilities, usual_capabilities, state);
    CHECK(edited.state_changed);
    CHECK(hex(edited.payload) == hex(payload));
}

TEST_CASE("a packet cut anywhere neither crashes nor gains bytes")
{
    const auto whole = ok_with({TrackedVariable{"time_zone", "+01:00"}, TrackedSchema{"shop"}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const protocol::Buffer cut{whole.begin(), whole.begin() + std::ptrdiff_t(size)};
        SessionState state;
        const auto edited = take_tracked_state(cut, usual_capabilities, without_track, state);
        CHECK(edited.payload.size() <= whole.size());
    }
}
