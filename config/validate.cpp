#include "config/validate.hpp"

#include "config/server_ids.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace pointsman::config {
namespace {

constexpr std::size_t max_listeners = 64;

std::string entry_path(std::string_view list, std::size_t index, std::string_view key)
{
    return std::string{list} + "[" + std::to_string(index) + "]." + std::string{key};
}

class Validator {
public:
    Validator(const Config& config, const Surroundings& surroundings, Reading& reading)
        : config_(config), surroundings_(surroundings), reading_(reading)
    {
    }

    void check_all()
    {
        check_list("servers", config_.servers.size(), max_server_ids,
                   "expected at least one entry such as "
                   "{name: db1, address: db1.example.com:3306}");
        check_list("listeners", config_.listeners.size(), max_listeners,
                   "leave the key away for one on port 3306");
        check_unique("listeners", "name", config_.listeners,
                     [](const Listener& listener) { return listener.name; });
        check_unique("servers", "name", config_.servers,
                     [](const Server& server) { return server.name; });
        check_unique("servers", "address", config_.servers,
                     [](const Server& server) { return value_text(server.address); });
        check_unique("users", "name", config_.users, [](const User& user) { return user.name; });
        check_server_ports();
        check_listening_addresses();
        check_admin();
        check_client_tls();
        check_server_tls();
        check_timeouts();
        check_server_version();
    }

private:
    void check_list(const std::string& list, std::size_t size, std::size_t max,
                    const std::string& advice)
    {
        if (size == 0 && !reading_.complains_about(list))
            reading_.add(list, "there are no " + list + "; " + advice);
        if (size > max) reading_.add(list, "at most " + std::to_string(max) + " can be listed");
    }

    template <class Entry, class Text>
    void check_unique(std::string_view list, std::string_view key,
                      const std::vector<Entry>& entries, Text text_of)
    {
        std::map<std::string, std::size_t> first;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string text = text_of(entries[i]);
            if (text.empty() || reading_.complains_about(entry_path(list, i, key))) continue;
            auto [found, is_new] = first.emplace(text, i);
            if (is_new) continue;
            const auto other = reading_.place_of(entry_path(list, found->second, key)).line;
            reading_.add(entry_path(list, i, key), "the " + std::string{key} + " " + quoted(text) +
                                                       " is already taken by the entry in line " +
                                                       std::to_string(other));
        }
    }

    void check_server_ports()
    {
        for (std::size_t i = 0; i < config_.servers.size(); ++i) {
            const Endpoint& address = config_.servers[i].address;
            const bool is_any_port = !address.is_unix() && address.port == 0;
            if (is_any_port && !address.host.empty())
                reading_.add(entry_path("servers", i, "address"), "a server's port cannot be 0");
        }
    }

    static bool is_wildcard(const Endpoint& address)
    {
        return address.host == "0.0.0.0" || address.host == "::";
    }

    /// Whether both cannot listen at once. Port 0 takes any free one; 0.0.0.0 and :: are apart.
    static bool collide(const Endpoint& one, const Endpoint& other)
    {
        if (one.is_unix() || other.is_unix()) return one.socket_path == other.socket_path;
        if (one.port != other.port || one.port == 0) return false;
        if (one.host == other.host) return true;
        const bool one_is_v6 = one.host.find(':') != std::string::npos;
        const bool other_is_v6 = other.host.find(':') != std::string::npos;
        return one_is_v6 == other_is_v6 && (is_wildcard(one) || is_wildcard(other));
    }

    void check_listening_addresses()
    {
        struct Place {
            std::string path;
            const Endpoint* address;
        };
        if (config_.listeners.size() > max_listeners) return;
        std::vector<Place> places;
        if (config_.metrics.enabled)
            places.push_back({"metrics.address", &config_.metrics.address});
        if (config_.admin.enabled) places.push_back({"admin.listen", &config_.admin.listen});
        for (std::size_t i = 0; i < config_.listeners.size(); ++i)
            places.push_back(
                {entry_path("listeners", i, "address"), &config_.listeners[i].address});
        for (std::size_t i = 0; i < places.size() && !reading_.is_full(); ++i) {
            auto same = [&](const Place& other) {
                return collide(*other.address, *places[i].address);
            };
            const auto end = places.begin() + static_cast<std::ptrdiff_t>(i);
            const auto other = std::find_if(places.begin(), end, same);
            if (other == end) continue;
            reading_.add(places[i].path, places[i].address->text() + " collides with " +
                                             other->path + " (" + other->address->text() + ")");
        }
    }

    /// Who reaches it may move the primary, and nobody has to log in.
    void check_admin()
    {
        const Endpoint& address = config_.admin.listen;
        const bool loopback = address.host == "::1" || address.host == "localhost" ||
                              address.host.starts_with("127.");
        if (config_.admin.enabled && (address.is_unix() || !loopback))
            reading_.add("admin.listen",
                         "expected a loopback address such as 127.0.0.1:3000; got " +
                             quoted(address.text()));
    }

    void check_client_tls()
    {
        const ClientTls& tls = config_.client_tls;
        check_pair("client_tls", tls.certificate, tls.key);
        if (tls.min_version != "1.2" && tls.min_version != "1.3") {
            reading_.add("client_tls.min_version",
                         "expected \"1.2\" or \"1.3\"; got " + quoted(tls.min_version));
        }
    }

    void check_server_tls()
    {
        const ServerTls& tls = config_.server_tls;
        check_pair("server_tls", tls.certificate, tls.key);
        check_pem("server_tls.ca", tls.ca, "CERTIFICATE-----");
        const bool verifies =
            tls.mode == ServerTlsMode::verify_ca || tls.mode == ServerTlsMode::verify_identity;
        if (verifies && tls.ca.empty()) {
            reading_.add("server_tls.mode", std::string{name_of(tls.mode)} +
                                                " needs server_tls.ca, the file of certificates "
                                                "to verify against");
        }
    }

    void check_pair(const std::string& section, const std::string& certificate,
                    const std::string& key)
    {
        if (certificate.empty() != key.empty()) {
            reading_.add(section, std::string{"certificate and key go together; "} +
                                      (key.empty() ? "key" : "certificate") + " is missing");
        }
        check_pem(section + ".certificate", certificate, "CERTIFICATE-----");
        check_pem(section + ".key", key, "PRIVATE KEY-----");
    }

    void check_pem(const std::string& path, const std::string& file, std::string_view marker)
    {
        if (file.empty()) return;
        const FileText pem = surroundings_.read_file(file);
        if (!pem.ok()) {
            reading_.add(path, "cannot read " + quoted(file) + ": " + pem.error);
        } else if (pem.text.find(marker) == std::string::npos) {
            reading_.add(path, quoted(file) + " is not a PEM file with a \"" +
                                   std::string{marker.substr(0, marker.size() - 5)} + "\" in it");
        }
    }

    void check_timeouts()
    {
        const Limits& limits = config_.limits;
        if (limits.connect_timeout > limits.handshake_timeout) {
            reading_.add("limits.connect_timeout",
                         to_text(limits.connect_timeout) +
                             " is longer than limits.handshake_timeout (" +
                             to_text(limits.handshake_timeout) +
                             "), but a client's login waits for a server's");
        }
        if (limits.wait_timeout.count() != 0 && limits.wait_timeout < Milliseconds{1'000}) {
            reading_.add("limits.wait_timeout",
                         "expected 0 (as the servers say) or at least 1s; got " +
                             to_text(limits.wait_timeout));
        }
    }

    /// Clients read the numbers at its front, and it travels as a zero-terminated text.
    void check_server_version()
    {
        const std::string& version = config_.server_version;
        if (version.empty()) return;
        const bool begins_well = version.front() >= '1' && version.front() <= '9' &&
                                 version.find('.') != std::string::npos;
        const bool is_plain = std::all_of(version.begin(), version.end(),
                                          [](char c) { return c > 0x20 && c < 0x7f; });
        if (begins_well && is_plain && version.size() <= 60) return;
        reading_.add("server_version",
                     "expected a version such as 8.4.3, of at most 60 characters "
                     "without spaces; got " +
                         quoted(version));
    }

    const Config& config_;
    const Surroundings& surroundings_;
    Reading& reading_;
};

}  // namespace

void validate(const Config& config, const Surroundings& surroundings, Reading& reading)
{
    Validator{config, surroundings, reading}.check_all();
}

}  // namespace pointsman::config
