// Column counts and definitions, rows of both protocols, EOF.

#include "protocol/messages/binary_value.hpp"
#include "protocol/messages/resultset.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

void text_row(Bytes payload, std::size_t columns)
{
    const auto row = decode_text_row(payload, columns);
    if (!row) return;
    std::vector<TextCell> cells;
    for (const Cell& cell : *row) cells.push_back(cell ? TextCell(as_text(*cell)) : std::nullopt);
    const Buffer wire = encode_text_row(cells);
    require(decode_text_row(wire, columns).has_value(), "a text row survives");
}

void binary_row(FuzzInput input)
{
    std::vector<ColumnType> types(input.take_byte() % 32);
    for (ColumnType& type : types) type = static_cast<ColumnType>(input.take_byte());
    const auto row = decode_binary_row(input.rest(), types);
    if (!row) return;
    const Buffer wire = encode_binary_row(*row, types);
    require(decode_binary_row(wire, types).has_value(), "a binary row survives");
    for (std::size_t i = 0; i < types.size(); ++i)
        if (row->at(i)) (void)text_of_binary(*row->at(i), types[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Capabilities capabilities = input.take_capabilities();
    (void)decode_column_count(input.rest(), capabilities);
    (void)decode_eof(input.rest());
    if (const auto column = decode_column_definition(input.rest(), capabilities)) {
        const Buffer wire = encode_column_definition(*column, capabilities);
        require(decode_column_definition(wire, capabilities).has_value(), "a definition survives");
    }
    text_row(input.rest(), size % 16);
    binary_row(input);
    return 0;
}
