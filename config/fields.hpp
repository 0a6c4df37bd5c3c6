#pragma once
// Every key of the file in one table per section: its name, its field in Config, what it may be,
// and whether a reload can apply it. Loader, diff and the test of example.yaml walk these tables.

#include "config/values.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pointsman::config {

template <class Owner>
using Member = std::variant<
    bool Owner::*, std::uint32_t Owner::*, std::string Owner::*, Milliseconds Owner::*,
    ByteCount Owner::*, Endpoint Owner::*, SecretSource Owner::*, std::vector<Network> Owner::*,
    std::vector<std::string> Owner::*, ListenerMode Owner::*, ClientTlsMode Owner::*,
    ServerTlsMode Owner::*, ClientCompression Owner::*, ServerCompressionAlgorithm Owner::*,
    NoReplica Owner::*, Consistency Owner::*, Io Owner::*, LogLevel Owner::*, LogFormat Owner::*,
    FailoverMode Owner::*, Repair Owner::*, Durability Owner::*, PromotionRule Owner::*>;

/// When a changed value takes effect.
enum class Reload { live, restart };

/// What is to be known of a key whose value is at hand. (Code that works with this and a value is
/// compiled once for each type of value, and not for each of each section.)
struct FieldTraits {
    std::string_view key;
    bool required;
    const ValueRules& rules;
    Reload reload;
};

/// One key. A SecretSource takes three keys: `key`, `key`_env and `key`_file.
template <class Owner>
struct Field {
    std::string_view key;
    Member<Owner> member;
    bool required = false;
    ValueRules rules = {};
    Reload reload = Reload::live;

    FieldTraits traits() const { return {key, required, rules, reload}; }
};

template <class Owner>
std::span<const Field<Owner>> fields_of();
template <>
std::span<const Field<Config>> fields_of<Config>();  // the top level's single values
template <>
std::span<const Field<Listener>> fields_of<Listener>();
template <>
std::span<const Field<Server>> fields_of<Server>();
template <>
std::span<const Field<Monitor>> fields_of<Monitor>();
template <>
std::span<const Field<User>> fields_of<User>();
template <>
std::span<const Field<Probe>> fields_of<Probe>();
template <>
std::span<const Field<Routing>> fields_of<Routing>();
template <>
std::span<const Field<Pool>> fields_of<Pool>();
template <>
std::span<const Field<Failover>> fields_of<Failover>();
template <>
std::span<const Field<Hooks>> fields_of<Hooks>();
template <>
std::span<const Field<ClientTls>> fields_of<ClientTls>();
template <>
std::span<const Field<ServerTls>> fields_of<ServerTls>();
template <>
std::span<const Field<ServerCompression>> fields_of<ServerCompression>();
template <>
std::span<const Field<Credentials>> fields_of<Credentials>();
template <>
std::span<const Field<Limits>> fields_of<Limits>();
template <>
std::span<const Field<Tcp>> fields_of<Tcp>();
template <>
std::span<const Field<Metrics>> fields_of<Metrics>();
template <>
std::span<const Field<Admin>> fields_of<Admin>();
template <>
std::span<const Field<Log>> fields_of<Log>();

/// Calls `visit(key, member)` for every section; the member is a section or a vector of them.
template <class Visit>
void for_each_section(Visit&& visit)
{
    visit("listeners", &Config::listeners);
    visit("servers", &Config::servers);
    visit("monitor", &Config::monitor);
    visit("users", &Config::users);
    visit("probe", &Config::probe);
    visit("routing", &Config::routing);
    visit("pool", &Config::pool);
    visit("failover", &Config::failover);
    visit("hooks", &Config::hooks);
    visit("client_tls", &Config::client_tls);
    visit("server_tls", &Config::server_tls);
    visit("server_compression", &Config::server_compression);
    visit("credentials", &Config::credentials);
    visit("limits", &Config::limits);
    visit("tcp", &Config::tcp);
    visit("metrics", &Config::metrics);
    visit("admin", &Config::admin);
    visit("log", &Config::log);
}

/// One key of the file as documentation needs it.
struct KnownKey {
    std::string section;  // "", "probe", or "servers[]" for a key of each entry
    std::string key;
    std::string default_text;
    bool required = false;
    bool is_secret = false;
};

/// All keys that the loader knows.
std::vector<KnownKey> known_keys();

/// "password", "password_env" and "password_file" for "password".
struct SecretKeys {
    explicit SecretKeys(std::string_view key)
        : value(key), environment(value + "_env"), file(value + "_file")
    {
    }
    std::string value, environment, file;
};

}  // namespace pointsman::config
