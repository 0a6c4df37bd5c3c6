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

std::string signal_statement(const Err& err)
{
    constexpr std::size_t most = 128;
    constexpr char digits[] = "0123456789abcdef";
    auto text = std::string_view(err.message).substr(0, most);
    // A character that was cut in two would not be one.
    auto is_inside = [&](std::size_t at) {
        return at < err.message.size() && (err.message[at] & 0xc0) == 0x80;
    };
    while (!text.empty() && is_inside(text.size())) text.remove_suffix(1);
    std::string hex;
    for (unsigned char c : text) {
        hex += digits[c >> 4];
        hex += digits[c & 15];
    }
    auto state = err.sqlstate.empty() ? "HY000" : err.sqlstate;
    auto message = hex.empty() ? "''" : "_utf8mb4 0x" + hex;
    return "SIGNAL SQLSTATE '" + state + "' SET MYSQL_ERRNO=" + std::to_string(err.code) +
           ",MESSAGE_TEXT=" + message;
}

}  // namespace pointsman::protocol
