#pragma once
// What sessions need of the configuration, with keys and certificates loaded. Immutable; a reload
// makes a new one and workers swap the pointer.

#include "protocol/auth/rsa.hpp"

#include "config/config.hpp"

#include "proxy/net/tls_context.hpp"

#include <memory>

namespace pointsman::proxy {

struct Settings {
    config::Config config;
    net::TlsContextPtr client_tls;
    net::TlsContextPtr server_tls;
    protocol::auth::RsaKey rsa_key;
};

using SettingsPtr = std::shared_ptr<const Settings>;

}  // namespace pointsman::proxy
