#pragma once
// The whole configuration as plain values with their defaults. Every field is a key of the YAML
// file under the same name; config/example.yaml documents each. No behaviour here.

#include "config/endpoint.hpp"
#include "config/network.hpp"
#include "config/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pointsman::config {

enum class ListenerMode { split, primary, replicas };
enum class ClientTlsMode { off, optional, required };
enum class ServerTlsMode { off, preferred, required, verify_ca, verify_identity };
enum class ClientCompression { off, zlib, zstd, any };  // what clients may choose
enum class ServerCompressionAlgorithm { off, zlib, zstd };
enum class NoReplica { primary, error };  // where reads go when no replica is fit
/// Whose writes a replica must have before it answers a session's reads.
enum class Consistency { none, session, global };
enum class FailoverMode { off, manual, automatic };
/// What is done with a server that cannot follow the primary as it is.
enum class Repair { leave, inject_empty, clone };
enum class Durability { off, degradable, strict };
enum class PromotionRule { prefer, neutral, prefer_not, must_not };
enum class Io { automatic, epoll, io_uring };  // how workers read and write sockets
enum class LogLevel { debug, info, warn, error };
enum class LogFormat { logfmt, json };

/// A port (or unix socket) that applications connect to.
struct Listener {
    std::string name = "default";  // unique; label in metrics
    Endpoint address{"0.0.0.0", 3306, {}};
    ListenerMode mode = ListenerMode::split;
    ClientTlsMode client_tls = ClientTlsMode::optional;
    ClientCompression client_compression = ClientCompression::any;
    bool local_infile = true;                  // LOAD DATA LOCAL: may servers ask for files?
    std::uint32_t max_connections = 10'000;    // 1040 beyond it
    std::vector<Network> proxy_protocol = {};  // who may name a client's address in a PROXY header
    std::string socket_mode = "0777";          // permissions of a unix socket, octal
    friend bool operator==(const Listener&, const Listener&) = default;
};

/// A mysqld that may be primary or replica; which one it is is found, not configured.
struct Server {
    ServerId id{};               // given by assign_server_ids, no YAML key
    std::string name;            // unique
    Endpoint address;            // default port 3306
    std::uint32_t weight = 100;  // share of reads; 0: none
    bool maintenance = false;    // no new work, links drained
    PromotionRule promotion_rule = PromotionRule::neutral;  // may it become the primary?
    std::string zone{};  // where it stands; a new primary is looked for in the old one's zone first
    friend bool operator==(const Server&, const Server&) = default;
};

/// Where a secret comes from: exactly one of the three is set. `value` holds the text once loaded.
struct SecretSource {
    std::string value;        // password: …
    std::string environment;  // password_env: NAME
    std::string file;         // password_file: PATH (its first line)
    friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

/// A listed account: works without learning.
struct User {
    std::string name;
    SecretSource password;
    std::uint32_t max_connections = 0;  // 1226 beyond it; 0: limits.max_user_connections
    friend bool operator==(const User&, const User&) = default;
};

/// The account that probes servers and, where it may, reads mysql.user.
struct Monitor {
    std::string user = "pointsman";
    SecretSource password;
    friend bool operator==(const Monitor&, const Monitor&) = default;
};

struct Probe {
    Milliseconds interval{100};
    Milliseconds timeout{300};  // deadline of one probe
    Milliseconds connect_timeout{1'000};
    std::uint32_t rise = 1;  // good probes in a row until a server is up
    std::uint32_t fall = 2;  // failed probes in a row until it is down
    friend bool operator==(const Probe&, const Probe&) = default;
};

struct Routing {
    Milliseconds max_lag{1'000};  // a replica lagging more gets no reads
    NoReplica no_replica = NoReplica::primary;
    Consistency consistency = Consistency::session;
    Milliseconds consistency_timeout{50};  // how long a read waits at a replica for them
    bool retry_reads = true;               // a read whose server dies is retried once elsewhere
    Milliseconds hold_timeout{5'000};      // how long statements wait for a primary
    friend bool operator==(const Routing&, const Routing&) = default;
};

/// Connections to servers, shared between sessions. Numbers are totals over all workers.
struct Pool {
    bool sharing = true;            // false: each session keeps the links that it has opened
    std::uint32_t max_links = 500;  // to one server
    std::uint32_t max_links_per_account = 0;  // of those; 0: as many as there are
    Milliseconds link_wait_timeout{5'000};    // for a link to become free; then error 1040
    std::uint32_t min_idle = 0;               // idle links of an account: opened ahead, kept
    std::uint32_t max_idle = 100;             // idle links of an account kept at all
    Milliseconds idle_timeout{60'000};
    Milliseconds max_age{600'000};       // older ones are closed when they become idle
    Milliseconds check_after{10'000};    // idle for longer: asked with a COM_PING before use
    std::uint32_t max_statements = 500;  // prepared on one link; the oldest is closed
    bool check_routine_locks = true;     // ask what a routine left: locks, variables
    Milliseconds slow_start{10'000};     // a server that is back gets all its reads; 0: at once
    friend bool operator==(const Pool&, const Pool&) = default;
};

/// Moving the primary role.
struct Failover {
    FailoverMode mode = FailoverMode::manual;
    std::string user;  // the account that may move the role; empty: the monitor's
    SecretSource password;
    std::string replication_user;  // what replicas log in to their source with
    SecretSource replication_password;
    Durability durability = Durability::degradable;
    Milliseconds drain{500};               // open transactions may end while new ones wait
    Milliseconds max_pause{150};           // of a switchover, from the fence to the new primary
    Milliseconds witness_silence{350};     // a replica that heard nothing for so long says "gone"
    Milliseconds write_stall{2'000};       // no commit for so long, while some wait, is told
    Milliseconds canary{0};                // between two empty transactions of ours; 0: none
    Milliseconds promote_wait{5'000};      // for a new primary to apply what it has received
    Milliseconds in_doubt_timeout{5'000};  // for what became of writes that were not answered
    Milliseconds cooldown{30'000};         // no second automatic failover within
    bool provision = false;                // a server without data becomes a copy of a replica
    Repair repair = Repair::leave;
    std::string mysqlbinlog = "mysqlbinlog";  // the program that saves errant transactions
    ByteCount errant_size{67'108'864};        // more of them than that are not saved
    std::string journal = "takeovers.jsonl";  // below state_directory; empty: memory only
    bool manage_settings = false;             // servers' settings are mended where they can be
    ByteCount journal_size{16'777'216};       // then a new file; the one before it is kept
    friend bool operator==(const Failover&, const Failover&) = default;
};

/// Shell lines that are run beside takeovers, one after the other until one fails. Empty: none.
struct Hooks {
    using Commands = std::vector<std::string>;
    Commands on_detection;               // a problem was found
    Commands before_switchover;          // waited for; if one fails, nothing is done
    Commands before_failover;            // waited for, so that a lost primary can be cut off
    Commands after_switchover;           // the primary role was moved
    Commands after_failover;             // a lost primary was replaced
    Commands after_unsuccessful;         // a takeover was undone, or needs an operator
    Milliseconds timeout{30'000};        // of them together; then they are killed
    Milliseconds before_timeout{5'000};  // the same of those that are waited for
    friend bool operator==(const Hooks&, const Hooks&) = default;
};

/// The port of the operator's commands.
struct Admin {
    bool enabled = true;
    Endpoint listen{"127.0.0.1", 3000, {}};
    friend bool operator==(const Admin&, const Admin&) = default;
};

/// TLS towards clients.
struct ClientTls {
    std::string certificate;  // PEM files; both empty: a self-signed pair in state_directory
    std::string key;
    std::string min_version = "1.2";  // "1.2" or "1.3"
    friend bool operator==(const ClientTls&, const ClientTls&) = default;
};

/// TLS towards servers.
struct ServerTls {
    ServerTlsMode mode = ServerTlsMode::preferred;
    std::string ca;           // PEM file; needed by verify_ca and verify_identity
    std::string certificate;  // of ours, when servers want one
    std::string key;
    friend bool operator==(const ServerTls&, const ServerTls&) = default;
};

/// Of links to servers. A server that does not offer it is spoken to without.
struct ServerCompression {
    ServerCompressionAlgorithm algorithm = ServerCompressionAlgorithm::off;
    std::uint32_t zstd_level = 3;
    friend bool operator==(const ServerCompression&, const ServerCompression&) = default;
};

struct Credentials {
    Milliseconds ttl{60'000};  // learned entries older than this are verified again at next use
    std::uint32_t max_entries = 10'000;
    friend bool operator==(const Credentials&, const Credentials&) = default;
};

struct Limits {
    Milliseconds handshake_timeout{10'000};  // from accept to logged in
    Milliseconds connect_timeout{1'000};     // dialling a server, incl. login
    Milliseconds wait_timeout{0};            // most that an idle client is kept; 0: as servers say
    Milliseconds statement_timeout{0};       // a statement running longer is killed; 0: none is
    std::uint32_t max_user_connections = 0;  // 1203 beyond it, for each account; 0: no limit
    Milliseconds drain_timeout{30'000};      // a removed server, a shutdown: wait for transactions
    std::uint32_t max_connect_errors = 100;  // failed logins in a row from one address until 1129
    Milliseconds connect_error_block{60'000};  // how long 1129 lasts
    ByteCount session_buffer{16'384};          // one receive buffer; two per session
    ByteCount max_status_packet{1'048'576};    // largest OK/ERR packet taken from a server
    ByteCount max_retry_command{65'536};       // a larger read is not kept for a retry
    ByteCount max_prepared_text{16'777'216};   // a longer text to prepare gets error 1153
    friend bool operator==(const Limits&, const Limits&) = default;
};

/// What is done about connections that went silent. 0: the kernel's own setting.
struct Tcp {
    Milliseconds keepalive_time{60'000};      // silence until the first question
    Milliseconds keepalive_interval{10'000};  // between two questions
    std::uint32_t keepalive_count = 6;        // questions without an answer until it is lost
    Milliseconds server_timeout{30'000};      // a server that acknowledges nothing for so long
    friend bool operator==(const Tcp&, const Tcp&) = default;
};

struct Metrics {
    bool enabled = true;
    Endpoint address{"127.0.0.1", 9127, {}};
    friend bool operator==(const Metrics&, const Metrics&) = default;
};

struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::logfmt;
    std::string file;  // empty: standard error
    friend bool operator==(const Log&, const Log&) = default;
};

struct Config {
    std::string cluster = "main";           // name of the cluster; label in metrics
    std::vector<Listener> listeners;        // default: one, named "default"
    std::vector<Server> servers;            // at least one
    bool discover = false;                  // replicas of servers that are known become servers
    std::uint32_t discover_limit = 16;      // of them at once
    Milliseconds discover_forget{600'000};  // one that follows nobody for so long is dropped
    Monitor monitor;
    std::vector<User> users;
    Probe probe;
    Routing routing;
    Pool pool;
    Failover failover;
    Hooks hooks;
    ClientTls client_tls;
    ServerTls server_tls;
    ServerCompression server_compression;
    Credentials credentials;
    Limits limits;
    Tcp tcp;
    Metrics metrics;
    Admin admin;
    Log log;
    std::uint32_t workers = 0;  // threads; 0: the cores but one, at least one
    Io io = Io::automatic;
    std::string server_version;                          // greeting's version; empty: the primary's
    std::string state_directory = "/var/lib/pointsman";  // keys made at first start
    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace pointsman::config
