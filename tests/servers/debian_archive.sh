# Functions to fetch Debian packages and unpack them below build/, sourced by `dev` and get_*.sh.
# Nothing is installed: no maintainer script runs, no service starts, the system's own package
# lists stay untouched. Every step may be interrupted and started again.

# say TEXT: one progress line.
say() { printf '== %s\n' "$*"; }

# mebibytes PATH: how much is on disk there.
mebibytes() { du -sm --apparent-size "$1" 2>/dev/null | cut -f1; }

# watch_download NAME FOLDER TOTAL_MIB PID: a line every few seconds until PID ends.
watch_download() {
    local name=$1 folder=$2 total=$3 pid=$4 shown=-1 have ticks=0
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        ticks=$((ticks + 1))
        ((ticks % 3 == 0)) || continue
        have=$(mebibytes "$folder")
        [[ $have == "$shown" ]] || say "$name: ${have:-0} of about $total MiB downloaded"
        shown=$have
    done
    wait "$pid"
}

# debian_uri: the address of the Debian archive that this machine installs from itself.
debian_uri() {
    local file files=()
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
        [[ -f $file ]] && files+=("$file")
    done
    awk '
        /^[ \t]*#/ { next }
        /^URIs:/ { uris = $2 }
        /^deb[ \t]/ { sub(/\[[^]]*\]/, ""); uris = $2 }
        uris ~ /debian-security|security\.debian/ { uris = "" }
        uris ~ /debian/ { print uris; exit }' "${files[@]}"
}

# download_and_unpack NAME FOLDER STAMP APT_OPTION... -- PACKAGE...
# Downloads what apt would install into FOLDER-cache, unpacks it into FOLDER, then writes STAMP.
download_and_unpack() {
    local name=$1 folder=$2 stamp=$3 options=() archives="$2-apt/cache/archives" total log
    shift 3
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    shift
    mkdir -p "$archives/partial"
    log="$folder-apt/download.log"
    options+=(-o Dir::Cache="$PWD/$folder-apt/cache" -o Dir::Cache::archives="$PWD/$archives"
              -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Retries=5)
    # Lines of: 'address' file-name bytes checksum. It leaves out what is downloaded already, so it
    # is shown an empty folder.
    mkdir -p "$folder-apt/none/partial"
    apt-get "${options[@]}" -o Dir::Cache::archives="$PWD/$folder-apt/none" --no-install-recommends --print-uris -y install "$@" |
        grep "^'" >"$folder-apt/wanted"
    total=$(awk '{ bytes += $3 } END { printf "%d", bytes / 1048576 + 1 }' "$folder-apt/wanted")
    say "$name: downloading $total MiB of Debian packages"
    apt-get "${options[@]}" --no-install-recommends --download-only -y install "$@" \
        >"$log" 2>&1 &
    if ! watch_download "$name" "$archives" "$total" $!; then
        tail -5 "$log" >&2
        say "$name: the download failed; start again to resume it" >&2
        return 1
    fi
    unpack_archives "$name" "$archives" "$folder" $(cut -d' ' -f2 "$folder-apt/wanted")
    cp "$folder-apt/wanted" "$stamp"
}

# unpack_archives NAME ARCHIVES FOLDER DEB...: libraries and the servers themselves, not the operating
# system around them (systemd, perl, …) that apt lists as dependencies of a service.
unpack_archives() {
    local name=$1 archives=$2 folder=$3 deb count=0 wanted=()
    shift 3
    for deb in "$@"; do
        case $deb in
            systemd* | perl* | *-perl_* | libperl* | iproute2* | passwd* | *testsuite*) ;;
            *) wanted+=("$deb") ;;
        esac
    done
    mkdir -p "$folder"
    for deb in "${wanted[@]}"; do
        count=$((count + 1))
        ((count % 20 == 0)) && say "$name: $count of ${#wanted[@]} packages unpacked"
        dpkg -x "$archives/$deb" "$folder"
    done
    say "$name: ${#wanted[@]} packages unpacked"
}
