#pragma once
// A MySQL server made of a script: it lets everyone in, and answers commands as a test says.

#include "proxy/net/listener.hpp"

#include "tests/support/builders.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/loop.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::tests {

/// One packet's payload and sequence id, or nothing at the end of the stream.
struct WirePacket {
    protocol::Buffer payload;
    std::uint8_t sequence = 0;
};

inline proxy::net::Task<std::optional<WirePacket>> read_packet(proxy::net::Stream& stream)
{
    const auto head = co_await read_to_end(stream, protocol::packet_header_size);
    const auto header = protocol::peek_header(head);
    if (!header) co_return std::nullopt;
    auto payload = co_await read_to_end(stream, header->payload_size);
    if (payload.size() < header->payload_size) co_return std::nullopt;
    co_return WirePacket{std::move(payload), header->sequence};
}

/// A whole message, joined from its packets.
inline proxy::net::Task<std::optional<protocol::Buffer>> read_message(proxy::net::Stream& stream)
{
    protocol::Buffer message;
    for (;;) {
        const auto packet = co_await read_packet(stream);
        if (!packet) co_return std::nullopt;
        message.insert(message.end(), packet->payload.begin(), packet->payload.end());
        if (packet->payload.size() < protocol::max_packet_payload) co_return message;
    }
}

class FakeServer {
public:
    /// What to send, and whether the connection ends then.
    struct Answer {
        protocol::Buffer bytes;
        bool close = false;
    };
    /// `command` is the command's byte and body.
    using OnCommand = std::function<Answer(const std::string& command)>;

    FakeServer(Loop& loop, std::string socket_path) : loop_(loop)
    {
        address.socket_path = std::move(socket_path);
        open();
    }

    config::Endpoint address;
    OnCommand on_command = [](const std::string&) { return Answer{framed_ok()}; };
    /// Every command but the proxy's own that turns the trackers on.
    std::vector<std::string> commands;
    int logins = 0;
    /// In answer to any login.
    std::optional<protocol::Err> refusal;

    /// Refuses connections from now on; those that are there stay.
    void close_door() { listener_.reset(); }

    static protocol::Buffer framed_ok(std::uint16_t status = protocol::server_status::autocommit)
    {
        return framed(protocol::encode_ok(ok(status), usual_capabilities), 1);
    }

private:
    void open()
    {
        auto opened = proxy::net::open_listening_socket(address);
        REQUIRE(std::holds_alternative<int>(opened));
        listener_ = std::make_unique<proxy::net::Listener>(
            loop_.reactor, std::get<int>(opened), [this](proxy::net::Accepted accepted) {
                auto stream = std::make_unique<proxy::net::Stream>(loop_.reactor, accepted.fd);
                loop_.start(serve(*this, std::move(stream)));
            });
    }

    Answer answer_to(const std::string& command)
    {
        if (command.find("SET SESSION session_track_system_variables") != std::string::npos)
            return {framed_ok()};
        // No rows: its links are not to be reset, then.
        if (command.find("SELECT @@init_connect") != std::string::npos) return {framed_ok()};
        commands.push_back(command);
        return on_command(command);
    }

    static proxy::net::Task<bool> let_in(FakeServer& server, proxy::net::Stream& stream)
    {
        const auto offered = usual_capabilities | protocol::capability::local_files;
        const auto hello = framed(protocol::encode_greeting(greeting(offered)), 0);
        co_await stream.write_all(hello);
        const auto response = co_await read_packet(stream);
        if (!response) co_return false;
        if (server.refusal) {
            const auto no = framed(protocol::encode_err(*server.refusal, usual_capabilities), 2);
            co_await stream.write_all(no);
            co_return false;
        }
        auto welcome = framed(protocol::Buffer{0x01, 0x03}, 2);  // the proof is good
        const auto last = framed(protocol::encode_ok(ok(), usual_capabilities), 3);
        welcome.insert(welcome.end(), last.begin(), last.end());
        co_await stream.write_all(welcome);
        co_return true;
    }

    static proxy::net::Task<void> serve(FakeServer& server,
                                        std::unique_ptr<proxy::net::Stream> stream)
    {
        const bool welcome = co_await let_in(server, *stream);
        if (!welcome) co_return;
        ++server.logins;
        for (;;) {
            const auto message = co_await read_message(*stream);
            const bool quits = message && !message->empty() && message->front() == 0x01;
            if (!message || quits) co_return;
            const std::string command(message->begin(), message->end());
            const auto answer = server.answer_to(command);
            co_await stream->write_all(answer.bytes);
            if (answer.close) co_return;
        }
    }

    Loop& loop_;
    std::unique_ptr<proxy::net::Listener> listener_;
};

}  // namespace pointsman::tests
