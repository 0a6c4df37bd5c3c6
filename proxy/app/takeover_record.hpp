#pragma once
// Where the failover loop's journal goes: to the log, and to the file that outlives the process.
// For tests it also ends the process in the middle of a takeover (POINTSMAN_FAILPOINT).

#include "config/config.hpp"

#include "proxy/control/journal_file.hpp"
#include "proxy/control/journal_line.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pointsman::proxy {

class TakeoverRecord {
public:
    explicit TakeoverRecord(const config::Config& config);

    /// What processes before this one wrote last, oldest first.
    const std::vector<JournalLine>& past() const { return past_; }
    void write(const JournalLine& line);

private:
    std::vector<JournalLine> past_;
    std::unique_ptr<JournalFile> file_;
    std::string failpoint_;  // "after_fence:kill": empty: none
};

}  // namespace pointsman::proxy
