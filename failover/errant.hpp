#pragma once
// Transactions that a server has and the primary lacks: what mysqlbinlog's text says that they did,
// and what to tell the operator. Pure; proxy/app/errant_saver has the text made.

#include "protocol/gtid_set.hpp"

#include "config/config.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace pointsman::failover {

/// What saved transactions did.
struct ErrantContent {
    protocol::GtidSet gtids;
    /// By what was done, for people: "INSERT INTO `app`.`t`", "CREATE TABLE". Never values.
    std::map<std::string, std::uint64_t> changes;
    /// Changes of further kinds than are kept.
    std::uint64_t more_changes = 0;
    bool has_rows = false;  // events of rows, decoded or not
    bool changed_nothing() const { return changes.empty() && more_changes == 0 && !has_rows; }
    static constexpr std::size_t most_kinds = 8;
};

/// Reads mysqlbinlog --verbose line by line. What it does not know counts as a change.
class ErrantReader {
public:
    void line(std::string_view text);
    const ErrantContent& content() const { return content_; }

private:
    void statement(std::string_view text);
    void changed(std::string what);

    ErrantContent content_;
    bool in_binlog_block_ = false;
};

/// What it takes to save them.
struct SaveErrant {
    config::Server server;
    protocol::GtidSet errant, shared;  // shared: all else that it has executed
    std::string program;    // mysqlbinlog
    std::string directory;  // made when it is missing
    std::uint64_t most_bytes = 0;
    std::string user, password;  // REPLICATION SLAVE
    config::ServerTls tls;
};

/// What became of saving them.
struct SavedErrant {
    std::string file;   // empty: not saved
    std::string error;  // then: one sentence
    ErrantContent content = {};
};

/// "2 transactions (uuid:7-8): 1 INSERT INTO `app`.`t`, 1 CREATE TABLE".
std::string to_text(const ErrantContent& content);

}  // namespace pointsman::failover
