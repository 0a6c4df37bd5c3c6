#pragma once
// Pure: the binary prepared statements of a session, by the ids that its client knows. Each link
// keeps which of them it has, under its own ids (LinkStatement), by what they were prepared from.

#include "protocol/bytes.hpp"
#include "protocol/sql/statement.hpp"

#include "config/endpoint.hpp"

#include "proxy/pool/prepared_keys.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

struct PreparedStatement {
    PreparedKeyPtr key;
    protocol::sql::Statement facts;
    std::uint16_t parameter_count = 0;
    /// The parameters' types as the client last sent them: a server that has seen others, or none,
    /// needs them with its next execution.
    protocol::Buffer types;
    /// Where pieces of long data wait for the execution.
    std::optional<config::ServerId> long_data_on;
    /// Where it was executed last: a cursor is open there, perhaps.
    std::optional<config::ServerId> executed_on;
    bool has_cursor = false;
    /// An execution came in several packets, and the next one's types can't be put between them: it
    /// needs the link that knows them.
    bool keeps_types = false;
    bool has_mixed_types = false;  // it was executed with others before

    /// Is something of it open on a server's link?
    bool is_bound() const { return long_data_on || (is_open() && executed_on); }
    bool is_open() const { return has_cursor || keeps_types; }
};

class PreparedStatements {
public:
    /// Statements of one session; max_prepared_stmt_count of a server is smaller by default.
    static constexpr std::size_t most = 100'000;

    /// A new statement's id; nothing when there are too many.
    std::optional<std::uint32_t> add(PreparedStatement statement)
    {
        if (statements_.size() >= most) return std::nullopt;
        statements_.emplace(++last_id_, std::move(statement));
        return last_id_;
    }
    /// 0xffffffff is the one prepared last.
    PreparedStatement* find(std::uint32_t& id)
    {
        if (id == 0xffffffff) id = last_id_;
        auto found = statements_.find(id);
        return found == statements_.end() ? nullptr : &found->second;
    }
    /// Changes what is_bound() depends on; all such changes come by here.
    template <class Change>
    void rebind(PreparedStatement& statement, Change change)
    {
        bound_ -= statement.is_bound();
        change(statement);
        bound_ += statement.is_bound();
    }
    void erase(std::uint32_t id)
    {
        auto found = statements_.find(id);
        if (found == statements_.end()) return;
        bound_ -= found->second.is_bound();
        statements_.erase(found);
    }
    void clear()
    {
        statements_.clear();
        bound_ = 0;
    }
    bool any_bound() const { return bound_ != 0; }
    /// Must the link to `server` be kept for one of them?
    bool needs_link_to(config::ServerId server) const
    {
        if (bound_ == 0) return false;
        for (const auto& [id, statement] : statements_) {
            if (statement.long_data_on == server) return true;
            if (statement.is_open() && statement.executed_on == server) return true;
        }
        return false;
    }
    /// A server lost what was waiting or open there.
    void forget_server(config::ServerId server)
    {
        for (auto& [id, statement] : statements_)
            rebind(statement, [server](PreparedStatement& one) {
                if (one.long_data_on == server) one.long_data_on.reset();
                if (one.executed_on == server) one.executed_on.reset();
            });
    }

private:
    std::unordered_map<std::uint32_t, PreparedStatement> statements_;
    std::uint32_t last_id_ = 0;
    std::size_t bound_ = 0;  // statements that are
};

}  // namespace pointsman::proxy
