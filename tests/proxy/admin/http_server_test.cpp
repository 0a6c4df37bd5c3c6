#include "proxy/admin/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace pointsman::proxy;
using namespace std::chrono_literals;

namespace {

/// A server with three pages and clients on the same io_context, which the test drives.
struct Site {
    asio::io_context io;
    HttpServer server;
    std::uint16_t port = 0;

    explicit Site(HttpLimits limits = {}) : server(io.get_executor(), limits)
    {
        server.add("GET", "/metrics", [](const HttpRequest&) {
            return HttpReply{200, "text/x", "m 1\n"};
        });
        server.add("GET", "/echo", [](const HttpRequest& request) {
            return HttpReply{200, "text/plain", std::string(request.query)};
        });
        server.add("GET", "/broken",
                   [](const HttpRequest&) -> HttpReply { throw std::runtime_error("secret"); });
        port = server.listen({"127.0.0.1", 0, {}}).value();
    }
    tcp::socket client()
    {
        tcp::socket socket(io);
        socket.connect({asio::ip::address_v4::loopback(), port});
        return socket;
    }
    /// What the server says until it closes.
    std::string until_closed(tcp::socket& socket)
    {
        std::string answer;
        bool closed = false;
        asio::async_read(socket, asio::dynamic_buffer(answer),
                         [&](boost::system::error_code, std::size_t) { closed = true; });
        while (!closed) io.run_one();
        return answer;
    }
    std::string ask(std::string_view request)
    {
        auto socket = client();
        asio::write(socket, asio::buffer(request));
        return until_closed(socket);
    }
    std::string get(std::string_view target)
    {
        return ask("GET " + std::string(target) + " HTTP/1.1\r\nConnection: close\r\n\r\n");
    }
};

}  // namespace

TEST_CASE("a page is served with its type and length")
{
    Site site;
    auto answer = site.get("/metrics");
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("Content-Type: text/x\r\n") != answer.npos);
    CHECK(answer.find("Content-Length: 4\r\n") != answer.npos);
    CHECK(answer.ends_with("\r\n\r\nm 1\n"));
}

TEST_CASE("a handler gets the query and an unknown page is 404")
{
    Site site;
    CHECK(site.get("/echo?a=1&b").ends_with("\r\n\r\na=1&b"));
    CHECK(site.get("/nothing").starts_with("HTTP/1.1 404 "));
    CHECK(site.get("/metrics/").starts_with("HTTP/1.1 404 "));
}

TEST_CASE("another method is 405 and told what is allowed")
{
    Site site;
    auto answer =
        site.ask("POST /metrics HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    CHECK(answer.starts_with("HTTP/1.1 405 "));
    CHECK(answer.find("Allow: GET\r\n") != answer.npos);
}

TEST_CASE("HEAD has the length of the page and no body")
{
    Site site;
    auto answer = site.ask("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
    CHECK(answer.find("Content-Length: 4\r\n") != answer.npos);
    CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("several requests on one connection are answered in order")
{
    Site site;
    auto answer =
        site.ask("GET /echo?1 HTTP/1.1\r\n\r\nGET /echo?2 HTTP/1.1\r\nConnection: close\r\n\r\n");
    auto first = answer.find("\r\n\r\n1HTTP/1.1 200");
    CHECK(first != answer.npos);
    CHECK(answer.ends_with("\r\n\r\n2"));
}

TEST_CASE("a handler that throws is a 500 that does not tell why")
{
    Site site;
    auto answer = site.get("/broken");
    CHECK(answer.starts_with("HTTP/1.1 500 "));
    CHECK(answer.find("secret") == answer.npos);
}

TEST_CASE("what is not HTTP, or too much of it, is refused and closed")
{
    HttpLimits limits;
    limits.header_bytes = 512;
    limits.body_bytes = 100;
    Site site(limits);
    auto request = GENERATE(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"),
                            "GET /metrics HTTP/1.1\r\nX: " + std::string(600, 'x'),
                            std::string("POST /metrics HTTP/1.1\r\nContent-Length: 101\r\n\r\n"));
    auto answer = site.ask(request);
    CHECK(answer.starts_with("HTTP/1.1 400 "));
    CHECK(site.get("/metrics").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client that sends nothing, or half a request, is closed in time")
{
    HttpLimits limits;
    limits.request_time = 20ms;
    Site site(limits);
    auto silent = site.client();
    auto half = site.client();
    asio::write(half, asio::buffer("GET /metr", 9));
    CHECK(site.until_closed(silent).empty());
    CHECK(site.until_closed(half).empty());
    site.io.poll();
    CHECK(site.server.connections() == 0);
}

TEST_CASE("idle clients in all places do not keep a new one from being served")
{
    HttpLimits limits;
    limits.connections = 4;
    Site site(limits);
    std::vector<tcp::socket> idle;
    for (int i = 0; i < 20; ++i) idle.push_back(site.client());
    CHECK(site.get("/metrics").starts_with("HTTP/1.1 200 "));
    CHECK(site.server.connections() <= 4);
    CHECK(site.until_closed(idle.front()).empty());
}

TEST_CASE("a client that does not read a large answer is closed in time")
{
    HttpLimits limits;
    limits.response_time = 20ms;
    Site site(limits);
    HttpServer big(site.io.get_executor(), limits);
    big.add("GET", "/", [](const HttpRequest&) {
        return HttpReply{200, "text/plain", std::string(64 << 20, 'x')};
    });
    site.port = big.listen({"127.0.0.1", 0, {}}).value();
    auto socket = site.client();
    asio::write(socket, asio::buffer(std::string_view("GET / HTTP/1.1\r\n\r\n")));
    while (big.connections() == 0) site.io.run_one();
    while (big.connections() == 1) site.io.run_one();
    CHECK(big.connections() == 0);
}

TEST_CASE("a stopped server accepts and answers nothing, and winds up")
{
    Site site;
    auto waiting = site.client();
    site.io.poll();
    site.server.stop();
    site.io.run();
    CHECK(site.server.connections() == 0);
    tcp::socket late(site.io);
    boost::system::error_code error;
    late.connect({asio::ip::address_v4::loopback(), site.port}, error);
    CHECK(error);
}

TEST_CASE("an address that is taken or no address is an error, not a crash")
{
    Site site;
    HttpServer other(site.io.get_executor());
    CHECK(other.listen({"127.0.0.1", site.port, {}}).has_error());
    CHECK(other.listen({"", 0, "/tmp/x.sock"}).has_error());
}
