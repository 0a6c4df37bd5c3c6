#pragma once
// What became of a write or COMMIT that a lost primary never answered, by elimination: whatever its
// successor was found to have is accounted for, by clients that were told of it or by having been
// there before the statement was sent. Then nothing is left that it could be, and it is absent for
// certain. If something is left, nobody can tell whose it is. Pure.

#include "protocol/gtid_set.hpp"

#include "failover/evidence.hpp"

#include <vector>

namespace pointsman::failover {

/// A statement whose server was lost under it.
struct Doubt {
    config::ServerId server{};
    TimePoint sent_at{};  // not later than it was sent
};

/// By this moment the server had executed all of these.
struct ExecutedMark {
    TimePoint at{};
    protocol::GtidSet executed;
};

/// A failover, as far as doubts need to know it.
struct Succession {
    config::ServerId from{}, to{};
    TimePoint at{};                   // when the role went over
    protocol::GtidSet found = {};     // what frozen replicas had, all of them together
    std::vector<ExecutedMark> marks;  // of the lost primary, oldest first
};

/// The failover is of the doubt's server, and came after the statement.
bool concerns(const Succession& succession, const Doubt& doubt);

/// Is it certain that the statement left nothing behind on any server that goes on?
/// `acknowledged`: transactions of which sessions of this process were told one by one. Some may be
/// missing (then less is certain); none may be in it that a statement in doubt could have made.
bool is_absent(const Doubt& doubt, const Succession& succession,
               const protocol::GtidSet& acknowledged);

}  // namespace pointsman::failover
