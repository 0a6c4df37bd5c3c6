// Both machines against each other, over every combination of what they may know and have.

#include "protocol/auth/plugin.hpp"
#include "protocol/handshake/client_handshake.hpp"
#include "protocol/handshake/server_handshake.hpp"

#include "tests/support/builders.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>

namespace pointsman::protocol {
namespace {

using Server = ServerHandshake;
using Client = ClientHandshake;

enum class Transport { plain, plain_with_key, tls, unix_socket };
enum class Known { nothing, password, native_hash, sha2_hash };
enum class Cache { warm, cold };  // of the real server behind: does it take a hash?

struct Case {
    std::string_view plugin;  // the greeting's, by which the client answers first
    Transport transport;
    Known known;
    Cache cache;
    std::string password;  // the account's
    std::string given;     // by the client
};

std::optional<auth::Secret> secret_for(const Case& row)
{
    const auto all = auth::Secret::from_password(row.password);
    switch (row.known) {
        case Known::nothing:
            return std::nullopt;
        case Known::password:
            return all;
        case Known::sha2_hash:
            return auth::Secret::from_sha256_stage2(*all.sha256_stage2());
        case Known::native_hash:
            break;
    }
    std::string text = "*";
    for (const Byte byte : *all.sha1_stage2()) {
        text += "0123456789ABCDEF"[byte >> 4];
        text += "0123456789ABCDEF"[byte & 15];
    }
    return auth::Secret::from_native_hash(text);
}

const auth::RsaKey& key()
{
    static const auth::RsaKey made = auth::RsaKey::generate();
    return made;
}

Server make_server(const Case& row)
{
    Server::Settings settings;
    settings.server_version = "9.7.0";
    settings.offered = tests::usual_capabilities;
    settings.nonce = tests::nonce();
    settings.tls = row.transport == Transport::tls ? ClientTls::optional : ClientTls::off;
    settings.default_plugin = row.plugin;
    if (row.transport == Transport::plain_with_key) settings.rsa_key = &key();
    settings.secure_transport = row.transport == Transport::unix_socket;
    settings.client_host = "10.0.0.7";
    return Server(settings);
}

Client make_client(const Case& row)
{
    Client::Settings settings;
    settings.user = "joe";
    settings.secret = auth::Secret::from_password(row.given);
    settings.wanted = tests::usual_capabilities;
    settings.secure_transport = row.transport == Transport::unix_socket;
    return Client(settings);
}

/// Carries the packets between the two, and answers the server's questions as its owner would.
class Login {
public:
    explicit Login(const Case& row)
        : row_(row), server_(make_server(row)), client_(make_client(row))
    {
        perform(server_.start());
    }

    bool accepted() const { return accepted_; }
    bool password_was_asked() const { return password_asked_; }
    const std::optional<Client::Failed>& failure() const { return failure_; }

private:
    void perform(const Server::Action& action)
    {
        REQUIRE(++steps_ < 20);
        std::visit([this](const auto& kind) { on(kind); }, action);
    }
    void perform(const Client::Action& action)
    {
        REQUIRE(++steps_ < 20);
        std::visit([this](const auto& kind) { on(kind); }, action);
    }

    void on(const Server::Send& send) { to_client(send.bytes); }
    void on(const Server::StartTls&)
    {
        server_.on_tls_ready();
        perform(client_.on_tls_ready());
    }
    void on(const Server::LookUpSecret& lookup)
    {
        CHECK(lookup.user == "joe");
        perform(server_.on_secret(secret_for(row_)));
    }
    void on(const Server::CheckWithServer& check)
    {
        if (row_.cache == Cache::cold && !check.secret.password() && !password_asked_) {
            password_asked_ = true;
            perform(server_.on_password_needed());
            return;
        }
        const auto right = auth::Secret::from_password(row_.password);
        const bool same = check.secret.sha256_stage2()
                              ? check.secret.sha256_stage2() == right.sha256_stage2()
                              : check.secret.sha1_stage2() == right.sha1_stage2();
        // Nothing that could not log in anywhere is ever offered for checking.
        CHECK((check.secret.sha1() || check.secret.sha256()));
        perform(server_.on_verdict(same ? std::nullopt
                                        : std::optional{tests::err(1045, "28000", "no")}));
    }
    void on(const Server::Accepted& accepted)
    {
        accepted_ = true;
        to_client(accepted.bytes);
        to_client(server_.frame_final(encode_ok(tests::ok(), server_.negotiated())));
    }
    void on(const Server::Refused& refused) { to_client(refused.bytes); }

    void on(const Client::Send& send) { to_server(send.bytes); }
    void on(const Client::StartTls& start) { to_server(start.bytes); }
    void on(const Client::Ready&) { CHECK(accepted_); }
    void on(const Client::Failed& failed) { failure_ = failed; }

    void to_client(Bytes bytes) { deliver(client_, bytes); }
    void to_server(Bytes bytes) { deliver(server_, bytes); }

    template <class Machine>
    void deliver(Machine& machine, Bytes bytes)
    {
        while (!bytes.empty()) {
            const PacketHeader header = peek_header(bytes).value();
            const Bytes payload = bytes.subspan(packet_header_size, header.payload_size);
            bytes = bytes.subspan(header.wire_size());
            perform(machine.on_packet(payload, header.sequence));
        }
    }

    Case row_;
    Server server_;
    Client client_;
    int steps_ = 0;
    bool accepted_ = false;
    bool password_asked_ = false;
    std::optional<Client::Failed> failure_;
};

/// Can the client's password come over in full?
bool can_send_password(Transport transport)
{
    return transport != Transport::plain;
}

bool should_be_accepted(const Case& row)
{
    if (row.given != row.password) return false;
    if (row.password.empty()) return true;
    const bool has_hash_only = row.known == Known::native_hash || row.known == Known::sha2_hash;
    const bool has_to_send =
        row.known == Known::nothing || (has_hash_only && row.cache == Cache::cold);
    return !has_to_send || can_send_password(row.transport);
}

/// A client switched to the native plugin cannot be switched again. No server asks for that: only
/// caching_sha2_password accounts have a cache to be cold.
bool is_dead_end(const Case& row)
{
    return row.cache == Cache::cold && row.known == Known::native_hash &&
           row.plugin == auth::caching_sha2_password && !row.password.empty();
}

}  // namespace

TEST_CASE("every combination of plugin, transport, knowledge and password ends as it should")
{
    struct Passwords {
        const char* account;
        const char* given;
    };
    for (const auto plugin : {auth::caching_sha2_password, auth::mysql_native_password})
        for (const auto transport :
             {Transport::plain, Transport::plain_with_key, Transport::tls, Transport::unix_socket})
            for (const auto known :
                 {Known::nothing, Known::password, Known::native_hash, Known::sha2_hash})
                for (const auto cache : {Cache::warm, Cache::cold})
                    for (const auto& [account, given] :
                         {Passwords{"s3cret", "s3cret"}, Passwords{"s3cret", "wrong"},
                          Passwords{"s3cret", ""}, Passwords{"", ""}, Passwords{"", "wrong"}}) {
                        const Case row{plugin, transport, known, cache, account, given};
                        INFO(plugin << ", transport " << int(transport) << ", known " << int(known)
                                    << ", cache " << int(cache) << ", " << account << "/" << given);
                        const Login login(row);
                        if (is_dead_end(row)) continue;
                        CHECK(login.accepted() == should_be_accepted(row));
                        CHECK(login.accepted() == !login.failure());
                        if (!login.failure()) continue;
                        CHECK(login.failure()->error.code == 1045);
                        CHECK(login.failure()->from_server);
                    }
}

TEST_CASE("a client is asked for its password once when the server's cache is cold")
{
    const Login login({auth::caching_sha2_password, Transport::tls, Known::sha2_hash, Cache::cold,
                       "s3cret", "s3cret"});
    CHECK(login.password_was_asked());
    CHECK(login.accepted());
}

}  // namespace pointsman::protocol
