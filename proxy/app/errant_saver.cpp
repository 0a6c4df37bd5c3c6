#include "proxy/app/errant_saver.hpp"

#include "failover/hook.hpp"

#include "proxy/app/hook_runner.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace pointsman::proxy {
namespace {

namespace fs = std::filesystem;
using failover::SavedErrant;
using failover::SaveErrant;

constexpr std::chrono::minutes save_within{10};
constexpr std::uint64_t file_block = 512;  // the unit of the shell's ulimit -f
constexpr mode_t for_owner_only = 0600;

/// FNV-1a: the same set has the same name after a restart, too.
std::string digest_of(std::string_view text)
{
    std::uint64_t hash = 0xcbf29ce484222325;
    for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
    char out[17];
    std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(hash));
    return out;
}

/// A name may hold what is no part of a file's.
std::string file_word(std::string_view name)
{
    std::string out;
    for (unsigned char c : name) out += std::isalnum(c) || c == '-' ? static_cast<char>(c) : '_';
    return out;
}

std::string option_value(std::string_view value)
{
    std::string out = "\"";
    for (char c : value) {
        if (c == '\\') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out + "\"\n";
}

std::string_view ssl_mode(config::ServerTlsMode mode)
{
    switch (mode) {
        case config::ServerTlsMode::off:
            return "DISABLED";
        case config::ServerTlsMode::preferred:
            return "PREFERRED";
        case config::ServerTlsMode::required:
            return "REQUIRED";
        case config::ServerTlsMode::verify_ca:
            return "VERIFY_CA";
        case config::ServerTlsMode::verify_identity:
            break;
    }
    return "VERIFY_IDENTITY";
}

/// mysqlbinlog's option file: a password has no place in a command line or an environment.
std::string options_of(const SaveErrant& wanted)
{
    const auto& address = wanted.server.address;
    std::string text = "[client]\n";
    auto add = [&text](std::string_view name, std::string_view value) {
        if (!value.empty()) text += std::string(name) + "=" + option_value(value);
    };
    add("user", wanted.user);
    add("password", wanted.password);
    add("socket", address.socket_path);
    add("host", address.host);
    if (!address.is_unix()) add("port", std::to_string(address.port));
    add("ssl-mode", ssl_mode(wanted.tls.mode));
    add("ssl-ca", wanted.tls.ca);
    add("ssl-cert", wanted.tls.certificate);
    add("ssl-key", wanted.tls.key);
    return text + "get-server-public-key\n";
}

bool write_private(const fs::path& path, const std::string& text)
{
    int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, for_owner_only);
    if (file < 0) return false;
    auto written = ::write(file, text.data(), text.size());
    return ::close(file) == 0 && written == static_cast<ssize_t>(text.size());
}

std::optional<failover::ErrantContent> read_file(const fs::path& path)
{
    std::ifstream in(path);
    if (!in) return std::nullopt;
    failover::ErrantReader reader;
    for (std::string line; std::getline(in, line);) reader.line(line);
    return reader.content();
}

/// The server looks for the log of the first of them itself where none is named, and only they are
/// sent (measured: MySQL 9.7; it begins with a log that is named, whatever stands before that).
std::string command_of(const SaveErrant& wanted, const fs::path& options, const fs::path& draft)
{
    auto blocks = std::to_string(wanted.most_bytes / file_block);
    return failover::expand(
        "ulimit -f {blocks}; exec {program} --defaults-file={options}"
        " --read-from-remote-source=BINLOG-DUMP-GTIDS --exclude-gtids={shared} --to-last-log"
        " --verbose '' >> {draft}",
        {{"blocks", blocks},
         {"program", wanted.program},
         {"options", options.string()},
         {"shared", wanted.shared.to_string()},
         {"draft", draft.string()}});
}

std::string last_line(std::string_view output)
{
    while (output.ends_with('\n')) output.remove_suffix(1);
    auto begin = output.rfind('\n');
    return std::string(begin == output.npos ? output : output.substr(begin + 1));
}

std::string why_failed(const SaveErrant& wanted, const HookOutcome& outcome)
{
    constexpr int not_found = 127, too_large = 153;  // 128 + SIGXFSZ
    if (!outcome.started) return "the shell could not be started";
    if (outcome.exit_code == not_found)
        return wanted.program +
               " is not there: install it or say where it is "
               "(failover.mysqlbinlog)";
    if (outcome.exit_code == too_large) return "they are more than failover.errant_size";
    if (outcome.timed_out) return wanted.program + " takes too long";
    auto said = last_line(outcome.output);
    return wanted.program + " ended with " + std::to_string(outcome.exit_code) +
           (said.empty() ? "" : ": " + said);
}

bool has_all(const failover::ErrantContent& content, const SaveErrant& wanted)
{
    return content.gtids.contains(wanted.errant);
}

}  // namespace

SavedErrant ErrantSaver::save(const SaveErrant& wanted) const
{
    std::error_code failed;
    fs::path directory = wanted.directory;
    fs::create_directories(directory, failed);
    if (!failed) fs::permissions(directory, fs::perms::owner_all, failed);
    if (failed) return {{}, directory.string() + ": " + failed.message()};
    auto name = file_word(wanted.server.name) + "-" + digest_of(wanted.errant.to_string());
    auto final_path = directory / (name + ".sql");
    if (auto content = read_file(final_path); content && has_all(*content, wanted))
        return {final_path.string(), {}, std::move(*content)};

    auto draft = directory / (name + ".part"), options = directory / (name + ".cnf");
    auto head = "# What " + wanted.server.name + " (" + wanted.server.address.text() +
                ") has executed and the primary has not:\n# " + wanted.errant.to_string() + "\n";
    if (!write_private(options, options_of(wanted)) || !write_private(draft, head))
        return {{}, directory.string() + " cannot be written"};
    auto outcome = HookRunner::run(command_of(wanted, options, draft), {}, save_within, stopping_);
    fs::remove(options, failed);
    auto content = read_file(draft);
    bool complete = outcome.exit_code == 0 && outcome.started && content;
    std::string error = complete ? "" : why_failed(wanted, outcome);
    if (complete && !has_all(*content, wanted))
        error = "some of them are no longer in its binary logs";
    if (error.empty()) fs::rename(draft, final_path, failed);
    if (error.empty() && failed) error = final_path.string() + ": " + failed.message();
    if (!error.empty()) {
        fs::remove(draft, failed);
        return {{}, std::move(error)};
    }
    return {final_path.string(), {}, std::move(*content)};
}

}  // namespace pointsman::proxy
