#pragma once
// A conversation with a sans-io machine, written down once and played in several ways: as it is,
// broken off at each step, and with each received packet cut short. Sequence ids are counted here,
// so that every script also checks the machine's.
//
//     Script<ClientHandshake>{}.receives(greeting).expects_sent(login).receives(ok)
//         .expects<ClientHandshake::Ready>().check(make_machine);
//
// A machine is anything with an `Action` variant and `Action on_packet(Bytes payload, sequence)`.

#include "protocol/packet.hpp"

#include "tests/support/hex.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pointsman::tests {

template <class Machine>
class Script {
public:
    using Action = typename Machine::Action;
    using Event = std::function<Action(Machine&)>;
    using Make = std::function<Machine()>;
    /// Is this the action that gives up, or the one that says that all is well?
    using Judge = std::function<bool(const Action&)>;

    /// The machine is given a packet, with the sequence id that is due.
    Script& receives(protocol::Buffer payload)
    {
        steps_.push_back({"receives " + hex(payload, 24), std::move(payload), {}, {}, {}});
        return *this;
    }

    /// The machine is told of something else.
    Script& happens(std::string what, Event event)
    {
        steps_.push_back({std::move(what), {}, std::move(event), {}, {}});
        return *this;
    }

    /// The step before must have led to an action of this kind, of which `look` may check more.
    template <class Expected>
    Script& expects(std::function<void(const Expected&)> look = {})
    {
        steps_.back().expectations.push_back([look = std::move(look)](const Action& action) {
            const auto* expected = std::get_if<Expected>(&action);
            REQUIRE(expected != nullptr);
            if (look) look(*expected);
        });
        return *this;
    }

    /// The step before must have led to exactly these packets (payloads).
    Script& expects_sent(std::vector<protocol::Buffer> payloads)
    {
        steps_.back().sent = std::move(payloads);
        steps_.back().checks_sent = true;
        return *this;
    }
    Script& expects_sent(protocol::Buffer payload)
    {
        return expects_sent(std::vector<protocol::Buffer>{std::move(payload)});
    }

    /// Plays it as written.
    void check(const Make& make) const
    {
        Machine machine = make();
        std::uint8_t sequence = 0;
        for (const Step& step : steps_) {
            INFO(step.what);
            const Action action = play(machine, step, sequence);
            const auto sent = follow_sent(action, sequence);
            for (const auto& expectation : step.expectations) expectation(action);
            if (step.checks_sent) CHECK(sent == step.sent);
        }
    }

    /// Plays it up to each packet received, and then breaks it: with a wrong sequence id, which
    /// must be a failure, and with bytes that are no packet of this protocol, which must be no
    /// success.
    void check_failing_at_each_step(const Make& make, const Judge& is_failure,
                                    const Judge& is_success) const
    {
        const protocol::Buffer nonsense(40, 0x7e);
        for_each_received([&](std::size_t at) {
            auto [machine, sequence] = play_up_to(make, at);
            CHECK(is_failure(machine.on_packet(steps_[at].payload, sequence + 1)));
            auto [other, due] = play_up_to(make, at);
            CHECK_FALSE(is_success(other.on_packet(nonsense, due)));
        });
    }

    /// Plays it up to each packet received, and then gives each of its beginnings instead. Only the
    /// last packet may be a success when it is cut: optional fields stand at the end of it.
    void check_truncated_everywhere(const Make& make, const Judge& is_success) const
    {
        for_each_received([&](std::size_t at) {
            const protocol::Bytes whole{steps_[at].payload};
            for (std::size_t size = 0; size < whole.size(); ++size) {
                auto [machine, sequence] = play_up_to(make, at);
                // Its own memory, so that a sanitizer sees one byte too far.
                const protocol::Buffer cut{whole.begin(), whole.begin() + std::ptrdiff_t(size)};
                const bool success = is_success(machine.on_packet(cut, sequence));
                CHECK((!success || at + 1 == steps_.size()));
            }
        });
    }

private:
    struct Step {
        std::string what;
        protocol::Buffer payload;
        Event event;  // empty: the payload is received
        std::vector<std::function<void(const Action&)>> expectations;
        std::vector<protocol::Buffer> sent;
        bool checks_sent = false;
    };

    static Action play(Machine& machine, const Step& step, std::uint8_t& sequence)
    {
        if (step.event) return step.event(machine);
        return machine.on_packet(step.payload, sequence++);
    }

    /// The payloads in what the action wants written; their ids must go on from `sequence`.
    static std::vector<protocol::Buffer> follow_sent(const Action& action, std::uint8_t& sequence)
    {
        std::vector<protocol::Buffer> payloads;
        protocol::Bytes rest = bytes_of(action);
        while (!rest.empty()) {
            const auto header = protocol::peek_header(rest);
            REQUIRE(header.has_value());
            REQUIRE(header->wire_size() <= rest.size());
            CHECK(int{header->sequence} == int{sequence});
            ++sequence;
            const auto payload = rest.subspan(protocol::packet_header_size, header->payload_size);
            payloads.emplace_back(payload.begin(), payload.end());
            rest = rest.subspan(header->wire_size());
        }
        return payloads;
    }

    static protocol::Bytes bytes_of(const Action& action)
    {
        return std::visit(
            [](const auto& kind) -> protocol::Bytes {
                if constexpr (requires { kind.bytes; })
                    return kind.bytes;
                else
                    return {};
            },
            action);
    }

    std::pair<Machine, std::uint8_t> play_up_to(const Make& make, std::size_t end) const
    {
        std::pair<Machine, std::uint8_t> state{make(), std::uint8_t{0}};
        for (std::size_t i = 0; i < end; ++i)
            follow_sent(play(state.first, steps_[i], state.second), state.second);
        return state;
    }

    template <class Do>
    void for_each_received(const Do& act) const
    {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            if (steps_[i].event) continue;
            INFO("in place of: " << steps_[i].what);
            act(i);
        }
    }

    std::vector<Step> steps_;
};

}  // namespace pointsman::tests
