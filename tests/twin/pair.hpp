#pragma once
// One session twice: through Pointsman and straight to a server of its own.

#include "tests/twin/answer.hpp"
#include "tests/twin/generator.hpp"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pointsman::twin {

struct Addresses {
    Address proxied, direct;
};

/// An account that both servers know; the passwords are alike.
constexpr std::string_view accounts[] = {"twin_a", "twin_b"};
constexpr std::string_view account_password = "twin_pw";

class Pair {
public:
    /// set_up() is called before all else.
    Pair(const Addresses& addresses, std::uint64_t seed, std::size_t number, Variety variety);

    const Model& model() const { return model_; }
    bool has_steps() const { return !model_.queue.empty(); }
    /// New connections; makes the session's schemas anew. A sentence when something differs.
    std::optional<std::string> set_up();

    /// Sends the next command that is answered to both; `mood` if there is none yet. A sentence
    /// when something differs already.
    std::optional<std::string> begin(Mood mood);
    /// Waits for the direct answer, then so long for the one through Pointsman.
    bool is_answered(std::chrono::milliseconds patience) const;
    /// Waits for both answers. A sentence when they differ.
    std::optional<std::string> finish();

    /// Next come steps that begin the session anew. How many.
    std::size_t give_up(Anew how);
    /// set_up() comes next.
    void disconnect();
    bool is_connected() const { return peers_[0] != nullptr; }

    /// All steps since the last new connection, the differing one included.
    const std::vector<Step>& journal() const { return journal_; }
    /// On a new connection like the last one: the set-up, then these steps. A sentence when
    /// something differs.
    std::optional<std::string> replay(const std::vector<Step>& steps);

    std::uint64_t steps() const { return steps_; }
    /// The session's last statements, the newest last.
    std::string history() const;

private:
    static constexpr std::size_t sides = 2;  // proxied, direct

    std::optional<std::string> connect(std::uint8_t account);
    std::uint8_t random_account();
    std::optional<std::string> connect();
    std::optional<std::string> take_queued();
    bool can_be_taken(const Step& step);
    void send(const Step& step);
    void remember(const Step& step);
    void on_refusal();
    void learn_ids(const Step& step, const std::array<Answer, sides>& answers);
    Login login(std::uint8_t account, protocol::Capabilities wanted);
    std::string difference(const Step& step, const std::array<Answer, sides>& answers) const;

    Addresses addresses_;
    Dice dice_;
    Variety variety_;
    Model model_;
    std::array<std::unique_ptr<Peer>, sides> peers_;
    std::array<std::array<std::uint32_t, 4>, sides> statement_ids_;
    Login login_;
    Step step_;  // under way
    std::vector<Step> journal_;
    std::deque<std::string> history_;
    std::uint64_t steps_ = 0;
};

}  // namespace pointsman::twin
