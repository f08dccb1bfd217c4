#!/bin/bash
# Installs the libraries that people train with, for processors alone, and checks that caasctl finds their checkpoints and
# that they go on from them: Tests/Trainers. It takes about 6 GB below .cache/trainers; the lists are for Python 3.11.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$project"

folder="$project/.cache/trainers"

# Each library's pins exclude another's. The lists are whole, so that pip need not look for what they depend on; PyTorch's
# builds without CUDA are in an index of its own.
install_environment() {
    local list="scripts/requirements/trainers-$1.txt"
    cmp -s "$list" "$folder/$1/ready" && return
    echo "trainers: installing $list" >&2
    rm -rf "${folder:?}/$1"
    python3.11 -m venv "$folder/$1"
    # DeepSpeed is built here, by the setuptools of its list.
    grep -A1 -E '^(setuptools|wheel|torch|packaging|ninja|numpy|py-cpuinfo)==' "$list" | grep -v '^--$' >"$folder/first.txt"
    for part in "$folder/first.txt" "$list"; do
        DS_BUILD_OPS=0 DS_ACCELERATOR=cpu "$folder/$1/bin/pip" install --quiet --require-hashes --no-deps \
            --no-build-isolation --extra-index-url https://download.pytorch.org/whl/cpu -r "$part"
    done
    cp "$list" "$folder/$1/ready"
}

mkdir -p "$folder"
for name in main torchtune deepspeed llama-factory axolotl; do install_environment "$name"; done
CAASCTL_TRAINERS="$folder" CAASCTL_BIN="$project/.build/release" \
    swift test -c release --skip-build --filter TrainerTests
