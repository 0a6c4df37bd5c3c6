#include "proxy/routing/acknowledged_writes.hpp"

namespace pointsman::proxy {

using protocol::GtidList;
using protocol::GtidSet;
using protocol::Position;

namespace {

template <class Number>
void raise_to(std::atomic<Number>& highest, Number number)
{
    auto seen = highest.load(std::memory_order_relaxed);
    while (seen < number &&
           !highest.compare_exchange_weak(seen, number, std::memory_order_acq_rel)) {
    }
}

}  // namespace

void AcknowledgedWrites::note(const Position& gtids, Moment now)
{
    if (const auto* set = std::get_if<GtidSet>(&gtids)) {
        for (const auto& source : set->sources()) {
            Slot key;
            key.uuid = source.uuid;
            key.tag = source.tag;
            raise(key, source.intervals.back().last, now);
        }
        return;
    }
    for (const auto& [domain, gtid] : std::get<GtidList>(gtids).domains()) {
        Slot key;
        key.mariadb = true;
        key.domain = domain;
        key.server_id = gtid.server_id;
        raise(key, gtid.sequence, now);
    }
}

void AcknowledgedWrites::raise(const Slot& key, std::uint64_t number, Moment now)
{
    auto* slot = slot_of(key);
    if (!slot) {
        overflowed_.store(true, std::memory_order_relaxed);
        version_.fetch_add(1, std::memory_order_release);
        return;
    }
    raise_to(slot->noted_at, now.time_since_epoch().count());
    raise_to(slot->newest, number);
    version_.fetch_add(1, std::memory_order_release);
}

AcknowledgedWrites::Slot* AcknowledgedWrites::slot_of(const Slot& key)
{
    for (auto& slot : slots_) {
        auto state = slot.state.load(std::memory_order_acquire);
        if (state == free && slot.state.compare_exchange_strong(state, being_filled)) {
            slot.uuid = key.uuid;
            slot.tag = key.tag;
            slot.domain = key.domain;
            slot.server_id = key.server_id;
            slot.mariadb = key.mariadb;
            slot.state.store(ready, std::memory_order_release);
            return &slot;
        }
        // Another thread fills it: a few instructions.
        while (slot.state.load(std::memory_order_acquire) != ready) {
        }
        if (slot.is(key)) return &slot;
    }
    return nullptr;
}

Position AcknowledgedWrites::Slot::position(std::uint64_t number) const
{
    if (mariadb) {
        GtidList list;
        list.add({domain, server_id, number});
        return list;
    }
    GtidSet set;
    set.add(uuid, tag, {number, number});
    return set;
}

std::optional<Position> AcknowledgedWrites::position() const
{
    if (overflowed_.load(std::memory_order_relaxed)) return std::nullopt;
    Position all;
    for (const auto& slot : slots_) {
        if (slot.state.load(std::memory_order_acquire) != ready) continue;
        auto number = slot.newest.load(std::memory_order_relaxed);
        if (number != 0) unite(all, slot.position(number));
    }
    return all;
}

void AcknowledgedWrites::forget(const GtidSet& lost)
{
    for (auto& slot : slots_) {
        if (slot.state.load(std::memory_order_acquire) != ready || slot.mariadb) continue;
        auto number = slot.newest.load(std::memory_order_acquire);
        if (number != 0 && lost.contains(slot.uuid, slot.tag, number))
            slot.newest.compare_exchange_strong(number, 0, std::memory_order_relaxed);
    }
}

void AcknowledgedWrites::forget_lost(const ServerMarks& marks, config::ServerId primary)
{
    for (auto& slot : slots_) {
        if (slot.state.load(std::memory_order_acquire) != ready) continue;
        // In this order: the moment is then not older than the number.
        auto number = slot.newest.load(std::memory_order_acquire);
        Moment noted{Moment::duration{slot.noted_at.load(std::memory_order_acquire)}};
        auto had = marks.taken_after(primary, noted);
        if (!had || number == 0 || contains(*had, slot.position(number))) continue;
        slot.newest.compare_exchange_strong(number, 0, std::memory_order_relaxed);
    }
}

}  // namespace pointsman::proxy
