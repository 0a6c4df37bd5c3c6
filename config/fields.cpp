#include "config/fields.hpp"

#include <type_traits>

namespace pointsman::config {
namespace {

constexpr std::uint64_t ms = 1, second = 1'000, minute = 60 * second, day = 24 * 60 * minute;
constexpr std::uint64_t kibibyte = 1'024, mebibyte = 1'024 * kibibyte;

constexpr ValueRules from_to(std::uint64_t min, std::uint64_t max)
{
    return {.bounds = {min, max}};
}
constexpr ValueRules name{.content = Content::name};
constexpr ValueRules user_name{.content = Content::user};
constexpr ValueRules path{.content = Content::path};
constexpr ValueRules octal_mode{.content = Content::mode};
constexpr ValueRules metrics_port{.default_port = 9127};
constexpr ValueRules admin_port{.default_port = 3000};

constexpr Field<Config> config_fields[] = {
    {"cluster", &Config::cluster, false, name, Reload::restart},
    {"workers", &Config::workers, false, from_to(0, 256), Reload::restart},
    {"io", &Config::io, false, {}, Reload::restart},
    {"discover", &Config::discover},
    {"discover_limit", &Config::discover_limit, false, from_to(1, 100)},
    {"discover_forget", &Config::discover_forget, false, from_to(second, 30 * day)},
    {"server_version", &Config::server_version},
    {"state_directory", &Config::state_directory, false, path, Reload::restart},
};
constexpr Field<Listener> listener_fields[] = {
    {"name", &Listener::name, false, name},
    {"address", &Listener::address},
    {"mode", &Listener::mode},
    {"client_tls", &Listener::client_tls},
    {"client_compression", &Listener::client_compression},
    {"local_infile", &Listener::local_infile},
    {"max_connections", &Listener::max_connections, false, from_to(1, 1'000'000)},
    {"proxy_protocol", &Listener::proxy_protocol},
    {"socket_mode", &Listener::socket_mode, false, octal_mode},
};
constexpr Field<Server> server_fields[] = {
    {"name", &Server::name, true, name},
    {"address", &Server::address, true},
    {"weight", &Server::weight, false, from_to(0, 10'000)},
    {"maintenance", &Server::maintenance},
    {"promotion_rule", &Server::promotion_rule},
    {"zone", &Server::zone},
};
constexpr Field<Monitor> monitor_fields[] = {
    {"user", &Monitor::user, false, user_name},
    {"password", &Monitor::password},
};
constexpr Field<User> user_fields[] = {
    {"name", &User::name, true, user_name},
    {"password", &User::password, true},
    {"max_connections", &User::max_connections, false, from_to(0, 1'000'000)},
};
constexpr Field<Probe> probe_fields[] = {
    {"interval", &Probe::interval, false, from_to(10 * ms, minute)},
    {"timeout", &Probe::timeout, false, from_to(10 * ms, minute)},
    {"connect_timeout", &Probe::connect_timeout, false, from_to(10 * ms, minute)},
    {"rise", &Probe::rise, false, from_to(1, 100)},
    {"fall", &Probe::fall, false, from_to(1, 100)},
};
constexpr Field<Routing> routing_fields[] = {
    {"max_lag", &Routing::max_lag, false, from_to(1 * ms, day)},
    {"no_replica", &Routing::no_replica},
    {"consistency", &Routing::consistency},
    {"consistency_timeout", &Routing::consistency_timeout, false, from_to(1, minute)},
    {"retry_reads", &Routing::retry_reads},
    {"hold_timeout", &Routing::hold_timeout, false, from_to(0, 10 * minute)},
};
constexpr Field<Pool> pool_fields[] = {
    {"sharing", &Pool::sharing},
    {"max_links", &Pool::max_links, false, from_to(1, 100'000)},
    {"max_links_per_account", &Pool::max_links_per_account, false, from_to(0, 100'000)},
    {"link_wait_timeout", &Pool::link_wait_timeout, false, from_to(1 * ms, 10 * minute)},
    {"min_idle", &Pool::min_idle, false, from_to(0, 100'000)},
    {"max_idle", &Pool::max_idle, false, from_to(0, 100'000)},
    {"idle_timeout", &Pool::idle_timeout, false, from_to(second, day)},
    {"max_age", &Pool::max_age, false, from_to(second, 30 * day)},
    {"check_after", &Pool::check_after, false, from_to(0, day)},
    {"max_statements", &Pool::max_statements, false, from_to(1, 10'000)},
    {"check_routine_locks", &Pool::check_routine_locks},
    {"slow_start", &Pool::slow_start, false, from_to(0, 60 * minute)},
};
constexpr Field<Failover> failover_fields[] = {
    {"mode", &Failover::mode},
    {"user", &Failover::user},
    {"password", &Failover::password},
    {"replication_user", &Failover::replication_user},
    {"replication_password", &Failover::replication_password},
    {"durability", &Failover::durability},
    {"drain", &Failover::drain, false, from_to(0, 10 * minute)},
    {"max_pause", &Failover::max_pause, false, from_to(10 * ms, minute)},
    {"witness_silence", &Failover::witness_silence, false, from_to(100 * ms, 10 * minute)},
    {"write_stall", &Failover::write_stall, false, from_to(500 * ms, day)},
    {"canary", &Failover::canary, false, from_to(0, minute)},
    {"promote_wait", &Failover::promote_wait, false, from_to(100 * ms, day)},
    {"in_doubt_timeout", &Failover::in_doubt_timeout, false, from_to(0, 10 * minute)},
    {"cooldown", &Failover::cooldown, false, from_to(0, day)},
    {"manage_settings", &Failover::manage_settings},
    {"provision", &Failover::provision},
    {"repair", &Failover::repair},
    {"mysqlbinlog", &Failover::mysqlbinlog},
    {"errant_size", &Failover::errant_size, false, from_to(64 * kibibyte, 65'536 * mebibyte)},
    {"journal", &Failover::journal, false, {}, Reload::restart},
    {"journal_size", &Failover::journal_size, false, from_to(64 * kibibyte, 1'024 * mebibyte),
     Reload::restart},
};
constexpr Field<Hooks> hooks_fields[] = {
    {"on_detection", &Hooks::on_detection},
    {"before_switchover", &Hooks::before_switchover},
    {"before_failover", &Hooks::before_failover},
    {"after_switchover", &Hooks::after_switchover},
    {"after_failover", &Hooks::after_failover},
    {"after_unsuccessful", &Hooks::after_unsuccessful},
    {"timeout", &Hooks::timeout, false, from_to(100 * ms, 60 * minute)},
    {"before_timeout", &Hooks::before_timeout, false, from_to(100 * ms, 10 * minute)},
};
constexpr Field<ClientTls> client_tls_fields[] = {
    {"certificate", &ClientTls::certificate, false, path},
    {"key", &ClientTls::key, false, path},
    {"min_version", &ClientTls::min_version},
};
constexpr Field<ServerTls> server_tls_fields[] = {
    {"mode", &ServerTls::mode},
    {"ca", &ServerTls::ca, false, path},
    {"certificate", &ServerTls::certificate, false, path},
    {"key", &ServerTls::key, false, path},
};
constexpr Field<ServerCompression> server_compression_fields[] = {
    {"algorithm", &ServerCompression::algorithm},
    {"zstd_level", &ServerCompression::zstd_level, false, from_to(1, 22)},
};
constexpr Field<Credentials> credentials_fields[] = {
    {"ttl", &Credentials::ttl, false, from_to(100 * ms, day)},
    {"max_entries", &Credentials::max_entries, false, from_to(1, 1'000'000)},
};
constexpr Field<Limits> limits_fields[] = {
    {"handshake_timeout", &Limits::handshake_timeout, false, from_to(100 * ms, 10 * minute)},
    {"connect_timeout", &Limits::connect_timeout, false, from_to(10 * ms, minute)},
    {"wait_timeout", &Limits::wait_timeout, false, from_to(0, 365 * day)},
    {"statement_timeout", &Limits::statement_timeout, false, from_to(0, 365 * day)},
    {"max_user_connections", &Limits::max_user_connections, false, from_to(0, 1'000'000)},
    {"drain_timeout", &Limits::drain_timeout, false, from_to(0, day)},
    {"max_connect_errors", &Limits::max_connect_errors, false, from_to(1, 1'000'000'000)},
    {"connect_error_block", &Limits::connect_error_block, false, from_to(100 * ms, day)},
    {"session_buffer", &Limits::session_buffer, false, from_to(4 * kibibyte, 16 * mebibyte)},
    {"max_status_packet", &Limits::max_status_packet, false, from_to(kibibyte, 16 * mebibyte)},
    {"max_retry_command", &Limits::max_retry_command, false, from_to(0, 16 * mebibyte)},
    {"max_prepared_text", &Limits::max_prepared_text, false, from_to(kibibyte, 16 * mebibyte)},
};
constexpr Field<Tcp> tcp_fields[] = {
    {"keepalive_time", &Tcp::keepalive_time, false, from_to(0, day)},
    {"keepalive_interval", &Tcp::keepalive_interval, false, from_to(0, day)},
    {"keepalive_count", &Tcp::keepalive_count, false, from_to(0, 127)},
    {"server_timeout", &Tcp::server_timeout, false, from_to(0, day)},
};
constexpr Field<Metrics> metrics_fields[] = {
    {"enabled", &Metrics::enabled, false, {}, Reload::restart},
    {"address", &Metrics::address, false, metrics_port, Reload::restart},
};
constexpr Field<Admin> admin_fields[] = {
    {"enabled", &Admin::enabled, false, {}, Reload::restart},
    {"listen", &Admin::listen, false, admin_port, Reload::restart},
};
constexpr Field<Log> log_fields[] = {
    {"level", &Log::level},
    {"format", &Log::format},
    {"file", &Log::file, false, path},
};

template <class Owner>
KnownKey describe(std::string section, const Field<Owner>& field, const Owner& defaults)
{
    KnownKey key{std::move(section), std::string{field.key}, {}, field.required, false};
    std::visit(
        [&](auto member) {
            const auto& value = defaults.*member;
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, SecretSource>) {
                key.is_secret = true;
            } else {
                key.default_text = value_text(value);
            }
        },
        field.member);
    return key;
}

template <class Owner>
void describe_all(const std::string& section, const Owner& defaults, std::vector<KnownKey>& keys)
{
    for (const auto& field : fields_of<Owner>()) keys.push_back(describe(section, field, defaults));
}

template <class Section>
void describe_section(std::string_view key, const Section& defaults, std::vector<KnownKey>& keys)
{
    describe_all(std::string{key}, defaults, keys);
}

template <class Entry>
void describe_section(std::string_view key, const std::vector<Entry>&, std::vector<KnownKey>& keys)
{
    describe_all(std::string{key} + "[]", Entry{}, keys);
}

}  // namespace

template <>
std::span<const Field<Config>> fields_of()
{
    return config_fields;
}
template <>
std::span<const Field<Listener>> fields_of()
{
    return listener_fields;
}
template <>
std::span<const Field<Server>> fields_of()
{
    return server_fields;
}
template <>
std::span<const Field<Monitor>> fields_of()
{
    return monitor_fields;
}
template <>
std::span<const Field<User>> fields_of()
{
    return user_fields;
}
template <>
std::span<const Field<Probe>> fields_of()
{
    return probe_fields;
}
template <>
std::span<const Field<Routing>> fields_of()
{
    return routing_fields;
}
template <>
std::span<const Field<Pool>> fields_of()
{
    return pool_fields;
}
template <>
std::span<const Field<Failover>> fields_of()
{
    return failover_fields;
}
template <>
std::span<const Field<Hooks>> fields_of()
{
    return hooks_fields;
}
template <>
std::span<const Field<ClientTls>> fields_of()
{
    return client_tls_fields;
}
template <>
std::span<const Field<ServerTls>> fields_of()
{
    return server_tls_fields;
}
template <>
std::span<const Field<ServerCompression>> fields_of()
{
    return server_compression_fields;
}
template <>
std::span<const Field<Credentials>> fields_of()
{
    return credentials_fields;
}
template <>
std::span<const Field<Limits>> fields_of()
{
    return limits_fields;
}
template <>
std::span<const Field<Tcp>> fields_of()
{
    return tcp_fields;
}
template <>
std::span<const Field<Metrics>> fields_of()
{
    return metrics_fields;
}
template <>
std::span<const Field<Admin>> fields_of()
{
    return admin_fields;
}
template <>
std::span<const Field<Log>> fields_of()
{
    return log_fields;
}

std::vector<KnownKey> known_keys()
{
    const Config defaults;
    std::vector<KnownKey> keys;
    describe_all("", defaults, keys);
    for_each_section(
        [&](std::string_view key, auto member) { describe_section(key, defaults.*member, keys); });
    return keys;
}

}  // namespace pointsman::config
