#pragma once
// The hot loop: a server's answer to its client, and a client's long packets to its server.

#include "protocol/exchange.hpp"

#include "proxy/net/read_buffer.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/pool/backend_link.hpp"

#include <optional>

namespace pointsman::proxy {

/// How the relay of one answer ended.
enum class RelayEnd : std::uint8_t {
    finished,
    withheld,  // the answer is an ERR alone, and the editor kept it back (see last_error)
    backend_lost,
    backend_nonsense,  // the server broke the protocol
    client_lost,
};

/// Looks at the few packets that must not pass unseen.
class ResponseEditor {
public:
    virtual ~ResponseEditor() = default;
    /// The packet (payload) to send in place of `payload`; it keeps its sequence id.
    virtual protocol::Buffer edit(protocol::Held held, protocol::Bytes payload) = 0;
    /// The whole answer is this ERR: keep it from the client?
    virtual bool withholds(protocol::Bytes err_payload, std::uint16_t code) = 0;
    /// The server wants more from the client (LOCAL INFILE): the command is done with, and what the
    /// client's buffer holds from now on is its answer.
    virtual void on_client_turn() = 0;
    /// A whole answer, of a Relay that collects it, as the client is to get it.
    virtual protocol::Buffer edit_answer(protocol::Buffer answer) { return answer; }
};

struct RelayResult {
    RelayEnd end = RelayEnd::finished;
    bool answer_begun = false;       // bytes reached the client
    bool at_border = true;           // what reached it ends with a whole packet
    std::uint8_t next_sequence = 1;  // for an ERR of ours behind it
};

/// Both sides of one exchange.
struct RelayEnds {
    BackendLink& backend;
    net::Stream& client;
    net::ReadBuffer& client_buffer;
    Counters& counters;
    std::size_t max_packet = 1u << 20;  // largest status packet held back
};

/// Follows packet borders in what the client was sent, so that an ERR can be put behind them.
class BorderTracker {
public:
    void note(protocol::Bytes bytes);
    /// The client spoke in between, up to this sequence id.
    void note_client(std::uint8_t sequence)
    {
        next_sequence_ = static_cast<std::uint8_t>(sequence + 1);
    }
    bool at_border() const { return left_ == 0; }
    std::uint8_t next_sequence() const { return next_sequence_; }

private:
    std::uint64_t left_ = 0;
    std::uint8_t next_sequence_ = 1;
};

/// A client's message of which the first part was sent already: what is still to come of its packet
/// under way, and whether another packet follows that one.
struct MessageRest {
    std::uint64_t missing = 0;
    bool continues = false;
    bool done() const { return missing == 0 && !continues; }
};

enum class PumpEnd : std::uint8_t { done, backend_lost, client_lost };

/// Moves the rest of a client's message to the server in pieces.
net::Task<PumpEnd> pump_message(RelayEnds ends, MessageRest& rest);

/// Forwards one answer to its end.
class Relay {
public:
    Relay(RelayEnds ends, protocol::Exchange& exchange, ResponseEditor& editor)
        : ends_(ends), exchange_(exchange), editor_(editor)
    {
    }
    net::Task<RelayResult> run();
    /// The answer waits until it is whole, and goes by the editor; one that is larger goes on as it
    /// comes.
    void collect(std::size_t most_bytes) { most_collected_ = most_bytes; }

private:
    protocol::Bytes collected(protocol::Bytes out, bool is_whole);
    RelayResult end(RelayEnd how);
    RelayResult end_of(PumpEnd pumped);
    bool is_withheld(const protocol::Progress& progress);
    protocol::Bytes outgoing(const protocol::Progress& progress);
    protocol::MutableBytes room_for_more();
    net::Task<PumpEnd> pump_local_file();

    RelayEnds ends_;
    protocol::Exchange& exchange_;
    ResponseEditor& editor_;
    BorderTracker borders_;
    RelayResult result_;
    protocol::Buffer edited_;
    protocol::Buffer collected_;
    std::size_t most_collected_ = 0;  // 0: nothing is collected
};

}  // namespace pointsman::proxy
