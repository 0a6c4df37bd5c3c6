#pragma once
// The parameter block that COM_QUERY (query attributes) and COM_STMT_EXECUTE share: a bitmap of
// NULLs, the types (with names under CLIENT_QUERY_ATTRIBUTES), the values in binary form.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_execute.html
//
// All views borrow from the payload.

#include "protocol/messages/column_type.hpp"
#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace pointsman::protocol {

struct Parameter {
    std::string_view name;  // empty: without CLIENT_QUERY_ATTRIBUTES, or a plain parameter
    ColumnType type = ColumnType::null;
    bool is_unsigned = false;
    /// The value's bytes without any length in front; nothing: NULL.
    std::optional<Bytes> value;
};

/// The most parameters that a server takes.
constexpr std::uint64_t max_parameters = 65535;

enum class ParameterNames : std::uint8_t { absent, present };

/// Where the parts of one block are; the values are not looked at.
struct ParameterBlock {
    std::uint16_t count = 0;
    ParameterNames names = ParameterNames::absent;
    Bytes null_bitmap;        // one bit for each parameter, lowest first
    bool types_sent = false;  // new_params_bind_flag; else the last execution's types hold
    Bytes types;              // int<2> each, with names string<lenenc>
    Bytes rest;               // the values, and whatever follows them

    bool is_null(std::size_t index) const
    {
        return (null_bitmap[index / 8] >> (index % 8) & 1) != 0;
    }
};

/// Reads the block behind its parameter_count (which must not be 0) up to the values.
ParameterBlock read_parameter_block(WireReader& in, std::uint64_t count, ParameterNames names);

/// One type (and name) of a block's `types`.
void read_parameter_type(WireReader& types, ParameterNames names, Parameter& parameter);

/// The bytes of one value of `type`, as binary rows and parameters have it.
Bytes read_binary_value(WireReader& in, ColumnType type);
/// The opposite; `value` has the size that the type asks for.
void write_binary_value(WireWriter& out, ColumnType type, Bytes value);

/// Bitmap, bind flag 1, types and values: everything behind parameter_count. Writes nothing for no
/// parameters.
void write_parameter_block(WireWriter& out, const std::vector<Parameter>& parameters,
                           ParameterNames names);

}  // namespace pointsman::protocol
