#!/bin/sh
# Fills fuzz/corpus with what the targets begin from: our fixtures. sh fuzz/seed.sh
set -eu
cd "$(dirname "$0")/.."
corpus=fuzz/corpus
mkdir -p "$corpus/evtx" "$corpus/formats" "$corpus/ticket" "$corpus/containers" "$corpus/signatures" "$corpus/words"
number=0
find fixtures -type f | sort | while read -r file; do
    number=$((number + 1))
    case $file in
        *.evtx) cp "$file" "$corpus/evtx/$number" ;;
        *.zip) { printf '\000'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.7z) { printf '\001'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.cab) { printf '\002'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.tar) { printf '\003'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.tar.gz | *.tgz) { printf '\004'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.tar.xz) { printf '\005'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.tar.zst) { printf '\006'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.gz) { printf '\007'; cat "$file"; } >"$corpus/containers/$number" ;;
        *.xz) { printf '\010'; cat "$file"; } >"$corpus/containers/$number" ;;
        *) cp "$file" "$corpus/ticket/$number" ;;
    esac
done
for file in fixtures/formats/*/*; do
    if [ -f "$file" ]; then cp "$file" "$corpus/formats/$(basename "$(dirname "$file")")-$(basename "$file")"; fi
done
for file in signatures/*/*.yaml; do cp "$file" "$corpus/signatures/$(basename "$file")"; done
printf '0x904 0x7' >"$corpus/words/code"
printf 'W. Europe Standard Time' >"$corpus/words/zone"
printf 'KB5018410 cert-key-access-denied' >"$corpus/words/names"
