// COM_CHANGE_USER, and the commands of a few fields.

#include "protocol/messages/change_user.hpp"
#include "protocol/messages/simple_commands.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace pointsman::protocol;
using pointsman::tests::FuzzInput;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const Byte* bytes, std::size_t size)
{
    FuzzInput input(bytes, size);
    const Capabilities capabilities = input.take_capabilities();
    const Bytes payload = input.rest();
    (void)decode_init_db(payload);
    (void)decode_process_kill(payload);
    (void)decode_set_option(payload);
    (void)decode_field_list(payload);
    (void)decode_register_replica(payload);
    (void)decode_binlog_dump(payload);
    (void)decode_binlog_dump_gtid(payload);
    const auto first = decode_change_user(payload, capabilities);
    if (!first) return 0;
    const auto again = decode_change_user(encode_change_user(*first, capabilities), capabilities);
    require(again.has_value(), "what we write can be read");
    require(again->user == first->user && again->schema == first->schema, "user and schema");
    require(again->attributes == first->attributes, "attributes");
    return 0;
}
