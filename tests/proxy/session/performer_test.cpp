// Commands that take more than one exchange: what the proxy says to servers on its own.

#include "proxy/session/performer.hpp"

#include "tests/support/responses.hpp"
#include "tests/support/stage.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;
using Answer = FakeServer::Answer;
using protocol::TrackedVariable;

namespace status = protocol::server_status;

namespace {

protocol::Buffer reporting(const std::vector<protocol::TrackedChange>& changes)
{
    auto reported = ok(status::autocommit | status::session_state_changed);
    reported.session_state = protocol::encode_session_state(changes);
    return framed(protocol::encode_ok(reported, usual_capabilities), 1);
}

protocol::Buffer one_value(std::string_view value)
{
    protocol::Buffer row;
    protocol::WireWriter(row).lenenc_text(value);
    ResponseWriter writer(usual_capabilities);
    return writer.result_head({}).packet(row).end().bytes();
}

bool asked(const FakeServer& server, const std::string& command)
{
    return std::count(server.commands.begin(), server.commands.end(), command) > 0;
}

const std::string read_command = "\x03SELECT a FROM t";
const std::string collation_question = "\x03SELECT @@collation_connection";

/// As MySQL 9.7 reports: SET NAMES says nothing of the collation.
Answer like_mysql(const std::string& command)
{
    if (command == "\x03SET collation_connection=utf8mb4_bin")
        return {reporting({TrackedVariable{"collation_connection", "utf8mb4_bin"}})};
    if (command == "\x03SET NAMES latin1")
        return {reporting({TrackedVariable{"character_set_client", "latin1"},
                           TrackedVariable{"character_set_connection", "latin1"},
                           TrackedVariable{"character_set_results", "latin1"}})};
    if (command == collation_question) return {one_value("latin1_swedish_ci")};
    return {FakeServer::framed_ok()};
}

}  // namespace

TEST_CASE("SET NAMES ends an earlier collation, on replicas too")
{
    Stage stage;
    stage.every_server(like_mysql);
    stage.ask(joined({query("SET collation_connection=utf8mb4_bin"), query("SET NAMES latin1"),
                      query("SELECT a FROM t"), quit()}));
    CHECK(asked(stage.servers[0], collation_question));
    const std::string sync =
        "\x03SET NAMES 'latin1',SESSION collation_connection='latin1_swedish_ci'";
    CHECK((asked(stage.servers[1], sync) || asked(stage.servers[2], sync)));
}

TEST_CASE("the question for a collation leaves warnings to be asked for")
{
    Stage stage;
    stage.every_server([](const std::string& command) -> Answer {
        if (command != "\x03SET NAMES latin1 COLLATE latin1_bin") return like_mysql(command);
        auto warned = ok();
        warned.warnings = 1;
        warned.status |= protocol::server_status::session_state_changed;
        const std::vector<protocol::TrackedChange> changes{
            TrackedVariable{"character_set_client", "latin1"}};
        warned.session_state = protocol::encode_session_state(changes);
        return {framed(protocol::encode_ok(warned, usual_capabilities), 1)};
    });
    stage.ask(joined({query("SET NAMES latin1 COLLATE latin1_bin"), query("SHOW WARNINGS"),
                      query("SHOW WARNINGS"), query("SELECT a FROM t FOR UPDATE"), quit()}));
    const auto& commands = stage.servers[0].commands;
    auto position = [&](const std::string& command) {
        return std::find(commands.rbegin(), commands.rend(), command) - commands.rbegin();
    };
    REQUIRE(asked(stage.servers[0], collation_question));
    CHECK(position(collation_question) < position("\x03SHOW WARNINGS"));
}

TEST_CASE("SET NAMES costs no question where no collation was set")
{
    Stage stage;
    stage.every_server(like_mysql);
    stage.ask(joined({query("SET NAMES latin1"), query("SELECT a FROM t"), quit()}));
    CHECK_FALSE(asked(stage.servers[0], collation_question));
}

TEST_CASE("a write refused for the session's own transaction mode is not held for another primary")
{
    Stage stage;
    protocol::Buffer refusal;
    protocol::append_message(
        refusal, protocol::encode_err(err(1792, "25006", "READ ONLY"), usual_capabilities), 1);
    stage.every_server([&](const std::string&) { return Answer{refusal}; });
    const auto received = stage.ask(joined({query("INSERT INTO t VALUES (1)"), quit()}));
    CHECK(hex(received) == hex(refusal));
    CHECK(stage.servers[0].commands.size() == 1);
}

TEST_CASE("a server that dies whenever it is made ready is not dialled for ever")
{
    Stage stage;
    stage.servers[0].on_command = [](const std::string& command) {
        if (command != "\x03SET time_zone='+01:00'") return Answer{FakeServer::framed_ok()};
        return Answer{reporting({TrackedVariable{"time_zone", "+01:00"}})};
    };
    for (auto i : {1u, 2u})
        stage.servers[i].on_command = [](const std::string&) { return Answer{{}, true}; };
    const auto received =
        stage.ask(joined({query("SET time_zone='+01:00'"), query("SELECT a FROM t"), quit()}));
    CHECK(stage.servers[1].logins + stage.servers[2].logins < 10);
    CHECK(asked(stage.servers[0], read_command));  // the primary can do it
    CHECK(stage.ended == CloseReason::client_quit);
    CHECK(received.size() > FakeServer::framed_ok().size());
}

TEST_CASE("a statement prepared on one server is executed on another, under each one's id")
{
    const auto prepared = [](std::uint32_t id) {
        return ResponseWriter(usual_capabilities).prepare_ok(id, 1, 0).bytes();
    };
    Stage stage;
    std::uint32_t next_id = 500;
    std::vector<std::string> executed;
    stage.every_server([&](const std::string& command) {
        if (command[0] == 0x16) return Answer{prepared(++next_id)};
        if (command[0] == 0x17) executed.push_back(command.substr(1, 4));
        return Answer{FakeServer::framed_ok()};
    });
    const auto execute = framed(
        command(protocol::Command::stmt_execute, std::string("\x01\0\0\0\0\x01\0\0\0", 9)), 0);
    const auto received =
        stage.ask(joined({framed(command(protocol::Command::stmt_prepare, "SELECT a FROM t"), 0),
                          execute, execute, execute, execute, quit()}));
    const auto done = FakeServer::framed_ok();
    CHECK(hex(received) == hex(joined({prepared(1), done, done, done, done})));
    REQUIRE(executed.size() == 4);
    for (const auto& id : executed) CHECK(id != std::string("\x01\0\0\0", 4));
    // Each server was asked to prepare once at most.
    for (const auto& server : stage.servers) {
        const auto times =
            std::count(server.commands.begin(), server.commands.end(), "\x16SELECT a FROM t");
        CHECK(times <= 1);
    }
}

TEST_CASE("a piece of a long parameter is not answered, and what follows it is")
{
    Stage stage;
    stage.every_server([](const std::string& command) {
        if (command[0] == 0x16)
            return Answer{ResponseWriter(usual_capabilities).prepare_ok(500, 1, 0).bytes()};
        if (command[0] == 0x18) return Answer{};
        return Answer{FakeServer::framed_ok()};
    });
    const auto piece = framed(
        command(protocol::Command::stmt_send_long_data, std::string("\x01\0\0\0\0\0abc", 9)), 0);
    const auto execute = framed(command(protocol::Command::stmt_execute,
                                        std::string("\x01\0\0\0\0\x01\0\0\0\0\x01\xfc\0", 13)),
                                0);
    const auto received = stage.ask(
        joined({framed(command(protocol::Command::stmt_prepare, "INSERT INTO t VALUES (?)"), 0),
                piece, piece, execute, quit()}));
    CHECK(stage.times_asked(std::string("\x18\xf4\x01\0\0\0\0abc", 10)) == 2);
    CHECK(received.size() > FakeServer::framed_ok().size());
    CHECK(stage.ended == CloseReason::client_quit);
}

namespace {

/// Sends a LOAD DATA, waits for the server's request, then sends `bytes` and the rest of the
/// conversation.
net::Task<void> load_file(Stage& stage, net::Stream& stream, const protocol::Buffer& bytes,
                          protocol::Buffer& received)
{
    const bool in = co_await Stage::log_in(stage, stream);
    REQUIRE(in);
    const auto load = query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t");
    co_await stream.write_all(load);
    const auto request = co_await read_packet(stream);
    REQUIRE(request.has_value());
    CHECK(request->payload.front() == 0xfb);
    co_await stream.write_all(bytes);
    auto all = co_await read_to_end(stream);
    received = std::move(all);
}

const protocol::Buffer file_request = framed(protocol::Buffer{0xfb, 'f'}, 1);

}  // namespace

TEST_CASE("a client's file reaches the server, and the answer the client")
{
    Stage stage;
    stage.client_capabilities |= protocol::capability::local_files;
    std::vector<std::string> sent;
    auto done = FakeServer::framed_ok();
    done[3] = 5;  // behind the file's packets 2, 3 and 4
    stage.servers[0].on_command = [&](const std::string& command) {
        if (command.starts_with("\x03LOAD")) return Answer{file_request};
        if (command.starts_with("\x03SELECT LAST_INSERT_ID()")) return Answer{{}, true};
        sent.push_back(command);
        return Answer{command.empty() ? done : protocol::Buffer{}};
    };
    const auto file = joined({framed(bytes_of("one\n"), 2), framed(bytes_of("two\n"), 3)});
    protocol::Buffer received;
    stage.run(load_file, joined({file, framed({}, 4), quit()}), received);
    CHECK(sent == std::vector<std::string>{"one\n", "two\n", ""});
    CHECK(hex(received) == hex(done));
    CHECK(stage.ended == CloseReason::client_quit);
}

TEST_CASE("a server that is lost over a client's file is said so, under the id that is due")
{
    Stage stage;
    stage.client_capabilities |= protocol::capability::local_files;
    stage.servers[0].on_command = [](const std::string& command) {
        if (command[0] == 0x03) return Answer{file_request};
        return Answer{{}, command.empty()};
    };
    const auto file = joined({framed(bytes_of("one\n"), 2), framed(bytes_of("two\n"), 3)});
    protocol::Buffer received;
    stage.run(load_file, joined({file, framed({}, 4)}), received);
    REQUIRE(err_in(received));
    CHECK(int(received[3]) == 5);
    CHECK(stage.times_asked("\x03LOAD DATA LOCAL INFILE 'f' INTO TABLE t") == 1);
}
