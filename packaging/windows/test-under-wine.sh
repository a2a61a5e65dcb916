#!/bin/sh
# Builds rdpwhy for Windows on Linux, runs the tests that matter there under wine, and holds what it writes against what
# the Linux binary writes, byte by byte.
#
#   sh packaging/windows/test-under-wine.sh [TEST...]      without names: the list below
#
# Needs `rustup target add x86_64-pc-windows-gnu` and the packages gcc-mingw-w64-x86-64 and wine64; without them it says
# so and ends well. WINEPREFIX and CARGO_TARGET_DIR are respected.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
target=x86_64-pc-windows-gnu

skip() {
    echo "SKIPPED: $1 is not here"
    exit 0
}
command -v x86_64-w64-mingw32-gcc >/dev/null || skip x86_64-w64-mingw32-gcc
rustup target list --installed 2>/dev/null | grep -qx $target || skip "the target $target"
wine=$(command -v wine64 || command -v /usr/lib/wine/wine64) || skip wine64

work=${TMPDIR:-/tmp}/rdpwhy-wine
mkdir -p "$work"
export WINEPREFIX="${WINEPREFIX:-$work/prefix}" WINEDEBUG=-all
[ -d "$WINEPREFIX/drive_c/windows/system32" ] || "$wine" wineboot --init >/dev/null 2>&1 || true

# Rust's standard library asks this library for random numbers; wine before 9 has none.
if [ ! -f "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
    cat >"$work/random.c" <<'C'
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) { return RtlGenRandom(bytes, (ULONG)count); }
C
    x86_64-w64-mingw32-gcc -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$work/random.c" -ladvapi32
fi

# What runs a program of the target; the program itself starts others as Windows does.
cat >"$work/run" <<RUN
#!/bin/sh
unset CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER
exec "$wine" "\$@"
RUN
chmod +x "$work/run"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$work/run"
# Else insta asks cargo, which is no program of Windows here.
export INSTA_WORKSPACE_ROOT="$root" INSTA_UPDATE=no

[ $# -gt 0 ] || set -- windows formats cases cli evidence
tests=
for name in "$@"; do tests="$tests --test $name"; done
echo "== tests under $("$wine" --version)"
cargo test --locked --target $target --no-fail-fast --lib --bins $tests

echo '== the same bytes as on Linux'
cargo build --locked --bin rdpwhy
here=${CARGO_TARGET_DIR:-target}/debug/rdpwhy
there=${CARGO_TARGET_DIR:-target}/$target/debug/rdpwhy.exe
compared=0
# Each entry of a workbook says on what system it was packed: 3 here, 0 there.
same() {
    cmp -s "$1" "$2" && return
    [ "$3" = xlsx ] && ! cmp -l "$1" "$2" 2>&1 | grep -qvE '^ *[0-9]+ +3 +0$'
}
hold() {
    "$here" "$@" >"$work/linux" 2>/dev/null || true
    "$work/run" "$there" "$@" >"$work/windows" 2>/dev/null || true
    [ -s "$work/linux" ] || { echo "nothing to compare: $*" && exit 1; }
    for last in "$@"; do :; done
    same "$work/linux" "$work/windows" "$last" || { echo "differs: $*" && exit 1; }
    compared=$((compared + 1))
}
for case in fixtures/cases/*/bundle; do
    for format in text json html markdown csv jsonl; do hold analyze "$case" --format $format; done
    hold timeline "$case" --all
done
printf '0123456789abcdef0123456789abcdef' >"$work/key"
for case in fixtures/cases/credssp-after-may-2018/bundle fixtures/healthy/file-server/bundle; do
    for format in csv jsonl timesketch timesketch-jsonl ecs l2tcsv xlsx; do hold timeline "$case" --format $format; done
    hold analyze "$case" --redact --redact-key "$work/key" --format json
done
hold explain 0x904 0x7
hold collect --server
hold signatures list
echo "$compared outputs are the same"

rm -rf "$work/linux-batch" "$work/windows-batch"
"$here" batch fixtures/cases -o "$work/linux-batch" --reports html 2>/dev/null
"$work/run" "$there" batch fixtures/cases -o "$work/windows-batch" --reports html 2>/dev/null
rm -f "$work/windows-batch/rdpwhy.lock"
# The store has the times of files and how long each ticket took; everything else is compared.
(cd "$work/linux-batch" && find . -type f ! -name 'rdpwhy.sqlite*' | sort) >"$work/files"
while read -r file; do
    cmp "$work/linux-batch/$file" "$work/windows-batch/$file" || { echo "the batches differ: $file" && exit 1; }
done <"$work/files"
echo "a batch wrote the same $(wc -l <"$work/files") files"
