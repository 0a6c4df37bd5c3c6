#include "protocol/messages/session_track.hpp"

#include "protocol/wire_reader.hpp"
#include "protocol/wire_writer.hpp"

namespace pointsman::protocol {

namespace {

enum TrackType : Byte {
    track_system_variables = 0,
    track_schema = 1,
    track_state_change = 2,
    track_gtids = 3,
    track_transaction_characteristics = 4,
    track_transaction_state = 5,
};

// More than any server has to say; a limit on what a malformed packet can make us hold.
constexpr std::size_t max_changes = 65536;

using Changes = std::vector<TrackedChange>;

/// One text, for the types that have nothing else.
template <class Tracked>
void read_text(WireReader& in, Changes& changes)
{
    std::string text;
    in.read_lenenc_string(text);
    changes.push_back(Tracked{std::move(text)});
}

void read_variables(WireReader& in, Changes& changes)
{
    do {
        TrackedVariable variable;
        in.read_lenenc_string(variable.name).read_lenenc_string(variable.value);
        changes.push_back(std::move(variable));
    } while (in.remaining() != 0 && changes.size() < max_changes);
}

/// Alone among the entries its text has no length of its own (measured: MySQL 9.7).
void read_state_change(WireReader& in, Changes& changes)
{
    std::string text;
    in.read_eof(text);
    changes.push_back(TrackedStateChange{text == "1"});
}

void read_gtids(WireReader& in, Changes& changes)
{
    // Encoding specification: 0 is the only one, and means text.
    if (in.peek().value_or(0) != 0) {
        TrackedUnknown unknown{track_gtids, {}};
        in.read_eof(unknown.data);
        changes.push_back(std::move(unknown));
        return;
    }
    in.skip(1);
    read_text<TrackedGtids>(in, changes);
}

void read_change(Byte type, WireReader& in, Changes& changes)
{
    switch (type) {
        case track_system_variables:
            return read_variables(in, changes);
        case track_schema:
            return read_text<TrackedSchema>(in, changes);
        case track_state_change:
            return read_state_change(in, changes);
        case track_gtids:
            return read_gtids(in, changes);
        case track_transaction_characteristics:
            return read_text<TrackedCharacteristics>(in, changes);
        case track_transaction_state:
            return read_text<TrackedTransactionState>(in, changes);
        default:
            break;
    }
    TrackedUnknown unknown{type, {}};
    in.read_eof(unknown.data);
    changes.push_back(std::move(unknown));
}

/// Writes one change: its type, and what stands behind the entry's length.
struct ChangeWriter {
    WireWriter& out;

    void entry(Byte type, const Buffer& data) const { out.int1(type).lenenc_bytes(data); }
    void text_entry(Byte type, std::string_view text) const
    {
        Buffer data;
        WireWriter(data).lenenc_text(text);
        entry(type, data);
    }

    void operator()(const TrackedVariable& variable) const
    {
        Buffer data;
        WireWriter(data).lenenc_text(variable.name).lenenc_text(variable.value);
        entry(track_system_variables, data);
    }
    void operator()(const TrackedSchema& schema) const { text_entry(track_schema, schema.name); }
    void operator()(const TrackedStateChange& change) const
    {
        entry(track_state_change, {static_cast<Byte>(change.changed ? '1' : '0')});
    }
    void operator()(const TrackedGtids& gtids) const
    {
        Buffer data;
        WireWriter(data).int1(0).lenenc_text(gtids.gtids);
        entry(track_gtids, data);
    }
    void operator()(const TrackedCharacteristics& characteristics) const
    {
        text_entry(track_transaction_characteristics, characteristics.statements);
    }
    void operator()(const TrackedTransactionState& transaction) const
    {
        text_entry(track_transaction_state, transaction.state);
    }
    void operator()(const TrackedUnknown& unknown) const { entry(unknown.type, unknown.data); }
};

}  // namespace

// A sequence of: type int<1>, data string<lenenc>.
Result<Changes> decode_session_state(Bytes session_state)
{
    WireReader in(session_state);
    Changes changes;
    while (in.remaining() != 0) {
        if (changes.size() >= max_changes) return make_error_code(Errc::message_too_large);
        Byte type = 0;
        Bytes data;
        in.read_int1(type).read_lenenc_string(data);
        if (in.failed()) break;
        WireReader entry(data);
        read_change(type, entry, changes);
        if (entry.remaining() != 0) entry.fail(Errc::trailing_bytes);
        if (entry.failed()) return make_error_code(entry.error());
    }
    return in.finished_or_error(std::move(changes));
}

Buffer encode_session_state(const Changes& changes)
{
    Buffer data;
    WireWriter out(data);
    for (const TrackedChange& change : changes) std::visit(ChangeWriter{out}, change);
    return data;
}

}  // namespace pointsman::protocol
