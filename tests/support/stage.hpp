#pragma once
// A whole session on a stage: a client with a script, the session, and three servers made of
// scripts, on one loop. For one session: a loop that has ended does not begin again.

#include "protocol/handshake/client_handshake.hpp"

#include "proxy/session/session.hpp"

#include "tests/support/certificates.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/sessions.hpp"

#include <array>

namespace pointsman::tests {

class Stage {
public:
    explicit Stage(config::Config config = quick_config())
        : servers{{{loop, directory / "db0"},
                   {loop, directory / "db1"},
                   {loop, directory / "db2"}}},
          worker(loop.reactor, shared, counters, settings_of(config), 1)
    {
        shared.credentials.configure(config);
        shared.login_guard.configure(config.limits);
        auto known = cluster();
        for (std::size_t i = 0; i < servers.size(); ++i) {
            known.servers[i].address = servers[i].address;
            known.servers[i].version = "9.7.0";
            known.servers[i].version_number = 90700;
        }
        set_topology(std::move(known));
    }

    /// No TLS, one listed account, and no waiting for what does not come.
    static config::Config quick_config()
    {
        config::Config config;
        config.server_tls.mode = config::ServerTlsMode::off;
        config.routing.hold_timeout = config::Milliseconds(0);
        config::User user;
        user.name = "joe";
        user.password.value = "pw";
        config.users.push_back(user);
        return config;
    }

    Loop loop;
    Directory directory;
    std::array<FakeServer, 3> servers;  // the primary first
    proxy::SharedContext shared;
    proxy::Counters counters;
    proxy::WorkerContext worker;
    std::optional<proxy::CloseReason> ended;
    bool logged_in = false;
    const proxy::Session* session = nullptr;  // while it runs
    protocol::Capabilities client_capabilities = usual_capabilities;
    std::string client_password = "pw";

    void set_topology(health::Topology topology)
    {
        worker.topology = std::make_shared<const health::Topology>(std::move(topology));
        worker.marks.learn(*worker.topology);
        worker.topology_changed.notify_all();
    }
    void every_server(const FakeServer::OnCommand& on_command)
    {
        for (auto& server : servers) server.on_command = on_command;
    }
    /// How often any server was asked for this command.
    std::size_t times_asked(const std::string& command) const
    {
        std::size_t times = 0;
        for (const auto& server : servers)
            times +=
                std::size_t(std::count(server.commands.begin(), server.commands.end(), command));
        return times;
    }

    /// The client logs in, sends `bytes`, and reads to the end; says what came after its login.
    protocol::Buffer ask(const protocol::Buffer& bytes)
    {
        protocol::Buffer received;
        run(log_in_and_ask, bytes, received);
        return received;
    }

    /// A client's part: gets the stream, what to send, and where to put what it received.
    using Client = proxy::net::Task<void> (*)(Stage&, proxy::net::Stream&, const protocol::Buffer&,
                                              protocol::Buffer&);

    /// One session with this client, to its end.
    void run(Client client, const protocol::Buffer& bytes, protocol::Buffer& received)
    {
        const auto fds = connected_pair();
        loop.start(serve(*this, fds[1]));
        loop.start(play(*this, fds[0], client, bytes, received));
        loop.run();
    }

    static proxy::net::Task<bool> log_in(Stage& stage, proxy::net::Stream& stream)
    {
        protocol::ClientHandshake::Settings settings;
        settings.user = "joe";
        settings.secret = protocol::auth::Secret::from_password(stage.client_password);
        settings.wanted = stage.client_capabilities;
        settings.tls = protocol::BackendTls::off;
        protocol::ClientHandshake handshake(std::move(settings));
        for (;;) {
            const auto packet = co_await read_packet(stream);
            if (!packet) co_return false;
            const auto action = handshake.on_packet(packet->payload, packet->sequence);
            if (std::holds_alternative<protocol::ClientHandshake::Ready>(action)) break;
            const auto* send = std::get_if<protocol::ClientHandshake::Send>(&action);
            if (!send) co_return false;
            co_await stream.write_all(send->bytes);
        }
        stage.logged_in = true;
        co_return true;
    }

    static proxy::net::Task<void> log_in_and_ask(Stage& stage, proxy::net::Stream& stream,
                                                 const protocol::Buffer& bytes,
                                                 protocol::Buffer& received)
    {
        const bool in = co_await log_in(stage, stream);
        if (!in) co_return;
        co_await stream.write_all(bytes);
        auto all = co_await read_to_end(stream);
        received = std::move(all);
    }

private:
    static proxy::SettingsPtr settings_of(const config::Config& config)
    {
        auto settings = std::make_shared<proxy::Settings>();
        settings->config = config;
        static const auto key = protocol::auth::RsaKey::generate();  // it takes its time
        settings->rsa_key = key;
        return settings;
    }

    static proxy::net::Task<void> serve(Stage& stage, int fd)
    {
        const auto share = std::make_shared<proxy::ListenerShare>(config::Listener{});
        const proxy::net::Accepted accepted{fd, "192.0.2.1", 50'000, false};
        std::optional<proxy::Session> session(std::in_place, stage.worker, accepted, share);
        stage.session = &*session;
        const auto reason = co_await session->run();
        stage.session = nullptr;
        session.reset();
        // The links that it left for others keep the servers' tasks running.
        stage.worker.pool.begin_drain();
        stage.ended = reason;
    }

    static proxy::net::Task<void> play(Stage& stage, int fd, Client client,
                                       const protocol::Buffer& bytes, protocol::Buffer& received)
    {
        proxy::net::Stream stream(stage.loop.reactor, fd);
        co_await client(stage, stream, bytes, received);
    }
};

/// Commands as a client sends them, each from sequence id 0.
inline protocol::Buffer query(std::string_view text)
{
    return framed(command(protocol::Command::query, text), 0);
}
inline protocol::Buffer quit()
{
    return framed(command(protocol::Command::quit), 0);
}
inline protocol::Buffer joined(std::initializer_list<protocol::Buffer> parts)
{
    protocol::Buffer all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// An ERR packet, header and all, if that is what `bytes` are.
inline std::optional<protocol::Err> err_in(protocol::Bytes bytes)
{
    const auto header = protocol::peek_header(bytes);
    if (!header || bytes.size() != header->wire_size()) return std::nullopt;
    const auto payload = bytes.subspan(protocol::packet_header_size);
    if (payload.empty() || payload[0] != 0xff) return std::nullopt;
    const auto error = protocol::decode_err(payload);
    if (!error) return std::nullopt;
    return *error;
}

}  // namespace pointsman::tests
