#include "proxy/app/settings_builder.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pointsman::proxy {

namespace {

using protocol::auth::RsaKey;

/// Clients without TLS may keep the proxy's public key, so the pair outlives a restart.
std::variant<RsaKey, std::string> load_or_make_rsa_key(const std::string& directory)
{
    auto path = directory + "/rsa-key.pem";
    std::ifstream file(path);
    if (file) {
        std::stringstream text;
        text << file.rdbuf();
        auto key = RsaKey::from_pem(text.str());
        if (!key)
            return path + " holds no usable RSA private key; remove it to have a new one made";
        return std::move(*key);
    }
    auto key = RsaKey::generate();
    if (!net::write_private_file(path, key.private_pem()))
        return "writing " + path + ": " + std::strerror(errno);
    return key;
}

}  // namespace

std::variant<SettingsPtr, std::string> build_settings(const config::Config& config)
{
    std::error_code failed;
    std::filesystem::create_directories(config.state_directory, failed);
    if (failed) return "state_directory " + config.state_directory + ": " + failed.message();

    auto client_tls = net::make_client_side_tls(config.client_tls, config.state_directory);
    if (auto* problem = std::get_if<std::string>(&client_tls)) return "client_tls: " + *problem;
    auto server_tls = net::make_server_side_tls(config.server_tls);
    if (auto* problem = std::get_if<std::string>(&server_tls)) return "server_tls: " + *problem;
    auto rsa_key = load_or_make_rsa_key(config.state_directory);
    if (auto* problem = std::get_if<std::string>(&rsa_key)) return *problem;

    return std::make_shared<const Settings>(
        Settings{config, std::get<net::TlsContextPtr>(client_tls),
                 std::get<net::TlsContextPtr>(server_tls), std::get<RsaKey>(rsa_key)});
}

}  // namespace pointsman::proxy
