#!/bin/sh
# Whole processes, by CPU time: `rdpwhy analyze --no-hash` next to what the evtx crate needs for the JSON of the same
# logs; growth from 10 MB to 1 GB; two threads next to one; hashing; peak memory; start-up. Needs GNU time
# (/usr/bin/time); generated logs go to a temporary folder (about 1.1 GB, TMPDIR moves it) and are deleted.
#
#   sh benches/processes.sh [DIR...]      DIRs hold real logs, each is measured for itself
set -eu
runs=${RUNS:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
[ -x /usr/bin/time ] || { echo "GNU time is needed (/usr/bin/time)" >&2; exit 1; }
(cd "$root" && cargo build --quiet --release --bin rdpwhy --example evtx_json)
rdpwhy=$target/release/rdpwhy
json=$target/release/examples/evtx_json
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT INT TERM

# Best of several runs: CPU seconds, wall seconds, peak KiB.
measure() {
    : >"$temp/times"
    run=0
    while [ "$run" -lt "$runs" ]; do
        /usr/bin/time -f '%U %S %e %M' -a -o "$temp/times" "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
        run=$((run + 1))
    done
    awk 'NF == 4 && $1 ~ /^[0-9.]+$/ {
            cpu = $1 + $2
            if (!n++ || cpu < c) c = cpu
            if (n == 1 || $3 < w) w = $3
            if ($4 > m) m = $4
        } END { printf "%.2f %.2f %d", c, w, m }' "$temp/times"
}

say() { printf '%-44s cpu %6s s   wall %6s s   peak %7s KiB\n' "$@"; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else printf "?" }'; }

# $1 name, then what is analysed.
against_json() {
    name=$1
    shift
    say "$name, analyze --no-hash" $(measure "$rdpwhy" analyze --no-hash --quiet --threads 1 "$@")
    ours=$(awk '{ print $1 + $2 }' "$temp/times" | sort -n | head -1)
    say "$name, JSON by the crate" $(measure "$json" json "$@")
    theirs=$(awk '{ print $1 + $2 }' "$temp/times" | sort -n | head -1)
    echo "    of the crate's CPU: $(ratio "$ours" "$theirs")"
}

"$json" write 1 "$temp/small.evtx"
# One chunk: header and 64 KiB.
head -c 69632 "$temp/small.evtx" >"$temp/69k.evtx"
say "start-up, one file of 69 KB" $(measure "$rdpwhy" analyze --no-hash --quiet "$temp/69k.evtx")

for folder in "$@"; do
    against_json "$(basename "$folder")" "$folder"
done

for megabytes in 10 100; do
    "$json" write "$megabytes" "$temp/written.evtx"
    against_json "written, $megabytes MB" "$temp/written.evtx"
done
rm "$temp/written.evtx"
"$json" ordinary 100 "$temp/ordinary.evtx"
against_json "ordinary, 100 MB, one record in ten wanted" "$temp/ordinary.evtx"
rm "$temp/ordinary.evtx"

"$json" write 300 "$temp/300.evtx"
against_json "written, 300 MB" "$temp/300.evtx"
say "300 MB, hashed, 1 thread" $(measure "$rdpwhy" analyze --quiet --threads 1 "$temp/300.evtx")
one=$(measure "$rdpwhy" analyze --no-hash --quiet --threads 1 "$temp/300.evtx")
two=$(measure "$rdpwhy" analyze --no-hash --quiet --threads 2 "$temp/300.evtx")
say "300 MB, 1 thread" $one
say "300 MB, 2 threads" $two
echo "    wall of two threads against one: $(ratio "$(echo "$two" | cut -d' ' -f2)" "$(echo "$one" | cut -d' ' -f2)")"
rm "$temp/300.evtx"

mkdir "$temp/many"
number=0
while [ "$number" -lt 600 ]; do
    # Other times each: copies of one log would be counted once.
    "$json" write 1 "$temp/many/$number.evtx" $((number * 10000))
    number=$((number + 1))
done
runs=2
say "600 files of 1 MB" $(measure "$rdpwhy" analyze --no-hash --quiet "$temp/many")
rm -r "$temp/many"
"$json" write 1024 "$temp/1g.evtx"
say "one file of 1 GB" $(measure "$rdpwhy" analyze --no-hash --quiet "$temp/1g.evtx")
