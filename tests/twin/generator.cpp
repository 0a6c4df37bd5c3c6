#include "tests/twin/generator.hpp"

#include "protocol/messages/query.hpp"
#include "protocol/messages/simple_commands.hpp"

#include "tests/twin/maker.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace pointsman::twin {

namespace {

namespace capability = protocol::capability;
using protocol::Command;

void read(Maker& maker)
{
    maker.query(read_texts());
}
void change_setting(Maker& maker)
{
    maker.query(setting_texts());
}
void write(Maker& maker)
{
    maker.query(write_texts());
}
void use_object(Maker& maker)
{
    maker.query(object_texts());
}

std::span<const TextRow> any_texts(Dice& dice)
{
    switch (dice.below(4)) {
        case 0:
            return setting_texts();
        case 1:
            return write_texts();
        case 2:
            return object_texts();
        default:
            return read_texts();
    }
}

/// Two or three statements in one packet.
void several_statements(Maker& maker)
{
    TextRow joined{};
    std::string text;
    for (auto left = maker.dice.below(2) + 2; left > 0; --left) {
        const auto& row = maker.dice.pick_weighted(any_texts(maker.dice));
        if (!text.empty()) text += "; ";
        text += maker.grammar.expand(row.text);
        joined.takes |= row.takes;
        // A SET that no tracker tells of (insert_id) may be of a role, as far as Pointsman knows.
        if (row.text.starts_with("SET ")) joined.takes |= hold_unknown | hold_role;
    }
    joined.text = text;
    auto& step =
        maker.add(Command::query, protocol::encode_query(text, maker.model.capabilities), text);
    step.takes |= joined.takes | hold_once;
    // Who asks for warnings behind a SELECT counts as one who asks for ROW_COUNT().
    constexpr std::string_view asking[] = {"WARNINGS", "ERRORS", "GET DIAGNOSTICS"};
    bool asks = std::ranges::any_of(
        asking, [&](auto word) { return step.text.find(word) != step.text.npos; });
    if (asks) step.takes |= hold_unknown;
}

/// The clock stands still, so that its functions can be compared.
void stop_the_clock(Maker& maker)
{
    maker.query(TextRow{1, "SET timestamp = {1000000000-1700000000}", hold_unknown});
    maker.query(TextRow{1, "SELECT NOW(), UNIX_TIMESTAMP(), CURDATE(), {sys}"});
    maker.query(TextRow{1, "INSERT INTO t2 (v, w) VALUES ('now', NOW())"});
    maker.query(TextRow{1, "SET timestamp = DEFAULT"});
}

void seed_rand(Maker& maker)
{
    maker.query(TextRow{1, "SET rand_seed1 = {1-999}, rand_seed2 = {1-999}", hold_unknown});
    maker.query(TextRow{1, "SELECT RAND(), RAND()"});
}

/// Not among the settings: Pointsman's own errors are in English.
void hear_another_language(Maker& maker)
{
    maker.query(TextRow{1, "SET lc_messages = '{locale}'"});
    maker.query(TextRow{1, "SELECT nosuch FROM t1"});
    maker.query(TextRow{1, "SET lc_messages = DEFAULT"});
}

void whole_xa(Maker& maker)
{
    maker.query(TextRow{1, "XA START {xid}", hold_xa});
    maker.query(write_texts());
    maker.query(TextRow{1, "XA END {xid}"});
    maker.query(TextRow{1, "XA PREPARE {xid}"});
    maker.query(TextRow{1, maker.dice.chance(50) ? "XA COMMIT {xid}" : "XA ROLLBACK {xid}"});
}

void bare(Maker& maker, Command command, std::string text)
{
    maker.add(command, protocol::encode_bare_command(command), std::move(text));
}

/// FOUND_ROWS() and ROW_COUNT() are 0 on a new connection only, before any statement: Pointsman's
/// own come first there.
void settle_down(Maker& maker)
{
    maker.query(TextRow{1, "DO 0"});
}

void begin_anew(Maker& maker)
{
    bare(maker, Command::reset_connection, "COM_RESET_CONNECTION");
    settle_down(maker);
}

void ping(Maker& maker)
{
    bare(maker, Command::ping, "COM_PING");
}
void reset_connection(Maker& maker)
{
    maker.query(TextRow{1, "XA END {xid}"});
    maker.query(TextRow{1, "XA ROLLBACK {xid}"});
    begin_anew(maker);
}

void init_db(Maker& maker)
{
    auto schema = maker.grammar.expand("{db}");
    maker.add(Command::init_db, protocol::encode_init_db(schema), "COM_INIT_DB " + schema);
}

void set_option(Maker& maker)
{
    auto option = maker.dice.chance(50) ? protocol::ConnectionOption::multi_statements_on
                                        : protocol::ConnectionOption::multi_statements_off;
    maker.add(Command::set_option, protocol::encode_set_option(option), "COM_SET_OPTION").takes =
        hold_unknown;
}

void change_user(Maker& maker)
{
    auto& step = maker.add(Command::change_user, {}, "COM_CHANGE_USER");
    step.account = maker.dice.chance(20) ? 1 : 0;
    settle_down(maker);
}

void reconnect(Maker& maker)
{
    reset_connection(maker);
    auto& step = maker.add(Command::quit, {}, "new connection");
    step.reconnects = true;
    step.account = maker.dice.chance(20) ? 1 : 0;
    settle_down(maker);
}

void unknown_command(Maker& maker)
{
    auto command = maker.dice.chance(50) ? Command::daemon : Command::time;
    bare(maker, command, "a command that no client may send");
    maker.query(TextRow{1, "DO 0"});
}

struct Kind {
    unsigned weight;
    void (*make)(Maker&);
};

constexpr Kind kinds[] = {
    {260, read},
    {220, change_setting},
    {180, write},
    {150, use_object},
    {40, several_statements},
    {30, prepare_statement},
    {70, execute_statement},
    {40, prepare_execute_close},
    {15, execute_with_cursor},
    {15, execute_with_long_data},
    {6, reset_statement},
    {6, close_statement},
    {6, stop_the_clock},
    {4, seed_rand},
    {3, hear_another_language},
    {6, whole_xa},
    {10, ping},
    {10, init_db},
    {3, set_option},
    {8, reset_connection},
    {4, change_user},
    {3, reconnect},
    {2, unknown_command},
};

/// Where patience with a session that keeps a link ends.
constexpr std::uint32_t held_too_long = 40;

void free_something(Maker& maker)
{
    if (maker.model.holds == hold_role) return reconnect(maker);
    if (maker.model.held_for > held_too_long) return reset_connection(maker);
    std::vector<TextRow> fitting;
    for (const auto& row : freeing_texts())
        if (row.frees & maker.model.holds) fitting.push_back(row);
    if (maker.model.holds & hold_unknown)
        return maker.dice.chance(10) ? reset_connection(maker) : read(maker);
    if (fitting.empty()) return reset_connection(maker);
    const auto& row = maker.dice.pick(fitting);
    if (row.frees & hold_xa) maker.query(TextRow{1, "XA END {xid}"});
    if (row.frees & hold_handler) maker.query(TextRow{1, "HANDLER h1 CLOSE"});
    maker.query(row);
}

}  // namespace

void generate(Dice& dice, Model& model, Mood mood)
{
    Maker maker(dice, model);
    switch (mood) {
        case Mood::any:
            return dice.pick_weighted(kinds).make(maker);
        case Mood::quiet:
            return maker.query(quiet_texts());
        case Mood::freeing:
            return free_something(maker);
    }
}

void generate_reset(Dice& dice, Model& model, Anew how)
{
    auto later = std::move(model.queue);
    model.queue.clear();
    Maker maker(dice, model);
    if (how == Anew::by_reset)
        reset_connection(maker);
    else
        change_user(maker);
    model.queue.insert(model.queue.end(), later.begin(), later.end());
}

void generate_setup(Dice& dice, Model& model)
{
    Maker maker(dice, model);
    for (auto text : setup_texts()) {
        maker.query(TextRow{1, text});
        model.queue.back().makes_tables = true;
    }
    begin_anew(maker);
}

protocol::Capabilities random_capabilities(Dice& dice, Variety variety)
{
    auto wanted = capability::mysql | capability::long_flag | capability::transactions |
                  capability::multi_results | capability::ps_multi_results |
                  capability::local_files;
    constexpr unsigned usual_percent = 90;
    if (variety == Variety::little && dice.chance(usual_percent))
        return wanted | capability::multi_statements | capability::deprecate_eof;
    struct Optional {
        protocol::Capabilities flag;
        unsigned percent;
    };
    constexpr Optional optional[] = {
        {capability::multi_statements, 75}, {capability::deprecate_eof, 60},
        {capability::session_track, 50},    {capability::query_attributes, 30},
        {capability::found_rows, 25},       {capability::optional_resultset_metadata, 15},
        {capability::ignore_space, 10},     {capability::interactive, 10}};
    for (const auto& row : optional)
        if (dice.chance(row.percent)) wanted |= row.flag;
    return wanted;
}

}  // namespace pointsman::twin
