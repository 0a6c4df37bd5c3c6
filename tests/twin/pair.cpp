#include "tests/twin/pair.hpp"

#include "protocol/messages/change_user.hpp"
#include "protocol/messages/prepare.hpp"

#include "tests/twin/maker.hpp"

namespace pointsman::twin {

namespace {

using protocol::Command;

constexpr std::size_t remembered = 40;
/// No session ever has so many statements: both sides refuse it in the same words.
constexpr std::uint32_t no_statement = 3'999'999'999;

bool is_silent(const Step& step)
{
    return protocol::traits_of(step.command).response == protocol::ResponseShape::none;
}

}  // namespace

Pair::Pair(const Addresses& addresses, std::uint64_t seed, std::size_t number, Variety variety)
    : addresses_(addresses), dice_(seed * 1'000'003 + number), variety_(variety)
{
    model_.number = number;
}

std::optional<std::string> Pair::set_up()
{
    auto differs = connect(random_account());
    generate_setup(dice_, model_);
    if (!differs) differs = take_queued();
    history_.clear();
    journal_.clear();
    return differs;
}

std::uint8_t Pair::random_account()
{
    return dice_.chance(variety_ == Variety::all ? 50 : 5) ? 1 : 0;
}

std::optional<std::string> Pair::replay(const std::vector<Step>& steps)
{
    model_.queue.clear();
    auto differs = connect();
    generate_setup(dice_, model_);
    if (!differs) differs = take_queued();
    history_.clear();
    journal_.clear();
    model_.queue.assign(steps.begin(), steps.end());
    if (!differs) differs = take_queued();
    return differs;
}

std::optional<std::string> Pair::take_queued()
{
    while (!model_.queue.empty()) {
        if (auto differs = begin(Mood::any)) return differs;
        if (auto differs = finish()) return differs;
    }
    return std::nullopt;
}

Login Pair::login(std::uint8_t account, protocol::Capabilities wanted)
{
    Login made;
    made.user = accounts[account];
    made.password = account_password;
    made.wanted = wanted;
    constexpr std::uint8_t character_sets[] = {255, 45, 33, 8, 46, 28};
    made.character_set = dice_.pick(character_sets);
    return made;
}

std::optional<std::string> Pair::connect(std::uint8_t account)
{
    login_ = login(account, random_capabilities(dice_, variety_));
    return connect();
}

std::optional<std::string> Pair::connect()
{
    journal_.clear();
    for (auto& peer : peers_) peer.reset();
    peers_[0] = std::make_unique<Peer>(addresses_.proxied, login_);
    peers_[1] = std::make_unique<Peer>(addresses_.direct, login_);
    auto number = model_.number;
    auto queue = std::move(model_.queue);
    model_ = {};
    model_.number = number;
    model_.queue = std::move(queue);
    model_.capabilities = peers_[1]->negotiated();
    for (auto& ids : statement_ids_) ids.fill(no_statement);
    history_.push_back("-- new connection as " + login_.user + ", capabilities " +
                       std::to_string(model_.capabilities) + ", character set " +
                       std::to_string(login_.character_set));
    if (peers_[0]->negotiated() != peers_[1]->negotiated())
        return "other capabilities: " + std::to_string(peers_[0]->negotiated());
    const auto &proxied = peers_[0]->login_ok(), &direct = peers_[1]->login_ok();
    bool same = proxied.status == direct.status && proxied.info == direct.info &&
                proxied.session_state == direct.session_state &&
                proxied.warnings == direct.warnings;
    if (!same) return "other OK to the login";
    return std::nullopt;
}

std::optional<std::string> Pair::begin(Mood mood)
{
    for (;;) {
        if (model_.queue.empty()) generate(dice_, model_, mood);
        step_ = std::move(model_.queue.front());
        model_.queue.pop_front();
        if (!can_be_taken(step_)) continue;
        ++steps_;
        if (step_.reconnects) {
            if (auto differs = connect(step_.account)) return differs;
            continue;
        }
        remember(step_);
        send(step_);
        if (!is_silent(step_)) return std::nullopt;
        settle(model_, step_, {});
        if (step_.command == Command::stmt_close && step_.slot)
            for (auto& ids : statement_ids_) ids[*step_.slot] = no_statement;
    }
}

/// Pointsman itself refuses a statement that the session has not, so that the server's diagnostics
/// don't know of it: only where the next statement clears them.
bool Pair::can_be_taken(const Step& step)
{
    bool names_statement = step.slot && step.command != Command::stmt_prepare;
    if (!names_statement || model_.slots[*step.slot].open || is_silent(step)) return true;
    if (!model_.queue.empty() || !dice_.chance(10)) return false;
    Maker(dice_, model_).query(TextRow{1, "DO 0"});
    return true;
}

void Pair::send(const Step& step)
{
    auto payload = step.payload;
    if (step.command == Command::change_user) {
        login_ = login(step.account, login_.wanted);
        protocol::ChangeUser change;
        change.user = login_.user;
        change.schema = Grammar(dice_, model_.number).expand("tw{me}");
        change.character_set = login_.character_set;
        change.plugin = "caching_sha2_password";
        payload = protocol::encode_change_user(change, model_.capabilities);
    }
    for (std::size_t side = 0; side < sides; ++side) {
        bool names_statement = step.slot && step.command != Command::stmt_prepare;
        if (names_statement)
            (void)protocol::replace_statement_id(payload, statement_ids_[side][*step.slot]);
        peers_[side]->send(payload);
    }
}

bool Pair::is_answered(std::chrono::milliseconds patience) const
{
    return peers_[1]->is_answered(longest_patience) && peers_[0]->is_answered(patience);
}

std::size_t Pair::give_up(Anew how)
{
    // What comes next may build on what is taken away now.
    std::erase_if(model_.queue, [](const Step& step) { return !step.makes_tables; });
    auto before = model_.queue.size();
    generate_reset(dice_, model_, how);
    return model_.queue.size() - before;
}

void Pair::disconnect()
{
    for (auto& peer : peers_) peer.reset();
    model_.queue.clear();
}

std::optional<std::string> Pair::finish()
{
    std::array<Answer, sides> answers;
    for (std::size_t side = 0; side < sides; ++side)
        answers[side] = peers_[side]->receive(step_.command, step_.file, login_);
    bool same = is_same(step_.command, answers[0], answers[1], model_.capabilities);
    if (!same) return difference(step_, answers);
    if (!answers[1].failure.empty()) return difference(step_, answers);
    learn_ids(step_, answers);
    settle(model_, step_, answers[1].report);
    if (is_honest_refusal(answers[0])) on_refusal();
    return std::nullopt;
}

/// Who was refused keeps its link from then on. What the statement would have done beside
/// answering was done by the twin only.
void Pair::on_refusal()
{
    model_.holds |= hold_unknown;
    bool does_more = step_.text.find('@') != step_.text.npos ||
                     step_.text.find(';') != step_.text.npos || step_.slot;
    if (does_more) {
        model_.queue.clear();
        generate_reset(dice_, model_, Anew::by_login);
        return generate_setup(dice_, model_);
    }
    // The refusal is an error of its own, which SHOW WARNINGS would show.
    auto later = std::move(model_.queue);
    model_.queue.clear();
    Maker(dice_, model_).query(TextRow{1, "DO 0"});
    model_.queue.insert(model_.queue.end(), later.begin(), later.end());
}

void Pair::learn_ids(const Step& step, const std::array<Answer, sides>& answers)
{
    for (std::size_t side = 0; side < sides; ++side) {
        const auto& report = answers[side].report;
        if (step.command == Command::stmt_prepare && step.slot)
            statement_ids_[side][*step.slot] =
                report.error_code == 0 ? report.statement_id : no_statement;
        bool anew =
            step.command == Command::reset_connection || step.command == Command::change_user;
        if (anew && report.error_code == 0) statement_ids_[side].fill(no_statement);
    }
}

void Pair::remember(const Step& step)
{
    journal_.push_back(step);
    history_.push_back(printable(protocol::as_bytes(step.text), 300));
    if (history_.size() > remembered) history_.pop_front();
}

std::string Pair::history() const
{
    std::string text;
    for (const auto& line : history_) text += "    " + line + "\n";
    return text;
}

std::string Pair::difference(const Step& step, const std::array<Answer, sides>& answers) const
{
    return "session " + std::to_string(model_.number) + ", its step " + std::to_string(steps_) +
           ", holding " + describe_holds(model_.holds) + "\n  its last statements:\n" + history() +
           "  different answers to: " + printable(protocol::as_bytes(step.text), 1000) +
           "\n  through Pointsman:\n" + describe(answers[0], model_.capabilities) + "  direct:\n" +
           describe(answers[1], model_.capabilities);
}

}  // namespace pointsman::twin
