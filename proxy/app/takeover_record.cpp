#include "proxy/app/takeover_record.hpp"

#include "config/surroundings.hpp"

#include "proxy/app/log.hpp"

#include <csignal>

namespace pointsman::proxy {
namespace {

/// Enough for several takeovers with all their steps.
constexpr std::size_t most_past = 2'000;

std::string path_of(const config::Config& config)
{
    const auto& journal = config.failover.journal;
    if (journal.empty() || journal.front() == '/') return journal;
    return config.state_directory + "/" + journal;
}

void log_entry(const failover::JournalEntry& entry)
{
    using Kind = failover::JournalKind;
    auto kind = entry.kind;
    bool bad = kind == Kind::step_failed || kind == Kind::given_up || kind == Kind::undone ||
               kind == Kind::warning || kind == Kind::finding;
    bool step = kind == Kind::step_begun || kind == Kind::step_done || kind == Kind::step_failed;
    log_each(bad ? LogLevel::warn : LogLevel::info, step ? "takeover_step" : "takeover",
             {{"kind", failover::to_text(kind)}, {"what", entry.text}, {"took_ms", entry.took}});
}

}  // namespace

TakeoverRecord::TakeoverRecord(const config::Config& config)
    : failpoint_(config::real_surroundings().environment("POINTSMAN_FAILPOINT").value_or(""))
{
    auto path = path_of(config);
    if (path.empty()) return;
    for (const auto& text : JournalFile::last_lines(path, most_past))
        if (auto line = journal_line(text)) past_.push_back(std::move(*line));
    file_ = std::make_unique<JournalFile>(
        path, config.failover.journal_size.value, [](const std::string& what) {
            log_event(LogLevel::error, "journal not written", {{"what", what}});
        });
}

void TakeoverRecord::write(const JournalLine& line)
{
    const auto& entry = line.entry;
    if (file_) file_->write(to_json(line), failover::keeping_of(entry));
    log_entry(entry);
    bool ends_here = entry.kind == failover::JournalKind::step_done && !failpoint_.empty() &&
                     failpoint_ == "after_" + entry.step + ":kill";
    if (ends_here) std::raise(SIGKILL);
}

}  // namespace pointsman::proxy
