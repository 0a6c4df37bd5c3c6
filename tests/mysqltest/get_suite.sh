#!/usr/bin/env bash
# Gets MySQL's own test suite into build/mysqltest: the program mysqltest and what the main suite reads.
# It is a package of 340 MB of the same release as build/mysql, from the same private apt
# configuration (tests/servers/get_mysql.sh made it); what is kept takes 130 MB unpacked.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source tests/servers/debian_archive.sh

folder=build/mysqltest
stamp=$folder/.complete
private=$PWD/build/mysql-apt
download=$folder-download
inside=./usr/lib/mysql-test

[[ -f $stamp ]] && exit 0

readonly no_such_server=77  # for tests/run.py: a machine on which it can't run

give_up() {
    say "the test suite of MySQL is missing: $*" >&2
    exit 1
}

# Two programs may ask at once: the second waits for what the first gets.
mkdir -p build
exec 9>"$folder.lock"
flock 9
[[ -f $stamp ]] && exit 0

if [[ ! -f build/mysql/.complete ]]; then
    say "MySQL's test suite goes with the MySQL that tests/servers/get_mysql.sh unpacks, and this" \
        "machine uses one of its own" >&2
    exit $no_such_server
fi
[[ -f $private/sources.list ]] ||
    give_up "$private is gone, with which build/mysql came: remove build/mysql, then start again"
version=$(sed -nE 's/.*mysql-server-core_([^_]+)_[a-z0-9]+\.deb.*/\1/p' build/mysql/.complete)
options=(-o Dir::Etc::sourcelist="$private/sources.list" -o Dir::Etc::sourceparts=/dev/null
         -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
         -o Dir::State="$private/state" -o Dir::State::lists="$private/state/lists"
         -o Dir::State::status="$private/status" -o Dir::Cache="$private/cache"
         -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Retries=5)

# Debian's archive keeps the newest release only, and results differ between releases.
package="mysql-testsuite=$version"
mkdir -p "$download"
log=$PWD/$download/apt.log
say "MySQL's test suite: downloading $package, 340 MB"
(cd "$download" && apt-get "${options[@]}" -q download "$package") >"$log" 2>&1 || {
    tail -5 "$log" >&2
    give_up "the download of $package failed (above, and in $log). If the archive has a newer" \
        "release by now, remove build/mysql and build/mysql-apt to get that of both"
}

rm -rf "$folder"
mkdir -p "$folder"
dpkg-deb --fsys-tarfile "$download"/mysql-testsuite_*.deb |
    tar x -C "$folder" --strip-components=4 --wildcards --exclude='*.zip' \
        --exclude="$inside/std_data/upgrade" --exclude="$inside/std_data/instant_ddl" \
        --exclude="$inside/std_data/bug36444172" \
        "$inside/bin/mysqltest" "$inside/bin/mysql_client_test" "$inside/t" "$inside/r" \
        "$inside/include" "$inside/std_data" "$inside/common" "$inside/suite/*/include/*" \
        "$inside/collections/disabled.def"
rm -rf "$download"
echo "$version" >"$stamp"
say "MySQL's test suite: $(find $folder/t -name '*.test' | wc -l) tests of its main suite unpacked"
