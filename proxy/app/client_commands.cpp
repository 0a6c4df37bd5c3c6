#include "proxy/app/client_commands.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <variant>

namespace pointsman::proxy {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using boost::system::error_code;

struct Reply {
    unsigned status = 0;
    json::object body;
};

/// One request; nothing: it could not be asked, which was said.
std::optional<Reply> ask(http::verb verb, const std::string& target, const ClientOptions& options)
{
    auto colon = options.admin.rfind(':');
    auto host = options.admin.substr(0, colon);
    auto port = colon == std::string::npos ? std::string("3000") : options.admin.substr(colon + 1);
    asio::io_context context;
    asio::ip::tcp::resolver resolver(context);
    asio::ip::tcp::socket socket(context);
    error_code error;
    auto found = resolver.resolve(host, port, error);
    if (!error) asio::connect(socket, found, error);
    http::request<http::empty_body> request(verb, beast::string_view(target.data(), target.size()),
                                            11);
    request.set(http::field::host, beast::string_view(host.data(), host.size()));
    request.prepare_payload();
    http::response<http::string_body> response;
    beast::flat_buffer buffer;
    if (!error) http::write(socket, request, error);
    if (!error) http::read(socket, buffer, response, error);
    if (error) {
        std::cerr << "pointsman at " << options.admin << ": " << error.message()
                  << " (is it running, and is this its admin.listen?)\n";
        return std::nullopt;
    }
    auto value = json::parse(response.body(), error);
    if (error || !value.is_object()) {
        std::cerr << options.admin << " is not Pointsman's admin port\n";
        return std::nullopt;
    }
    return Reply{response.result_int(), std::move(value.as_object())};
}

void wait_a_little()
{
    asio::io_context context;
    asio::steady_timer timer(context, std::chrono::milliseconds(50));
    timer.wait();
}

/// A Pointsman that has just started is given a few seconds to look at the servers.
std::optional<Reply> ask_when_ready(http::verb verb, const std::string& target,
                                    const ClientOptions& options)
{
    constexpr int most_attempts = 80;
    auto reply = ask(verb, target, options);
    for (int i = 0; i < most_attempts && reply && reply->status == 503; ++i) {
        wait_a_little();
        reply = ask(verb, target, options);
    }
    return reply;
}

std::string text_of(const json::object& body, const char* key)
{
    const auto* value = body.if_contains(key);
    if (!value || !value->is_string()) return {};
    return {value->as_string().data(), value->as_string().size()};
}

std::int64_t number_of(const json::object& body, const char* key)
{
    const auto* value = body.if_contains(key);
    return value && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

int fail(const std::string& what)
{
    std::cerr << what << "\n";
    return 1;
}

int print_plan(const json::object& body)
{
    auto refused = text_of(body, "refused");
    if (!refused.empty()) return fail("refused: " + refused);
    std::cout << text_of(body, "plan");
    return 0;
}

void print_journal_from_last_begin(const json::object& body)
{
    const auto* lines = body.if_contains("journal");
    if (!lines || !lines->is_array()) return;
    const auto& array = lines->as_array();
    std::size_t first = 0;
    for (std::size_t i = 0; i < array.size(); ++i)
        if (array[i].as_string().starts_with("began: switchover") ||
            array[i].as_string().starts_with("began: failover"))
            first = i;
    for (std::size_t i = first; i < array.size(); ++i)
        std::cout << "  " << array[i].as_string().c_str() << "\n";
}

/// Nothing that is required?
bool print_advice(const json::object& advice)
{
    auto has = text_of(advice, "has");
    bool required = advice.at("required").as_bool();
    std::cout << (required ? "  required     " : "  recommended  ") << text_of(advice, "name")
              << " is " << (has.empty() ? "missing" : has)
              << ", wanted: " << text_of(advice, "wanted") << "; else " << text_of(advice, "why")
              << (advice.at("at_run_time").as_bool() ? "" : " (not while it runs)") << "\n";
    return !required;
}

}  // namespace

int show_topology(const ClientOptions& options)
{
    auto reply = ask(http::verb::get, "/api/topology", options);
    if (!reply) return 1;
    std::cout << text_of(reply->body, "text");
    return 0;
}

int show_plan(const ClientOptions& options)
{
    auto reply = ask_when_ready(http::verb::get, "/api/plan?to=" + options.to, options);
    if (!reply) return 1;
    if (reply->status != 200) return fail(text_of(reply->body, "error"));
    for (const auto& name : reply->body["candidates"].as_array())
        std::cout << "candidate " << name.as_string().c_str() << "\n";
    for (const auto& excluded : reply->body["excluded"].as_array())
        std::cout << "excluded  " << text_of(excluded.as_object(), "server") << ": it "
                  << text_of(excluded.as_object(), "reason") << "\n";
    for (const auto& finding : reply->body["findings"].as_array())
        std::cout << "finding   " << finding.as_string().c_str() << "\n";
    const auto& takes = reply->body["takes"].as_object();
    std::cout << "risk      " << text_of(reply->body, "risk") << "\n"
              << "switchover: " << text_of(takes, "switchover") << "\n"
              << "failover: " << text_of(takes, "failover") << "\n";
    return print_plan(reply->body);
}

int show_journal(const ClientOptions& options)
{
    auto reply =
        ask(http::verb::get, "/api/journal?lines=" + std::to_string(options.lines), options);
    if (!reply) return 1;
    if (reply->status != 200) return fail(text_of(reply->body, "error"));
    for (const auto& value : reply->body["lines"].as_array()) {
        const auto& line = value.as_object();
        std::cout << text_of(line, "time") << " " << text_of(line, "kind") << ": "
                  << text_of(line, "text");
        if (auto took = number_of(line, "took_ms"); took > 0) std::cout << " (" << took << " ms)";
        std::cout << "\n";
    }
    return 0;
}

int show_doctor(const ClientOptions& options)
{
    auto reply = ask_when_ready(http::verb::get, "/api/doctor", options);
    if (!reply) return 1;
    if (reply->status != 200) return fail(text_of(reply->body, "error"));
    bool sound = true;
    for (const auto& value : reply->body["servers"].as_array()) {
        const auto& server = value.as_object();
        std::cout << text_of(server, "server") << ":";
        if (auto error = text_of(server, "error"); !error.empty()) {
            std::cout << " could not be asked: " << error << "\n";
            sound = false;
            continue;
        }
        const auto& advice = server.at("advice").as_array();
        std::cout << (advice.empty() ? " all settings are as they should be\n" : "\n");
        for (const auto& one : advice) sound = print_advice(one.as_object()) && sound;
        std::cout << text_of(server, "my_cnf");
    }
    return sound ? 0 : 1;
}

int run_takeover(const std::string& kind, const ClientOptions& options)
{
    std::string target = "/api/" + kind + "?to=" + options.to;
    if (options.dry_run) target += "&dry_run=1";
    if (options.accept_loss) target += "&accept_loss=1";
    auto begun = ask_when_ready(http::verb::post, target, options);
    if (!begun) return 1;
    if (begun->status == 200) return print_plan(begun->body);
    if (begun->status != 202) return fail("refused: " + text_of(begun->body, "error"));
    auto number = number_of(begun->body, "takeover");
    for (;;) {
        auto now = ask(http::verb::get, "/api/takeover", options);
        if (!now) return 1;
        bool mine = number_of(now->body, "takeover") == number;
        if (mine && now->body["under_way"] == true) {
            wait_a_little();
            continue;
        }
        print_journal_from_last_begin(now->body);
        if (mine && text_of(now->body, "ending") != "completed")
            return fail("not done: " + text_of(now->body, "summary"));
        std::cout << text_of(now->body, "to") << " is the primary";
        if (kind == "switchover")
            std::cout << "; no server took writes for " << number_of(now->body, "pause_ms")
                      << " ms";
        std::cout << "\n";
        return 0;
    }
}

}  // namespace pointsman::proxy
