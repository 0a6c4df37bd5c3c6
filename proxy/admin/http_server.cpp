#include "proxy/admin/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <exception>
#include <list>
#include <map>
#include <utility>

// g++ 12 takes Asio's recycled coroutine frames for a mismatch of new and delete once it has
// inlined one half of the pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace pointsman::proxy {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
// After a failed accept (out of descriptors, mostly) the next one would fail at once as well.
constexpr std::chrono::milliseconds accept_pause{100};

using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;
using Connection = beast::tcp_stream;
using Connections = std::list<std::shared_ptr<Connection>>;

void close(Connection& connection)
{
    error_code ignored;
    connection.socket().shutdown(tcp::socket::shutdown_both, ignored);
    connection.close();
}

boost::system::result<tcp::endpoint> resolve(const asio::any_io_executor& executor,
                                             const config::Endpoint& address)
{
    error_code error;
    if (address.is_unix()) return error_code(asio::error::address_family_not_supported);
    auto ip = asio::ip::make_address(address.host, error);
    if (!error) return tcp::endpoint(ip, address.port);

    tcp::resolver resolver(executor);
    auto found = resolver.resolve(address.host, std::to_string(address.port), error);
    if (error) return error;
    return found.begin()->endpoint();
}

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint)
{
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
}

/// The client sent something that is not HTTP, or too much of it.
bool is_malformed(const error_code& error)
{
    return error.category() == make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message;
}

Response bad_request()
{
    Response response(http::status::bad_request, 11);
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.keep_alive(false);
    response.body() = "bad request\n";
    response.prepare_payload();
    return response;
}

std::string_view view(beast::string_view text)
{
    return {text.data(), text.size()};
}

}  // namespace

struct HttpServer::State {
    State(asio::any_io_executor executor_in, HttpLimits limits_in)
        : executor(std::move(executor_in)), limits(limits_in), acceptor(executor), pause(executor)
    {
    }

    using Methods = std::map<std::string, HttpHandler, std::less<>>;

    asio::any_io_executor executor;
    HttpLimits limits;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::map<std::string, Methods, std::less<>> paths;
    Connections connections;  // oldest first

    Response respond(const Parser::value_type& request) const;
    HttpReply dispatch(const HttpRequest& request, std::string& allowed) const;
    void close_all();

    // Static, so that the frame owns what it works on; Shared keeps everything alive.
    using Shared = std::shared_ptr<State>;
    static asio::awaitable<void> accept_loop(Shared state);
    static asio::awaitable<void> serve(Shared state, std::shared_ptr<Connection> connection);
    static asio::awaitable<bool> serve_one(Shared state, std::shared_ptr<Connection> connection,
                                           beast::flat_buffer& buffer);
};

HttpReply HttpServer::State::dispatch(const HttpRequest& request, std::string& allowed) const
{
    auto path = paths.find(request.path);
    if (path == paths.end()) return {404, "text/plain; charset=utf-8", "no such page\n"};

    auto method = request.method == "HEAD" ? std::string_view("GET") : request.method;
    auto handler = path->second.find(method);
    if (handler == path->second.end()) {
        for (const auto& [name, unused] : path->second)
            allowed += (allowed.empty() ? "" : ", ") + name;
        return {405, "text/plain; charset=utf-8", "method not allowed\n"};
    }
    try {
        return handler->second(request);
    } catch (const std::exception&) {
        return {500, "text/plain; charset=utf-8", "internal error\n"};
    }
}

Response HttpServer::State::respond(const Parser::value_type& request) const
{
    auto target = view(request.target());
    auto question = target.find('?');
    auto has_query = question != target.npos;
    std::string allowed;
    auto reply =
        dispatch({view(request.method_string()), target.substr(0, question),
                  has_query ? target.substr(question + 1) : std::string_view{}, request.body()},
                 allowed);

    Response response(static_cast<http::status>(reply.status), request.version());
    response.set(http::field::server, "pointsman");
    response.set(http::field::content_type,
                 beast::string_view(reply.content_type.data(), reply.content_type.size()));
    response.set(http::field::cache_control, "no-store");
    if (!allowed.empty()) response.set(http::field::allow, allowed);
    response.keep_alive(request.keep_alive());
    response.content_length(reply.body.size());
    if (request.method() != http::verb::head) response.body() = std::move(reply.body);
    return response;
}

void HttpServer::State::close_all()
{
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    for (auto& connection : connections) close(*connection);
}

asio::awaitable<void> HttpServer::State::accept_loop(Shared state)
{
    while (state->acceptor.is_open()) {
        auto [error, socket] = co_await state->acceptor.async_accept(token);
        if (!state->acceptor.is_open()) co_return;
        if (error) {
            state->pause.expires_after(accept_pause);
            co_await state->pause.async_wait(token);
            continue;
        }
        if (state->connections.size() >= state->limits.connections) {
            close(*state->connections.front());
            state->connections.pop_front();
        }
        auto connection = std::make_shared<Connection>(std::move(socket));
        state->connections.push_back(connection);
        asio::co_spawn(state->executor, serve(state, connection), asio::detached);
    }
}

asio::awaitable<void> HttpServer::State::serve(Shared state, std::shared_ptr<Connection> connection)
{
    beast::flat_buffer buffer(state->limits.header_bytes + state->limits.body_bytes);
    try {
        while (co_await serve_one(state, connection, buffer)) {
        }
    } catch (const std::exception&) {
        // Out of memory or a full buffer: this connection ends, nothing else.
    }
    close(*connection);
    state->connections.remove(connection);
}

/// One request and its response; false: the connection ends.
asio::awaitable<bool> HttpServer::State::serve_one(Shared state,
                                                   std::shared_ptr<Connection> connection,
                                                   beast::flat_buffer& buffer)
{
    Parser parser;
    parser.header_limit(state->limits.header_bytes);
    parser.body_limit(state->limits.body_bytes);
    connection->expires_after(state->limits.request_time);
    auto [read_error, read] = co_await http::async_read(*connection, buffer, parser, token);
    // After a stop the handlers' objects may be gone: nothing is dispatched any more.
    if (!state->acceptor.is_open()) co_return false;
    auto understood = !read_error;
    if (!understood && !is_malformed(read_error)) co_return false;

    auto response = understood ? state->respond(parser.get()) : bad_request();
    connection->expires_after(state->limits.response_time);
    http::response_serializer<http::string_body> serializer(response);
    // An answer to HEAD has the length of a body and none.
    serializer.split(understood && parser.get().method() == http::verb::head);
    if (serializer.split()) {
        auto [error, sent] = co_await http::async_write_header(*connection, serializer, token);
        co_return !error && response.keep_alive();
    }
    auto [error, sent] = co_await http::async_write(*connection, serializer, token);
    co_return !error && response.keep_alive();
}

HttpServer::HttpServer(asio::any_io_executor executor, HttpLimits limits)
    : state_(std::make_shared<State>(std::move(executor), limits))
{
}

HttpServer::~HttpServer()
{
    stop();
}

void HttpServer::add(std::string_view method, std::string_view path, HttpHandler handler)
{
    state_->paths[std::string(path)][std::string(method)] = std::move(handler);
}

boost::system::result<std::uint16_t> HttpServer::listen(const config::Endpoint& address)
{
    auto endpoint = resolve(state_->executor, address);
    if (!endpoint) return endpoint.error();
    if (auto error = open(state_->acceptor, *endpoint)) {
        error_code ignored;
        state_->acceptor.close(ignored);
        return error;
    }
    asio::co_spawn(state_->executor, State::accept_loop(state_), asio::detached);
    return state_->acceptor.local_endpoint().port();
}

void HttpServer::stop()
{
    state_->close_all();
}

std::size_t HttpServer::connections() const
{
    return state_->connections.size();
}

}  // namespace pointsman::proxy
