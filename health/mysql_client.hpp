#pragma once
// A blocking MySQL client whose every call ends by a deadline. The only user of the C client
// library; one of the blocking adapters of this folder, so it may read the clock. A connection
// belongs to one thread at a time, and every thread that uses one holds a ClientLibraryThread.

#include "config/config.hpp"
#include "config/endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

struct st_mysql;  // the library's connection

namespace pointsman::health {

/// The library's per-thread setup, for as long as the thread uses connections. Also keeps a peer
/// that goes away from killing the process with SIGPIPE.
class ClientLibraryThread {
public:
    ClientLibraryThread();
    ~ClientLibraryThread();
    ClientLibraryThread(const ClientLibraryThread&) = delete;
    ClientLibraryThread& operator=(const ClientLibraryThread&) = delete;
};

enum class MysqlFailure : std::uint8_t {
    timeout,       // the deadline passed
    refused,       // ECONNREFUSED, or no such socket file
    unreachable,   // any other way not to connect
    tls,           // TLS failed or was not offered
    lost,          // the connection ended in the middle
    server_error,  // an ERR packet: code, sqlstate and text are the server's
    protocol,      // the peer does not speak MySQL, or sent too much
};

struct MysqlError {
    MysqlFailure failure = MysqlFailure::protocol;
    std::uint32_t code = 0;  // the server's, or the client library's (2000 …)
    std::string sqlstate;
    std::string text;
};

/// A value or why there is none.
template <class T>
class [[nodiscard]] MysqlResult {
public:
    MysqlResult(T value) : content_(std::move(value)) {}
    MysqlResult(MysqlError error) : content_(std::move(error)) {}

    explicit operator bool() const { return std::holds_alternative<T>(content_); }
    T& operator*() { return std::get<T>(content_); }
    T* operator->() { return &std::get<T>(content_); }
    MysqlError& error() { return std::get<MysqlError>(content_); }

private:
    std::variant<T, MysqlError> content_;
};

using Field = std::optional<std::string>;  // nothing: NULL
using Row = std::vector<Field>;

struct ResultSet {
    std::vector<std::string> columns;
    std::vector<Row> rows;
};
/// One per statement of the query that returned rows.
using ResultSets = std::vector<ResultSet>;

struct ConnectOptions {
    config::Endpoint address;
    std::string user;
    std::string password;
    config::ServerTls tls;
    std::chrono::milliseconds timeout{1'000};  // dialling, TLS and login together
};

/// A logged-in connection. After any failure but `server_error` it is closed and of no more use.
class MysqlConnection {
public:
    /// Host names are looked up by the system's resolver, which knows no deadline of ours.
    static MysqlResult<MysqlConnection> connect(const ConnectOptions& options);

    /// Runs one query, which may hold several statements, and reads all its rows (at most
    /// `max_rows`, else it is a protocol failure).
    MysqlResult<ResultSets> query(std::string_view sql, std::chrono::milliseconds timeout);

    bool is_open() const { return mysql_ != nullptr; }
    /// The greeting's version.
    std::string server_version() const;
    bool is_encrypted() const;
    void close() { mysql_.reset(); }

    static constexpr std::size_t max_rows = 10'000;

private:
    struct Closer {
        void operator()(st_mysql* mysql) const;
    };
    using Handle = std::unique_ptr<st_mysql, Closer>;

    explicit MysqlConnection(Handle mysql) : mysql_(std::move(mysql)) {}
    static MysqlResult<MysqlConnection> log_in(const ConnectOptions& options, bool with_tls);
    MysqlError fail(bool timed_out);

    Handle mysql_;
};

}  // namespace pointsman::health
