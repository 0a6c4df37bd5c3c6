// The command line: subcommands and exit codes (0 done, 1 failed, 2 the configuration is wrong).

#include "config/loader.hpp"

#include "proxy/app/application.hpp"
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

int serve(const std::string& path)
{
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
    CLI11_PARSE(app, argc, argv);
    return serve_command->parsed() ? serve(path) : check(path);
}
