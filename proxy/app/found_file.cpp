#include "proxy/app/found_file.hpp"

#include "config/surroundings.hpp"

#include "proxy/app/log.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

namespace pointsman::proxy {
namespace {

bool put(const std::string& path, const std::string& text)
{
    std::error_code failed;
    if (text.empty()) {
        std::filesystem::remove(path, failed);
        return !failed;
    }
    auto draft = path + ".new";
    {
        std::ofstream file(draft, std::ios::trunc);
        file << text;
        file.flush();
        if (!file) return false;
    }
    std::filesystem::rename(draft, path, failed);
    return !failed;
}

}  // namespace

FoundFile::FoundFile(const std::string& state_directory) : path_(state_directory + "/found-servers")
{
}

std::string FoundFile::read(std::string& error) const
{
    std::error_code unknown;
    if (!std::filesystem::exists(path_, unknown)) return {};
    auto file = config::read_text_file(path_);
    if (!file.ok()) error = path_ + " cannot be read: " + file.error;
    return file.text;
}

void FoundFile::write(std::string text, BlockingPool& pool)
{
    auto job = [path = path_, text = std::move(text), number = ++last_number_, written = written_] {
        std::lock_guard lock(written->mutex);
        if (number < written->number) return;
        written->number = number;
        if (put(path, text)) return;
        log_event(LogLevel::warn, "discovery",
                  {{"what", "what was found is not kept: " + path + " cannot be written"}});
    };
    // With a thousand jobs waiting this is the least that is lost: the next change writes it.
    if (!pool.post(std::move(job)))
        log_event(LogLevel::warn, "discovery", {{"what", "what was found is not kept"}});
}

}  // namespace pointsman::proxy
