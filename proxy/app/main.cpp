// The command line: subcommands and exit codes (0 done, 1 failed, 2 the configuration is wrong).

#include "config/loader.hpp"

#include "proxy/app/application.hpp"
#include "proxy/app/client_commands.hpp"
#include "proxy/app/version.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

using namespace pointsman;

constexpr int exit_bad_config = 2;

std::optional<config::Config> load(const std::string& path)
{
    auto loaded = config::load_config(path);
    if (loaded.config) return std::move(loaded.config);
    std::cerr << config::to_text(loaded.mistakes);
    return std::nullopt;
}

int check(const std::string& path)
{
    auto config = load(path);
    if (!config) return exit_bad_config;
    std::cout << path << ": good: " << config->servers.size() << " servers, "
              << config->listeners.size() << " listeners\n";
    return 0;
}

/// libmariadb reads the system's certificates for each connection with TLS (25 ms of CPU, measured:
/// also for those that a takeover opens), though none is ever looked at: who verifies names
/// server_tls.ca. Before any thread: the environment is the process's.
void leave_system_certificates_unread()
{
    ::setenv("SSL_CERT_FILE", "/dev/null", 1);
}

int serve(const std::string& path)
{
    leave_system_certificates_unread();
    auto config = load(path);
    if (!config) return exit_bad_config;
    proxy::Application application(path, std::move(*config));
    return application.run();
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Pointsman: a routing proxy for MySQL and MariaDB"};
    app.set_version_flag("--version", "pointsman " + std::string(proxy::version));
    app.require_subcommand(1);
    app.failure_message(CLI::FailureMessage::help);
    std::string path;
    auto* serve_command = app.add_subcommand("serve", "Run the proxy until SIGTERM or SIGINT");
    serve_command->add_option("--config,-c", path, "YAML file")->required();
    auto* check_command =
        app.add_subcommand("check", "Check a configuration file and say what is wrong");
    check_command->add_option("file", path, "YAML file")->required();
    proxy::ClientOptions client;
    auto add_client_command = [&](const char* name, const char* what) {
        auto* command = app.add_subcommand(name, what);
        command->add_option("--admin", client.admin, "admin.listen of the running proxy");
        return command;
    };
    auto* topology = add_client_command("topology", "Show the cluster as a running proxy sees it");
    auto* plan = add_client_command("plan", "Say who would become the primary now, and why");
    auto* journal = add_client_command("journal", "Print what was found and done, last lines");
    journal->add_option("--lines,-n", client.lines, "How many");
    auto* doctor = add_client_command(
        "doctor", "Say what is wrong with the servers' settings, and the lines that mend it");
    auto* switchover = add_client_command("switchover", "Move the primary role without loss");
    auto* failover = add_client_command("failover", "Replace a primary that is lost");
    for (auto* command : {plan, switchover, failover})
        command->add_option("--to", client.to, "The server to promote; else the best one");
    switchover->add_flag("--dry-run", client.dry_run, "Only print the plan");
    failover->add_flag("--dry-run", client.dry_run, "Only print the plan");
    bool force = false;
    failover->add_flag("--force", force, "Whatever the evidence says")->required();
    failover->add_flag("--accept-loss", client.accept_loss,
                       "Also when acknowledged transactions may be lost");
    CLI11_PARSE(app, argc, argv);
    if (topology->parsed()) return proxy::show_topology(client);
    if (journal->parsed()) return proxy::show_journal(client);
    if (doctor->parsed()) return proxy::show_doctor(client);
    if (plan->parsed()) return proxy::show_plan(client);
    if (switchover->parsed()) return proxy::run_takeover("switchover", client);
    if (failover->parsed()) return proxy::run_takeover("failover", client);
    return serve_command->parsed() ? serve(path) : check(path);
}
