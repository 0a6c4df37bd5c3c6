#include "proxy/pool/connector.hpp"

#include "protocol/exchange.hpp"
#include "protocol/messages/query.hpp"
#include "protocol/packet.hpp"
#include "protocol/server_error.hpp"

#include "proxy/net/dialer.hpp"
#include "proxy/net/tcp_options.hpp"
#include "proxy/pool/own_query.hpp"

namespace pointsman::proxy {

namespace {

namespace capability = protocol::capability;
using protocol::ClientHandshake;

/// What is added to the client's own capabilities: session tracking is ours, its traces are taken
/// out of what a client sees that did not ask for it.
protocol::Capabilities link_capabilities(protocol::Capabilities client)
{
    constexpr auto not_passed = capability::ssl | capability::compress |
                                capability::zstd_compression | capability::connect_with_db |
                                capability::multi_factor_authentication;
    return (client & ~not_passed) | capability::session_track;
}

/// Those that change the bytes of commands and answers.
constexpr protocol::Capabilities wire_capabilities =
    capability::protocol_41 | capability::deprecate_eof | capability::query_attributes |
    capability::optional_resultset_metadata | capability::multi_results |
    capability::ps_multi_results;

/// Decided by configuration, not by the session's client: the packets inside are the same.
protocol::Capabilities compression_capability(const config::ServerCompression& compression)
{
    switch (compression.algorithm) {
        case config::ServerCompressionAlgorithm::off:
            return 0;
        case config::ServerCompressionAlgorithm::zlib:
            return capability::compress;
        case config::ServerCompressionAlgorithm::zstd:
            break;
    }
    return capability::zstd_compression;
}

protocol::BackendTls handshake_tls(config::ServerTlsMode mode)
{
    switch (mode) {
        case config::ServerTlsMode::off:
            return protocol::BackendTls::off;
        case config::ServerTlsMode::preferred:
            return protocol::BackendTls::preferred;
        case config::ServerTlsMode::required:
        case config::ServerTlsMode::verify_ca:
        case config::ServerTlsMode::verify_identity:
            break;
    }
    return protocol::BackendTls::required;
}

ConnectFailure unreachable(const health::ServerView& server, std::string_view why)
{
    std::string text = "Server " + server.name + " (" + server.address.text() + "): ";
    text += why;
    return {protocol::server_error::other(1105, "HY000", text), false};
}

/// One whole packet; nothing when the stream ended, failed or timed out.
struct Packet {
    protocol::Buffer payload;
    std::uint8_t sequence = 0;
};

net::Task<std::optional<Packet>> read_packet(net::Stream& stream, net::ReadBuffer& buffer,
                                             std::size_t max_packet)
{
    for (;;) {
        auto held = buffer.data();
        auto header = protocol::peek_header(held);
        if (header && header->payload_size > max_packet) co_return std::nullopt;
        if (header && held.size() >= header->wire_size()) {
            auto payload = held.subspan(protocol::packet_header_size, header->payload_size);
            Packet packet{{payload.begin(), payload.end()}, header->sequence};
            buffer.consume(header->wire_size());
            co_return packet;
        }
        if (header) buffer.grow(header->wire_size());
        auto room = buffer.prepare();
        auto got = co_await stream.read_some(room);
        if (got.status != net::IoStatus::ok) co_return std::nullopt;
        buffer.commit(got.bytes);
    }
}

/// One login over a fresh stream.
class Login {
public:
    Login(const ConnectorContext& context, const health::ServerView& server,
          const LinkRequest& request, BackendLink& link)
        : context_(context), server_(server), link_(link), handshake_(settings(request))
    {
    }

    /// Nothing when it worked.
    net::Task<std::optional<ConnectFailure>> run()
    {
        auto& stream = *link_.stream;
        for (;;) {
            auto packet = co_await read_packet(stream, link_.buffer, context_.max_packet);
            if (!packet) co_return lost();
            auto action = handshake_.on_packet(packet->payload, packet->sequence);
            if (auto* tls = std::get_if<ClientHandshake::StartTls>(&action)) {
                auto sent = co_await stream.write_all(tls->bytes);
                if (sent.status != net::IoStatus::ok) co_return lost();
                bool verified = context_.tls->verifies_identity();
                bool good = co_await stream.start_tls_client(context_.tls->get(),
                                                             server_.address.host, verified);
                if (!good) co_return unreachable(server_, "TLS: " + stream.tls_error());
                action = handshake_.on_tls_ready();
            }
            if (auto* failed = std::get_if<ClientHandshake::Failed>(&action))
                co_return ConnectFailure{failed->error, failed->from_server};
            if (std::holds_alternative<ClientHandshake::Ready>(action)) {
                if (auto how = handshake_.compression())
                    stream.start_compression(how, protocol::Peer::server, context_.buffers);
                co_return std::nullopt;
            }
            auto& send = std::get<ClientHandshake::Send>(action);
            auto sent = co_await stream.write_all(send.bytes);
            if (sent.status != net::IoStatus::ok) co_return lost();
        }
    }

    const ClientHandshake& handshake() const { return handshake_; }

private:
    ClientHandshake::Settings settings(const LinkRequest& request) const
    {
        ClientHandshake::Settings settings;
        settings.user = request.user;
        settings.secret = request.secret;
        settings.schema = request.schema;
        settings.wanted =
            link_capabilities(request.capabilities) | compression_capability(context_.compression);
        settings.zstd_level = static_cast<std::uint8_t>(context_.compression.zstd_level);
        settings.character_set = request.character_set;
        settings.attributes = request.attributes;
        settings.tls = handshake_tls(context_.tls_mode);
        settings.secure_transport = server_.address.is_unix();
        return settings;
    }

    ConnectFailure lost() const
    {
        return unreachable(server_, "the connection was lost during login, or timed out");
    }

    const ConnectorContext& context_;
    const health::ServerView& server_;
    BackendLink& link_;
    ClientHandshake handshake_;
};

/// The ERR that ends `packets`.
protocol::Err last_err(protocol::Bytes packets)
{
    protocol::Bytes last;
    while (auto header = protocol::peek_header(packets)) {
        last = packets.subspan(protocol::packet_header_size, header->payload_size);
        packets = packets.subspan(header->wire_size());
    }
    auto err = protocol::decode_err(last);
    return err ? std::move(*err) : protocol::server_error::malformed_packet();
}

/// Answers to statements of ours are small; a server that sends more is not trusted with memory.
constexpr std::size_t largest_own_packet = 1u << 20;

void count_failure(const ConnectorContext& context, const health::ServerView& server,
                   const ConnectFailure& failure)
{
    context.counters.server(server.id).links_failed.add();
    if (!failure.from_server) context.signals.note_link_lost(server.id);
}

/// What this login set, other than from global variables: the character set, and by flags of the
/// client sql_mode and wait_timeout. Whatever else a login sets (init_connect, other flags) makes
/// the link one that can't be reset.
net::Task<void> learn_login_state(BackendLink& link, const LinkRequest& request)
{
    auto values = co_await query_login_variables(link);
    if (!values) co_return;
    bool is_plain = (request.capabilities & capability::odbc) == 0;
    link.is_resettable =
        is_plain && values->init_connect.empty() && !reset_forgets_foreign_keys(link);
    link.login_variables = std::move(values->variables);
}

}  // namespace

net::Task<ConnectResult> open_link(ConnectorContext context, health::ServerView server,
                                   LinkRequest request)
{
    auto deadline = context.reactor.now() + context.timeout;
    auto dialled = co_await net::dial(context.reactor, server.address, deadline);
    if (auto* problem = std::get_if<std::string>(&dialled)) {
        auto failure = unreachable(server, *problem);
        count_failure(context, server, failure);
        co_return failure;
    }
    auto& stream = std::get<std::unique_ptr<net::Stream>>(dialled);
    net::keep_alive(stream->handle().fd(), context.tcp);
    auto link = std::make_unique<BackendLink>(server.id, std::move(stream), context.buffers,
                                              context.counters);
    link->stream->handle().set_deadline(deadline);
    Login login(context, server, request, *link);
    auto failure = co_await login.run();
    if (failure) {
        count_failure(context, server, *failure);
        co_return std::move(*failure);
    }
    link->negotiated = login.handshake().negotiated();
    if (auto missing = request.capabilities & wire_capabilities & ~link->negotiated) {
        // Bytes pass unchanged, so both ends must speak the same form of the protocol.
        auto mismatch =
            unreachable(server, "it lacks protocol capabilities " + std::to_string(missing) +
                                    " that this client was offered");
        count_failure(context, server, mismatch);
        co_return mismatch;
    }
    link->backend_connection_id = login.handshake().greeting().connection_id;
    link->schema = request.schema;
    link->is_mariadb = server.flavour == health::Flavour::mariadb;
    link->server_version = server.version_number;
    link->login_ok = login.handshake().final_ok();
    link->stream->join_ring();
    co_await start_tracking(*link);
    if (request.learn_login_state && !link->broken) co_await learn_login_state(*link, request);
    if (link->broken) {
        auto lost = unreachable(server, "the connection was lost after login");
        count_failure(context, server, lost);
        co_return lost;
    }
    link->stream->handle().set_deadline(net::never);
    co_return std::move(link);
}

namespace {

/// Reads one answer to its end and throws its rows away.
net::Task<std::optional<CommandResult>> read_answer(BackendLink& link, protocol::Command command)
{
    protocol::Exchange exchange(command, link.negotiated);
    CommandResult result;
    for (;;) {
        auto held = link.buffer.data();
        auto progress = exchange.on_backend_bytes(held);
        if (!progress) co_return std::nullopt;
        auto used = progress->forward + progress->held_size;
        if (progress->finished && exchange.report().error_code != 0)
            result.error = last_err(held.first(progress->forward));
        if (progress->finished && progress->held_size > protocol::packet_header_size) {
            auto last = held.subspan(progress->forward, progress->held_size);
            last = last.subspan(protocol::packet_header_size);
            result.last_ok.assign(last.begin(), last.end());
        }
        link.buffer.consume(used);
        if (progress->finished) break;
        if (used > 0) continue;
        auto wanted = std::min<std::size_t>(exchange.wanted(), largest_own_packet);
        link.buffer.grow(wanted);
        auto room = link.buffer.prepare();
        auto got = co_await link.stream->read_some(room);
        if (got.status != net::IoStatus::ok) co_return std::nullopt;
        link.buffer.commit(got.bytes);
    }
    result.report = exchange.report();
    co_return result;
}

}  // namespace

net::Task<CommandResult> run_command(BackendLink& link, protocol::Bytes payload)
{
    CommandResult lost{{},
                       protocol::server_error::server_shutdown("connection to the server lost")};
    protocol::Buffer wire;
    protocol::append_message(wire, payload, 0);
    link.broken = true;  // until the response is complete
    auto sent = co_await link.stream->write_all(wire);
    if (sent.status != net::IoStatus::ok) co_return lost;
    auto result = co_await read_answer(link, static_cast<protocol::Command>(payload[0]));
    if (!result) co_return lost;
    link.broken = false;
    co_return std::move(*result);
}

net::Task<bool> run_pipeline(BackendLink& link, std::vector<protocol::Buffer> payloads)
{
    protocol::Buffer wire;
    for (const auto& payload : payloads) protocol::append_message(wire, payload, 0);
    link.broken = true;  // until all responses are complete
    auto sent = co_await link.stream->write_all(wire);
    if (sent.status != net::IoStatus::ok) co_return false;
    bool all_good = true;
    std::uint16_t warnings = 0;
    for (const auto& payload : payloads) {
        auto result = co_await read_answer(link, static_cast<protocol::Command>(payload[0]));
        if (!result) co_return false;
        all_good = all_good && result->ok();
        warnings = result->report.warnings;
    }
    link.broken = false;
    // They are nobody's: SET NAMES utf8mb3 warns, say.
    if (all_good && warnings != 0) {
        std::string nothing = "DO 0";
        auto cleared = co_await run_statement(link, nothing);
        all_good = cleared.ok();
    }
    co_return all_good;
}

net::Task<CommandResult> run_statement(BackendLink& link, std::string_view sql)
{
    auto payload = protocol::encode_query(sql, link.negotiated);
    co_return co_await run_command(link, payload);
}

}  // namespace pointsman::proxy
