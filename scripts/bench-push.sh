#!/bin/bash
# The part `push` of `make bench`: to a registry on this machine, beside umoci and skopeo. Sourced by bench.sh.
# shellcheck disable=SC2154,SC2034 # what bench.sh sets, and what it reads

bench_push() {
    take_wheels
    describe "$tree"
    local run
    begin "to a registry"
    for run in $(seq "$runs"); do
        measure caasctl "$run" build_and_push_with_caasctl
        measure others "$run" build_and_push_with_others
    done
    end caasctl others
    compare caasctl others

    begin "from the store to a registry"
    # What both push is one image, in the same form.
    rm -rf "${work:?}/home"
    with_home "$caasctl" build "$work/image" --output "oci:$work/pushed:bench" >/dev/null 2>&1
    for run in $(seq "$runs"); do
        measure caasctl "$run" push_with_caasctl
        measure skopeo "$run" push_with_skopeo
    done
    end caasctl skopeo
    compare caasctl skopeo
    bench_append
}

# A small layer on a big base that is in the registry: no byte of the base moves.
bench_append() {
    say "making a base of 5 GB"
    start_registry
    mkdir -p "$work/base" "$work/top/files" "$work/big"
    # Nobody can compress it, and making it takes no time.
    openssl enc -aes-128-ctr -K 00 -iv 00 </dev/zero 2>/dev/null | head -c 5000000000 >"$work/big/noise" || true
    printf 'name: base\nbase: scratch\nlayers:\n  - files: {from: "%s", into: /big}\n' "$work/big" >"$work/base/image.yaml"
    with_home "$caasctl" build "$work/base" --compression none --tag "$registry/base:1" --push >/dev/null 2>&1
    rm -r "$work/big"
    printf 'name: top\nbase: "%s/base:1"\nlayers:\n  - files: {from: files, into: /top}\n' "$registry" >"$work/top/image.yaml"
    local run before
    begin_with "1 MB on a base of 5 GB in the same registry"
    for run in $(seq "$runs"); do
        head -c 1000000 /dev/urandom >"$work/top/files/noise"
        before=$(requests)
        # Another machine, which knows nothing of the base.
        rm -rf "${work:?}/home"
        measure append "$run" append_with_caasctl
        say "$(($(requests) - before)) requests"
    done
    end append
    stop_registry
}

append_with_caasctl() {
    with_home timed "$1" "$caasctl" build "$work/top" --tag "$registry/top:1" --push
}

build_and_push_with_caasctl() {
    start_registry
    rm -rf "${work:?}/home"
    with_home timed "$1" "$caasctl" build "$work/image" --tag "$registry/bench:1" --push
    stop_registry
}

build_and_push_with_others() {
    start_registry
    rm -rf "$work/umoci"
    umoci init --layout "$work/umoci"
    umoci new --image "$work/umoci:bench"
    local rootless=
    [ "$(id -u)" = 0 ] || rootless=--rootless
    # shellcheck disable=SC2016
    timed "$1" bash -c 'umoci insert $1 --image "$2/umoci:bench" "$3" /opt/site && skopeo copy --dest-tls-verify=false "oci:$2/umoci:bench" "docker://$4/bench:1"' \
        bash "$rootless" "$work" "$tree" "$registry"
    stop_registry
}

push_with_caasctl() {
    start_registry
    # Only what skopeo has too: an image that was never pushed before.
    rm -rf "$work/home/store/sources" "$work/home/store/uploads"
    with_home "$caasctl" image copy "oci:$work/pushed:bench" "store:$registry/bench:1" >/dev/null 2>&1
    with_home timed "$1" "$caasctl" push "$registry/bench:1"
    stop_registry
}

push_with_skopeo() {
    start_registry
    timed "$1" skopeo copy --dest-tls-verify=false "oci:$work/pushed:bench" "docker://$registry/bench:1"
    stop_registry
}

with_home() { CAASCTL_HOME=$work/home "$@"; }

# --- a registry of its own for each run, whose time is not counted

start_registry() {
    rm -rf "$work/registry"
    mkdir -p "$work/registry"
    cat >"$work/registry/config.yml" <<YAML
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: "$work/registry/images"}}
http: {addr: "127.0.0.1:0", secret: bench}
YAML
    docker-registry serve "$work/registry/config.yml" >"$work/registry/log" 2>&1 &
    registry_process=$!
    for _ in $(seq 100); do
        registry=$(grep -oE 'listening on 127\.0\.0\.1:[0-9]+' "$work/registry/log" | grep -oE '127.*' || true)
        [ -z "$registry" ] || break
        sleep 0.05
    done
    size=0
}

requests() { grep -c 'http.request.method=[A-Z]* .*http.response.status' "$work/registry/log" || true; }

stop_registry() {
    size=$(du -sm "$work/registry/images" | cut -f 1)
    kill "$registry_process"
    wait "$registry_process" 2>/dev/null || true
    registry_process=
}
