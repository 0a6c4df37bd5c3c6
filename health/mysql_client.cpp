#include "health/mysql_client.hpp"

#include "health/tls_offer.hpp"

#include <errmsg.h>
#include <fcntl.h>
#include <mysql.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace pointsman::health {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What the server may ask of us. Without this list a false server could ask for the password in
// clear text (mysql_clear_password is built into the library).
constexpr char allowed_plugins[] =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519";
constexpr std::string_view no_tls_offered = "the server offers no TLS";
constexpr unsigned long max_packet_bytes = 16 * 1024 * 1024;

milliseconds until(Clock::time_point deadline)
{
    auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    return std::max(left, milliseconds{0});
}

/// False when the deadline passes first.
bool poll_until(pollfd& entry, Clock::time_point deadline)
{
    int ready = 0;
    do {
        ready = ::poll(&entry, 1, static_cast<int>(until(deadline).count()));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/// Waits for what the library asks for; MYSQL_WAIT_TIMEOUT when the deadline passes first.
int wait_for(MYSQL* mysql, int wanted, Clock::time_point deadline)
{
    pollfd entry{mysql_get_socket(mysql), 0, 0};
    if (wanted & MYSQL_WAIT_READ) entry.events |= POLLIN;
    if (wanted & MYSQL_WAIT_WRITE) entry.events |= POLLOUT;
    if (wanted & MYSQL_WAIT_EXCEPT) entry.events |= POLLPRI;
    if (!poll_until(entry, deadline)) return MYSQL_WAIT_TIMEOUT;

    int happened = 0;
    if (entry.revents & (POLLIN | POLLHUP | POLLERR)) happened |= wanted & MYSQL_WAIT_READ;
    if (entry.revents & (POLLOUT | POLLHUP | POLLERR)) happened |= wanted & MYSQL_WAIT_WRITE;
    if (entry.revents & POLLPRI) happened |= wanted & MYSQL_WAIT_EXCEPT;
    return happened ? happened : wanted;
}

enum class Ended { done, timed_out, stopped };

/// Drives one library call to its end, asking `may_resume` each time before it goes on. When the
/// deadline passes or the answer is no, the socket is shut down so that the call fails: a suspended
/// call must not be left behind on a connection that is closed next, and the library's reads over
/// TLS do not heed MYSQL_WAIT_TIMEOUT.
template <class Continue, class Guard>
Ended drive(MYSQL* mysql, int status, Clock::time_point deadline, Continue cont, Guard may_resume)
{
    auto ended = Ended::done;
    while (status != 0) {
        int happened = MYSQL_WAIT_TIMEOUT;
        if (ended == Ended::done) {
            happened = wait_for(mysql, status, deadline);
            if (happened == MYSQL_WAIT_TIMEOUT)
                ended = Ended::timed_out;
            else if (!may_resume())
                ended = Ended::stopped;
            if (ended != Ended::done) ::shutdown(mysql_get_socket(mysql), SHUT_RDWR);
        }
        status = cont(ended == Ended::done ? happened : MYSQL_WAIT_TIMEOUT);
    }
    return ended;
}

/// True: it ended in time.
template <class Continue>
bool drive(MYSQL* mysql, int status, Clock::time_point deadline, Continue cont)
{
    return drive(mysql, status, deadline, cont, [] { return true; }) == Ended::done;
}

/// Lets a login go on only if the server offers TLS. It waits for the greeting and looks at it
/// before the library reads it (tls_offer.hpp says why).
class TlsGuard {
public:
    TlsGuard(MYSQL* mysql, Clock::time_point deadline) : mysql_(mysql), deadline_(deadline) {}

    bool operator()()
    {
        // The library was quicker than we: then it has not answered more than the greeting yet.
        if (mysql_->server_version) return (mysql_->server_capabilities & CLIENT_SSL) != 0;
        if (seen_) return true;
        pollfd entry{mysql_get_socket(mysql_), POLLIN, 0};
        // Not connected, or nothing comes: the library finds that out, and why.
        if (!poll_until(entry, deadline_) || entry.revents & (POLLERR | POLLHUP)) return true;
        std::array<std::uint8_t, 512> bytes;
        auto size =
            ::recv(mysql_get_socket(mysql_), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
        if (size <= 0) return true;
        seen_ = true;
        return tls_offer(std::span(bytes).first(static_cast<std::size_t>(size))) !=
               TlsOffer::not_offered;
    }

private:
    MYSQL* mysql_;
    Clock::time_point deadline_;
    bool seen_ = false;
};

/// The library puts the system's error number in brackets at the end of its text, and nowhere else.
bool text_ends_with_errno(std::string_view text, int number)
{
    return text.ends_with("(" + std::to_string(number) + ")");
}

MysqlFailure failure_of(std::uint32_t code, std::string_view text)
{
    switch (code) {
        case CR_CONNECTION_ERROR:
        case CR_CONN_HOST_ERROR:
            return text_ends_with_errno(text, ECONNREFUSED) || text_ends_with_errno(text, ENOENT)
                       ? MysqlFailure::refused
                       : MysqlFailure::unreachable;
        case CR_UNKNOWN_HOST:
            return MysqlFailure::unreachable;
        case CR_SSL_CONNECTION_ERROR:
            return text_ends_with_errno(text, ETIMEDOUT) ? MysqlFailure::timeout
                                                         : MysqlFailure::tls;
        case CR_SERVER_GONE_ERROR:
        case CR_SERVER_LOST:
        case CR_SERVER_LOST_EXTENDED:
            return MysqlFailure::lost;
        default:
            return code < 2000 || code >= 3000 ? MysqlFailure::server_error
                                               : MysqlFailure::protocol;
    }
}

MysqlError error_of(MYSQL* mysql, bool timed_out)
{
    if (timed_out) return {MysqlFailure::timeout, CR_SERVER_LOST, "HY000", "no answer in time"};
    std::string text = mysql_error(mysql);
    auto code = mysql_errno(mysql);
    return {failure_of(code, text), code, mysql_sqlstate(mysql), text};
}

const char* or_null(const std::string& text)
{
    return text.empty() ? nullptr : text.c_str();
}

bool wants_tls(const ConnectOptions& options)
{
    using config::ServerTlsMode;
    // A unix socket needs no secrecy; only who demands TLS gets it there.
    auto least = options.address.is_unix() ? ServerTlsMode::required : ServerTlsMode::preferred;
    return options.tls.mode >= least;
}

void set_tls(MYSQL* mysql, const config::ServerTls& tls)
{
    using config::ServerTlsMode;
    my_bool on = 1;
    mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
    if (!tls.certificate.empty()) {
        mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, tls.certificate.c_str());
        mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, tls.key.c_str());
    }
    // With a CA named the library checks the chain; the host name only when told to.
    if (tls.mode >= ServerTlsMode::verify_ca)
        mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, or_null(tls.ca));
    if (tls.mode == ServerTlsMode::verify_identity)
        mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
}

void set_options(MYSQL* mysql, const ConnectOptions& options)
{
    unsigned int off = 0;
    // The TLS handshake waits inside the library, by this limit of whole seconds.
    auto seconds =
        static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(options.timeout).count());
    mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    // Else the library takes "localhost" for the unix socket of its own choice.
    unsigned int protocol = options.address.is_unix() ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(mysql, MYSQL_OPT_NONBLOCK, nullptr);
    mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
    mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet_bytes);
    mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, allowed_plugins);
    mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "pointsman");
}

/// The library leaves the socket blocking after a TLS handshake; its reads would then know no
/// deadline.
void make_nonblocking(MYSQL* mysql)
{
    int socket = mysql_get_socket(mysql);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

/// What an earlier connection's TLS left in the thread's error queue would be taken for an error of
/// this one: SSL_get_error(3) looks there first, and the library does not empty it.
void forget_tls_errors()
{
    ERR_clear_error();
}

void start_library_once()
{
    static std::once_flag started;
    std::call_once(started, [] { mysql_library_init(0, nullptr, nullptr); });
}

std::vector<std::string> column_names(MYSQL_RES* result)
{
    std::vector<std::string> names;
    auto* fields = mysql_fetch_fields(result);
    for (unsigned i = 0; i < mysql_num_fields(result); ++i)
        names.emplace_back(fields[i].name, fields[i].name_length);
    return names;
}

Row copy_row(MYSQL_RES* result, MYSQL_ROW row)
{
    Row copy(mysql_num_fields(result));
    auto* lengths = mysql_fetch_lengths(result);
    for (std::size_t i = 0; i < copy.size(); ++i)
        if (row[i]) copy[i].emplace(row[i], lengths[i]);
    return copy;
}

enum class Read { done, failed, timed_out, too_much };

/// Reads the rows of the result set that is next.
Read read_rows(MYSQL* mysql, MYSQL_RES* result, ResultSet& out, Clock::time_point deadline)
{
    out.columns = column_names(result);
    for (;;) {
        MYSQL_ROW row = nullptr;
        int status = mysql_fetch_row_start(&row, result);
        auto cont = [&](int happened) { return mysql_fetch_row_cont(&row, result, happened); };
        if (!drive(mysql, status, deadline, cont)) return Read::timed_out;
        if (!row) return mysql_errno(mysql) ? Read::failed : Read::done;
        if (out.rows.size() == MysqlConnection::max_rows) return Read::too_much;
        out.rows.push_back(copy_row(result, row));
    }
}

/// Reads the result that is next, if it has rows.
Read read_result(MYSQL* mysql, ResultSets& out, Clock::time_point deadline)
{
    if (mysql_field_count(mysql) == 0) return Read::done;
    MYSQL_RES* result = mysql_use_result(mysql);
    if (!result) return Read::failed;
    out.emplace_back();
    auto read = read_rows(mysql, result, out.back(), deadline);
    // Freeing a result that was not read to its end would read on, without a deadline: cut the
    // link.
    if (read == Read::too_much) ::shutdown(mysql_get_socket(mysql), SHUT_RDWR);
    mysql_free_result(result);
    return read;
}

}  // namespace

ClientLibraryThread::ClientLibraryThread()
{
    start_library_once();
    mysql_thread_init();
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

ClientLibraryThread::~ClientLibraryThread()
{
    mysql_thread_end();
}

void MysqlConnection::Closer::operator()(st_mysql* mysql) const
{
    mysql_close(mysql);
}

MysqlResult<MysqlConnection> MysqlConnection::connect(const ConnectOptions& options)
{
    auto deadline = Clock::now() + options.timeout;
    if (!wants_tls(options)) return log_in(options, false);
    auto result = log_in(options, true);
    bool no_offer = !result && result.error().text == no_tls_offered;
    if (!no_offer || options.tls.mode != config::ServerTlsMode::preferred) return result;
    auto without = options;
    without.timeout = until(deadline);
    return log_in(without, false);
}

MysqlResult<MysqlConnection> MysqlConnection::log_in(const ConnectOptions& options, bool with_tls)
{
    auto deadline = Clock::now() + options.timeout;
    start_library_once();
    forget_tls_errors();
    Handle mysql{mysql_init(nullptr)};
    if (!mysql)
        return MysqlError{MysqlFailure::protocol, CR_OUT_OF_MEMORY, "HY000", "out of memory"};
    set_options(mysql.get(), options);
    if (with_tls) set_tls(mysql.get(), options.tls);

    MYSQL* connected = nullptr;
    const auto& address = options.address;
    int status = mysql_real_connect_start(&connected, mysql.get(), or_null(address.host),
                                          options.user.c_str(), options.password.c_str(), nullptr,
                                          address.port, or_null(address.socket_path),
                                          CLIENT_MULTI_STATEMENTS);
    auto cont = [&](int happened) {
        return mysql_real_connect_cont(&connected, mysql.get(), happened);
    };
    TlsGuard guard{mysql.get(), deadline};
    auto may_resume = [&] { return !with_tls || guard(); };
    auto ended = drive(mysql.get(), status, deadline, cont, may_resume);
    bool plain = with_tls && connected && !mysql_get_ssl_cipher(mysql.get());
    if (ended == Ended::stopped || plain)
        return MysqlError{MysqlFailure::tls, CR_SSL_CONNECTION_ERROR, "HY000",
                          std::string(no_tls_offered)};
    if (ended == Ended::timed_out || !connected)
        return error_of(mysql.get(), ended == Ended::timed_out);
    make_nonblocking(mysql.get());
    return MysqlConnection{std::move(mysql)};
}

MysqlResult<ResultSets> MysqlConnection::query(std::string_view sql, milliseconds timeout)
{
    if (!mysql_)
        return MysqlError{MysqlFailure::lost, CR_SERVER_GONE_ERROR, "HY000", "not connected"};
    auto deadline = Clock::now() + timeout;
    auto* mysql = mysql_.get();
    forget_tls_errors();
    int failed = 0;
    int status = mysql_real_query_start(&failed, mysql, sql.data(), sql.size());
    auto cont_query = [&](int happened) { return mysql_real_query_cont(&failed, mysql, happened); };
    if (!drive(mysql, status, deadline, cont_query)) return fail(true);
    if (failed) return fail(false);

    ResultSets results;
    for (;;) {
        auto read = read_result(mysql, results, deadline);
        if (read == Read::too_much) {
            close();
            return MysqlError{MysqlFailure::protocol, 0, "HY000", "too many rows"};
        }
        if (read != Read::done) return fail(read == Read::timed_out);
        if (!mysql_more_results(mysql)) return results;

        status = mysql_next_result_start(&failed, mysql);
        auto cont_next = [&](int happened) {
            return mysql_next_result_cont(&failed, mysql, happened);
        };
        if (!drive(mysql, status, deadline, cont_next)) return fail(true);
        if (failed > 0) return fail(false);
    }
}

MysqlError MysqlConnection::fail(bool timed_out)
{
    auto error = error_of(mysql_.get(), timed_out);
    if (error.failure != MysqlFailure::server_error) close();
    return error;
}

std::string MysqlConnection::server_version() const
{
    const char* version = mysql_ ? mysql_get_server_info(mysql_.get()) : nullptr;
    return version ? version : "";
}

bool MysqlConnection::is_encrypted() const
{
    return mysql_ && mysql_get_ssl_cipher(mysql_.get()) != nullptr;
}

}  // namespace pointsman::health
