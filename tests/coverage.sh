#!/bin/sh
# How much of the parsers and of the archive readers the tests and the seeds of the fuzz targets reach, in lines.
# Needs `rustup component add llvm-tools`.
#
#   sh tests/coverage.sh [TEST...]      without names: the tests that read files
set -eu
cd "$(dirname "$0")/.."
root=$PWD
tools=$(rustc --print target-libdir)/../bin
[ -x "$tools/llvm-cov" ] || { echo 'SKIPPED: llvm-tools are not here'; exit 0; }
[ $# -gt 0 ] || set -- fuzz_seeds isolation invariants formats containers limits evtx_differential evtx_writer exports \
    network_texts state local_times large_logs properties
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# Only this crate is measured, so its dependencies need not be built again.
printf '#!/bin/sh\nexec "$@" -Cinstrument-coverage\n' >"$work/rustc"
chmod +x "$work/rustc"
export RUSTC_WORKSPACE_WRAPPER="$work/rustc" LLVM_PROFILE_FILE="$work/%m-%p.profraw"
tests=
for name in "$@"; do tests="$tests --test $name"; done
cargo test --locked --no-fail-fast --lib $tests 2>&1 | tee "$work/log" | grep -E 'Running|test result'

find "$work" -name '*.profraw' >"$work/profiles"
"$tools/llvm-profdata" merge -sparse -f "$work/profiles" -o "$work/all.profdata"
objects=$(sed -n 's/.*Running .*(\(.*\))$/-object \1/p' "$work/log")
"$tools/llvm-cov" export -format=lcov -instr-profile="$work/all.profdata" $objects >"$work/lcov"

# Lines of unit tests do not count: they stand behind `#[cfg(test)]`.
awk -v root="$root/src/" '
    /^SF:/ {
        file = substr($0, 4)
        mine = index(file, root) == 1 && file !~ /testing\.rs$|\/tests\.rs$/
        if (mine && !(file in ends)) {
            ends[file] = 1e9; number = 0
            while ((getline text < file) > 0) { number++; if (text ~ /^#\[cfg\(test\)\]/) { ends[file] = number; break } }
            close(file)
        }
    }
    /^DA:/ && mine {
        split(substr($0, 4), part, ",")
        if (part[1] + 0 < ends[file]) { key = file SUBSEP part[1]; if (!(key in hit) || part[2] > hit[key]) hit[key] = part[2] }
    }
    END {
        for (key in hit) {
            split(key, place, SUBSEP)
            module = substr(place[1], length(root) + 1); sub(/[\/.].*/, "", module)
            all[module]++; if (hit[key] + 0 > 0) reached[module]++
        }
        for (module in all) if (module ~ /^(parsers|bundle|source|event|zone)$/)
            printf "%-8s %5d of %5d lines, %.1f %%\n", module, reached[module], all[module], 100 * reached[module] / all[module]
    }' "$work/lcov" | sort
