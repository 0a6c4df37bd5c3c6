#include "tests/twin/model.hpp"

#include <iterator>

#include "protocol/server_status.hpp"

namespace pointsman::twin {

namespace {

namespace server_status = protocol::server_status;
using protocol::Command;

bool begins_anew(Command command)
{
    return command == Command::reset_connection || command == Command::change_user;
}

void settle_slot(Slot& slot, const Step& step, const protocol::Report& report)
{
    if (step.command == Command::stmt_prepare) {
        slot = {};
        slot.open = report.error_code == 0;
        slot.parameters = report.parameter_count;
    }
    if (step.command == Command::stmt_close) slot = {};
}

}  // namespace

void settle(Model& model, const Step& step, const protocol::Report& report)
{
    bool failed = report.error_code != 0;
    if (report.has_status) model.status = report.status;
    if (step.slot) settle_slot(model.slots[*step.slot], step, report);

    model.holds &= ~(hold_once | hold_transaction);
    model.holds |= step.takes;
    constexpr std::uint16_t no_such_handler = 1109;
    if (!failed || report.error_code == no_such_handler) model.holds &= ~step.frees;
    if (begins_anew(step.command) && !failed) {
        model.holds &= step.command == Command::reset_connection ? hold_role : hold_nothing;
        model.slots = {};
    }
    bool transaction = (model.status & server_status::in_trans) != 0 ||
                       (model.status & server_status::autocommit) == 0;
    if (transaction) model.holds |= hold_transaction;
    if (report.status & server_status::cursor_exists) model.holds |= hold_cursor;
    if (failed || report.warnings != 0 || report.last_insert_id != 0) model.holds |= hold_once;
    model.held_for = model.holds == hold_nothing ? 0 : model.held_for + 1;
}

std::string describe_holds(std::uint32_t holds)
{
    constexpr std::string_view names[] = {"transaction", "temporary table", "table locks",
                                          "user locks",  "handler",         "cursor",
                                          "xa",          "once",            "unknown", "role"};
    std::string text;
    for (std::size_t i = 0; i < std::size(names); ++i)
        if (holds >> i & 1) text.append(text.empty() ? "" : ", ").append(names[i]);
    return text.empty() ? "nothing" : text;
}

}  // namespace pointsman::twin
