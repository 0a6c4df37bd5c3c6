// COM_STMT_PREPARE_OK, and putting another statement id into it.

#include "protocol/messages/prepare.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Capabilities capabilities = input.take_capabilities();
    Buffer payload(input.rest().begin(), input.rest().end());
    const auto first = decode_prepare_ok(payload, capabilities);
    const bool replaced = replace_statement_id(payload, 0x01020304).has_value();
    if (!first) return 0;
    const auto again = decode_prepare_ok(payload, capabilities);
    require(replaced && again.has_value(), "an answer keeps its form");
    require(again->statement_id == 0x01020304, "and has the new id");
    require(again->column_count == first->column_count, "the rest is untouched");
    return 0;
}
