#include "protocol/handshake/server_handshake.hpp"

#include "protocol/auth/plugin.hpp"
#include "protocol/messages/auth.hpp"
#include "protocol/messages/greeting.hpp"
#include "protocol/server_error.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/script.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {
namespace {

using Server = ServerHandshake;
using Script = tests::Script<Server>;
using Action = Server::Action;

const auth::RsaKey& rsa_key()
{
    static const auth::RsaKey key = auth::RsaKey::generate();
    return key;
}

Server::Settings settings()
{
    Server::Settings settings;
    settings.server_version = "9.7.0";
    settings.connection_id = 42;
    settings.offered = tests::usual_capabilities;
    settings.nonce = tests::nonce();
    settings.client_host = "10.0.0.7";
    return settings;
}

Script::Make machine(Server::Settings with)
{
    return [with] { return Server(with); };
}

Greeting greeting_of(const Server::Settings& with)
{
    Greeting greeting = tests::greeting(with.offered);
    greeting.plugin = with.default_plugin;
    if (with.tls != ClientTls::off) greeting.capabilities |= capability::ssl;
    return greeting;
}

/// A script that has the greeting behind it.
Script greeted(const Server::Settings& with)
{
    return Script{}
        .happens("start", [](Server& server) { return server.start(); })
        .expects_sent(encode_greeting(greeting_of(with)));
}

Buffer login(std::string_view plugin, Buffer answer,
             Capabilities capabilities = tests::usual_capabilities)
{
    HandshakeResponse response = tests::login("joe", capabilities);
    response.plugin = plugin;
    response.auth_response = std::move(answer);
    return encode_handshake_response(response);
}

Buffer ssl_request()
{
    return encode_ssl_request({tests::usual_capabilities | capability::ssl, 1u << 24, 255});
}

Buffer sha2_answer(std::string_view password)
{
    return *auth::Secret::from_password(password).answer_caching_sha2(tests::nonce());
}

Buffer native_answer(std::string_view password)
{
    return *auth::Secret::from_password(password).answer_native(tests::nonce());
}

Buffer switch_to(std::string_view plugin)
{
    AuthSwitchRequest request;
    request.plugin = plugin;
    const auth::Nonce nonce = tests::nonce();
    request.data.assign(nonce.begin(), nonce.end());
    request.data.push_back(0);
    return encode_auth_switch_request(request);
}

Buffer more_data(Byte word)
{
    return encode_auth_more_data({&word, 1});
}
Buffer text(std::string_view bytes)
{
    return {bytes.begin(), bytes.end()};
}

Script::Event tls_ready()
{
    return [](Server& server) { return server.on_tls_ready(); };
}
Script::Event secret_is(std::optional<auth::Secret> secret)
{
    return [secret](Server& server) { return server.on_secret(secret); };
}
Script::Event verdict_is(std::optional<Err> refused)
{
    return [refused](Server& server) { return server.on_verdict(refused); };
}

std::function<void(const Server::CheckWithServer&)> checks(std::string_view password, bool learned)
{
    return [password = std::string{password}, learned](const Server::CheckWithServer& check) {
        CHECK(check.user == "joe");
        CHECK(check.learned == learned);
        CHECK(check.secret.sha256_stage2() ==
              auth::Secret::from_password(password).sha256_stage2());
    };
}

std::function<void(const Server::Refused&)> refuses(std::uint16_t code, std::string_view part = {})
{
    return [code, part = std::string{part}](const Server::Refused& refused) {
        CHECK(refused.error.code == code);
        CHECK_THAT(refused.error.message, Catch::Matchers::Contains(part));
    };
}

bool is_failure(const Action& action)
{
    return std::holds_alternative<Server::Refused>(action);
}
bool is_success(const Action& action)
{
    return std::holds_alternative<Server::Accepted>(action);
}

const auth::Secret known = auth::Secret::from_password("s3cret");

}  // namespace

TEST_CASE("a known account logs in by its proof alone")
{
    const auto script =
        greeted(settings())
            .receives(login(auth::caching_sha2_password, sha2_answer("s3cret")))
            .expects<Server::LookUpSecret>([](const auto& lookup) { CHECK(lookup.user == "joe"); })
            .happens("the account is known", secret_is(known))
            .expects<Server::CheckWithServer>(checks("s3cret", false))
            .happens("it is right", verdict_is({}))
            .expects<Server::Accepted>()
            .expects_sent(more_data(auth::sha2_fast_auth_ok));
    script.check(machine(settings()));
    script.check_failing_at_each_step(machine(settings()), is_failure, is_success);
    script.check_truncated_everywhere(machine(settings()), is_success);
}

TEST_CASE("the final packet goes on with the sequence id")
{
    Server server(settings());
    server.start();
    server.on_packet(login(auth::caching_sha2_password, sha2_answer("s3cret")), 1);
    server.on_secret(known);
    const Action accepted = server.on_verdict({});
    CHECK(peek_header(std::get<Server::Accepted>(accepted).bytes)->sequence == 2);
    CHECK(server.frame_final(Buffer{0, 0, 0, 2, 0, 0, 0}) ==
          Buffer{7, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0});
    CHECK(server.response().schema.empty());
    CHECK(server.plugin() == auth::caching_sha2_password);
    CHECK(server.negotiated() == tests::usual_capabilities);
}

TEST_CASE("an unknown account's password is learned over TLS")
{
    const auto script = greeted(settings())
                            .receives(ssl_request())
                            .expects<Server::StartTls>()
                            .happens("TLS stands", tls_ready())
                            .receives(login(auth::caching_sha2_password, sha2_answer("s3cret")))
                            .happens("the account is not known", secret_is({}))
                            .expects_sent(more_data(auth::sha2_full_auth_needed))
                            .receives(text({"s3cret\0", 7}))
                            .expects<Server::CheckWithServer>(checks("s3cret", true))
                            .happens("it is right", verdict_is({}))
                            .expects<Server::Accepted>()
                            .expects_sent(std::vector<Buffer>{});
    script.check(machine(settings()));
    script.check_failing_at_each_step(machine(settings()), is_failure, is_success);
    script.check_truncated_everywhere(machine(settings()), is_success);
}

TEST_CASE("an unknown account's password is learned under our RSA key without TLS")
{
    auto with = settings();
    with.rsa_key = &rsa_key();
    const Buffer encrypted =
        auth::encrypt_password("s3cret", tests::nonce(), rsa_key().public_pem()).value();
    const auto asked = greeted(with)
                           .receives(login(auth::caching_sha2_password, sha2_answer("s3cret")))
                           .happens("the account is not known", secret_is({}))
                           .expects_sent(more_data(auth::sha2_full_auth_needed));

    const auto script = Script{asked}
                            .receives(Buffer{auth::sha2_request_public_key})
                            .expects_sent(encode_auth_more_data(as_bytes(rsa_key().public_pem())))
                            .receives(encrypted)
                            .expects<Server::CheckWithServer>(checks("s3cret", true));
    script.check(machine(with));
    script.check_failing_at_each_step(machine(with), is_failure, is_success);
    script.check_truncated_everywhere(machine(with), is_success);

    Script{asked}  // a client that has the key from before
        .receives(encrypted)
        .expects<Server::CheckWithServer>(checks("s3cret", true))
        .check(machine(with));
    Script{asked}  // the password itself may not travel so
        .receives(text({"s3cret\0", 7}))
        .expects<Server::Refused>(refuses(1045))
        .check(machine(with));
}

TEST_CASE("with neither TLS nor a key a password cannot be learned")
{
    greeted(settings())
        .receives(login(auth::caching_sha2_password, sha2_answer("s3cret")))
        .happens("the account is not known", secret_is({}))
        .expects<Server::Refused>(refuses(1045, "TLS"))
        .check(machine(settings()));
}

TEST_CASE("a proof that does not match asks for the password, which a server judges")
{
    auto with = settings();
    with.secure_transport = true;
    greeted(with)
        .receives(login(auth::caching_sha2_password, sha2_answer("changed")))
        .happens("the old password is known", secret_is(known))
        .expects_sent(more_data(auth::sha2_full_auth_needed))
        .receives(text({"changed\0", 8}))
        .expects<Server::CheckWithServer>(checks("changed", true))
        .happens("it is wrong", verdict_is(tests::err(1045, "28000", "for 'joe'@'proxy'")))
        .expects<Server::Refused>(
            refuses(1045, "Access denied for user 'joe'@'10.0.0.7' (using password: YES)"))
        .check(machine(with));
}

TEST_CASE("a server with a cold cache gets the password after a fast proof")
{
    auto with = settings();
    with.secure_transport = true;
    const Script::Event needed = [](Server& server) { return server.on_password_needed(); };
    greeted(with)
        .receives(login(auth::caching_sha2_password, sha2_answer("s3cret")))
        .happens("only its hash is known",
                 secret_is(auth::Secret::from_sha256_stage2(*known.sha256_stage2())))
        .expects<Server::CheckWithServer>(checks("s3cret", false))
        .happens("the server wants the password", needed)
        .expects_sent(more_data(auth::sha2_full_auth_needed))
        .receives(text({"s3cret\0", 7}))
        .expects<Server::CheckWithServer>(checks("s3cret", true))
        .happens("it is right", verdict_is({}))
        .expects<Server::Accepted>()
        .expects_sent(std::vector<Buffer>{})
        .check(machine(with));

    greeted(with)
        .receives(login(auth::mysql_native_password, native_answer("s3cret")))
        .happens("the account is known", secret_is(known))
        .happens("the server wants the password", needed)
        .expects_sent(switch_to(auth::caching_sha2_password))
        .receives(sha2_answer("s3cret"))
        .expects_sent(more_data(auth::sha2_full_auth_needed))
        .receives(text({"s3cret\0", 7}))
        .expects<Server::CheckWithServer>(checks("s3cret", true))
        .happens("and wants it still", needed)
        .expects<Server::Refused>(refuses(1045))
        .check(machine(with));
}

TEST_CASE("other refusals of a server pass as they are")
{
    greeted(settings())
        .receives(login(auth::caching_sha2_password, sha2_answer("s3cret")))
        .happens("the account is known", secret_is(known))
        .happens("too many connections", verdict_is(tests::err(1040, "08004", "Too many")))
        .expects<Server::Refused>([](const auto& refused) {
            CHECK(refused.error.code == 1040);
            CHECK(refused.error.message == "Too many");
        })
        .expects_sent(encode_err({1040, "08004", "Too many"}, capability::protocol_41))
        .check(machine(settings()));
}

TEST_CASE("a native proof is enough where the native hash is known")
{
    const auto native =
        *auth::Secret::from_native_hash("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19");
    const auto proven = [](const Server::CheckWithServer& check) {
        CHECK_FALSE(check.learned);
        CHECK(check.secret.sha1() == auth::Secret::from_password("password").sha1());
    };
    greeted(settings())
        .receives(login(auth::mysql_native_password, native_answer("password")))
        .happens("its hash is known", secret_is(native))
        .expects<Server::CheckWithServer>(proven)
        .happens("it is right", verdict_is({}))
        .expects<Server::Accepted>()
        .expects_sent(std::vector<Buffer>{})
        .check(machine(settings()));

    greeted(settings())  // the client begins with the other plugin
        .receives(login(auth::caching_sha2_password, sha2_answer("password")))
        .happens("its native hash is known", secret_is(native))
        .expects_sent(switch_to(auth::mysql_native_password))
        .receives(native_answer("password"))
        .expects<Server::CheckWithServer>(proven)
        .check(machine(settings()));

    greeted(settings())
        .receives(login(auth::caching_sha2_password, sha2_answer("password")))
        .happens("its native hash is known", secret_is(native))
        .receives(native_answer("wrong"))
        .expects<Server::Refused>(refuses(1045))
        .check(machine(settings()));
}

TEST_CASE("a native client of an account whose native hash is not known is switched")
{
    for (const auto& secret :
         {std::optional<auth::Secret>{},
          std::optional{auth::Secret::from_sha256_stage2(*known.sha256_stage2())}}) {
        greeted(settings())
            .receives(login(auth::mysql_native_password, native_answer("s3cret")))
            .happens("no native hash is known", secret_is(secret))
            .expects_sent(switch_to(auth::caching_sha2_password))
            .check(machine(settings()));
    }
}

TEST_CASE("any other plugin is switched to one that is spoken")
{
    for (const std::string_view plugin :
         {"client_ed25519", "sha256_password", "mysql_clear_password", "dialog", ""}) {
        INFO(plugin);
        greeted(settings())
            .receives(login(plugin, Buffer(20, 'x')))
            .happens("the account is known", secret_is(known))
            .expects_sent(switch_to(auth::caching_sha2_password))
            .receives(sha2_answer("s3cret"))
            .expects<Server::CheckWithServer>(checks("s3cret", false))
            .check(machine(settings()));
    }
}

TEST_CASE("a clear password is taken under TLS")
{
    const auto under_tls = greeted(settings()).receives(ssl_request()).happens("TLS", tls_ready());
    Script{under_tls}
        .receives(login(auth::mysql_clear_password, text({"s3cret\0", 7})))
        .happens("the account is not known", secret_is({}))
        .expects<Server::CheckWithServer>(checks("s3cret", true))
        .check(machine(settings()));
    Script{under_tls}  // libmysqlclient waits to be asked when the greeting named another plugin
        .receives(login(auth::mysql_clear_password, {}))
        .happens("the account is not known", secret_is({}))
        .expects_sent(switch_to(auth::mysql_clear_password))
        .receives(text({"s3cret\0", 7}))
        .expects<Server::CheckWithServer>(checks("s3cret", true))
        .check(machine(settings()));
}

TEST_CASE("an empty answer is an empty password")
{
    for (const Buffer& nothing : {Buffer{}, Buffer{0}}) {
        greeted(settings())
            .receives(login(auth::caching_sha2_password, nothing))
            .happens("the account is not known", secret_is({}))
            .expects<Server::CheckWithServer>(checks("", true))
            .happens("it is wrong", verdict_is(tests::err(1045, "28000", "no")))
            .expects<Server::Refused>(refuses(1045, "(using password: NO)"))
            .check(machine(settings()));
    }
    greeted(settings())  // not so when the client only wants to be asked in its own plugin
        .receives(login(auth::mysql_native_password, {}))
        .happens("the account is known", secret_is(known))
        .expects_sent(switch_to(auth::mysql_native_password))
        .receives(native_answer("s3cret"))
        .expects<Server::CheckWithServer>(checks("s3cret", false))
        .check(machine(settings()));
}

TEST_CASE("TLS is offered, wanted or absent as configured")
{
    auto with = settings();
    with.tls = ClientTls::required;
    const Buffer answer = login(auth::caching_sha2_password, sha2_answer("s3cret"));
    greeted(with).receives(answer).expects<Server::Refused>(refuses(3159)).check(machine(with));

    with.secure_transport = true;
    greeted(with).receives(answer).expects<Server::LookUpSecret>().check(machine(with));

    with.tls = ClientTls::off;
    greeted(with)
        .receives(ssl_request())
        .expects<Server::Refused>(refuses(1043))
        .check(machine(with));

    greeted(settings())
        .receives(ssl_request())
        .happens("TLS", tls_ready())
        .receives(ssl_request())
        .expects<Server::Refused>(refuses(1043))
        .check(machine(settings()));
}

TEST_CASE("clients of another age are refused politely")
{
    const auto refused = [](Buffer answer, std::uint16_t code) {
        greeted(settings())
            .receives(std::move(answer))
            .expects<Server::Refused>(refuses(code))
            .check(machine(settings()));
    };
    refused(text({"\x05\x00\x00\x00\x00joe\0pw\0", 12}), 1251);  // protocol 3.20
    refused(login("", {}, tests::usual_capabilities & ~capability::secure_connection), 1251);
    refused(text("GET / HTTP/1.1\r\n\r\n"), 1251);
    refused(Buffer{}, 1043);
    refused(Buffer{0, 2}, 1043);

    const Capabilities before_plugins = tests::usual_capabilities & ~capability::plugin_auth;
    greeted(settings())  // MySQL 5.1's client: native, without saying so
        .receives(login("", native_answer("s3cret"), before_plugins))
        .happens("the account is known", secret_is(known))
        .expects<Server::CheckWithServer>(checks("s3cret", false))
        .check(machine(settings()));
    greeted(settings())
        .receives(login("", native_answer("s3cret"), before_plugins))
        .happens("the account is not known", secret_is({}))
        .expects<Server::Refused>(refuses(1251))
        .check(machine(settings()));
}

TEST_CASE("compression is what both sides have")
{
    constexpr Capabilities both = capability::compress | capability::zstd_compression;
    const auto chosen = [](Capabilities offered, Capabilities of_client, std::uint8_t level) {
        auto with = settings();
        with.offered |= offered;
        Server server(with);
        server.start();
        HandshakeResponse response = tests::login("joe", tests::usual_capabilities | of_client);
        response.plugin = auth::caching_sha2_password;
        response.auth_response = sha2_answer("s3cret");
        response.zstd_level = level;
        const auto action = server.on_packet(encode_handshake_response(response), 1);
        if (const auto* refused = std::get_if<Server::Refused>(&action)) {
            CHECK(refused->error.code == server_error::er_wrong_compression_level);
            return Compression{CompressionAlgorithm::none, 99};
        }
        return server.compression();
    };
    const Compression refused{CompressionAlgorithm::none, 99};
    CHECK(chosen(both, both, 5).algorithm == CompressionAlgorithm::zlib);
    CHECK(chosen(capability::zstd_compression, both, 5) ==
          Compression{CompressionAlgorithm::zstd, 5});
    CHECK_FALSE(chosen(0, both, 5));
    CHECK_FALSE(chosen(both, 0, 5));
    for (const std::uint8_t level : std::initializer_list<std::uint8_t>{0, 23, 255})
        CHECK(chosen(both, capability::zstd_compression, level) == refused);
    // A level that is of no use is not looked at.
    CHECK(chosen(both, both, 99).algorithm == CompressionAlgorithm::zlib);
}

TEST_CASE("a compressed session changes its user, without saying a level again")
{
    auto with = settings();
    with.offered |= capability::zstd_compression;
    Server server(with);
    HandshakeResponse response =
        tests::login("ann", tests::usual_capabilities | capability::zstd_compression);
    const auto action = server.start_change_user(response, false);
    CHECK(std::holds_alternative<Server::LookUpSecret>(action));
}

TEST_CASE("a packet out of its turn ends the login")
{
    Server server(settings());
    server.start();
    server.on_packet(login(auth::caching_sha2_password, sha2_answer("s3cret")), 1);
    const Action action = server.on_packet(Buffer{1, 2, 3}, 2);
    CHECK(std::get<Server::Refused>(action).error.code == 1156);
}

}  // namespace pointsman::protocol
