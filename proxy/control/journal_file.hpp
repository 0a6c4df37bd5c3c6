#pragma once
// The journal on disk: appended to by a thread of its own, so that a slow disk does not make a
// takeover wait longer than it must. What cannot be written is said, and nothing else stops.

#include "failover/journal.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pointsman::proxy {

class JournalFile {
public:
    /// `on_trouble` gets a sentence, on the writing thread or on the one that calls `write`, which
    /// waits no longer than `patience` for the disk.
    JournalFile(std::string path, std::uint64_t max_size,
                std::function<void(const std::string&)> on_trouble,
                std::chrono::milliseconds patience = usual_patience);
    /// Writes what is still waiting.
    ~JournalFile();
    JournalFile(const JournalFile&) = delete;
    JournalFile& operator=(const JournalFile&) = delete;

    /// `line` ends with a newline. Returns at once, except that before_the_next waits, up to
    /// `patience`, until it is on the disk.
    void write(std::string line, failover::Keeping keeping);

    /// The last lines that are on disk, oldest first, of this file and the one before it.
    static std::vector<std::string> last_lines(const std::string& path, std::size_t most);

    static constexpr std::chrono::milliseconds usual_patience{30};
    static constexpr std::size_t most_waiting = 10'000;

private:
    void run();
    void append(const std::string& text, bool sync);
    bool open_file();
    void begin_new_file();
    void complain(const std::string& what);

    const std::string path_;
    const std::uint64_t max_size_;
    const std::function<void(const std::string&)> on_trouble_;
    const std::chrono::milliseconds patience_;

    std::mutex mutex_;
    std::condition_variable wake_, kept_;
    std::deque<std::string> waiting_;
    bool sync_wanted_ = false, stopping_ = false;
    std::uint64_t taken_ = 0, done_ = 0;  // lines, ever

    int descriptor_ = -1;  // from here on: of the writing thread
    std::uint64_t size_ = 0;
    std::thread thread_;
};

}  // namespace pointsman::proxy
