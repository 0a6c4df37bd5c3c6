#pragma once
// Are the servers set up so that the role can move without loss and in time? A table of settings,
// each with what is wanted and why, is held against what a server says of itself. Pure.

#include "config/config.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pointsman::failover {

/// What a server says of itself (Verb::settings): variables by name; "boot.NAME": what it will be
/// after a restart; "channel.NAME": of its replication channel; "grant.NAME": of the account.
using Settings = std::map<std::string, std::string, std::less<>>;

/// Lines of NAME=VALUE; others are left out.
Settings parse_settings(std::string_view text);

/// One setting that is not as it should be.
struct Advice {
    std::string name;
    std::string has;     // empty: the server does not have it
    std::string wanted;  // for people
    std::string value;   // what to set it to
    std::string why;     // what is bad about it, a half sentence
    bool required =
        false;  // without it no takeover is possible, or acknowledged writes are at risk
    bool at_run_time = false;  // it can be set while the server runs
    std::string my_cnf;  // the line of the server's configuration file; empty: none would help
    friend bool operator==(const Advice&, const Advice&) = default;
};

/// What should be changed on this server, the required first.
std::vector<Advice> advise(const Settings& settings, const config::Failover& failover);

/// The variables that the table asks for.
std::vector<std::string_view> advised_variables();

/// "[mysqld]" and the lines that the advice asks for; empty: none.
std::string my_cnf_of(const std::vector<Advice>& advice);

/// One line for the log: "db1: sync_binlog is 0 (wanted: 1); …".
std::string to_text(const std::string& server, const std::vector<Advice>& advice);

}  // namespace pointsman::failover
