#!/usr/bin/env bash
# Gets a real MySQL (server, client, router) into build/mysql, unless mysqld 8.0 or newer is on PATH.
# Debian 12 has none, its unstable suite has: a private apt configuration below build/mysql-apt
# reads that suite from the archive that this machine uses anyway, signed by Debian's own keys.
# The unpacked programs bring their own C library and loader: tests/servers/binaries.py runs them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source tests/servers/debian_archive.sh

folder=build/mysql
stamp=$folder/.complete
private=$folder-apt

mysql_on_path() {
    local text
    text=$(mysqld --version 2>/dev/null) || return 1
    [[ $text != *MariaDB* && $text =~ Ver\ ([0-9]+)\. ]] && ((BASH_REMATCH[1] >= 8))
}

write_private_apt() {
    local uri
    uri=$(debian_uri)
    if [[ -z $uri ]]; then
        say "no Debian archive in /etc/apt: install mysqld 8.0 or newer, then start again" >&2
        return 1
    fi
    mkdir -p $private/state/lists/partial $private/cache/archives/partial $private/empty
    : >$private/status
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri unstable main" \
        >$private/sources.list
}

if mysql_on_path; then
    say "MySQL: using $(command -v mysqld) of this machine"
    exit 0
fi
[[ -f $stamp ]] && exit 0

write_private_apt
# An empty status file makes apt list the whole closure, down to the C library.
options=(-o Dir::Etc::sourcelist="$PWD/$private/sources.list"
         -o Dir::Etc::sourceparts="$PWD/$private/empty"
         -o Dir::Etc::preferencesparts="$PWD/$private/empty"
         -o Dir::Etc::preferences=/dev/null
         -o Dir::State="$PWD/$private/state" -o Dir::State::lists="$PWD/$private/state/lists"
         -o Dir::State::status="$PWD/$private/status"
         -o Dir::Cache="$PWD/$private/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1
         -o Acquire::Languages=none -o APT::Get::List-Cleanup=0 -o Acquire::Retries=5)
say "MySQL: reading the package list of Debian unstable"
apt-get "${options[@]}" -qq update
download_and_unpack MySQL $folder $stamp "${options[@]}" -- mysql-server mysql-client mysql-router
