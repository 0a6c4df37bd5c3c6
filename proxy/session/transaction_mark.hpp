#pragma once
// A session's place in the count of open transactions per server, which a switchover waits for. Out
// of the count with the session, however that ends.

#include "protocol/server_status.hpp"

#include "proxy/metrics/counters.hpp"
#include "proxy/session/session_state.hpp"

namespace pointsman::proxy {

class TransactionMark {
public:
    TransactionMark() = default;
    TransactionMark(const TransactionMark&) = delete;
    TransactionMark& operator=(const TransactionMark&) = delete;
    ~TransactionMark() { move_to(nullptr); }

    /// To be called after each command.
    void update(Counters& counters, const SessionState& state)
    {
        bool open = (state.status() & protocol::server_status::in_trans) != 0;
        auto server = state.transaction_on();
        move_to(open && server ? &counters.server(*server).transactions_open : nullptr);
    }

private:
    void move_to(Counter* count)
    {
        if (count == counted_in_) return;
        if (counted_in_) counted_in_->sub();
        if (count) count->add();
        counted_in_ = count;
    }

    Counter* counted_in_ = nullptr;
};

}  // namespace pointsman::proxy
