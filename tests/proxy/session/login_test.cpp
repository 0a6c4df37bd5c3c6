#include "proxy/session/login.hpp"

#include "tests/support/stage.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace pointsman::tests;

namespace {

config::Config blocks_after_one_failure()
{
    auto config = Stage::quick_config();
    config.limits.max_connect_errors = 1;
    return config;
}

bool is_blocked(Stage& stage)
{
    return stage.shared.login_guard.is_blocked("192.0.2.1", stage.loop.reactor.now());
}

net::Task<void> only_log_in(Stage& stage, net::Stream& stream, const protocol::Buffer&,
                            protocol::Buffer&)
{
    co_await Stage::log_in(stage, stream);
}

void try_to_log_in(Stage& stage)
{
    protocol::Buffer nothing;
    stage.run(only_log_in, nothing, nothing);
}

}  // namespace

TEST_CASE("a wrong password is refused, and counts against its address")
{
    Stage stage(blocks_after_one_failure());
    stage.client_password = "wrong";
    stage.servers[0].refusal = err(1045, "28000", "Access denied");
    try_to_log_in(stage);
    CHECK_FALSE(stage.logged_in);
    CHECK(stage.ended == CloseReason::login_denied);
    CHECK(is_blocked(stage));
    CHECK_FALSE(stage.shared.credentials.learned_count());
}

TEST_CASE("what else a server says against a login does not count against its address")
{
    Stage stage(blocks_after_one_failure());
    stage.servers[0].refusal = err(1049, "42000", "Unknown database 'shop'");
    try_to_log_in(stage);
    CHECK(stage.ended == CloseReason::login_denied);
    CHECK_FALSE(is_blocked(stage));
}

TEST_CASE("an address that is blocked gets an error in place of the greeting")
{
    Stage stage(blocks_after_one_failure());
    stage.shared.login_guard.note_failure("192.0.2.1", stage.loop.reactor.now());
    try_to_log_in(stage);
    CHECK_FALSE(stage.logged_in);
    CHECK(stage.ended == CloseReason::host_blocked);
}

TEST_CASE("a login that fails because no server is there does not count against its address")
{
    Stage stage(blocks_after_one_failure());
    auto nobody = *stage.worker.topology;
    for (auto& server : nobody.servers) server.health = health::HealthState::down;
    stage.set_topology(nobody);
    try_to_log_in(stage);
    CHECK_FALSE(stage.logged_in);
    CHECK(stage.ended == CloseReason::login_denied);
    CHECK_FALSE(is_blocked(stage));
}

TEST_CASE("a client that leaves without a word does not count against its address")
{
    Stage stage(blocks_after_one_failure());
    struct Client {
        static net::Task<void> run(Stage&, net::Stream& stream, const protocol::Buffer&,
                                   protocol::Buffer&)
        {
            co_await read_packet(stream);
        }
    };
    protocol::Buffer nothing;
    stage.run(Client::run, nothing, nothing);
    CHECK(stage.ended == CloseReason::login_aborted);
    CHECK_FALSE(is_blocked(stage));
}

TEST_CASE("a client that says nothing is let go at the handshake's timeout")
{
    auto config = Stage::quick_config();
    config.limits.handshake_timeout = config::Milliseconds(5);
    struct Client {
        static net::Task<void> run(Stage&, net::Stream& stream, const protocol::Buffer& bytes,
                                   protocol::Buffer&)
        {
            co_await stream.write_all(bytes);
            co_await read_to_end(stream);
        }
    };
    const auto half = framed(protocol::encode_handshake_response(login()), 1);
    for (const std::size_t size : {std::size_t{0}, std::size_t{3}, half.size() - 1}) {
        Stage stage(config);
        protocol::Buffer nothing;
        const protocol::Buffer part{half.begin(), half.begin() + std::ptrdiff_t(size)};
        stage.run(Client::run, part, nothing);
        CHECK(stage.ended == CloseReason::handshake_timeout);
    }
}
