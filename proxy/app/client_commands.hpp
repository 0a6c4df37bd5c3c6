#pragma once
// The subcommands that talk to a running proxy over its HTTP API. Their results are exit codes: 0
// done, 1 not done.

#include <string>

namespace pointsman::proxy {

struct ClientOptions {
    std::string admin = "127.0.0.1:3000";
    std::string to;
    bool dry_run = false;
    bool accept_loss = false;
    unsigned lines = 50;
};

int show_topology(const ClientOptions& options);
int show_plan(const ClientOptions& options);
/// The last lines of the takeovers' journal.
int show_journal(const ClientOptions& options);
/// What is wrong with the servers' settings, and the lines of my.cnf that mend it. 1: something
/// that is required, or a server could not be asked.
int show_doctor(const ClientOptions& options);
/// `kind`: "switchover" or "failover". Waits for its end.
int run_takeover(const std::string& kind, const ClientOptions& options);

}  // namespace pointsman::proxy
