#!/bin/bash
# The libcurl that is linked into caas-entrypoint: static, with HTTP and TLS and nothing else. Sourced by setup.sh.
#
# Debian's own static one wants ldap, krb5, ssh2, gnutls and a dozen more, all of which would run as PID 1. The source is
# Debian's, with its security patches, and verified by apt; no list of the system's is changed.
# shellcheck disable=SC2154 # what setup.sh sets

# Anything else here makes another library.
curl_flags=(
    --disable-shared --enable-static --disable-maintainer-mode --disable-dependency-tracking --disable-manual
    --with-openssl --without-ca-bundle --without-ca-path --disable-openssl-auto-load-config
    --without-zlib --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-librtmp --without-libssh2
    --without-nghttp2 --without-ngtcp2 --without-gssapi --without-libgsasl
    --disable-ldap --disable-ldaps --disable-ftp --disable-file --disable-dict --disable-gopher --disable-imap
    --disable-mqtt --disable-pop3 --disable-rtsp --disable-smb --disable-smtp --disable-telnet --disable-tftp
    --disable-ntlm --disable-ntlm-wb --disable-tls-srp --disable-unix-sockets --disable-cookies --disable-doh
    --disable-netrc --disable-alt-svc --disable-hsts --disable-websockets --disable-libcurl-option
    --enable-threaded-resolver
)

curl_recipe() { sha256sum <"$project/scripts/curl.sh"; }
curl_is_made() { [ -e "$CAASCTL_CACHE/curl/lib/libcurl.a" ] && [ "$(cat "$CAASCTL_CACHE/curl/recipe" 2>/dev/null)" = "$(curl_recipe)" ]; }

make_curl() {
    have apt-get || fail "there is no static libcurl with HTTP and TLS alone in $CAASCTL_CACHE/curl/lib, and without apt none is made:
build one with these options: ${curl_flags[*]}
and then: sha256sum <scripts/curl.sh >$CAASCTL_CACHE/curl/recipe"
    [ -n "$(curl_suites)" ] || update_lists
    say "building libcurl for caas-entrypoint under $CAASCTL_CACHE/curl"
    local folder status log=$CAASCTL_CACHE/curl.log
    # What was interrupted: setup runs once at a time.
    rm -rf "$CAASCTL_CACHE"/curl.??????
    folder=$(mktemp -d "$CAASCTL_CACHE/curl.XXXXXX")
    # Not as a condition: in one, bash would go on after what fails.
    set +e
    (set -e; build_curl "$folder") >"$log" 2>&1
    status=$?
    set -e
    if [ $status != 0 ]; then
        rm -rf "$folder"
        fail "cannot build libcurl:
$(tail -n 20 "$log")"
    fi
    rm -rf "$CAASCTL_CACHE/curl"
    mkdir -p "$CAASCTL_CACHE/curl/lib"
    mv "$folder/build/lib/.libs/libcurl.a" "$CAASCTL_CACHE/curl/lib/"
    # Last: a folder without it was interrupted, and is made again.
    curl_recipe >"$CAASCTL_CACHE/curl/recipe"
    rm -rf "$folder"
}

build_curl() {
    local folder=$1 compiler=cc
    have clang && compiler=clang
    download_curl_source "$folder"
    unpack_curl_source "$folder"
    mkdir "$folder/build"
    cd "$folder/build"
    # Nothing of this checkout's place, of the user's variables or of the time gets into the library.
    env -i PATH="$PATH" HOME=/ LC_ALL=C CC="$compiler" \
        CFLAGS="-O2 -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections -ffile-prefix-map=$folder=." \
        ../source/configure --quiet --prefix=/nonexistent "${curl_flags[@]}"
    make -s -C lib -j"$(nproc)" libcurl.la
}

# The suites that this system's packages come from, as lines of a list of sources.
curl_suites() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' \
        | awk -F'|' '($1 == "Debian" || $1 == "Ubuntu") && ($4 == "main" || $4 == "universe") && !seen[$0]++ {
            printf "deb-src [signed-by=/usr/share/keyrings/%s-archive-keyring.gpg] %s %s %s\n", tolower($1), $2, $3, $4 }'
}

download_curl_source() {
    local apt=$1/apt options
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$1/download"
    curl_suites >"$apt/sources.list"
    [ -s "$apt/sources.list" ] || { echo "apt has no lists of Debian or Ubuntu; apt-get update as root brings them"; return 1; }
    cat "$apt/sources.list"
    options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
    cd "$1/download"
    apt-get "${options[@]}" --download-only source curl
}

# What dpkg-source does, which a machine without dpkg-dev lacks. https://manpages.debian.org/dpkg-source#Format:_3.0_(quilt)
unpack_curl_source() {
    local source=$1/source patch version
    mkdir "$source"
    tar -xf "$1"/download/curl_*.orig.tar.[gx]z -C "$source" --strip-components=1
    tar -xf "$1"/download/curl_*.debian.tar.[gx]z -C "$source"
    while read -r patch _; do
        case "$patch" in '' | '#'*) continue ;; esac
        patch -d "$source" -s -p1 <"$source/debian/patches/$patch"
    done <"$source/debian/patches/series"
    version=$(awk '$1 == "Version:" { print $2; exit }' "$1"/download/curl_*.dsc)
    # curl_version() says which patches are in it, and so does the program.
    sed -i "s/^#define LIBCURL_VERSION .*/#define LIBCURL_VERSION \"$version\"/" "$source/include/curl/curlver.h"
    # The patches for the build's own files are for Debian's packages, and those would be made anew with automake.
    find "$source" -exec touch -d @0 {} +
}
