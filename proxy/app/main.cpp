// The command line: subcommands and exit codes.
#include <CLI/CLI.hpp>

int main(int argc, char** argv)
{
    CLI::App app{"Pointsman: a routing proxy for MySQL that moves the primary role itself"};
    app.set_version_flag("--version", "pointsman 0.1.0");
    app.require_subcommand(1);
    CLI11_PARSE(app, argc, argv);
    return 0;
}
