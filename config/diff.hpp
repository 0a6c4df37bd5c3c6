#pragma once
// What a reload changes: for the log in sentences, for the parts that apply it as flags and names.

#include "config/config.hpp"

#include <string>
#include <vector>

namespace pointsman::config {

/// Entries of a list by their names. One whose address changed is removed and added: what hangs on
/// the old address (links, a listening socket) cannot move.
struct NamedChanges {
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<std::string> changed;
    bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

/// Certificates and secrets in files may change while their paths stay. Secrets show here, as they
/// are loaded; the content of certificates does not: reload those each time.
struct Diff {
    std::vector<std::string> sentences;      // every change: "server db2: weight 100 → 50"
    std::vector<std::string> needs_restart;  // those that this process cannot apply
    NamedChanges listeners;
    NamedChanges servers;
    NamedChanges users;
    bool monitor = false;
    bool probe = false;
    bool routing = false;
    bool pool = false;
    bool failover = false;
    bool client_tls = false;
    bool server_tls = false;
    bool server_compression = false;
    bool credentials = false;
    bool limits = false;
    bool tcp = false;
    bool metrics = false;
    bool admin = false;
    bool log = false;
    bool server_version = false;
    bool empty() const { return sentences.empty(); }
};

/// Secrets are "changed", without their text.
Diff diff(const Config& from, const Config& to);

}  // namespace pointsman::config
