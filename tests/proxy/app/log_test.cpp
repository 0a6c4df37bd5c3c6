#include "proxy/app/log.hpp"

#include "proxy/app/log_line.hpp"
#include "proxy/app/log_rate.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <thread>
#include <vector>

using namespace pointsman::proxy;
using pointsman::config::Log;
using pointsman::config::LogFormat;

namespace {

const LogTime noon{std::chrono::milliseconds{1'769'860'799'042}};  // 2026-01-31 11:59:59.042

std::string render(LogFormat format, std::initializer_list<LogField> fields)
{
    return render_log_line(format, noon, LogLevel::warn, "server down",
                           {fields.begin(), fields.size()});
}

/// A log file of this test's own; logging goes back to standard error at its end.
class LogFile {
public:
    explicit LogFile(std::string name)
        : path_(std::filesystem::temp_directory_path() /
                ("pointsman-" + std::to_string(::getpid()) + "-" + name))
    {
    }
    ~LogFile()
    {
        (void)configure_log({});
        std::filesystem::remove(path_);
    }
    Log settings(LogLevel level = LogLevel::info, LogFormat format = LogFormat::logfmt) const
    {
        return {level, format, path_.string()};
    }
    const std::filesystem::path& path() const { return path_; }
    std::vector<std::string> lines() const
    {
        std::ifstream file{path_};
        std::vector<std::string> all;
        for (std::string line; std::getline(file, line);) all.push_back(line);
        return all;
    }

private:
    std::filesystem::path path_;
};

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a line of logfmt carries time, level, event and facts")
{
    CHECK(render(LogFormat::logfmt, {{"server", "db1"},
                                     {"failed_probes", 2},
                                     {"id", std::uint64_t{18446744073709551615u}},
                                     {"delta", -7},
                                     {"share", 0.25},
                                     {"known", true},
                                     {"lag_ms", pointsman::config::Milliseconds{15}}}) ==
          "ts=2026-01-31T11:59:59.042Z level=warn event=\"server down\" server=db1 "
          "failed_probes=2 id=18446744073709551615 delta=-7 share=0.25 known=true lag_ms=15");
}

TEST_CASE("logfmt quotes what would break the line")
{
    auto value = [](std::string_view text) {
        const auto line = render(LogFormat::logfmt, {{"k", text}});
        return line.substr(line.find(" k=") + 3);
    };
    CHECK(value("") == "\"\"");
    CHECK(value("a b") == "\"a b\"");
    CHECK(value("a=b") == "\"a=b\"");
    CHECK(value("say \"x\"") == R"("say \"x\"")");
    CHECK(value("back\\slash") == R"("back\\slash")");
    CHECK(value("two\nlines\r\t") == R"("two\nlines\r\t")");
    CHECK(value(std::string_view{"nul\0\x1b\x7f", 6}) == R"("nul\u0000\u001b\u007f")");
    CHECK(value("größe") == "\"größe\"");
}

TEST_CASE("JSON lines parse back to the same facts, whatever the bytes")
{
    std::string all_bytes;
    for (int c = 0; c < 256; ++c) all_bytes += static_cast<char>(c);
    const auto line = render(LogFormat::json, {{"text", "a\"b\\c\n\x01"},
                                               {"bytes", all_bytes},
                                               {"emoji", "\xf0\x9f\x9a\x82"},
                                               {"cut", "\xf0\x9f\x9a"},
                                               {"surrogate", "\xed\xa0\x80"},
                                               {"n", -3},
                                               {"big", 1e300},
                                               {"nan", std::numeric_limits<double>::quiet_NaN()},
                                               {"no", false}});
    CHECK_FALSE(contains(line, "\n"));
    const auto parsed = boost::json::parse(line).as_object();
    CHECK(parsed.at("ts") == "2026-01-31T11:59:59.042Z");
    CHECK(parsed.at("level") == "warn");
    CHECK(parsed.at("event") == "server down");
    CHECK(parsed.at("text") == "a\"b\\c\n\x01");
    CHECK(parsed.at("emoji") == "\xf0\x9f\x9a\x82");
    CHECK(parsed.at("cut") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(contains(parsed.at("surrogate").as_string().c_str(), "\xef\xbf\xbd"));
    CHECK(parsed.at("n") == -3);
    CHECK(parsed.at("big").as_double() == 1e300);
    CHECK(parsed.at("nan") == "nan");
    CHECK(parsed.at("no") == false);
}

TEST_CASE("a huge text is cut")
{
    const auto line = render(LogFormat::logfmt, {{"k", std::string(1'000'000, 'x')}});
    CHECK(line.size() < 3'000);
    CHECK(contains(line, "xxx...\""));
}

TEST_CASE("times before 1970 and far away are written as dates")
{
    CHECK(utc_text(LogTime{std::chrono::milliseconds{0}}) == "1970-01-01T00:00:00.000Z");
    CHECK(utc_text(LogTime{std::chrono::milliseconds{-1}}) == "1969-12-31T23:59:59.999Z");
    CHECK(utc_text(LogTime{std::chrono::milliseconds{951'782'400'000}}) ==
          "2000-02-29T00:00:00.000Z");
}

TEST_CASE("lines below the level are not written, and the level changes at run time")
{
    const LogFile file{"level"};
    REQUIRE(configure_log(file.settings(LogLevel::warn)) == std::nullopt);
    CHECK_FALSE(log_enabled(LogLevel::info));
    log_event(LogLevel::info, "quiet");
    log_event(LogLevel::error, "loud");
    REQUIRE(configure_log(file.settings(LogLevel::debug, LogFormat::json)) == std::nullopt);
    CHECK(log_enabled(LogLevel::debug));
    log_event(LogLevel::debug, "whisper");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(contains(lines[0], "level=error event=loud"));
    CHECK(boost::json::parse(lines[1]).at("event") == "whisper");
}

TEST_CASE("a rotated file is opened again by configuring again")
{
    const LogFile file{"rotate"};
    REQUIRE(configure_log(file.settings()) == std::nullopt);
    log_event(LogLevel::info, "before rotation");
    std::filesystem::remove(file.path());
    REQUIRE(configure_log(file.settings()) == std::nullopt);
    log_event(LogLevel::info, "after rotation");
    REQUIRE(file.lines().size() == 1);
    CHECK(contains(file.lines()[0], "after rotation"));
}

TEST_CASE("a file that cannot be opened is told and the log goes on where it was")
{
    const LogFile file{"keeps"};
    REQUIRE(configure_log(file.settings()) == std::nullopt);
    const auto problem = configure_log({LogLevel::error, LogFormat::json, "/proc/no/such/log"});
    REQUIRE(problem.has_value());
    CHECK(contains(*problem, "/proc/no/such/log"));
    log_event(LogLevel::info, "still here");
    REQUIRE(file.lines().size() == 1);
    CHECK(contains(file.lines()[0], "event=\"still here\""));
}

TEST_CASE("a name that floods is cut, others are not, and the count is said")
{
    const LogFile file{"flood"};
    REQUIRE(configure_log(file.settings()) == std::nullopt);
    // However long this takes, no line is lost without being counted.
    for (int i = 0; i < 500; ++i) log_event(LogLevel::info, "flood");
    log_event(LogLevel::info, "calm");
    flush_suppressed_log();
    std::size_t written = 0, calm = 0;
    std::uint64_t counted = 0;
    for (const auto& line : file.lines()) {
        written += contains(line, "event=flood");
        calm += contains(line, "event=calm");
        if (!contains(line, "event=\"lines suppressed\" of=flood")) continue;
        counted += std::stoull(line.substr(line.find("count=") + 6));
    }
    CHECK(calm == 1);
    CHECK(written < 500);
    CHECK(written + counted == 500);
}

TEST_CASE("lines of which each counts are all written, and use up nobody's allowance")
{
    const LogFile file{"each"};
    REQUIRE(configure_log(file.settings()) == std::nullopt);
    for (int i = 0; i < 100; ++i) log_each(LogLevel::info, "step", {{"i", i}});
    log_event(LogLevel::info, "step", {{"i", 100}});
    flush_suppressed_log();
    CHECK(file.lines().size() == 101);
}

TEST_CASE("many threads write whole lines")
{
    const LogFile file{"threads"};
    REQUIRE(configure_log(file.settings()) == std::nullopt);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < 10; ++i) {
                const std::string event = "thread " + std::to_string(t);
                log_event(LogLevel::info, event, {{"i", i}, {"fill", std::string(500, 'f')}});
            }
        });
    }
    for (auto& thread : threads) thread.join();
    const auto lines = file.lines();
    const std::set<std::string> distinct(lines.begin(), lines.end());
    CHECK(lines.size() == 40);
    CHECK(distinct.size() == 40);
    for (const auto& line : lines) CHECK(line.find("fff") > line.find("ts="));
}

TEST_CASE("the allowance of a name comes back with the next second")
{
    using std::chrono::milliseconds;
    LogRate rate;
    for (std::uint32_t i = 0; i < LogRate::lines_per_second; ++i) CHECK(rate.admit("a", noon));
    CHECK_FALSE(rate.admit("a", noon + milliseconds{999}));
    CHECK(rate.admit("b", noon + milliseconds{999}));
    CHECK(rate.take_suppressed(noon + milliseconds{999}).empty());
    CHECK(rate.admit("a", noon + milliseconds{1'000}));

    const auto suppressed = rate.take_suppressed(noon + milliseconds{2'000});
    REQUIRE(suppressed.size() == 1);
    CHECK(suppressed[0].event == "a");
    CHECK(suppressed[0].count == 1);
    CHECK(rate.take_suppressed(noon + milliseconds{2'000}, true).empty());
}

TEST_CASE("a clock set back does not silence a name")
{
    LogRate rate;
    for (std::uint32_t i = 0; i <= LogRate::lines_per_second; ++i) rate.admit("a", noon);
    CHECK(rate.admit("a", noon - std::chrono::hours{1}));
}

TEST_CASE("endless new names share one allowance")
{
    LogRate rate;
    std::size_t admitted = 0;
    for (int i = 0; i < 10'000; ++i) admitted += rate.admit("event " + std::to_string(i), noon);
    CHECK(admitted <= LogRate::max_names + LogRate::lines_per_second);
    const auto suppressed = rate.take_suppressed(noon, true);
    REQUIRE(suppressed.size() == 1);
    CHECK(suppressed[0].count + admitted == 10'000);
    // A minute later the old names have made room.
    CHECK(rate.admit("a new one", noon + std::chrono::minutes{1}));
}
