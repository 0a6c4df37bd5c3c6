#include "proxy/control/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

namespace pointsman::proxy {
namespace {

using failover::Keeping;

std::string error_text()
{
    return std::generic_category().message(errno);
}

bool write_all(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        auto wrote = ::write(descriptor, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

/// A file that was just made can only be found after a crash if its folder was written as well.
void sync_folder_of(const std::string& path)
{
    auto slash = path.rfind('/');
    auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
    int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
}

void read_lines(const std::string& path, std::size_t most, std::deque<std::string>& lines)
{
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        lines.push_back(std::move(line));
        if (lines.size() > most) lines.pop_front();
    }
}

std::string before(const std::string& path)
{
    return path + ".1";
}

}  // namespace

JournalFile::JournalFile(std::string path, std::uint64_t max_size,
                         std::function<void(const std::string&)> on_trouble,
                         std::chrono::milliseconds patience)
    : path_(std::move(path)),
      max_size_(max_size),
      on_trouble_(std::move(on_trouble)),
      patience_(patience)
{
    thread_ = std::thread([this] { run(); });
}

JournalFile::~JournalFile()
{
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    if (descriptor_ >= 0) ::close(descriptor_);
}

void JournalFile::write(std::string line, Keeping keeping)
{
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= most_waiting) {
        lock.unlock();
        return complain("the disk is too slow: an entry is lost");
    }
    waiting_.push_back(std::move(line));
    auto mine = ++taken_;
    sync_wanted_ = sync_wanted_ || keeping != Keeping::at_leisure;
    wake_.notify_one();
    if (keeping != Keeping::before_the_next) return;
    bool kept = kept_.wait_for(lock, patience_, [&] { return done_ >= mine; });
    lock.unlock();
    if (!kept) complain("the disk is slow: the takeover goes on before its record is kept");
}

void JournalFile::run()
{
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto lines = std::exchange(waiting_, {});
        bool sync = std::exchange(sync_wanted_, false);
        lock.unlock();
        std::string text;
        for (const auto& line : lines) text += line;
        append(text, sync);
        lock.lock();
        done_ += lines.size();
        kept_.notify_all();
    }
}

void JournalFile::append(const std::string& text, bool sync)
{
    if (descriptor_ >= 0 && size_ + text.size() > max_size_ && size_ > 0) begin_new_file();
    if (descriptor_ < 0 && !open_file()) return complain(error_text());
    bool written = write_all(descriptor_, text);
    if (written) size_ += text.size();
    if (written && (!sync || ::fdatasync(descriptor_) == 0)) return;
    complain(error_text());
    // Opened anew for the next line: the trouble may be one of this descriptor only.
    ::close(std::exchange(descriptor_, -1));
}

bool JournalFile::open_file()
{
    constexpr mode_t owner_only = 0600;
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, owner_only);
    struct stat facts {};
    if (descriptor_ < 0) return false;
    if (::fstat(descriptor_, &facts) != 0) return true;
    size_ = static_cast<std::uint64_t>(facts.st_size);
    if (size_ == 0) sync_folder_of(path_);
    // The process before this one may have died in the middle of a line.
    char last = '\n';
    bool cut_off =
        size_ > 0 && ::pread(descriptor_, &last, 1, facts.st_size - 1) == 1 && last != '\n';
    if (cut_off) write_all(descriptor_, "\n");
    return true;
}

void JournalFile::begin_new_file()
{
    ::close(std::exchange(descriptor_, -1));
    if (::rename(path_.c_str(), before(path_).c_str()) != 0) complain(error_text());
}

void JournalFile::complain(const std::string& what)
{
    on_trouble_("failover.journal " + path_ + ": " + what);
}

std::vector<std::string> JournalFile::last_lines(const std::string& path, std::size_t most)
{
    std::deque<std::string> lines;
    read_lines(before(path), most, lines);
    read_lines(path, most, lines);
    return {std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end())};
}

}  // namespace pointsman::proxy
