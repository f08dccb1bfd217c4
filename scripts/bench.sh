#!/bin/bash
# `make bench`: what people wait for, by caasctl and by others, in turn on the same files.
#
# BENCH names the parts, all of them by default: `wheels` is a real site-packages of 2 GB to an OCI layout, `rebuild` the
# same with nothing and with one file changed, `cuda` 6 GB with NVIDIA's wheels, `files` a million small files, all beside
# umoci; `push` is in bench-push.sh, `storage` and `training` in bench-storage.sh.
# BENCH_RUNS=N takes other than three runs, BENCH_TREE=FOLDER other files for the first two, BENCH_FILES=N other than a million.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
. "$project/scripts/bench-push.sh"
. "$project/scripts/bench-storage.sh"

folder=$CAASCTL_CACHE/bench
requirements=$project/scripts/requirements
runs=${BENCH_RUNS:-3}
caasctl=${CAASCTL_BIN:-$project/.build/release}/caasctl

main() {
    mkdir -p "$folder"
    work=$(mktemp -d "$folder/run.XXXXXX")
    registry_process=
    trap '[ -z "$registry_process" ] || kill "$registry_process"; chmod -R u+w "$work"; rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '%s cores; caasctl %s; %s\n' "$(nproc)" "$("$caasctl" --version)" "$(umoci --version)" | tee "$folder/result.md"
    for part in ${BENCH:-wheels rebuild cuda files push storage training}; do "bench_$part"; done
}

bench_wheels() {
    take_wheels
    beside_umoci "$runs"
}

bench_rebuild() {
    take_wheels
    # One file is edited, and nobody's files are edited in place.
    cp -a "$tree" "$work/tree"
    describe "$work/tree"
    local file
    file=$(find "$work/tree" -name '*.py' -size +4k -print -quit)
    begin "rebuild of the same"
    build_with_caasctl "$work/first"
    # A file that changed in this very second is rightly read again.
    sleep 3
    for run in $(seq "$runs"); do
        measure unchanged "$run" rebuild
        echo "# $run" >>"$file"
        measure edited "$run" rebuild
        sleep 3
    done
    end unchanged edited
    rm -rf "$work/tree"
}

bench_cuda() {
    take_wheels
    install cuda bench.txt bench-cuda.txt
    tree=$folder/cuda
    beside_umoci 1
}

bench_files() {
    local count=${BENCH_FILES:-1000000}
    tree=$work/files
    say "making $count files"
    python3 - "$tree" "$count" <<'PYTHON'
import os, sys
tree, count = sys.argv[1], int(sys.argv[2])
for first in range(0, count, 1000):
    folder = f"{tree}/{first // 100000:03}/{first // 1000:06}"
    os.makedirs(folder)
    for number in range(first, min(first + 1000, count)):
        with open(f"{folder}/{number:08}.txt", "w") as file:
            file.write(f"{number}\n" * 8)
PYTHON
    beside_umoci 1
    rm -rf "$tree"
}

# --- the files

take_wheels() {
    tree=${BENCH_TREE:-$folder/site-packages}
    [ -n "${BENCH_TREE-}" ] || install site-packages bench.txt
    tree=$(cd "$tree" && pwd)
}

# install FOLDER REQUIREMENTS...: what pip makes of them, unless it is there.
install() {
    local target=$folder/$1 environment wanted
    shift
    wanted=$(cd "$requirements" && cat "$@")
    [ "$(cat "$target.txt" 2>/dev/null)" != "$wanted" ] || return 0
    say "installing the wheels of $* under $target; this takes minutes"
    rm -rf "$target" "$target.txt"
    environment=$(mktemp -d "$folder/pip.XXXXXX")
    python3 -m venv "$environment"
    # Exactly the listed packages: torch alone would bring what another part brings.
    "$environment/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile \
        --target "$target" "${@/#/--requirement=$requirements/}"
    "$environment/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$target" >/dev/null || true
    rm -rf "$environment"
    printf '%s\n' "$wanted" >"$target.txt"
}

describe() {
    mkdir -p "$work/image"
    cat >"$work/image/image.yaml" <<YAML
name: bench
base: scratch
layers:
  - files: {from: "$1", into: /opt/site}
YAML
}

# --- the tools

beside_umoci() {
    local run
    describe "$tree"
    begin "to an OCI layout"
    for run in $(seq "$1"); do
        measure caasctl "$run" build_with_caasctl
        measure umoci "$run" build_with_umoci
    done
    end caasctl umoci
    compare caasctl umoci
}

# The command and what it may not find from the run before it.
build_with_caasctl() {
    rm -rf "${work:?}/home"
    rebuild "$1"
}

rebuild() {
    rm -rf "${work:?}/caasctl"
    CAASCTL_HOME=$work/home timed "$1" "$caasctl" build "$work/image" --output "oci:$work/caasctl"
    size=$(du -sm "$work/caasctl" | cut -f 1)
}

build_with_umoci() {
    rm -rf "$work/umoci"
    umoci init --layout "$work/umoci"
    umoci new --image "$work/umoci:bench"
    local rootless=()
    [ "$(id -u)" = 0 ] || rootless=(--rootless)
    timed "$1" umoci insert "${rootless[@]}" --image "$work/umoci:bench" "$tree" /opt/site
    size=$(du -sm "$work/umoci" | cut -f 1)
}

# --- the figures

say() { printf 'bench: %s\n' "$*" >&2; }

begin() {
    local files megabytes
    files=$(find "$tree" -type f | wc -l)
    megabytes=$(du -sm --apparent-size "$tree" | cut -f 1)
    begin_with "$megabytes MB in $files files: $1"
    # The first to read the files would otherwise pay for the disk.
    find "$tree" -type f -print0 | xargs -0 cat >/dev/null
}

begin_with() {
    title=$1
    say "$title"
    rm -f "$work"/*.[0-9]*
}

timed() {
    local result=$1
    shift
    /usr/bin/time -f '%e %U %S %M' -o "$result" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

measure() {
    local tool=$1 run=$2 build=$3
    "$build" "$work/$tool.$run"
    awk -v name="$tool" '{printf "bench: %s: %.2f s, CPU %.2f s, %d MiB\n", name, $1, $2 + $3, $4 / 1024}' "$work/$tool.$run" >&2
    echo "$size" >"$work/$tool.size"
}

# The median over the runs of wall, cpu or peak.
median() {
    awk -v figure="$2" '{v["wall"] = $1; v["cpu"] = $2 + $3; v["peak"] = $4 / 1024; print v[figure]}' "$work/$1".[0-9]* \
        | sort -n | awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2}'
}

compare() {
    printf '| %s / %s | %s | %s | %s | |\n' "$1" "$2" "$(ratio "$1" "$2" wall)" "$(ratio "$1" "$2" cpu)" \
        "$(ratio "$1" "$2" peak)" | tee -a "$folder/result.md"
}

ratio() { awk -v ours="$(median "$1" "$3")" -v theirs="$(median "$2" "$3")" 'BEGIN {printf "%.2f", ours / theirs}'; }

end() {
    local tool
    {
        printf '\n%s\n\n| | wall | CPU | peak memory | layout |\n|---|---|---|---|---|\n' "$title"
        for tool in "$@"; do
            printf '| %s | %.2f s | %.2f s | %.0f MiB | %s MB |\n' "$tool" "$(median "$tool" wall)" "$(median "$tool" cpu)" \
                "$(median "$tool" peak)" "$(cat "$work/$tool.size")"
        done
    } | tee -a "$folder/result.md"
}

main
