#pragma once
// Where the response to one command ends, and what it reported: the relay's brain.
//
// It looks at packet headers, first bytes and status packets (OK, EOF, ERR); rows are never parsed
// and never held back. It copies nothing: the caller presents bytes at the front of its own buffer,
// removes what was dealt with, and presents the rest again with what came since.

#include <optional>

#include "protocol/bytes.hpp"
#include "protocol/capability.hpp"
#include "protocol/command.hpp"
#include "protocol/errc.hpp"

namespace pointsman::protocol {

/// A packet that the caller must look at before it goes on to the client.
enum class Held : std::uint8_t {
    none,
    ok_with_state,  // an OK (or the OK that replaces EOF) with SERVER_SESSION_STATE_CHANGED
    prepare_ok,     // the first packet of COM_STMT_PREPARE's answer: it carries the statement id
};

struct Progress {
    std::size_t forward = 0;  // bytes at the front that belong to the client, unchanged
    std::size_t held_size = 0;  // wire size of one complete packet right behind them, see `held`
    Held held = Held::none;
    bool finished = false;  // the response ends exactly after forward + held_size
};

/// What the response said, complete once it is finished.
struct Report {
    std::uint16_t status = 0;    // SERVER_STATUS_* of the last status packet
    std::uint16_t warnings = 0;  // of the last status packet
    std::uint16_t error_code = 0;  // ER_* of the ERR packet that ended it; 0: none
    bool has_status = false;     // a status packet was seen (an ERR carries none)
    bool has_result_set = false;
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
    /// (forward 0, held none, not finished) wants more bytes behind these: an incomplete header, first byte or
    /// status packet is at the front. After `finished` it must not be called again.
    Result<Progress> on_backend_bytes(Bytes bytes);

    /// Size in bytes that the packet at the front needs to be complete, when the last call held it
    /// back; 0: unknown. A caller whose buffer is smaller must grow it.
    std::size_t wanted() const { return wanted_; }

    /// True after a LOCAL INFILE request: the client sends packets up to an empty one, then
    /// `on_client_done` is called.
    bool client_speaks_next() const;
    void on_client_done();

    /// True when the command has no response at all (COM_STMT_CLOSE, COM_QUIT, COM_STMT_SEND_LONG_DATA).
    bool is_silent() const;
    /// True when the first packet of the response was an ERR (nothing of a result was sent).
    bool failed_at_once() const;
    const Report& report() const { return report_; }

private:
    enum class Phase : std::uint8_t;
    Command command_;
    Capabilities negotiated_;
    Phase phase_;
    Report report_;
    std::size_t wanted_ = 0;
    std::uint64_t skip_ = 0;         // bytes of the packet under way that are still to come
    bool skip_continues_ = false;    // and it is followed by a continuation packet
    std::uint64_t columns_left_ = 0;
    std::uint32_t parameters_left_ = 0;
    bool first_packet_ = true;
    bool failed_at_once_ = false;
};

}  // namespace pointsman::protocol
