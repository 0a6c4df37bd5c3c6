#include "proxy/session/session.hpp"

#include "tests/support/responses.hpp"
#include "tests/support/stage.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using Answer = FakeServer::Answer;

namespace status = protocol::server_status;

namespace {

constexpr std::uint16_t in_trans = status::autocommit | status::in_trans;

const std::string read_text = "\x03SELECT a FROM t";
const std::string write_text = "\x03UPDATE t SET a=1";

ResponseWriter response()
{
    return ResponseWriter(usual_capabilities);
}

/// Three packets of head and two rows and an end: a border at every kind of packet.
protocol::Buffer rows()
{
    return response().result_set({.columns = 2, .rows = 2}).bytes();
}

protocol::Buffer first(const protocol::Buffer& bytes, std::size_t size)
{
    return {bytes.begin(), bytes.begin() + std::ptrdiff_t(size)};
}

FakeServer::OnCommand always(const protocol::Buffer& bytes, bool close = false)
{
    return [bytes, close](const std::string&) { return Answer{bytes, close}; };
}

/// Where packets end in `wire`, the sequence id that comes next at each.
std::optional<std::uint8_t> next_sequence_at(protocol::Bytes wire, std::size_t size)
{
    std::size_t at = 0;
    std::uint8_t sequence = 1;
    while (at < size) {
        const auto header = protocol::peek_header(wire.subspan(at));
        at += header->wire_size();
        sequence = static_cast<std::uint8_t>(header->sequence + 1);
    }
    if (at != size) return std::nullopt;
    return sequence;
}

/// The client may have the beginning of an answer; behind it, at a border, one ERR, or nothing.
void check_cut(const protocol::Buffer& received, const protocol::Buffer& answer)
{
    std::size_t same = 0;
    while (same < received.size() && same < answer.size() && received[same] == answer[same]) ++same;
    for (std::size_t size = same + 1; size-- > 0;) {
        const protocol::Bytes rest = protocol::Bytes(received).subspan(size);
        const auto sequence = next_sequence_at(answer, size);
        if (rest.empty() && !sequence) return;
        if (!sequence || !err_in(rest)) continue;
        CHECK(int(rest[3]) == int(*sequence));
        CHECK(err_in(rest)->code == 1053);
        return;
    }
    FAIL_CHECK("neither the answer's beginning nor an ERR: " << hex(received));
}

}  // namespace

TEST_CASE("a client logs in, is answered and leaves")
{
    Stage stage;
    stage.every_server(always(rows()));
    const auto received = stage.ask(joined({query("SELECT a FROM t"), quit()}));
    CHECK(stage.logged_in);
    CHECK(hex(received) == hex(rows()));
    CHECK(stage.ended == CloseReason::client_quit);
    CHECK(stage.servers[0].commands.empty());
    CHECK(stage.times_asked(read_text) == 1);
}

TEST_CASE("any answer reaches the client byte for byte")
{
    const std::vector<protocol::Buffer> answers{
        response().ok().bytes(),
        response().warnings(3).ok(status::autocommit, 300, 70'000).bytes(),
        response().err().bytes(),
        response().result_set({.columns = 1, .rows = 0}).bytes(),
        response().result_set({.columns = 40, .rows = 500}).bytes(),
        response().result_set({.columns = 1, .rows = 3, .value_size = 100'000}).bytes(),
        response().result_head({}).row({}).err(1317).bytes(),
        response()
            .result_set({.status = status::autocommit | status::more_results_exists})
            .ok()
            .bytes(),
    };
    for (const auto* text : {"SELECT a FROM t", "UPDATE t SET a=1"}) {
        for (const auto& answer : answers) {
            INFO(hex(answer, 40));
            Stage stage;
            stage.every_server(always(answer));
            const auto received = stage.ask(joined({query(text), query(text), quit()}));
            CHECK(hex(received) == hex(joined({answer, answer})));
            CHECK(stage.ended == CloseReason::client_quit);
        }
    }
}

TEST_CASE("a read whose server is lost before its answer is asked once more, elsewhere")
{
    Stage stage;
    bool lost = false;
    stage.every_server([&lost](const std::string&) {
        if (std::exchange(lost, true)) return Answer{rows()};
        return Answer{{}, true};
    });
    const auto received = stage.ask(joined({query("SELECT a FROM t"), quit()}));
    CHECK(hex(received) == hex(rows()));
    CHECK(stage.ended == CloseReason::client_quit);
    CHECK(stage.times_asked(read_text) == 2);
    CHECK(stage.servers[1].commands.size() == 1);
    CHECK(stage.servers[2].commands.size() == 1);
    CHECK(stage.counters.reads_retried.get() == 1);
}

TEST_CASE("a read that loses two servers is not asked a third time")
{
    Stage stage;
    stage.every_server(always({}, true));
    const auto received = stage.ask(joined({query("SELECT a FROM t"), quit()}));
    REQUIRE(err_in(received));
    CHECK(err_in(received)->code == 1053);
    CHECK(err_in(received)->sqlstate == "08S01");
    CHECK(stage.times_asked(read_text) == 2);
}

TEST_CASE("a read cut anywhere in its answer: the whole answer, or its beginning and the truth")
{
    const auto answer = rows();
    for (std::size_t size = 0; size < answer.size(); ++size) {
        INFO("cut after " << size);
        Stage stage;
        bool cut = false;
        stage.every_server([&](const std::string&) {
            if (std::exchange(cut, true)) return Answer{answer};
            return Answer{first(answer, size), true};
        });
        const auto received = stage.ask(joined({query("SELECT a FROM t"), quit()}));
        if (stage.times_asked(read_text) == 2) {
            CHECK(hex(received) == hex(answer));
            CHECK(size <= protocol::packet_header_size);
            continue;
        }
        check_cut(received, answer);
        CHECK(stage.ended == CloseReason::backend_lost);
    }
}

TEST_CASE("a write cut anywhere in its answer is never done again, and its outcome is unknown")
{
    const auto answer = FakeServer::framed_ok();
    for (std::size_t size = 0; size < answer.size(); ++size) {
        INFO("cut after " << size);
        Stage stage;
        stage.every_server(always(first(answer, size), true));
        const auto received = stage.ask(joined({query("UPDATE t SET a=1"), quit()}));
        REQUIRE(err_in(received));
        CHECK(err_in(received)->code == 1180);
        CHECK(err_in(received)->sqlstate == "08007");
        CHECK(stage.times_asked(write_text) == 1);
        CHECK(stage.ended == CloseReason::outcome_unknown);
    }
}

TEST_CASE("an answer with rows to a write, cut anywhere, is never asked for again")
{
    const auto answer = rows();
    for (std::size_t size = 0; size < answer.size(); size += 3) {
        INFO("cut after " << size);
        Stage stage;
        stage.every_server(always(first(answer, size), true));
        stage.ask(joined({query("CALL p()"), quit()}));
        CHECK(stage.times_asked("\x03"
                                "CALL p()") == 1);
        CHECK(stage.ended != CloseReason::client_quit);
    }
}

TEST_CASE("a transaction whose server is lost is rolled back, and the session goes on")
{
    Stage stage;
    bool lost = false;
    stage.servers[0].on_command = [&lost](const std::string& command) {
        if (command ==
            "\x03"
            "BEGIN")
            return Answer{FakeServer::framed_ok(in_trans)};
        if (std::exchange(lost, true)) return Answer{FakeServer::framed_ok()};
        return Answer{{}, true};
    };
    const auto received = stage.ask(
        joined({query("BEGIN"), query("UPDATE t SET a=1"), query("UPDATE t SET a=1"), quit()}));
    const auto begun = FakeServer::framed_ok(in_trans), done = FakeServer::framed_ok();
    REQUIRE(received.size() > begun.size() + done.size());
    CHECK(first(received, begun.size()) == begun);
    const auto error = err_in(
        protocol::Bytes(received).first(received.size() - done.size()).subspan(begun.size()));
    REQUIRE(error);
    CHECK(error->code == 1213);
    CHECK(error->sqlstate == "40001");
    CHECK(stage.ended == CloseReason::client_quit);
    CHECK(stage.servers[0].logins == 2);
}

TEST_CASE("a COMMIT whose server is lost has an unknown outcome")
{
    Stage stage;
    stage.servers[0].on_command = [](const std::string& command) {
        if (command ==
            "\x03"
            "COMMIT")
            return Answer{{}, true};
        return Answer{FakeServer::framed_ok(in_trans)};
    };
    const auto received = stage.ask(joined({query("BEGIN"), query("COMMIT"), quit()}));
    const auto begun = FakeServer::framed_ok(in_trans);
    const auto error = err_in(protocol::Bytes(received).subspan(begun.size()));
    REQUIRE(error);
    CHECK(error->code == 1180);
    CHECK(stage.times_asked("\x03"
                            "COMMIT") == 1);
}

TEST_CASE("a link that went away while idle is replaced unseen, for a write too")
{
    Stage stage;
    bool lost = false;
    stage.servers[0].on_command = [&lost](const std::string&) {
        return Answer{FakeServer::framed_ok(), !std::exchange(lost, true)};
    };
    const auto received =
        stage.ask(joined({query("UPDATE t SET a=1"), query("UPDATE t SET a=1"), quit()}));
    // Both may be one turn of the loop: then the second one was sent, and lost.
    const auto done = FakeServer::framed_ok();
    if (stage.ended == CloseReason::client_quit) {
        CHECK(hex(received) == hex(joined({done, done})));
        CHECK(stage.servers[0].logins == 2);
    } else {
        const auto error = err_in(protocol::Bytes(received).subspan(done.size()));
        REQUIRE(error);
        CHECK(error->code == 1180);
    }
}

TEST_CASE("what a replica refuses as a write is done on the primary, unseen")
{
    for (const auto code : std::array<std::uint16_t, 3>{1290, 1792, 1836}) {
        INFO(code);
        const protocol::Err refusal{code, "HY000", "running with the --read-only option"};
        const auto refused = framed(protocol::encode_err(refusal, usual_capabilities), 1);
        Stage stage;
        stage.every_server(always(refused));
        stage.servers[0].on_command = always(rows());
        const auto received = stage.ask(joined({query("SELECT a FROM t"), quit()}));
        CHECK(hex(received) == hex(rows()));
        CHECK(stage.servers[0].commands.size() == 1);
        CHECK(stage.counters.reads_redone.get() == 1);
    }
}

TEST_CASE("an OK with session state shows a client what it asked to see")
{
    // SET @a=1 on MySQL 9.7, with the trackers that the proxy turned on.
    const auto real = framed(unhex("00 00 00 02 40 00 00 00 03 02 01 31"), 1);
    for (const auto client :
         {usual_capabilities, usual_capabilities & ~protocol::capability::session_track}) {
        Stage stage;
        stage.client_capabilities = client;
        stage.every_server(always(real));
        const auto received = stage.ask(joined({query("SET @a=1"), quit()}));
        const auto expected = framed(protocol::encode_ok(ok(), client), 1);
        CHECK(hex(received) == hex(expected));
    }
}

TEST_CASE("a variable that was set on the primary is set on a replica before it is read there")
{
    auto reported = ok(status::autocommit | status::session_state_changed);
    reported.session_state = protocol::encode_session_state(
        {protocol::TrackedVariable{"time_zone", "+01:00"}, protocol::TrackedSchema{"shop"}});
    const auto changed = framed(protocol::encode_ok(reported, usual_capabilities), 1);
    Stage stage;
    stage.servers[0].on_command = always(changed);
    const auto replica = [](const std::string& command) {
        return Answer{command == read_text ? rows() : FakeServer::framed_ok()};
    };
    stage.servers[1].on_command = stage.servers[2].on_command = replica;
    const auto received =
        stage.ask(joined({query("SET time_zone='+01:00'"), query("SELECT a FROM t"),
                          query("SELECT a FROM t"), query("SELECT a FROM t"), quit()}));
    CHECK(hex(received) == hex(joined({changed, rows(), rows(), rows()})));
    for (auto i : {1u, 2u}) {
        const auto& commands = stage.servers[i].commands;
        const auto sets =
            std::count(commands.begin(), commands.end(), "\x03SET SESSION time_zone='+01:00'");
        CHECK(sets == (commands.empty() ? 0 : 1));
        if (!commands.empty()) CHECK(commands.back() == read_text);
    }
}

TEST_CASE("a long command reaches its server whole")
{
    for (const std::size_t size : {70'000u, 1u << 20, 0xffffffu - 1, 0xffffffu + 10}) {
        INFO(size);
        std::string text = "INSERT INTO t VALUES ('";
        text.resize(size - 3, 'x');
        text += "')";
        auto config = Stage::quick_config();
        config.pool.check_routine_locks = false;  // else the server is asked what it left
        Stage stage(config);
        const auto received = stage.ask(joined({query(text), quit()}));
        // Its answer comes behind the last of its packets, whose ids it continues.
        auto expected = FakeServer::framed_ok();
        if (size >= 0xffffffu) expected[3] = 1;
        CHECK(hex(received) == hex(expected));
        CHECK(stage.times_asked("\x03" + text) == 1);
        CHECK(stage.ended == CloseReason::client_quit);
    }
}

TEST_CASE("nonsense from a client that is logged in ends its session with an error")
{
    const std::vector<std::pair<std::string_view, protocol::Buffer>> rows_of_bytes{
        {"an empty command", framed({}, 0)},
        {"a wrong sequence id", framed(command(protocol::Command::query, "SELECT 1"), 3)},
    };
    for (const auto& [what, bytes] : rows_of_bytes) {
        INFO(what);
        Stage stage;
        const auto received = stage.ask(bytes);
        REQUIRE(err_in(received));
        CHECK(err_in(received)->code == 1156);
        CHECK(stage.ended == CloseReason::protocol_error);
        for (const auto& server : stage.servers) CHECK(server.commands.empty());
    }
}

TEST_CASE("a command that servers don't know is refused, and the session goes on")
{
    Stage stage;
    const auto received =
        stage.ask(joined({framed(protocol::Buffer{0x7f, 1, 2, 3}, 0), query("SELECT a"), quit()}));
    const auto done = FakeServer::framed_ok();
    REQUIRE(received.size() > done.size());
    const auto error = err_in(protocol::Bytes(received).first(received.size() - done.size()));
    REQUIRE(error);
    CHECK(error->code == 1047);
    CHECK(stage.ended == CloseReason::client_quit);
}

TEST_CASE("a server that breaks the protocol is not believed")
{
    auto too_large = unhex("ff ff 7f 01");
    too_large.resize(100'000);
    const std::vector<std::pair<std::string_view, protocol::Buffer>> nonsense{
        {"an OK too large to be one", too_large},
        {"an empty packet", framed({}, 1)},
        {"an OK that ends early", framed(protocol::Buffer{0x00, 0x00}, 1)},
    };
    for (const auto& [what, bytes] : nonsense) {
        INFO(what);
        Stage stage;
        stage.every_server(always(bytes));
        const auto received = stage.ask(joined({query("UPDATE t SET a=1"), quit()}));
        REQUIRE(err_in(received));
        CHECK(stage.ended == CloseReason::backend_protocol_error);
        CHECK(stage.times_asked(write_text) == 1);
    }
}

namespace {

net::Task<void> leave_early(Stage& stage, net::Stream& stream, const protocol::Buffer& bytes,
                            protocol::Buffer& received)
{
    const bool in = co_await Stage::log_in(stage, stream);
    REQUIRE(in);
    co_await stream.write_all(bytes);
    auto some = co_await read_to_end(stream, 1000);
    received = std::move(some);
}

net::Task<void> leave_in_command(Stage& stage, net::Stream& stream, const protocol::Buffer& bytes,
                                 protocol::Buffer&)
{
    const bool in = co_await Stage::log_in(stage, stream);
    REQUIRE(in);
    co_await stream.write_all(bytes);
    stream.shut_down();
}

net::Task<void> say_before_login(Stage&, net::Stream& stream, const protocol::Buffer& bytes,
                                 protocol::Buffer& received)
{
    co_await read_packet(stream);
    co_await stream.write_all(bytes);
    auto all = co_await read_to_end(stream);
    received = std::move(all);
}

}  // namespace

TEST_CASE("a client that leaves in the middle of an answer takes its links with it")
{
    Stage stage;
    stage.every_server(
        always(response().result_set({.columns = 1, .rows = 200, .value_size = 50'000}).bytes()));
    protocol::Buffer received;
    stage.run(leave_early, query("SELECT a FROM t"), received);
    CHECK(received.size() == 1000);
    CHECK(stage.ended == CloseReason::client_closed);
    for (auto id : {primary, replica1, replica2}) {
        CHECK(stage.counters.server(id).links_open.get() == 0);
        CHECK(stage.counters.server(id).links_busy.get() == 0);
        CHECK(stage.worker.outstanding[config::index_of(id)] == 0);
    }
}

TEST_CASE("a client that leaves in the middle of a command leaves nothing done")
{
    const auto whole = query("UPDATE t SET a=1");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Stage stage;
        protocol::Buffer received;
        stage.run(leave_in_command, first(whole, size), received);
        CHECK(stage.ended == CloseReason::client_closed);
        CHECK(stage.times_asked(write_text) == 0);
    }
}

TEST_CASE("a header that promises 4 GB, half a login or noise harm nobody")
{
    const std::vector<std::pair<std::string_view, protocol::Buffer>> rows_of_bytes{
        {"the largest length", unhex("ff ff ff 01 00 00 00 00")},
        {"an empty packet", framed({}, 1)},
        {"a wrong sequence id", framed(protocol::encode_handshake_response(tests::login()), 7)},
        {"noise", framed(protocol::Buffer(300, 0x7e), 1)},
    };
    for (const auto& [what, bytes] : rows_of_bytes) {
        INFO(what);
        Stage stage;
        protocol::Buffer received;
        stage.run(say_before_login, bytes, received);
        CHECK((stage.ended == CloseReason::login_aborted ||
               stage.ended == CloseReason::login_denied));
        for (const auto& server : stage.servers) CHECK(server.logins == 0);
        if (!received.empty()) CHECK(err_in(received));
    }
}
