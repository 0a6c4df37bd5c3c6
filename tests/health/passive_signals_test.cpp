#include "health/passive_signals.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using health::PassiveSignals;

TEST_CASE("signals are counted per server and wake their reader once until it looked")
{
    PassiveSignals signals;
    int woken = 0;
    signals.set_wake([&] { ++woken; });
    config::ServerId one{1}, two{2};

    signals.note_link_lost(one);
    signals.note_link_lost(one);
    signals.note_read_only(two);
    CHECK(woken == 1);
    CHECK(signals.counts(one) == PassiveSignals::Counts{2, 0});
    CHECK(signals.counts(two) == PassiveSignals::Counts{0, 1});

    signals.take_news();
    signals.note_link_lost(two);
    CHECK(woken == 2);
}

TEST_CASE("a server beyond the last slot is ignored")
{
    PassiveSignals signals;
    config::ServerId far{100'000};
    signals.note_link_lost(far);
    CHECK(signals.counts(far) == PassiveSignals::Counts{});
}
