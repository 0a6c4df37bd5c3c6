#pragma once
// Port: gives one server one order and says what came of it. Implemented in SQL by
// mysql_server_control, and by the simulation's model servers.

#include "failover/order.hpp"

namespace pointsman::failover {

class ServerControl {
public:
    virtual ~ServerControl() = default;
    /// Takes at most the order's `within`, and a little.
    virtual Outcome perform(const Order& order) = 0;
};

}  // namespace pointsman::failover
