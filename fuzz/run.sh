#!/bin/sh
# Builds the fuzz targets and runs each for so many seconds, one after the other; ends at the first that finds something.
#
#   sh fuzz/run.sh [SECONDS] [TARGET...]
#
# Without sanitizers: there is no unsafe code in this crate for them to watch. Debug assertions and checks of overflow
# are on.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-900}
[ $# -eq 0 ] || shift
cargo +nightly fuzz build --sanitizer none --debug-assertions
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
export RAYON_NUM_THREADS=1
for target in "$@"; do
    case $target in
        evtx | ticket | containers) most=16384 ;;
        evt) most=4096 ;;
        event_xml | formats) most=8192 ;;
        signatures) most=5000 ;;
        *) most=200 ;;
    esac
    words=
    case $target in
        evtx | evt) words=-dict=fuzz/dictionaries/evtx.dict ;;
        event_xml | formats | ticket) words=-dict=fuzz/dictionaries/formats.dict ;;
        times | containers) words=-dict=fuzz/dictionaries/$target.dict ;;
    esac
    echo "== $target, $seconds s"
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run --sanitizer none --debug-assertions "$target" -- -max_total_time="$seconds" -timeout=20 \
        -rss_limit_mb=2048 -max_len=$most -print_final_stats=1 $words
done
