#include "tests/twin/rounds.hpp"

#include <algorithm>
#include <utility>

namespace pointsman::twin {

namespace {

std::vector<Step> without(const std::vector<Step>& steps, std::size_t at, std::size_t count)
{
    std::vector<Step> fewer(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(at));
    auto behind = std::min(at + count, steps.size());
    fewer.insert(fewer.end(), steps.begin() + static_cast<std::ptrdiff_t>(behind), steps.end());
    return fewer;
}

/// Answers that come later through Pointsman than straight wait for a link.
constexpr std::chrono::milliseconds soon{300};

}  // namespace

Rounds::Rounds(const RunSettings& settings) : settings_(settings), dice_(settings.seed) {}

std::optional<std::string> Rounds::set_up()
{
    auto variety = settings_.links == 0 ? Variety::all : Variety::little;
    for (std::size_t number = 0; number < settings_.sessions; ++number) {
        pairs_.push_back(
            std::make_unique<Pair>(settings_.addresses, settings_.seed, number, variety));
        if (auto differs = pairs_.back()->set_up()) return differs;
    }
    return std::nullopt;
}

std::optional<std::string> Rounds::run()
{
    auto turns = choose();
    differences_.clear();
    for (auto& turn : turns) note(*turn.pair, turn.pair->begin(turn.mood));
    for (auto& turn : turns) {
        if (std::ranges::count(differing_, turn.pair)) continue;
        if (settings_.links > 0 && !turn.pair->is_answered(soon))
            waiting_.push_back(turn.pair);
        else
            note(*turn.pair, turn.pair->finish());
    }
    if (!waiting_.empty()) make_way();
    if (differences_.empty()) return std::nullopt;
    if (settings_.links > 0) differences_ += holders();
    return differences_;
}

void Rounds::note(Pair& pair, const Differs& differs)
{
    if (!differs) return;
    differences_ += *differs;
    differing_.push_back(&pair);
}

bool Rounds::is_waiting(const Pair& pair) const
{
    return std::ranges::count(waiting_, &pair) != 0;
}

/// Who keeps links is Pointsman's to know: when an answer does not come, sessions begin anew, one
/// after the other, those first that are known to keep one. An answer that does not come even then
/// is a difference.
void Rounds::make_way()
{
    finish_answered();
    waits_ += waiting_.size();
    std::vector<Pair*> keepers, others;
    for (auto& pair : pairs_)
        (pair->model().holds != hold_nothing ? keepers : others).push_back(pair.get());
    for (auto* pair : keepers)
        give_up(*pair, pair->model().holds & hold_role ? Anew::by_login : Anew::by_reset);
    keepers.insert(keepers.end(), others.begin(), others.end());
    for (auto* pair : keepers) give_up(*pair, Anew::by_login);
    for (auto* pair : std::exchange(waiting_, {}))
        if (differences_.empty()) note(*pair, pair->finish());
}

void Rounds::give_up(Pair& pair, Anew how)
{
    if (waiting_.empty() || !differences_.empty() || is_waiting(pair)) return;
    ++ways_made_;
    for (auto left = pair.give_up(how); left > 0 && differences_.empty(); --left) {
        note(pair, pair.begin(Mood::any));
        if (!differences_.empty()) return;
        if (!pair.is_answered(soon)) {
            waiting_.push_back(&pair);
            break;
        }
        note(pair, pair.finish());
    }
    finish_answered();
}

/// Until no more comes soon.
void Rounds::finish_answered()
{
    constexpr std::chrono::milliseconds at_a_time{2};
    for (auto left = soon; left > at_a_time && !waiting_.empty() && differences_.empty();) {
        auto answered = std::ranges::find_if(waiting_, [](Pair* pair) {
            return pair->is_answered(std::chrono::milliseconds::zero());
        });
        if (answered == waiting_.end()) {
            (void)waiting_.front()->is_answered(at_a_time);
            left -= at_a_time;
            continue;
        }
        auto* pair = *answered;
        waiting_.erase(answered);
        note(*pair, pair->finish());
        left = soon;
    }
}

/// Who keeps a link, as far as is known here: what a refusal for want of links is held against.
std::string Rounds::holders() const
{
    std::string text = "  sessions that may keep a link:\n";
    for (const auto& pair : pairs_)
        if (pair->model().holds != hold_nothing)
            text += "    " + std::to_string(pair->model().number) + ": " +
                    describe_holds(pair->model().holds) + "\n";
    return text;
}

std::string Rounds::shrink()
{
    auto& pair = *differing_.front();
    disconnect_others();
    auto steps = pair.journal();
    auto shown = pair.replay(steps);
    if (!shown) return {};
    for (auto part = steps.size() / 2; part > 0; part /= 2) {
        for (std::size_t at = 0; at < steps.size();) {
            auto fewer = without(steps, at, part);
            auto differs = pair.replay(fewer);
            if (!differs) {
                at += part;
                continue;
            }
            steps = std::move(fewer);
            shown = std::move(differs);
        }
    }
    return *shown;
}

/// Nothing waits for a link of theirs then.
void Rounds::disconnect_others()
{
    if (settings_.links == 0) return;
    for (auto& pair : pairs_)
        if (pair.get() != differing_.front()) pair->disconnect();
}

std::optional<std::string> Rounds::recover()
{
    disconnect_others();
    for (auto* pair : differing_) pair->disconnect();
    for (auto& pair : pairs_) {
        if (pair->is_connected()) continue;
        if (auto differs = pair->set_up()) return differs;
    }
    differing_.clear();
    return std::nullopt;
}

std::size_t Rounds::holding() const
{
    return static_cast<std::size_t>(std::ranges::count_if(
        pairs_, [](const auto& pair) { return pair->model().holds != hold_nothing; }));
}

/// With few links left, those who hold them come more often.
Pair& Rounds::candidate()
{
    auto& any = *pairs_[dice_.below(pairs_.size())];
    if (settings_.links == 0 || holding() + 1 < settings_.links || dice_.chance(40)) return any;
    auto skip = dice_.below(holding());
    for (auto& pair : pairs_)
        if (pair->model().holds != hold_nothing && skip-- == 0) return *pair;
    return any;
}

/// `taken`: links that sessions hold, or may come to hold in this round. A statement must never
/// wait for a link that only a later round would free.
std::optional<Rounds::Turn> Rounds::turn_for(Pair& pair, std::size_t taken)
{
    constexpr std::uint32_t patience = 8;
    const auto& model = pair.model();
    if (settings_.links == 0) return Turn{&pair, Mood::any};
    if (model.holds != hold_nothing) {
        bool enough = model.held_for > patience && dice_.chance(50);
        return Turn{&pair, enough ? Mood::freeing : Mood::any};
    }
    if (taken + 1 < settings_.links) return Turn{&pair, Mood::any};
    if (taken < settings_.links && !pair.has_steps()) return Turn{&pair, Mood::quiet};
    return std::nullopt;
}

std::vector<Rounds::Turn> Rounds::choose()
{
    std::vector<Turn> turns;
    auto size = dice_.below(settings_.parallel) + 1;
    auto taken = holding();
    for (std::size_t tries = 0; turns.size() < size && tries < 50 * size; ++tries) {
        auto& pair = candidate();
        bool chosen = std::ranges::any_of(turns, [&](auto& turn) { return turn.pair == &pair; });
        if (chosen) continue;
        auto turn = turn_for(pair, taken);
        if (!turn) continue;
        if (turn->mood == Mood::any && pair.model().holds == hold_nothing) ++taken;
        turns.push_back(*turn);
    }
    return turns;
}

std::uint64_t Rounds::steps() const
{
    std::uint64_t total = 0;
    for (const auto& pair : pairs_) total += pair->steps();
    return total;
}

std::string Rounds::summary() const
{
    if (settings_.links == 0) return "each with links of its own";
    return std::to_string(holding()) + " sessions hold a link, " + std::to_string(waits_) +
           " answers waited for one, " + std::to_string(ways_made_) + " times a session made way";
}

}  // namespace pointsman::twin
