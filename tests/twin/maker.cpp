#include "tests/twin/maker.hpp"

#include "protocol/messages/query.hpp"

#include <algorithm>
#include <string_view>

namespace pointsman::twin {

namespace {

/// Who asks for what statements leave is known to ask again, and keeps its link from then on.
bool asks_for_results(std::string_view text)
{
    constexpr std::string_view words[] = {"ROW_COUNT", "FOUND_ROWS", "@@warning_count",
                                          "@@error_count"};
    return std::ranges::any_of(words, [&](auto word) { return text.find(word) != text.npos; });
}

/// Routines, and a trigger of t2, set user variables: a change that no text explains. And what a
/// text prepared stays on its link, and so does a variable that is not reported. With SET_VAR() any
/// state may have changed, says the server.
bool leaves_unexplained(std::string_view text)
{
    constexpr std::string_view words[] = {
        "INTO t2",         "INTO `t2`", "INTO TABLE t2",
        "f_set(",          "f_insert(", "CALL p_",
        "PREPARE p",       "SET_VAR(",  "default_collation_for_utf8mb4=",
        "nosuch_variable="};
    return std::ranges::any_of(words, [&](auto word) { return text.find(word) != text.npos; });
}

}  // namespace

void Maker::query(const TextRow& row)
{
    auto text = grammar.expand(row.text);
    auto& step =
        add(protocol::Command::query, protocol::encode_query(text, model.capabilities), text);
    step.takes |= row.takes;
    step.frees = row.frees;
    constexpr std::string_view file = "loaded,7\nsecond,x\n";
    if (row.text.find("LOCAL INFILE") != row.text.npos) step.file.assign(file.begin(), file.end());
}

Step& Maker::add(protocol::Command command, protocol::Buffer payload, std::string text)
{
    auto& step = model.queue.emplace_back();
    step.command = command;
    step.payload = std::move(payload);
    if (asks_for_results(text) || leaves_unexplained(text)) step.takes = hold_unknown;
    step.text = std::move(text);
    return step;
}

Step& Maker::add_for_slot(protocol::Command command, std::size_t slot, protocol::Buffer payload,
                          std::string text)
{
    auto& step = add(command, std::move(payload), "[" + std::to_string(slot) + "] " + text);
    step.slot = slot;
    return step;
}

}  // namespace pointsman::twin
