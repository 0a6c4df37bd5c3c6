#!/usr/bin/env bash
# Gets Debian's own MariaDB server into build/mariadb, unpacked, never installed as a service.
# Only what the machine lacks is downloaded; its own libraries serve the rest.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source tests/servers/debian_archive.sh

[[ -f build/mariadb/.complete ]] && exit 0
download_and_unpack MariaDB build/mariadb build/mariadb/.complete -- mariadb-server-core
