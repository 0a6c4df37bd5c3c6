#pragma once
// Where the response to one command ends, and what it reported: the relay's brain.
//
// It looks at packet headers, first bytes and status packets (OK, EOF, ERR); rows are never parsed
// and never held back. It copies nothing: the caller presents bytes at the front of its own buffer,
// removes what was dealt with, and presents the rest again with what came since.

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/command.hpp"
#include "protocol/errc.hpp"
#include "protocol/packet.hpp"

namespace pointsman::protocol {

/// A packet that the caller must look at before it goes on to the client.
enum class Held : std::uint8_t {
    none,
    ok_with_state,  // an OK (or the OK that replaces EOF) with SERVER_SESSION_STATE_CHANGED
    prepare_ok,     // the first packet of COM_STMT_PREPARE's answer: it carries the statement id
};

struct Progress {
    std::size_t forward = 0;    // bytes at the front that belong to the client, unchanged
    std::size_t held_size = 0;  // wire size of one complete packet right behind them, see `held`
    Held held = Held::none;
    bool finished = false;  // the response ends exactly after forward + held_size
};

/// What the response said, complete once it is finished.
struct Report {
    std::uint16_t status = 0;      // SERVER_STATUS_* of the last status packet
    std::uint16_t warnings = 0;    // of the last status packet
    std::uint16_t error_code = 0;  // ER_* of the ERR packet that ended it; 0: none
    bool has_status = false;       // a status packet was seen (an ERR carries none)
    bool has_result_set = false;
    bool has_several = false;          // more than one result was announced
    bool ends_with_rows = false;       // the last result was one of rows
    std::uint64_t rows = 0;            // of the last result of rows
    std::uint64_t affected_rows = 0;   // of the last OK that is no end of rows
    std::uint64_t last_insert_id = 0;  // of the same
    std::uint32_t statement_id = 0;    // COM_STMT_PREPARE: the backend's id
    std::uint16_t parameter_count = 0;
    std::uint16_t column_count = 0;  // COM_STMT_PREPARE
};

class Exchange {
public:
    /// `negotiated`: the capabilities in force on the backend link; they decide the packets' form.
    Exchange(Command command, Capabilities negotiated);

    /// `bytes` begins where the last call's progress ended. A call that makes no progress
    /// (forward 0, held none, not finished) wants more bytes behind these: an incomplete header,
    /// first byte or status packet is at the front. While client_speaks_next() it deals with
    /// nothing. After `finished`, or an error, it must not be called again.
    Result<Progress> on_backend_bytes(Bytes bytes);

    /// Size in bytes that the packet at the front needs to be complete, when the last call held it
    /// back; 0: unknown. A caller whose buffer is smaller must grow it.
    std::size_t wanted() const { return wanted_; }

    /// True after a LOCAL INFILE request: the client sends packets up to an empty one. In
    /// COM_CHANGE_USER's exchange true after each packet that the client answers with one of its
    /// own. When the client has spoken, `on_client_done` is called.
    bool client_speaks_next() const { return phase_ == Phase::client_turn; }
    void on_client_done();

    /// True when the command has no response at all (COM_STMT_CLOSE, COM_QUIT,
    /// COM_STMT_SEND_LONG_DATA): nothing is to be read, the exchange is over.
    bool is_silent() const { return shape_ == ResponseShape::none; }
    /// True when the first packet of the response was an ERR (nothing of a result was sent).
    bool failed_at_once() const { return failed_at_once_; }
    const Report& report() const { return report_; }

private:
    /// What kind of packet comes next.
    enum class Phase : std::uint8_t {
        first,            // of a response, or of the next one under MORE_RESULTS
        definitions,      // counted column definitions (COM_STMT_PREPARE: of parameters too)
        definitions_end,  // the EOF behind them, without CLIENT_DEPRECATE_EOF
        rows,             // any number, up to a status packet; also COM_FIELD_LIST's definitions
        client_turn,
        done,
    };
    /// What stands at the front of the bytes.
    enum class Kind : std::uint8_t { incomplete, passing, status, error, broken };

    Kind kind_at_front(Bytes rest) const;
    Kind kind_of_packet(PacketHeader header, Byte first_byte) const;
    std::size_t pass_on(Bytes rest);

    Result<Held> on_status(Bytes payload);
    Result<Held> on_first(Bytes payload);
    Result<Held> on_auth_packet(Bytes payload);
    Result<Held> on_local_infile();
    Result<Held> on_column_count(Bytes payload);
    Result<Held> on_prepare_ok(Bytes payload);
    Result<Held> on_definitions_end(Bytes payload);
    Result<Held> on_ok_or_eof(Bytes payload);
    Result<Held> on_error(Bytes payload);

    void begin_definitions(std::uint32_t count);
    void after_definitions();
    void after_group();
    bool has(Capabilities flags) const { return (negotiated_ & flags) != 0; }

    Capabilities negotiated_;
    std::size_t wanted_ = 0;
    std::uint32_t skip_ = 0;  // bytes of the packet under way that are still to come
    std::uint32_t definitions_left_ = 0;
    std::uint32_t columns_to_come_ = 0;     // COM_STMT_PREPARE: behind the parameters
    std::uint16_t definitions_status_ = 0;  // of the EOF behind the column definitions
    Command command_;
    ResponseShape shape_;
    Phase phase_;
    bool skip_continues_ = false;    // a continuation follows the packet under way
    bool sends_definitions_ = true;  // false: optional metadata, and the server left it out
    bool first_packet_ = true;
    bool failed_at_once_ = false;
    Report report_;
};

}  // namespace pointsman::protocol
