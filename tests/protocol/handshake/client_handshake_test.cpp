#include "protocol/handshake/client_handshake.hpp"

#include "protocol/auth/plugin.hpp"
#include "protocol/auth/rsa.hpp"
#include "protocol/messages/handshake_response.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/script.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {
namespace {

using Client = ClientHandshake;
using Script = tests::Script<Client>;
using Action = Client::Action;

constexpr Capabilities with_tls = tests::usual_capabilities | capability::ssl;

Client::Settings settings(BackendTls tls = BackendTls::preferred)
{
    Client::Settings settings;
    settings.user = "joe";
    settings.secret = auth::Secret::from_password("s3cret");
    settings.wanted = tests::usual_capabilities;
    settings.max_packet_size = 1u << 24;
    settings.attributes = {{"_client_name", "libmysql"}};
    settings.tls = tls;
    return settings;
}

Script::Make machine(Client::Settings with)
{
    return [with] { return Client(with); };
}

/// What settings() lead to, when the answer is by `plugin`.
Buffer response(std::string_view plugin, Buffer answer,
                Capabilities capabilities = tests::usual_capabilities)
{
    HandshakeResponse response = tests::login("joe", capabilities);
    response.plugin = plugin;
    response.auth_response = std::move(answer);
    return encode_handshake_response(response);
}

Buffer greeting(std::string_view plugin = auth::caching_sha2_password,
                Capabilities capabilities = tests::usual_capabilities)
{
    Greeting greeting = tests::greeting(capabilities);
    greeting.plugin = plugin;
    return encode_greeting(greeting);
}

auth::Nonce other_nonce()
{
    auth::Nonce nonce{};
    nonce.fill(77);
    return nonce;
}

Buffer switch_to(std::string_view plugin)
{
    AuthSwitchRequest request;
    request.plugin = plugin;
    request.data.assign(20, 77);
    request.data.push_back(0);
    return encode_auth_switch_request(request);
}

Buffer sha2_answer(const auth::Nonce& nonce = tests::nonce())
{
    return *auth::Secret::from_password("s3cret").answer_caching_sha2(nonce);
}
Buffer native_answer(const auth::Nonce& nonce = tests::nonce())
{
    return *auth::Secret::from_password("s3cret").answer_native(nonce);
}

Buffer ok()
{
    return encode_ok(tests::ok(), tests::usual_capabilities);
}
Buffer more_data(Byte word)
{
    return encode_auth_more_data({&word, 1});
}
Buffer clear_password()
{
    return {'s', '3', 'c', 'r', 'e', 't', 0};
}

Script::Event tls_ready()
{
    return [](Client& client) { return client.on_tls_ready(); };
}

std::function<void(const Client::Failed&)> fails(std::uint16_t code, std::string_view part)
{
    return [code, part = std::string{part}](const Client::Failed& failed) {
        CHECK(failed.error.code == code);
        CHECK_FALSE(failed.from_server);
        CHECK_THAT(failed.error.message, Catch::Matchers::Contains(part));
    };
}

bool is_failure(const Action& action)
{
    return std::holds_alternative<Client::Failed>(action);
}
bool is_success(const Action& action)
{
    return std::holds_alternative<Client::Ready>(action);
}

}  // namespace

TEST_CASE("a warm server takes the fast path")
{
    const auto script = Script{}
                            .receives(greeting())
                            .expects_sent(response(auth::caching_sha2_password, sha2_answer()))
                            .receives(more_data(auth::sha2_fast_auth_ok))
                            .expects_sent(std::vector<Buffer>{})
                            .receives(ok())
                            .expects<Client::Ready>();
    script.check(machine(settings()));
    script.check_failing_at_each_step(machine(settings()), is_failure, is_success);
    script.check_truncated_everywhere(machine(settings()), is_success);
}

TEST_CASE("a cold server gets the password over TLS")
{
    const auto script =
        Script{}
            .receives(greeting(auth::caching_sha2_password, with_tls))
            .expects<Client::StartTls>()
            .expects_sent(encode_ssl_request({with_tls, 1u << 24, 255}))
            .happens("TLS stands", tls_ready())
            .expects_sent(response(auth::caching_sha2_password, sha2_answer(), with_tls))
            .receives(more_data(auth::sha2_full_auth_needed))
            .expects_sent(clear_password())
            .receives(ok())
            .expects<Client::Ready>();
    script.check(machine(settings()));
    script.check_failing_at_each_step(machine(settings()), is_failure, is_success);
    script.check_truncated_everywhere(machine(settings()), is_success);
}

TEST_CASE("without TLS a cold server gets the password under its key")
{
    static const auth::RsaKey key = auth::RsaKey::generate();
    const auto script = Script{}
                            .receives(greeting())
                            .receives(more_data(auth::sha2_full_auth_needed))
                            .expects_sent(Buffer{auth::sha2_request_public_key})
                            .receives(encode_auth_more_data(as_bytes(key.public_pem())))
                            .expects<Client::Send>([](const Client::Send& sent) {
                                const Bytes encrypted = Bytes{sent.bytes}.subspan(4);
                                const auto password =
                                    key.decrypt_password(encrypted, tests::nonce());
                                CHECK(password.value() == "s3cret");
                            })
                            .receives(ok())
                            .expects<Client::Ready>();
    script.check(machine(settings()));
    script.check_failing_at_each_step(machine(settings()), is_failure, is_success);

    Script{}
        .receives(greeting())
        .receives(more_data(auth::sha2_full_auth_needed))
        .receives(encode_auth_more_data(as_bytes("no key")))
        .expects<Client::Failed>(fails(1043, "public key"))
        .check(machine(settings()));
}

TEST_CASE("a cold server and only a hash: the password is asked for")
{
    auto with = settings();
    with.secret.forget_password();
    Script{}
        .receives(greeting())
        .expects_sent(response(auth::caching_sha2_password, sha2_answer()))
        .receives(more_data(auth::sha2_full_auth_needed))
        .expects<Client::Failed>([](const Client::Failed& failed) {
            CHECK(failed.password_needed);
            CHECK(failed.error.code == 1045);
        })
        .expects<Client::Failed>(fails(1045, "password itself is needed"))
        .check(machine(with));
}

TEST_CASE("a server's other plugin is followed")
{
    Script{}
        .receives(greeting())
        .receives(switch_to(auth::mysql_native_password))
        .expects_sent(native_answer(other_nonce()))
        .receives(ok())
        .expects<Client::Ready>()
        .check(machine(settings()));
    Script{}
        .receives(greeting(auth::mysql_native_password))
        .expects_sent(response(auth::mysql_native_password, native_answer()))
        .receives(switch_to(auth::caching_sha2_password))
        .expects_sent(sha2_answer(other_nonce()))
        .receives(more_data(auth::sha2_fast_auth_ok))
        .receives(ok())
        .expects<Client::Ready>()
        .check(machine(settings()));
}

TEST_CASE("the first answer is by the form that is known")
{
    auto with = settings();
    with.secret = auth::Secret::from_sha256_stage2(*with.secret.sha256_stage2());
    with.secret.verify_caching_sha2(sha2_answer(), tests::nonce());
    Script{}
        .receives(greeting(auth::mysql_native_password))
        .expects_sent(response(auth::caching_sha2_password, sha2_answer()))
        .receives(switch_to(auth::mysql_native_password))
        .expects<Client::Failed>([](const auto& failed) { CHECK(failed.password_needed); })
        .check(machine(with));

    with.secret = {};
    Script{}
        .receives(greeting())
        .expects<Client::Failed>([](const auto& failed) { CHECK(failed.password_needed); })
        .check(machine(with));
}

TEST_CASE("sha256_password sends the password over TLS, else asks for the key")
{
    auto with = settings(BackendTls::off);
    Script{}
        .receives(greeting())
        .receives(switch_to(auth::sha256_password))
        .expects_sent(Buffer{auth::sha256_request_public_key})
        .check(machine(with));
    with.secure_transport = true;
    Script{}
        .receives(greeting())
        .receives(switch_to(auth::sha256_password))
        .expects_sent(clear_password())
        .check(machine(with));
}

TEST_CASE("a clear password is sent under TLS only")
{
    Script{}
        .receives(greeting(auth::caching_sha2_password, with_tls))
        .happens("TLS stands", tls_ready())
        .receives(switch_to(auth::mysql_clear_password))
        .expects_sent(clear_password())
        .check(machine(settings()));
    Script{}
        .receives(greeting())
        .receives(switch_to(auth::mysql_clear_password))
        .expects<Client::Failed>(fails(1043, "TLS only"))
        .check(machine(settings()));
}

TEST_CASE("TLS is used as configured")
{
    Script{}
        .receives(greeting())
        .expects<Client::Failed>(fails(1043, "offers no TLS"))
        .check(machine(settings(BackendTls::required)));
    Script{}
        .receives(greeting(auth::caching_sha2_password, with_tls))
        .expects<Client::Send>()
        .check(machine(settings(BackendTls::off)));
    auto socket = settings();
    socket.secure_transport = true;
    Script{}
        .receives(greeting(auth::caching_sha2_password, with_tls))
        .expects<Client::Send>()
        .check(machine(socket));
}

TEST_CASE("an empty password is an empty answer")
{
    auto with = settings();
    with.secret = auth::Secret::from_password("");
    Script{}
        .receives(greeting())
        .expects_sent(response(auth::caching_sha2_password, {}))
        .receives(switch_to(auth::mysql_native_password))
        .expects_sent(Buffer{})
        .receives(ok())
        .expects<Client::Ready>()
        .check(machine(with));
}

TEST_CASE("the capabilities are what both want, with what every login needs")
{
    auto with = settings();
    with.wanted = capability::found_rows | capability::query_attributes | capability::ssl |
                  capability::connect_with_db | capability::protocol_41;
    with.schema = "shop";
    const Capabilities offered =
        tests::usual_capabilities | capability::found_rows | capability::connect_with_db;
    Client client(with);
    client.on_packet(greeting(auth::caching_sha2_password, offered), 0);
    CHECK(client.negotiated() ==
          (capability::protocol_41 | capability::secure_connection | capability::plugin_auth |
           capability::plugin_auth_lenenc_data | capability::connect_attrs |
           capability::found_rows | capability::connect_with_db));

    with.schema.clear();
    Client without_schema(with);
    without_schema.on_packet(greeting(auth::caching_sha2_password, offered), 0);
    CHECK((without_schema.negotiated() & capability::connect_with_db) == 0);
}

TEST_CASE("a server that offers the wanted compression is told the level")
{
    auto with = settings();
    with.wanted |= capability::zstd_compression;
    with.zstd_level = 7;
    const auto offered =
        tests::usual_capabilities | capability::zstd_compression | capability::compress;
    Client client(with);
    const Action action = client.on_packet(greeting(auth::caching_sha2_password, offered), 0);
    CHECK(client.compression() == Compression{CompressionAlgorithm::zstd, 7});
    const auto sent = decode_client_answer(Bytes{std::get<Client::Send>(action).bytes}.subspan(4));
    CHECK(std::get<HandshakeResponse>(sent.value()).zstd_level == 7);

    Client without(with);
    without.on_packet(greeting(auth::caching_sha2_password, tests::usual_capabilities), 0);
    CHECK_FALSE(without.compression());
}

// MariaDB clears the lowest bit and says more in the greeting's filler.
TEST_CASE("MariaDB's extended capabilities are asked for by who wants them")
{
    const Capabilities mariadb = (tests::usual_capabilities & ~capability::mysql) |
                                 capability::mariadb_stmt_bulk_operations |
                                 capability::mariadb_progress;
    auto with = settings();
    with.wanted = mariadb & ~capability::mariadb_progress;
    Client client(with);
    const Action action = client.on_packet(greeting(auth::mysql_native_password, mariadb), 0);
    CHECK(client.negotiated() == with.wanted);
    const auto sent = decode_client_answer(Bytes{std::get<Client::Send>(action).bytes}.subspan(4));
    CHECK(std::get<HandshakeResponse>(sent.value()).capabilities == with.wanted);
}

TEST_CASE("a server's refusal is handed on as it is")
{
    const auto refused = [](const Client::Failed& failed) {
        CHECK(failed.from_server);
        CHECK(failed.error.code == 1146);
        CHECK(failed.error.message == tests::err().message);
    };
    const Buffer err = encode_err(tests::err(), capability::protocol_41);
    Script{}.receives(err).expects<Client::Failed>(refused).check(machine(settings()));
    Script{}
        .receives(greeting())
        .receives(err)
        .expects<Client::Failed>(refused)
        .check(machine(settings()));
    Script{}
        .receives(greeting())
        .receives(more_data(auth::sha2_fast_auth_ok))
        .receives(err)
        .expects<Client::Failed>(refused)
        .check(machine(settings()));
}

TEST_CASE("what is not spoken fails with a clear text")
{
    const auto fails_on = [](Buffer packet, std::string_view part) {
        Script{}
            .receives(greeting())
            .receives(std::move(packet))
            .expects<Client::Failed>(fails(1043, part))
            .check(machine(settings()));
    };
    fails_on(encode_auth_next_factor({"authentication_fido", {}}), "second factor");
    fails_on(Buffer{0xfe}, "mysql_old_password");
    fails_on(switch_to("client_ed25519"), "not spoken");
    fails_on(encode_auth_switch_request({"caching_sha2_password", {1, 2}}), "nonce");
    fails_on(more_data(9), "not understood");
    fails_on(Buffer{0x77}, "no place");
    Script{}
        .receives(Buffer{9, '3', '.', '2', '3', 0})
        .expects<Client::Failed>(fails(1043, "greeting"))
        .check(machine(settings()));
}

TEST_CASE("a server that never comes to an end is left")
{
    Script script;
    script.receives(greeting());
    for (int i = 0; i < 16; ++i)
        script.receives(switch_to(auth::mysql_native_password)).expects<Client::Send>();
    script.receives(switch_to(auth::mysql_native_password))
        .expects<Client::Failed>(fails(1043, "end"))
        .check(machine(settings()));
}

TEST_CASE("the final OK is kept")
{
    Client client(settings());
    client.on_packet(greeting(), 0);
    client.on_packet(encode_ok(tests::ok(0x4002), tests::usual_capabilities), 2);
    CHECK(client.final_ok().status == 0x4002);
    CHECK(client.greeting().server_version == "9.7.0");
    CHECK(client.plugin() == auth::caching_sha2_password);
    CHECK_FALSE(client.tls_active());
}

}  // namespace pointsman::protocol
