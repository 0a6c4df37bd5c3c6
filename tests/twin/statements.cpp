#include "tests/twin/maker.hpp"

#include "protocol/messages/statement.hpp"
#include "protocol/wire_writer.hpp"

#include <algorithm>

namespace pointsman::twin {

namespace {

using protocol::Buffer;
using protocol::ColumnType;
using protocol::Command;

constexpr std::size_t cursor_slot = 3;  // only here: so that one RESET closes every cursor

struct Value {
    ColumnType type;
    bool is_null;
    Buffer bytes;  // as on the wire
    std::string text;
};

constexpr ColumnType parameter_types[] = {
    ColumnType::longlong, ColumnType::longlong, ColumnType::long_,  ColumnType::tiny,
    ColumnType::var_string, ColumnType::var_string, ColumnType::string, ColumnType::blob,
    ColumnType::double_,  ColumnType::newdecimal, ColumnType::datetime, ColumnType::null};

void write_value(Value& value, Maker& maker)
{
    protocol::WireWriter out(value.bytes);
    auto number = maker.dice.below(30);
    value.text = std::to_string(number);
    switch (value.type) {
        case ColumnType::tiny:
            out.int1(number);
            return;
        case ColumnType::long_:
            out.int4(number);
            return;
        case ColumnType::longlong:
            out.int8(number);
            return;
        case ColumnType::double_:
            out.int8(0x3ff8000000000000u);  // 1.5
            value.text = "1.5";
            return;
        case ColumnType::datetime:
            out.int1(4).int2(2020 + number % 5).int1(1 + number % 12).int1(1 + number % 28);
            return;
        case ColumnType::newdecimal:
            out.lenenc_text(value.text += ".25");
            return;
        default:
            value.text = maker.dice.pick_text("abc~12~\xc3\xa9~it's~\xe9\\~~utf8~'+02:00'");
            out.lenenc_text(value.text);
            return;
    }
}

Value random_value(Maker& maker, ColumnType type)
{
    Value value{type, type == ColumnType::null || maker.dice.chance(5), {}, "NULL"};
    if (!value.is_null) write_value(value, maker);
    return value;
}

struct Execution {
    std::uint8_t flags = 0;
    bool repeats_types = false;           // those of the last execution hold
    std::optional<std::size_t> sent_ahead;  // the parameter that came as long data
};

std::vector<Value> random_values(Maker& maker, std::size_t slot, const Execution& execution,
                                 std::size_t count)
{
    std::vector<Value> values;
    const auto& types = maker.model.slots[slot].types;
    for (std::size_t i = 0; i < count; ++i) {
        auto type = execution.repeats_types ? types[i]
                                            : maker.dice.pick(parameter_types);
        if (execution.sent_ahead == i) type = ColumnType::blob;
        values.push_back(random_value(maker, type));
        if (execution.sent_ahead == i) values.back() = {type, false, {}, "(sent ahead)"};
    }
    return values;
}

/// With every field as a client may write it, also a block without types.
Buffer encode(Maker& maker, const Execution& execution, const std::vector<Value>& values)
{
    bool names = maker.has(protocol::capability::query_attributes);
    Buffer payload;
    protocol::WireWriter out(payload);
    out.int1(static_cast<std::uint8_t>(Command::stmt_execute)).int4(0);
    out.int1(execution.flags).int4(1);
    if (values.empty()) return payload;
    if (names) out.lenenc(values.size());
    Buffer nulls((values.size() + 7) / 8);
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i].is_null) nulls[i / 8] |= static_cast<std::uint8_t>(1u << (i % 8));
    out.bytes(nulls).int1(execution.repeats_types ? 0 : 1);
    for (const auto& value : values) {
        if (execution.repeats_types) break;
        out.int2(static_cast<std::uint8_t>(value.type));
        if (names) out.lenenc_text("");
    }
    for (const auto& value : values)
        if (!value.is_null) out.bytes(value.bytes);
    return payload;
}

Step& execute(Maker& maker, std::size_t slot, Execution execution, std::size_t count)
{
    auto values = random_values(maker, slot, execution, count);
    std::string text = "EXECUTE";
    if (execution.flags != 0) text += " with cursor";
    if (execution.repeats_types) text += " with the types of before";
    for (const auto& value : values) text += ", " + value.text;
    auto& types = maker.model.slots[slot].types;
    types.clear();
    for (const auto& value : values) types.push_back(value.type);
    auto& step = maker.add_for_slot(Command::stmt_execute, slot, encode(maker, execution, values),
                                    text);
    step.takes = hold_temporary | hold_user_locks | hold_once;
    return step;
}

void prepare(Maker& maker, std::size_t slot, const std::string& text)
{
    maker.add_for_slot(Command::stmt_prepare, slot, protocol::encode_prepare(text),
                       "PREPARE " + text);
}

std::size_t count_parameters(std::string_view text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '?'));
}

}  // namespace

void prepare_statement(Maker& maker)
{
    auto slot = maker.dice.below(cursor_slot);
    if (maker.model.slots[slot].open)
        maker.add_for_slot(Command::stmt_close, slot, protocol::encode_statement_close(0), "CLOSE");
    const auto& row = maker.dice.pick_weighted(prepared_texts());
    prepare(maker, slot, maker.grammar.expand(row.text));
}

void execute_statement(Maker& maker)
{
    auto slot = maker.dice.below(cursor_slot);
    const auto& known = maker.model.slots[slot];
    if (!known.open && maker.dice.chance(80)) return prepare_statement(maker);
    Execution execution;
    execution.repeats_types =
        known.parameters > 0 && known.types.size() == known.parameters && maker.dice.chance(40);
    execute(maker, slot, execution, known.parameters);
}

void execute_with_cursor(Maker& maker)
{
    auto slot = cursor_slot;
    prepare(maker, slot, std::string(maker.dice.pick_text(
                             "SELECT id, v FROM t1 ORDER BY id~SELECT 1~CALL p_results(3)~"
                             "SELECT id FROM tmp1~INSERT INTO t1 (v) VALUES ('c')~SHOW TABLES")));
    Execution execution;
    execution.flags = protocol::cursor::read_only;
    execute(maker, slot, execution, 0).takes |= hold_cursor;
    for (auto left = maker.dice.below(3); left > 0; --left) {
        auto rows = static_cast<std::uint32_t>(maker.dice.below(3) + 1);
        maker.add_for_slot(Command::stmt_fetch, slot, protocol::encode_fetch({0, rows}),
                           "FETCH " + std::to_string(rows));
        if (maker.dice.chance(20)) maker.query(read_texts());
    }
    maker.add_for_slot(Command::stmt_reset, slot, protocol::encode_statement_reset(0), "RESET")
        .frees = hold_cursor;
    maker.add_for_slot(Command::stmt_close, slot, protocol::encode_statement_close(0), "CLOSE");
}

void execute_with_long_data(Maker& maker)
{
    std::string text = "INSERT INTO t1 (v, n) VALUES (?, ?)";
    auto slot = maker.dice.below(cursor_slot);
    prepare(maker, slot, maker.dice.chance(50) ? text : "SELECT LENGTH(?), ?");
    for (auto left = maker.dice.below(3); left > 0; --left) {
        Buffer piece(maker.dice.below(60) + 1, 'L');
        maker.add_for_slot(Command::stmt_send_long_data, slot,
                           protocol::encode_long_data({0, 0, piece}),
                           "LONG DATA " + std::to_string(piece.size()));
    }
    bool ahead = maker.model.queue.back().command == Command::stmt_send_long_data;
    Execution execution;
    if (ahead) execution.sent_ahead = 0;
    if (ahead && maker.dice.chance(15))
        maker.add_for_slot(Command::stmt_reset, slot, protocol::encode_statement_reset(0), "RESET");
    else
        execute(maker, slot, execution, 2);
    maker.add_for_slot(Command::stmt_close, slot, protocol::encode_statement_close(0), "CLOSE");
}

void prepare_execute_close(Maker& maker)
{
    auto slot = maker.dice.below(cursor_slot);
    auto text = maker.grammar.expand(maker.dice.pick_weighted(prepared_texts()).text);
    if (maker.model.slots[slot].open)
        maker.add_for_slot(Command::stmt_close, slot, protocol::encode_statement_close(0), "CLOSE");
    prepare(maker, slot, text);
    execute(maker, slot, {}, count_parameters(text));
    maker.add_for_slot(Command::stmt_close, slot, protocol::encode_statement_close(0), "CLOSE");
}

void reset_statement(Maker& maker)
{
    auto slot = maker.dice.below(cursor_slot);
    maker.add_for_slot(Command::stmt_reset, slot, protocol::encode_statement_reset(0), "RESET");
}

void close_statement(Maker& maker)
{
    auto slot = maker.dice.below(cursor_slot);
    maker.add_for_slot(Command::stmt_close, slot, protocol::encode_statement_close(0), "CLOSE");
}

}  // namespace pointsman::twin
