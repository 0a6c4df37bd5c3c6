#include "protocol/messages/err.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {
constexpr Byte err_header = 0xff;
constexpr std::size_t sqlstate_size = 5;
// MariaDB reports progress in what looks like an ERR packet with this number; it is no error.
constexpr std::uint16_t mariadb_progress_code = 0xffff;
}  // namespace

// header int<1> 0xff, error_code int<2>, under CLIENT_PROTOCOL_41 '#' and sql_state string[5],
// error_message string<EOF>. The '#' alone decides here, because an ERR in place of the greeting
// comes without it whatever the capabilities.
Result<Err> decode_err(Bytes payload)
{
    WireReader in(payload);
    Err err;
    in.expect_int1(err_header).read_int2(err.code);
    if (err.code == mariadb_progress_code) in.fail(Errc::unsupported);
    if (in.peek() == Byte{'#'}) in.skip(1).read_fixed(sqlstate_size, err.sqlstate);
    in.read_eof(err.message);
    return in.finished_or_error(std::move(err));
}

Buffer encode_err(const Err& err, Capabilities capabilities)
{
    Buffer payload;
    WireWriter out(payload);
    out.int1(err_header).int2(err.code);
    if ((capabilities & capability::protocol_41) != 0 && !err.sqlstate.empty())
        out.text("#").text(err.sqlstate.size() == sqlstate_size ? err.sqlstate : "HY000");
    out.text(err.message);
    return payload;
}

}  // namespace pointsman::protocol
