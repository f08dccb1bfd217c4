#!/bin/bash
# `make test`: everything that must hold, from a clean clone; prints how long each step took.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$project"

timings=()
name=
started=$SECONDS
finish() {
    local status=$?
    [ $status = 0 ] || [ -z "$name" ] || timings+=("$(printf '%5d s  %s (failed)' $((SECONDS - started)) "$name")")
    printf '\n%s\n' "${timings[@]}" "$(printf '%5d s  all' "$SECONDS")" >&2
    exit $status
}
trap finish EXIT

step() {
    name=$1 started=$SECONDS
    shift
    printf '\n== %s: %s\n' "$name" "$*" >&2
    "$@"
    timings+=("$(printf '%5d s  %s' $((SECONDS - started)) "$name")")
    name=
}

step setup scripts/setup.sh --test
step lint make --no-print-directory lint
step build make --no-print-directory build-tests entrypoint
# Integration tests run what a user runs: the release programs and the packed entrypoint layer.
export CAASCTL_BIN=$project/.build/release
# A few at a time: hundreds of servers and containers at once would only wait for each other.
step tests swift test -c release --skip-build --experimental-maximum-parallelization-width 4
