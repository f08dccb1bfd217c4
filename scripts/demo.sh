#!/bin/bash
# `make demo`: the whole journey on this machine, each step shown as the command that a user would type.
#
# KEEP=1 leaves everything running at the end, with the link to the run's live page.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# From here on there is no other environment than the sandbox's: nobody's keys get in, nobody's bucket is written to.
if [ -z "${DEMO_ENVIRONMENT-}" ]; then
    export DEMO_FOLDER="${DEMO_FOLDER:-$CAASCTL_CACHE/demo}"
    kept=()
    for name in HOME USER TERM LANG KEEP CAASCTL_CACHE DEMO_FOLDER DEMO_PATIENCE http_proxy https_proxy; do
        [ -z "${!name-}" ] || kept+=("$name=${!name}")
    done
    exec env -i "${kept[@]}" DEMO_ENVIRONMENT=clean no_proxy=127.0.0.1,localhost \
        PATH="${CAASCTL_BIN:-$project/.build/release}:$PATH" CAASCTL_HOME="$DEMO_FOLDER/home" "${BASH_SOURCE[0]}"
fi

cd "$project"
results=$DEMO_FOLDER/results
patience=${DEMO_PATIENCE:-600} # seconds, for all of it

main() {
    trap 'leave $?' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -p "$CAASCTL_HOME"
    rm -rf "$results"

    say 'A cloud on loopback: a registry, an S3 server, and an API like io.net'\''s that runs containers.'
    type_ caasctl sandbox up
    show "eval \"\$(caasctl sandbox env)\""
    eval "$(caasctl sandbox env)"

    say 'An image without Docker: Debian with numpy, a program that trains, and the entrypoint that looks after it.'
    type_ caasctl build demo --tag "$CAASCTL_REGISTRY/demo:latest"
    type_ caasctl push "$CAASCTL_REGISTRY/demo:latest"

    say 'A rented machine.'
    type_ caasctl deploy manifests/demo.yaml --keep-alive --yes

    say 'It trains in two stages, and every checkpoint is in the bucket seconds after it was written.'
    follow
    type_ caasctl status last
    show 'caasctl logs last | tail -n 5'
    timeout 30 caasctl logs last | tail -n 5

    say 'The model, verified in the bucket and on its way here.'
    type_ caasctl fetch last "$results"
    show "(cd $(short "$results") && sha256sum --check SHA256SUMS)"
    (cd "$results" && sha256sum --check SHA256SUMS)

    say 'And it is served where it was trained.'
    local url
    url=$(live_url)
    for prompt in 'The world' 'Love is' 'A computer'; do
        type_ curl -sSfG --max-time 60 "$url/complete" --data-urlencode "prompt=$prompt"
        echo
    done

    [ -z "${KEEP-}" ] || return 0
    say 'Nothing is destroyed before its result is verified; this one is.'
    type_ caasctl destroy last
}

# --- what it looks like

if [ -t 2 ] && [ "${TERM-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' dim='' plain=''
fi

say() { printf '\n%s# %s%s\n' "$dim" "$*" "$plain" >&2; }
show() { printf '%s$ %s%s\n' "$bold" "$1" "$plain" >&2; }

# Shows a command as it would be typed, then runs it.
type_() {
    local text='' word
    for word in "$@"; do
        word=$(short "$word")
        case $word in
        *[[:space:]\']*) text+=" \"$word\"" ;;
        *) text+=" $word" ;;
        esac
    done
    show "${text# }"
    timeout --foreground "$((SECONDS < patience ? patience - SECONDS : 1))" "$@"
}

# Paths in the project as seen from it.
short() { printf '%s' "${1#"$project/"}"; }

# --- following the run

# One value of what `status` knows about the run; empty where there is none yet.
status() {
    caasctl status last --json 2>/dev/null | python3 -c '
import json, sys
try:
    value = json.load(sys.stdin)
    for key in sys.argv[1].split("."):
        value = value.get(key) if isinstance(value, dict) else None
    print("" if value is None else value)
except ValueError:
    pass' "$1"
}

# Shows what the run prints, until its model is served.
follow() {
    local phase=''
    show "caasctl logs last --follow | grep -E 'step 0[0-9][05]00/|validation'"
    caasctl logs last --follow > >(grep --line-buffered -E 'step 0[0-9][05]00/|validation' >&2) 2>/dev/null &
    follower=$!
    while [ "$phase" != serve ]; do
        [ $SECONDS -lt $patience ] || fail "the run is still in phase '$phase' after $patience seconds"
        sleep 1
        phase=$(status status.phase)
        [ "$phase" != failed ] || fail "the run failed: $(status status.reason)"
    done
    stop_following
}

follower=
stop_following() {
    [ -n "$follower" ] || return 0
    kill "$follower" 2>/dev/null || true
    wait "$follower" 2>/dev/null || true
    follower=
}

# Where the model answers; the server is loading it when the run begins to serve.
live_url() {
    local url
    url=$(status public_url)
    until curl --silent --fail --max-time 5 --output /dev/null "$url/health"; do
        [ $SECONDS -lt $patience ] || fail "$url/health does not answer"
        sleep 1
    done
    printf '%s' "$url"
}

# --- at the end

fail() {
    printf '\ndemo: %s\n' "$*" >&2
    exit 1
}

leave() {
    trap - EXIT
    # What was begun here is ended here, however impatient somebody is.
    trap '' INT TERM
    stop_following
    if [ "$1" != 0 ] && [ "$1" -lt 128 ]; then
        printf '\ndemo: stopped; the last lines of the run'\''s log:\n' >&2
        timeout 20 caasctl logs last 2>&1 | tail -n 20 >&2 || true
        # A server that sends half an object says why in its own log alone.
        local log
        for log in "$CAASCTL_HOME"/sandbox/logs/*.log; do
            [ ! -s "$log" ] || { printf '\ndemo: the last lines of %s:\n' "$(short "$log")" && tail -n 5 "$log"; } >&2
        done
    fi
    if [ -n "${KEEP-}" ]; then
        say 'Left running, as KEEP is set.'
        timeout 20 caasctl status last >&2 || true
        show "CAASCTL_HOME=$(short "$CAASCTL_HOME") .build/release/caasctl sandbox down    # ends it"
    else
        show 'caasctl sandbox down'
        timeout 60 caasctl sandbox down || true
        [ "$1" != 0 ] || say "Done in $SECONDS seconds. The model is in $(short "$results")."
    fi
    exit "$1"
}

main
