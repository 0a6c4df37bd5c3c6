#include "failover/resumer.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::failover {
namespace {

constexpr milliseconds between_attempts{1'000};
constexpr unsigned most_attempts = 60;
constexpr std::size_t entries_between_notes = 500;

/// What the journal keeps of it.
Survey essence_of(const Survey& survey)
{
    Survey kept;
    kept.known = survey.known;
    kept.semi_sync_plugin = survey.semi_sync_plugin;
    kept.semi_sync_source = survey.semi_sync_source;
    kept.semi_sync_lossless = survey.semi_sync_lossless;
    kept.acks_wanted = survey.acks_wanted;
    return kept;
}

std::string interrupted(const Unfinished& left, const std::string& text)
{
    return "interrupted takeover from " + left.from.name + ": " + text;
}

}  // namespace

void Resumer::remember(const JournalEntry& entry)
{
    last_ = std::max(last_, entry.takeover);
    note_appointed(entry);
    follow_journal(unfinished_, entry);
}

void Resumer::number(JournalEntry& entry)
{
    using Kind = JournalKind;
    if (entry.kind == Kind::began) current_ = ++last_;
    if (entry.takeover == 0) entry.takeover = current_;
    note_appointed(entry);
    bool ends =
        entry.kind == Kind::completed || entry.kind == Kind::undone || entry.kind == Kind::given_up;
    if (ends && entry.takeover == current_) current_ = 0;
    if (unfinished_ && entry.takeover == last_) follow_journal(unfinished_, entry);
}

Resumer::Due Resumer::due(const Evidence& evidence, const config::Failover& settings, TimePoint now)
{
    Due due;
    if (!unfinished_ || now < next_) return due;
    auto planned = plan_resume(evidence, *unfinished_, settings);
    if (const auto* settled = std::get_if<Settled>(&planned)) {
        due.entry =
            end(settled->finished ? JournalKind::completed : JournalKind::undone, settled->text);
    } else if (const auto* waits = std::get_if<NotYet>(&planned)) {
        if (!waits->passing && std::exchange(why_not_, waits->reason) != waits->reason)
            due.entry =
                JournalEntry{JournalKind::warning, interrupted(*unfinished_, waits->reason)};
    } else if (++attempts_ > most_attempts) {
        due.entry = end(JournalKind::given_up,
                        "it does not end: look at the servers, make one of them writable");
    } else {
        next_ = now + between_attempts;
        due.takeover = std::move(std::get<Takeover>(planned));
    }
    return due;
}

void Resumer::recall(Evidence& evidence) const
{
    if (unfinished_)
        failover::recall({unfinished_->from, unfinished_->executed, unfinished_->survey}, evidence);
    else if (!in_doubt_ && !appointed_.server.uuid.empty() && !evidence.primary)
        failover::recall(appointed_, evidence);
}

std::optional<JournalEntry> Resumer::news_of(const Evidence& evidence) const
{
    const auto* primary = evidence.primary_sight();
    bool serves = primary && primary->answers() && primary->report->is_writable();
    if (!serves || primary->report->facts.uuid.empty()) return std::nullopt;
    Remembered seen{{primary->server.name, primary->report->facts.uuid},
                    primary->report->executed,
                    essence_of(primary->survey)};
    bool same_settings = !seen.survey.known || seen.survey == appointed_.survey;
    bool is_news = seen.server != appointed_.server || in_doubt_ || !same_settings;
    if (!is_news && since_noted_ < entries_between_notes) return std::nullopt;
    JournalEntry entry{JournalKind::note, seen.server.name + " is the primary"};
    entry.to = std::move(seen.server);
    entry.gtids = std::move(seen.executed);
    if (seen.survey.known) entry.survey = seen.survey;
    return entry;
}

/// From the order to promote it a server may take writes. A switchover fences the one before, and a
/// rejoin does; a failover cannot.
void Resumer::note_appointed(const JournalEntry& entry)
{
    bool is_published =
        entry.kind == JournalKind::step_done && entry.step == to_text(StepKind::publish);
    bool may_be = entry.kind == JournalKind::step_begun || entry.kind == JournalKind::note;
    bool is_fenced = entry.cause == to_text(Cause::switchover);
    ++since_noted_;
    if ((is_published || may_be) && !entry.to.uuid.empty()) {
        appoint(entry);
        std::erase(replaced_, entry.to.uuid);
        std::erase(replaced_, entry.from.uuid);
        bool is_left = !is_fenced && entry.from.uuid != entry.to.uuid;
        if (is_left && !entry.from.uuid.empty()) replaced_.push_back(entry.from.uuid);
    }
    bool may_have_it = !entry.to.uuid.empty() && appointed_.server == entry.to;
    if (entry.kind == JournalKind::undone && may_have_it && !entry.from.uuid.empty()) {
        appointed_ = {entry.from, {}, {}};
        in_doubt_ = false;
        std::erase(replaced_, entry.from.uuid);
    }
    if (entry.kind == JournalKind::given_up && may_have_it && entry.from != entry.to)
        in_doubt_ = true;
    if (entry.kind == JournalKind::completed && entry.cause == to_text(Cause::rejoin))
        std::erase(replaced_, entry.from.uuid);
}

void Resumer::appoint(const JournalEntry& entry)
{
    bool is_note = entry.kind == JournalKind::note;
    if (appointed_.server != entry.to) appointed_ = {entry.to, {}, {}};
    in_doubt_ = false;
    if (!is_note) return;
    since_noted_ = 0;
    appointed_.executed = entry.gtids;
    if (entry.survey) appointed_.survey = *entry.survey;
}

JournalEntry Resumer::end(JournalKind kind, const std::string& text)
{
    JournalEntry entry{kind, interrupted(*unfinished_, text)};
    entry.takeover = unfinished_->number;
    entry.from = unfinished_->from;
    entry.to = unfinished_->to;
    unfinished_.reset();
    return entry;
}

}  // namespace pointsman::failover
