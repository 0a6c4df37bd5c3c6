#pragma once
// Runs many sessions in rounds: some of them send one command each, then all answers are awaited.
// Which ones is decided by the seed alone, so that a run can be repeated.

#include "tests/twin/pair.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::twin {

struct RunSettings {
    Addresses addresses;
    std::uint64_t seed = 1;
    std::uint64_t statements = 20'000;
    std::size_t sessions = 32;
    std::size_t links = 0;        // that the sessions share; 0: each has its own
    std::size_t parallel = 4;     // statements under way at once, at most
    std::size_t differences = 1;  // that end the run
    bool shrink = false;
    bool verbose = false;
};

class Rounds {
public:
    explicit Rounds(const RunSettings& settings);

    /// Connects every session and makes its schemas. A sentence when something differs.
    std::optional<std::string> set_up();
    /// One round. A sentence when something differs.
    std::optional<std::string> run();
    /// After a difference: the fewest steps of its session alone that show one again, with both
    /// answers; empty when it does not come again that way.
    std::string shrink();
    /// After a difference: all that may keep a link begin anew, else the session that had it.
    std::optional<std::string> recover();

    std::uint64_t steps() const;
    /// Who keeps links and who had to give them up: for people.
    std::string summary() const;

private:
    struct Turn {
        Pair* pair;
        Mood mood;
    };
    using Differs = std::optional<std::string>;
    std::vector<Turn> choose();
    void note(Pair& pair, const Differs& differs);
    void make_way();
    bool is_waiting(const Pair& pair) const;
    void give_up(Pair& pair, Anew how);
    void finish_answered();
    void disconnect_others();
    std::optional<Turn> turn_for(Pair& pair, std::size_t taken);
    std::size_t holding() const;
    std::string holders() const;
    Pair& candidate();

    RunSettings settings_;
    Dice dice_;
    std::vector<std::unique_ptr<Pair>> pairs_;
    std::vector<Pair*> differing_;
    std::string differences_;     // of this round
    std::vector<Pair*> waiting_;  // for a link: their answers through Pointsman are not there
    std::uint64_t waits_ = 0, ways_made_ = 0;
};

}  // namespace pointsman::twin
