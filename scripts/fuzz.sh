#!/bin/bash
# Tries damaged input on all of ours that reads what others wrote, by libFuzzer, one parser after the other: those that are
# named, or all.
#
# CAASCTL_FUZZ_SECONDS says how long each is tried, in seconds of processor time. An input that breaks a parser, holds it
# for more than ten seconds or makes it take more than 64 MiB stays in .build/fuzz/found; inputs that led somewhere new are
# kept in .build/fuzz/corpus, which the next run begins with.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$project"

all=(yaml dockerfile dockerignore json xml tar headers references)
folder=.build/fuzz
export CAASCTL_FUZZ_SECONDS="${CAASCTL_FUZZ_SECONDS:-600}"

main() {
    # Every module is compiled anew, so that libFuzzer sees which ways through it an input takes.
    CAASCTL_FUZZ=1 swift build -c release --scratch-path "$folder" --sanitize fuzzer --product fuzzing
    mkdir -p "$folder/found"
    local parser broken=()
    for parser in "${@:-${all[@]}}"; do try "$parser" || broken+=("$parser"); done
    [ "${#broken[@]}" = 0 ] && return
    echo "fuzz: what breaks ${broken[*]} is in $folder/found" >&2
    return 1
}

# The bound is libFuzzer's own for all of its memory, inputs included; the program itself measures what each of them takes.
try() {
    local corpus="$folder/corpus/$1" seeds="$folder/seeds/$1"
    mkdir -p "$corpus" "$seeds"
    [ "$1" = tar ] && make_archives "$seeds"
    # Swift's own report of a crash would come in place of libFuzzer's, which keeps the input.
    SWIFT_BACKTRACE=enable=no CAASCTL_FUZZ_PARSER=$1 CAASCTL_FUZZ_SEEDS=$seeds "$folder/release/fuzzing" \
        -rss_limit_mb=1024 -timeout=10 -max_len=65536 -reload=0 -print_final_stats=1 -verbosity=1 \
        -dict="$seeds.words" -artifact_prefix="$folder/found/$1-" "$corpus" "$seeds"
}

# Archives of the kinds that we read and do not write.
make_archives() {
    command -v bsdtar >/dev/null || return 0
    local files
    files=$(mktemp -d)
    mkdir "$files/a"
    echo content >"$files/a/b"
    ln "$files/a/b" "$files/a/c"
    ln -s ../a "$files/a/d"
    truncate -s 70000 "$files/a/hole"
    local form
    for form in zip 7zip cpio newc gnutar pax v7; do
        { printf 1 && bsdtar -cf - --format "$form" -C "$files" a; } >"$1/$form"
    done
    for form in gzip bzip2 xz lzma zstd lz4 compress; do
        { printf 1 && bsdtar -cf - "--$form" -C "$files" a/b; } >"$1/$form"
    done
    rm -rf "$files"
}

main "$@"
