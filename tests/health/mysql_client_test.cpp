#include "health/mysql_client.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

using namespace pointsman;
using namespace pointsman::health;
using namespace std::chrono_literals;
using config::ServerTlsMode;

namespace {

/// A listening socket on a free port.
class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in address = loopback();
        REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(socket_, 8) == 0);
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    ~Listener() { ::close(socket_); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    std::uint16_t port() const { return port_; }
    /// Ends the `accept` that waits, too.
    void stop() const { ::shutdown(socket_, SHUT_RDWR); }
    int accept() const { return ::accept(socket_, nullptr, nullptr); }

private:
    static sockaddr_in loopback()
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }

    int socket_;
    std::uint16_t port_ = 0;
};

std::string packet(std::string_view payload, char sequence)
{
    std::string bytes{static_cast<char>(payload.size()), 0, 0, sequence};
    return bytes.append(payload);
}

/// A greeting of MySQL 9.7 that does not offer TLS.
std::string greeting_without_tls()
{
    std::string text = "\n9.7.4";
    text += std::string("\0\1\0\0\0", 5);                // end of version, thread id
    text += std::string("abcdefgh") + '\0';              // nonce, filler
    text += std::string("\xff\xf7\xff\2\0\xff\xdf", 7);  // capabilities, charset, status
    text += '\x15' + std::string(10, '\0');
    text += std::string("ijklmnopqrst") + '\0' + "caching_sha2_password" + '\0';
    return packet(text, 0);
}

/// Serves logins until the listener's client goes away: greets, answers the login with "full
/// authentication, please", and gives all that clients sent.
std::string serve_full_authentication(const Listener& listener, int connections)
{
    std::string received;
    for (int i = 0; i < connections; ++i) {
        int client = listener.accept();
        if (client < 0) break;
        auto send = [&](const std::string& bytes) {
            ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        };
        send(greeting_without_tls());
        char buffer[4096];
        for (int round = 0; round < 3; ++round) {
            auto size = ::recv(client, buffer, sizeof buffer, 0);
            if (size <= 0) break;
            received.append(buffer, static_cast<std::size_t>(size));
            if (round == 0) send(packet("\1\4", 2));
        }
        ::close(client);
    }
    return received;
}

ConnectOptions options_for(const Listener& listener, ServerTlsMode mode)
{
    ConnectOptions options;
    options.address = {"127.0.0.1", listener.port(), {}};
    options.user = "pointsman";
    options.password = "open-sesame";
    options.tls.mode = mode;
    options.timeout = 500ms;
    return options;
}

}  // namespace

TEST_CASE("the password never travels in clear text to a server that offers no TLS")
{
    struct Row {
        ServerTlsMode mode;
        int connections;
    };
    // `preferred` comes again without TLS and asks for the server's RSA key then.
    auto row = GENERATE(Row{ServerTlsMode::off, 1}, Row{ServerTlsMode::preferred, 2},
                        Row{ServerTlsMode::required, 1}, Row{ServerTlsMode::verify_ca, 1},
                        Row{ServerTlsMode::verify_identity, 1});
    ClientLibraryThread library;
    Listener listener;
    std::string bytes;
    std::jthread server([&] { bytes = serve_full_authentication(listener, row.connections); });
    auto result = MysqlConnection::connect(options_for(listener, row.mode));
    REQUIRE_FALSE(result);
    listener.stop();
    server.join();
    CHECK(bytes.find("open-sesame") == bytes.npos);
    bool demands_tls = row.mode >= ServerTlsMode::required;
    CHECK((result.error().failure == MysqlFailure::tls) == demands_tls);
    // Who demands TLS says nothing at all, not even the account's name.
    CHECK((bytes.find("pointsman") == bytes.npos) == demands_tls);
}

TEST_CASE("a server that takes the connection and says nothing is given up at the deadline")
{
    ClientLibraryThread library;
    Listener listener;
    for (auto mode : {ServerTlsMode::off, ServerTlsMode::preferred}) {
        auto options = options_for(listener, mode);
        options.timeout = 50ms;
        auto began = std::chrono::steady_clock::now();
        auto result = MysqlConnection::connect(options);
        auto took = std::chrono::steady_clock::now() - began;
        REQUIRE_FALSE(result);
        CHECK(result.error().failure == MysqlFailure::timeout);
        CHECK(took >= 50ms);
        CHECK(took < 10s);
    }
}

TEST_CASE("a port that nobody listens on is refused, in each mode")
{
    ClientLibraryThread library;
    ConnectOptions options;
    {
        Listener listener;
        options = options_for(listener, ServerTlsMode::off);
    }
    for (auto mode : {ServerTlsMode::off, ServerTlsMode::preferred, ServerTlsMode::required}) {
        options.tls.mode = mode;
        auto result = MysqlConnection::connect(options);
        REQUIRE_FALSE(result);
        CHECK(result.error().failure == MysqlFailure::refused);
    }
}

TEST_CASE("a socket file that is not there is refused")
{
    ClientLibraryThread library;
    ConnectOptions options;
    options.address.socket_path = "/nonexistent/mysqld.sock";
    auto result = MysqlConnection::connect(options);
    REQUIRE_FALSE(result);
    CHECK(result.error().failure == MysqlFailure::refused);
}
