#pragma once
// Pure: the binary prepared statements of a session, by the ids that its client knows. Each link
// keeps which of them it has, under its own ids (LinkStatement).

#include "protocol/bytes.hpp"
#include "protocol/sql/statement.hpp"

#include "config/endpoint.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace pointsman::proxy {

struct PreparedStatement {
    std::string text;
    protocol::sql::Statement facts;
    std::uint16_t parameter_count = 0;
    /// The parameters' types as the client last sent them: a server that has not seen them needs
    /// them with its first execution.
    protocol::Buffer types;
    /// Where pieces of long data wait for the execution.
    std::optional<config::ServerId> long_data_on;
    /// Where it was executed last: a cursor is open there, perhaps.
    std::optional<config::ServerId> executed_on;
    bool has_cursor = false;
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
    void erase(std::uint32_t id) { statements_.erase(id); }
    void clear() { statements_.clear(); }
    /// A server lost what was waiting or open there.
    void forget_server(config::ServerId server)
    {
        for (auto& [id, statement] : statements_) {
            if (statement.long_data_on == server) statement.long_data_on.reset();
            if (statement.executed_on == server) statement.executed_on.reset();
        }
    }

private:
    std::unordered_map<std::uint32_t, PreparedStatement> statements_;
    std::uint32_t last_id_ = 0;
};

}  // namespace pointsman::proxy
