// Many clients at once, for the measurements of bench/:
//
//     clients idle  PORT USER PASSWORD COUNT [tls] [settings]
//     clients churn PORT USER PASSWORD SECONDS THREADS [tls | resume]
//
// `idle` logs COUNT clients in, one SELECT each, writes the seconds that took and holds them until
// its input ends; with `settings` each sets variables of its own first, as most client libraries
// do. `churn` connects, sends one SELECT and quits, over and over; it writes connections, seconds
// and how many TLS handshakes were resumed ones.

#include "bench/clients/connection.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace pointsman::bench;
using Clock = std::chrono::steady_clock;

constexpr std::size_t login_threads = 4;
constexpr const char* own_settings =
    "SET NAMES utf8mb4, time_zone='+00:00', sql_mode='ANSI,TRADITIONAL', wait_timeout=7200";

double seconds_since(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Runs `work(index)` in so many threads; a complaint ends the program.
template <class Work>
void in_threads(std::size_t count, Work work)
{
    std::vector<std::string> complaints(count);
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index < count; ++index)
        threads.emplace_back([&, index] {
            try {
                work(index);
            } catch (const std::exception& why) {
                complaints[index] = why.what();
            }
        });
    for (auto& thread : threads) thread.join();
    for (const auto& complaint : complaints) {
        if (complaint.empty()) continue;
        std::cerr << "clients: " << complaint << '\n';
        std::exit(1);
    }
}

void be_idle(const Target& target, std::size_t count, bool with_settings)
{
    std::vector<TlsClient> tls(login_threads);
    std::vector<std::vector<std::unique_ptr<Connection>>> connections(login_threads);
    auto begin = Clock::now();
    in_threads(login_threads, [&](std::size_t index) {
        auto& own = connections[index];
        for (auto number = index; number < count; number += login_threads) {
            own.push_back(std::make_unique<Connection>(target, tls[index]));
            if (with_settings) own.back()->execute(own_settings);
            own.back()->query("SELECT 1");
        }
    });
    std::cout << seconds_since(begin) << std::endl;
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
}

void churn(const Target& target, double seconds, std::size_t threads)
{
    std::atomic<std::uint64_t> connections{0}, resumed{0};
    auto begin = Clock::now();
    in_threads(threads, [&](std::size_t) {
        TlsClient tls;
        while (seconds_since(begin) < seconds) {
            Connection connection(target, tls);
            connection.query("SELECT 1");
            connection.quit();
            ++connections;
            resumed += connection.was_resumed();
        }
    });
    std::cout << connections << ' ' << seconds_since(begin) << ' ' << resumed << '\n';
}

int usage()
{
    std::cerr << "clients idle PORT USER PASSWORD COUNT [tls] [settings]\n"
                 "clients churn PORT USER PASSWORD SECONDS THREADS [tls | resume]\n";
    return 2;
}

}  // namespace

int main(int count, char** words)
{
    std::vector<std::string> arguments(words + 1, words + count);
    std::string kind = arguments.empty() ? "" : arguments[0];
    std::size_t fixed = kind == "idle" ? 5 : 6;
    if ((kind != "idle" && kind != "churn") || arguments.size() < fixed) return usage();
    auto has = [&](const char* option) {
        return std::find(arguments.begin() + static_cast<std::ptrdiff_t>(fixed), arguments.end(),
                         option) != arguments.end();
    };
    Target target;
    target.port = static_cast<std::uint16_t>(std::stoul(arguments[1]));
    target.user = arguments[2];
    target.password = arguments[3];
    target.resumes = has("resume");
    target.tls = has("tls") || target.resumes;
    if (kind == "idle")
        be_idle(target, std::stoul(arguments[4]), has("settings"));
    else
        churn(target, std::stod(arguments[4]), std::stoul(arguments[5]));
}
