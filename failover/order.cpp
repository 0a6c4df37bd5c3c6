#include "failover/order.hpp"

#include <array>

namespace pointsman::failover {

std::string_view to_text(Verb verb)
{
    constexpr std::array<std::string_view, 30> words{"survey",
                                                     "find_blockers",
                                                     "new_binary_log",
                                                     "positions",
                                                     "executed",
                                                     "wait_executed",
                                                     "stop_receiver",
                                                     "start_receiver",
                                                     "restart_receiver",
                                                     "follow",
                                                     "repoint",
                                                     "make_read_only",
                                                     "make_writable",
                                                     "promote",
                                                     "promote_semi_sync",
                                                     "end_transactions",
                                                     "cut_clients",
                                                     "lacking",
                                                     "stop_semi_sync",
                                                     "forget_source",
                                                     "settings",
                                                     "set_variable",
                                                     "restart_replication",
                                                     "clone",
                                                     "clone_new",
                                                     "call_hook",
                                                     "clone_state",
                                                     "inject_empty",
                                                     "tune_receiver"};
    return words[static_cast<std::size_t>(verb)];
}

}  // namespace pointsman::failover
