#pragma once
// Machine: numbers the takeovers in the journal, and brings the one to an end that the process
// before this one left half done. No clock, no I/O.

#include "health/primary_choice.hpp"

#include "failover/resume.hpp"

namespace pointsman::failover {

class Resumer {
public:
    /// The journal of the processes before this one, from its beginning.
    void remember(const JournalEntry& entry);
    /// Gives a new entry its number, if it has none, and follows it. Then it is to be written down.
    void number(JournalEntry& entry);
    /// Of the takeover under way; 0: none is.
    std::uint64_t current() const { return current_; }

    /// The server that has the role by the journal, or may have it.
    const JournalServer& appointed() const { return appointed_.server; }
    /// That, for the choice of a primary.
    health::Appointed known() const { return {appointed_.server.uuid, replaced_}; }
    /// The same into evidence that has no primary: of the interrupted takeover, or the appointed
    /// one, unless it is not clear that this became the primary.
    void recall(Evidence& evidence) const;
    /// To be written down: another server serves as the primary than the journal says, or waits
    /// for its replicas in another way. Only while no takeover is under way. Now and then again:
    /// the oldest lines of a journal are dropped.
    std::optional<JournalEntry> news_of(const Evidence& evidence) const;

    const std::optional<Unfinished>& unfinished() const { return unfinished_; }

    struct Due {
        std::optional<JournalEntry> entry;  // to be written down
        std::optional<Takeover> takeover;   // to be started
    };
    /// To be asked with each new evidence while something is unfinished and no takeover is under
    /// way, in whatever mode: an operator began it, or the mode was automatic then.
    Due due(const Evidence& evidence, const config::Failover& settings, TimePoint now);

private:
    void note_appointed(const JournalEntry& entry);
    void appoint(const JournalEntry& entry);
    JournalEntry end(JournalKind kind, const std::string& text);

    std::uint64_t last_ = 0, current_ = 0;
    Remembered appointed_;
    bool in_doubt_ = false;              // whether that became the primary
    std::size_t since_noted_ = 0;        // entries
    std::vector<std::string> replaced_;  // UUIDs; former primaries that were not fenced since
    std::optional<Unfinished> unfinished_;
    std::string why_not_;  // what was written down last of that
    TimePoint next_{};
    unsigned attempts_ = 0;
};

}  // namespace pointsman::failover
