#pragma once
// A small HTTP/1.1 server on one io_context (the control thread's): exact paths to handlers, in a
// table. Everything a client can send or hold is bounded, and the newest client is always served:
// when all places are taken, the oldest connection is closed.
//
// Not thread-safe: construct, stop and destroy it on the io_context's thread or before it runs.

#include "config/endpoint.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace pointsman::proxy {

struct HttpLimits {
    std::size_t connections = 16;
    std::uint32_t header_bytes = 8'192;
    std::uint64_t body_bytes = 65'536;
    std::chrono::milliseconds request_time{5'000};  // for one whole request, and idle between them
    std::chrono::milliseconds response_time{10'000};  // for one whole response
};

struct HttpRequest {
    std::string_view method;
    std::string_view path;   // without the query
    std::string_view query;  // behind "?", as it was sent
    std::string_view body;
};

struct HttpReply {
    unsigned status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";  // static text
    std::string body;
};

/// Runs on the io_context's thread and must not block. What it throws becomes a 500.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

class HttpServer {
public:
    explicit HttpServer(boost::asio::any_io_executor executor, HttpLimits limits = {});
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Serves `path` for `method`; a GET handler also answers HEAD. Before `listen`.
    void add(std::string_view method, std::string_view path, HttpHandler handler);
    /// Binds and begins to accept. Port 0 takes a free one; the result is the port in use.
    boost::system::result<std::uint16_t> listen(const config::Endpoint& address);
    /// Closes the listener and every connection.
    void stop();

    std::size_t connections() const;

private:
    struct State;  // shared with the coroutines that are still to wind up
    std::shared_ptr<State> state_;
};

}  // namespace pointsman::proxy
