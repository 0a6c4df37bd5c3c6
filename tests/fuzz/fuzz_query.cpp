// COM_QUERY and the commands about prepared statements, with parameters.

#include "protocol/messages/query.hpp"
#include "protocol/messages/statement.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

namespace {

void query(Bytes payload, Capabilities capabilities)
{
    const auto text = query_text(payload, capabilities);
    const auto whole = decode_query(payload, capabilities);
    require(text.has_value() == whole.has_value(), "both ways agree");
    if (!whole) return;
    require(*text == whole->text, "and find the same text");
    const Buffer wire = encode_query(*whole, capabilities);
    require(*query_text(wire, capabilities) == *text, "what we write can be read");
}

void execute(Bytes payload, Capabilities capabilities)
{
    const auto head = decode_execute(payload, capabilities, payload.size() % 4);
    if (!head) return;
    const auto parameters = decode_execute_values(*head);
    if (!parameters) return;
    const Buffer wire = encode_execute(head->statement_id, head->flags, *parameters, capabilities);
    const auto again = decode_execute(wire, capabilities, parameters->size() & 0xffff);
    require(again.has_value(), "what we write can be read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Capabilities capabilities = input.take_capabilities();
    const Bytes payload = input.rest();
    query(payload, capabilities);
    execute(payload, capabilities);
    (void)decode_prepare(payload);
    (void)decode_long_data(payload);
    (void)decode_fetch(payload);
    (void)decode_statement_id(payload);
    return 0;
}
