#include "protocol/exchange.hpp"

#include "protocol/server_status.hpp"

#include "tests/support/responses.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

namespace pointsman::protocol {
namespace {

using tests::ResponseWriter;
using Set = ResponseWriter::ResultSet;
namespace status = server_status;

constexpr Capabilities base = capability::protocol_41 | capability::multi_results |
                              capability::ps_multi_results | capability::local_files;

/// What came of a response that was handed over in pieces.
struct Outcome {
    Buffer to_client;
    std::vector<Held> held;
    std::size_t left = 0;  // bytes behind the end
    bool finished = false;
    boost::system::error_code error;
    Report report;
    bool failed_at_once = false;
};

/// Plays the relay: presents what has come, takes away what was dealt with, waits for more. Where
/// the client is to speak, it does at once.
class Relay {
public:
    Relay(Command command, Capabilities capabilities) : exchange_(command, capabilities) {}

    void receive(Bytes piece)
    {
        waiting_.insert(waiting_.end(), piece.begin(), piece.end());
        while (!outcome_.finished && !outcome_.error && step()) {
        }
        outcome_.left = waiting_.size();
        outcome_.report = exchange_.report();
        outcome_.failed_at_once = exchange_.failed_at_once();
    }

    const Outcome& outcome() const { return outcome_; }
    const Exchange& exchange() const { return exchange_; }

private:
    bool step()
    {
        const auto progress = exchange_.on_backend_bytes(waiting_);
        if (!progress) {
            outcome_.error = progress.error();
            return false;
        }
        const std::size_t taken = progress->forward + progress->held_size;
        REQUIRE(taken <= waiting_.size());
        REQUIRE((progress->held == Held::none) == (progress->held_size == 0));
        if (progress->held != Held::none) outcome_.held.push_back(progress->held);
        outcome_.to_client.insert(outcome_.to_client.end(), waiting_.begin(),
                                  waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
        outcome_.finished = progress->finished;
        const bool client_spoke = exchange_.client_speaks_next();
        exchange_.on_client_done();
        return taken != 0 || client_spoke;
    }

    Exchange exchange_;
    Buffer waiting_;
    Outcome outcome_;
};

Outcome relay_whole(Command command, Capabilities capabilities, Bytes bytes)
{
    Relay relay(command, capabilities);
    relay.receive(bytes);
    return relay.outcome();
}

void check_outcome(const Outcome& outcome, const Buffer& response, std::size_t left)
{
    CHECK_FALSE(outcome.error);
    REQUIRE(outcome.finished);
    REQUIRE(outcome.to_client == response);
    REQUIRE(outcome.left == left);
}

/// The oracle of all: the client gets the backend's bytes, and not one of the next response,
/// however the stream is cut.
Outcome check_every_split(Command command, Capabilities capabilities, const Buffer& response)
{
    const Buffer next = ResponseWriter(capabilities).ok().bytes();
    Buffer stream = response;
    stream.insert(stream.end(), next.begin(), next.end());
    const Bytes all{stream};

    const Outcome whole = relay_whole(command, capabilities, all);
    check_outcome(whole, response, next.size());
    for (std::size_t cut = 0; cut < response.size(); ++cut) {
        Relay relay(command, capabilities);
        relay.receive(all.first(cut));
        REQUIRE_FALSE(relay.outcome().finished);
        relay.receive(all.subspan(cut));
        check_outcome(relay.outcome(), response, next.size());
        REQUIRE(relay.outcome().held == whole.held);
    }
    Relay byte_by_byte(command, capabilities);
    for (std::size_t i = 0; i < response.size(); ++i) byte_by_byte.receive(all.subspan(i, 1));
    check_outcome(byte_by_byte.outcome(), response, 0);
    return whole;
}

void for_each_mode(const std::function<void(Capabilities)>& check)
{
    for (const Capabilities eof : {Capabilities{0}, capability::deprecate_eof})
        for (const Capabilities metadata :
             {Capabilities{0}, capability::optional_resultset_metadata})
            for (const Capabilities track : {Capabilities{0}, capability::session_track})
                check(base | eof | metadata | track);
}

bool has(Capabilities capabilities, Capabilities flag)
{
    return (capabilities & flag) != 0;
}

constexpr Command result_commands[] = {Command::query, Command::stmt_execute, Command::process_info,
                                       Command::mariadb_stmt_bulk_execute};

}  // namespace

TEST_CASE("a command of one packet ends after it")
{
    for_each_mode([](Capabilities capabilities) {
        for (const Command command :
             {Command::init_db, Command::ping, Command::reset_connection, Command::stmt_reset,
              Command::debug, Command::set_option, Command::register_replica}) {
            check_every_split(command, capabilities, ResponseWriter(capabilities).ok().bytes());
            check_every_split(command, capabilities, ResponseWriter(capabilities).end().bytes());
            const auto failed = check_every_split(command, capabilities,
                                                  ResponseWriter(capabilities).err(1049).bytes());
            CHECK(failed.report.error_code == 1049);
            CHECK(failed.failed_at_once);
            CHECK_FALSE(failed.report.has_status);
        }
    });
}

TEST_CASE("a command without response is silent")
{
    for (const Command command :
         {Command::quit, Command::stmt_close, Command::stmt_send_long_data}) {
        CHECK(Exchange(command, base).is_silent());
        CHECK(Exchange(command, base).on_backend_bytes({})->finished);
    }
    CHECK_FALSE(Exchange(Command::query, base).is_silent());
}

TEST_CASE("result sets of any shape end where they end")
{
    for_each_mode([](Capabilities capabilities) {
        for (const Command command : result_commands)
            for (const std::size_t columns : {1u, 3u, 300u})
                for (const std::size_t rows : {0u, 1u, 4u})
                    for (const bool with_metadata : {true, false}) {
                        if (!with_metadata &&
                            !has(capabilities, capability::optional_resultset_metadata))
                            continue;
                        if (columns == 300u && (rows != 1 || with_metadata)) continue;
                        const Set set{
                            .columns = columns, .rows = rows, .with_metadata = with_metadata};
                        const auto outcome = check_every_split(
                            command, capabilities,
                            ResponseWriter(capabilities).warnings(2).result_set(set).bytes());
                        CHECK(outcome.report.has_result_set);
                        CHECK(outcome.report.warnings == 2);
                        CHECK(outcome.report.status == status::autocommit);
                        CHECK(outcome.held.empty());
                    }
    });
}

TEST_CASE("an OK says what changed")
{
    for_each_mode([](Capabilities capabilities) {
        const auto outcome = check_every_split(Command::query, capabilities,
                                               ResponseWriter(capabilities)
                                                   .warnings(7)
                                                   .ok(status::in_trans, 70'000, 1ull << 40)
                                                   .bytes());
        CHECK(outcome.report.has_status);
        CHECK(outcome.report.status == status::in_trans);
        CHECK(outcome.report.warnings == 7);
        CHECK(outcome.report.affected_rows == 70'000);
        CHECK(outcome.report.last_insert_id == 1ull << 40);
        CHECK_FALSE(outcome.report.has_result_set);
        CHECK_FALSE(outcome.failed_at_once);
    });
}

TEST_CASE("the rows of the last result are counted, however long they are")
{
    for_each_mode([](Capabilities capabilities) {
        constexpr std::uint16_t more = status::autocommit | status::more_results_exists;
        const auto few = ResponseWriter(capabilities).result_set({.rows = 3}).bytes();
        const auto counted = check_every_split(Command::query, capabilities, few).report;
        CHECK(counted.rows == 3);
        CHECK(counted.ends_with_rows);

        const auto with_ok = ResponseWriter(capabilities)
                                 .result_set({.rows = 3, .status = more})
                                 .ok(status::autocommit, 4)
                                 .bytes();
        const auto last = relay_whole(Command::query, capabilities, with_ok).report;
        CHECK_FALSE(last.ends_with_rows);
        CHECK(last.affected_rows == 4);
    });
    const std::size_t two_packets = (1u << 24) + 100;
    const auto large = ResponseWriter(capability::deprecate_eof)
                           .result_set({.rows = 2, .value_size = two_packets});
    CHECK(relay_whole(Command::query, capability::deprecate_eof, large.bytes()).report.rows == 2);
}

TEST_CASE("several results are one response")
{
    for_each_mode([](Capabilities capabilities) {
        constexpr std::uint16_t more = status::autocommit | status::more_results_exists;
        const Set set{.columns = 2, .rows = 2, .status = more};
        const auto ended = check_every_split(
            Command::query, capabilities,
            ResponseWriter(capabilities).result_set(set).ok(more, 5).result_set(set).ok().bytes());
        CHECK(ended.report.affected_rows == 0);
        CHECK(ended.report.has_result_set);

        const auto failed =
            check_every_split(Command::query, capabilities,
                              ResponseWriter(capabilities).result_set(set).err(1064).bytes());
        CHECK(failed.report.error_code == 1064);
        CHECK_FALSE(failed.failed_at_once);
    });
}

TEST_CASE("an error between rows ends the response")
{
    for_each_mode([](Capabilities capabilities) {
        const Set set{.columns = 2, .rows = 3};
        ResponseWriter writer(capabilities);
        writer.result_head(set).row(set).row(set, 1).err(1690);
        const auto outcome = check_every_split(Command::query, capabilities, writer.bytes());
        CHECK(outcome.report.error_code == 1690);
        CHECK_FALSE(outcome.failed_at_once);
    });
}

TEST_CASE("a changed session state is held for the caller")
{
    constexpr std::uint16_t changed = status::autocommit | status::session_state_changed;
    for_each_mode([](Capabilities capabilities) {
        const bool tracked = has(capabilities, capability::session_track);
        const auto ok = check_every_split(Command::query, capabilities,
                                          ResponseWriter(capabilities).ok(changed).bytes());
        CHECK(ok.held.size() == (tracked ? 1 : 0));

        const bool in_end = tracked && has(capabilities, capability::deprecate_eof);
        const auto rows =
            check_every_split(Command::query, capabilities,
                              ResponseWriter(capabilities).result_set({.status = changed}).bytes());
        CHECK(rows.held.size() == (in_end ? 1 : 0));
    });

    const Capabilities capabilities = base | capability::session_track | capability::deprecate_eof;
    constexpr std::uint16_t more = status::more_results_exists;
    const auto both = check_every_split(
        Command::query, capabilities,
        ResponseWriter(capabilities).ok(changed | more).result_set({.status = changed}).bytes());
    CHECK(both.held == std::vector<Held>{Held::ok_with_state, Held::ok_with_state});
}

TEST_CASE("a prepared statement is announced and its definitions counted")
{
    for_each_mode([](Capabilities capabilities) {
        for (const std::uint16_t columns : std::initializer_list<std::uint16_t>{0, 1, 3})
            for (const std::uint16_t parameters : std::initializer_list<std::uint16_t>{0, 1, 2})
                for (const bool with_metadata : {true, false}) {
                    if (!with_metadata &&
                        !has(capabilities, capability::optional_resultset_metadata))
                        continue;
                    ResponseWriter writer(capabilities);
                    writer.prepare_ok(4711, columns, parameters, with_metadata);
                    const auto outcome =
                        check_every_split(Command::stmt_prepare, capabilities, writer.bytes());
                    CHECK(outcome.held == std::vector<Held>{Held::prepare_ok});
                    CHECK(outcome.report.statement_id == 4711);
                    CHECK(outcome.report.column_count == columns);
                    CHECK(outcome.report.parameter_count == parameters);
                }
        const auto failed = check_every_split(Command::stmt_prepare, capabilities,
                                              ResponseWriter(capabilities).err().bytes());
        CHECK(failed.failed_at_once);
    });
}

TEST_CASE("an opened cursor sends no rows, and a fetch sends only rows")
{
    for_each_mode([](Capabilities capabilities) {
        const Set opened{.columns = 2, .rows = 0, .status = status::cursor_exists};
        ResponseWriter open(capabilities);
        open.result_head(opened);
        if (has(capabilities, capability::deprecate_eof)) open.end(opened.status);
        const auto outcome = check_every_split(Command::stmt_execute, capabilities, open.bytes());
        CHECK(outcome.report.status == status::cursor_exists);

        for (const std::size_t rows : {0u, 1u, 3u}) {
            ResponseWriter fetch(capabilities);
            for (std::size_t i = 0; i < rows; ++i) fetch.row(opened, i);
            fetch.end(status::last_row_sent);
            check_every_split(Command::stmt_fetch, capabilities, fetch.bytes());
        }
        const auto failed = check_every_split(Command::stmt_fetch, capabilities,
                                              ResponseWriter(capabilities).err(1421).bytes());
        CHECK(failed.failed_at_once);
    });
}

// MySQL 9.7: CALL of a procedure that has a cursor of its own open while it selects.
TEST_CASE("a procedure's own cursor does not hide its rows")
{
    for_each_mode([](Capabilities capabilities) {
        constexpr std::uint16_t flags = status::more_results_exists | status::cursor_exists;
        for (const Command command : {Command::query, Command::stmt_execute})
            check_every_split(
                command, capabilities,
                ResponseWriter(capabilities).result_set({.status = flags}).ok().bytes());
    });
}

// MySQL 9.7 without DEPRECATE_EOF: 0x100a in front of the OUT parameters' row, 0x0002 behind it,
// and one more OK.
TEST_CASE("behind OUT parameters comes one more OK, told in front of them only")
{
    const Set parameters{.status = status::autocommit,
                         .definitions_status = status::autocommit | status::more_results_exists |
                                               status::ps_out_params};
    check_every_split(Command::stmt_execute, base,
                      ResponseWriter(base).result_set(parameters).ok().bytes());
}

TEST_CASE("a list of fields ends with its end")
{
    for_each_mode([](Capabilities capabilities) {
        ResponseWriter writer(capabilities);
        writer.definition().definition().end();
        check_every_split(Command::field_list, capabilities, writer.bytes());
        check_every_split(Command::field_list, capabilities,
                          ResponseWriter(capabilities).err(1146).bytes());
    });
}

TEST_CASE("statistics are one packet of text")
{
    for_each_mode([](Capabilities capabilities) {
        check_every_split(Command::statistics, capabilities,
                          ResponseWriter(capabilities).packet(as_bytes("Uptime: 5")).bytes());
    });
}

TEST_CASE("the client speaks after a request for a local file")
{
    for_each_mode([](Capabilities capabilities) {
        const Buffer request = ResponseWriter(capabilities).packet(as_bytes("\xfb/tmp/x")).bytes();
        Exchange exchange(Command::query, capabilities);
        const auto progress = exchange.on_backend_bytes(request);
        REQUIRE(progress.has_value());
        CHECK(progress->forward == request.size());
        CHECK_FALSE(progress->finished);
        CHECK(exchange.client_speaks_next());

        const Buffer ok = ResponseWriter(capabilities).ok(status::autocommit, 2).bytes();
        CHECK(exchange.on_backend_bytes(ok)->forward == 0);  // not before the client is done
        exchange.on_client_done();
        CHECK_FALSE(exchange.client_speaks_next());
        CHECK(exchange.on_backend_bytes(ok)->finished);
        CHECK(exchange.report().affected_rows == 2);
    });
    ResponseWriter failed(base);
    failed.packet(as_bytes("\xfbx")).err(1148);
    CHECK_FALSE(check_every_split(Command::query, base, failed.bytes()).failed_at_once);
}

TEST_CASE("a client that sends no files is not asked for one")
{
    const Capabilities capabilities = base & ~capability::local_files;
    const Buffer request = ResponseWriter(capabilities).packet(as_bytes("\xfb/etc/passwd")).bytes();
    CHECK(relay_whole(Command::query, capabilities, request).error == Errc::unexpected_packet);
}

TEST_CASE("a change of user is a conversation")
{
    using namespace std::string_view_literals;
    const auto turn = [](std::string_view packet) {
        Exchange exchange(Command::change_user, base);
        const Buffer bytes = ResponseWriter(base).packet(as_bytes(packet)).bytes();
        REQUIRE(exchange.on_backend_bytes(bytes)->forward == bytes.size());
        return exchange.client_speaks_next();
    };
    CHECK(turn("\xfemysql_native_password\0nonce"sv));
    CHECK(turn("\x01\x04"sv));
    CHECK(turn("\x01-----BEGIN PUBLIC KEY-----"sv));
    CHECK(
        turn("\x02"
             "authentication_ldap\0"sv));
    CHECK_FALSE(turn("\x01\x03"sv));

    ResponseWriter writer(base);
    writer
        .packet(as_bytes("\xfe"
                         "caching_sha2_password\0nonce"sv))
        .packet(as_bytes("\x01\x03"sv));
    check_every_split(Command::change_user, base, writer.ok().bytes());
    check_every_split(Command::change_user, base, ResponseWriter(base).err(1045).bytes());
}

// MySQL 9.7 ends a non-blocking dump with a true EOF under DEPRECATE_EOF too.
TEST_CASE("a binlog stream ends with EOF or error")
{
    for_each_mode([](Capabilities capabilities) {
        ResponseWriter writer(capabilities);
        writer.packet(Buffer(41, 0)).packet(Buffer{0, 0xef, 0, 7}).packet(Buffer(200, 0));
        ResponseWriter failed = writer;
        check_every_split(Command::binlog_dump_gtid, capabilities, writer.true_eof().bytes());
        check_every_split(Command::binlog_dump, capabilities, failed.err(1236).bytes());
    });
}

TEST_CASE("MariaDB's progress reports end nothing")
{
    const Capabilities asked = base | capability::mariadb_progress;
    ResponseWriter writer(asked);
    writer.err(0xffff).err(0xffff).ok();
    const auto outcome = check_every_split(Command::query, asked, writer.bytes());
    CHECK(outcome.report.error_code == 0);
    const auto failed = check_every_split(Command::query, asked,
                                          ResponseWriter(asked).err(0xffff).err(1317).bytes());
    CHECK(failed.report.error_code == 1317);
    CHECK(failed.failed_at_once);
}

// SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 65535
TEST_CASE("error 65535 is an error where nobody asked for progress reports")
{
    const auto outcome =
        check_every_split(Command::query, base, ResponseWriter(base).err(0xffff).bytes());
    CHECK(outcome.report.error_code == 0xffff);
}

TEST_CASE("rows are never held back")
{
    const Set set{.columns = 1, .rows = 1, .value_size = 200};
    const Buffer all = ResponseWriter(base).result_set(set).bytes();
    const Buffer head = ResponseWriter(base).result_head(set).bytes();
    Exchange exchange(Command::query, base);
    const std::size_t half_a_row = head.size() + 50;
    CHECK(exchange.on_backend_bytes(Bytes{all}.first(half_a_row))->forward == half_a_row);
    CHECK(exchange.wanted() == 0);
}

TEST_CASE("a status packet goes on only when it is complete")
{
    const Buffer all = ResponseWriter(base).err().bytes();
    Exchange exchange(Command::query, base);
    CHECK(exchange.on_backend_bytes(Bytes{all}.first(all.size() - 1))->forward == 0);
    CHECK(exchange.wanted() == all.size());
    CHECK(exchange.on_backend_bytes(all)->finished);
    CHECK(exchange.wanted() == 0);
}

}  // namespace pointsman::protocol
