#!/bin/bash
# `make bench`: a real site-packages to an OCI layout, by `caasctl build` and by `umoci insert`, in turn on the same files.
#
# BENCH_TREE=FOLDER takes other files than the ones it installs from PyPI, BENCH_RUNS=N other than three runs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

folder=$CAASCTL_CACHE/bench
requirements=$project/scripts/requirements/bench.txt
runs=${BENCH_RUNS:-3}
caasctl=${CAASCTL_BIN:-$project/.build/release}/caasctl

main() {
    mkdir -p "$folder"
    tree=${BENCH_TREE:-$folder/site-packages}
    [ -n "${BENCH_TREE-}" ] || cmp -s "$requirements" "$folder/requirements.txt" || install_tree
    tree=$(cd "$tree" && pwd)

    work=$(mktemp -d "$folder/run.XXXXXX")
    trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    describe
    warm
    for run in $(seq "$runs"); do
        measure caasctl "$run" build_with_caasctl
        measure umoci "$run" build_with_umoci
    done
    report
}

install_tree() {
    local environment
    environment=$(mktemp -d "$folder/pip.XXXXXX")
    printf 'bench: installing torch, transformers and what they need under %s; this takes minutes\n' "$folder" >&2
    rm -rf "$folder/site-packages" "$folder/requirements.txt"
    python3 -m venv "$environment"
    # Exactly the listed packages: torch alone would bring gigabytes of nvidia's.
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-compile \
        --target "$folder/site-packages" --requirement "$requirements"
    "$environment/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$folder/site-packages" >/dev/null || true
    rm -rf "$environment"
    cp "$requirements" "$folder/requirements.txt"
}

describe() {
    mkdir "$work/image"
    cat >"$work/image/image.yaml" <<YAML
name: bench
base: scratch
layers:
  - files: {from: "$tree", into: /opt/site}
YAML
    printf '%s files, %s MB; %s cores; %s; %s\n\n' "$(find "$tree" -type f | wc -l)" "$(du -sm "$tree" | cut -f 1)" "$(nproc)" \
        "caasctl $("$caasctl" --version)" "$(umoci --version)"
}

# The first to read the files would otherwise pay for the disk.
warm() { find "$tree" -type f -print0 | xargs -0 cat >/dev/null; }

# The command and what it may not find from the run before it.
build_with_caasctl() {
    rm -rf "${work:?}/home" "$work/caasctl"
    CAASCTL_HOME=$work/home timed "$1" "$caasctl" build "$work/image" --output "oci:$work/caasctl"
}

build_with_umoci() {
    rm -rf "$work/umoci"
    umoci init --layout "$work/umoci"
    umoci new --image "$work/umoci:bench"
    local rootless=()
    [ "$(id -u)" = 0 ] || rootless=(--rootless)
    timed "$1" umoci insert "${rootless[@]}" --image "$work/umoci:bench" "$tree" /opt/site
}

timed() {
    local result=$1
    shift
    /usr/bin/time -f '%e %U %S %M' -o "$result" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

measure() {
    local tool=$1 run=$2 build=$3
    printf '%s, run %s of %s ' "$tool" "$run" "$runs" >&2
    "$build" "$work/$tool.$run"
    awk '{printf "%.1f s, CPU %.1f s, %d MiB\n", $1, $2 + $3, $4 / 1024}' "$work/$tool.$run" >&2
    du -sm "$work/$tool" | cut -f 1 >"$work/$tool.size"
}

# The median over the runs of wall, cpu or peak.
median() {
    awk -v figure="$2" '{v["wall"] = $1; v["cpu"] = $2 + $3; v["peak"] = $4 / 1024; print v[figure]}' "$work/$1".[0-9]* \
        | sort -n | awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2}'
}

ratio() { awk -v ours="$(median caasctl "$1")" -v theirs="$(median umoci "$1")" 'BEGIN {printf "%.2f", theirs / ours}'; }

report() {
    local tool
    {
        printf '| median of %s | wall | CPU | peak memory | layout |\n|---|---|---|---|---|\n' "$runs"
        for tool in caasctl umoci; do
            printf '| %s | %.1f s | %.1f s | %.0f MiB | %s MB |\n' "$tool" "$(median $tool wall)" "$(median $tool cpu)" \
                "$(median $tool peak)" "$(cat "$work/$tool.size")"
        done
        printf '| umoci / caasctl | %s | %s | %s | |\n' "$(ratio wall)" "$(ratio cpu)" "$(ratio peak)"
    } | tee "$folder/result.md"
}

main
