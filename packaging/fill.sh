#!/bin/sh
# Writes the manifests of a release: sh packaging/fill.sh VERSION BASE_URL ZIP [HOME_PAGE]
set -eu
[ "$#" -ge 3 ] || { echo "usage: sh packaging/fill.sh VERSION BASE_URL ZIP [HOME_PAGE]" >&2; exit 2; }
version=$1
base=$2
home=${4:-$2}
[ -f "$3" ] || { echo "no such archive: $3; build it first" >&2; exit 1; }
sum=$(sha256sum "$3" | cut -d' ' -f1)
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/out}
mkdir -p "$out"
for file in "$here"/*.json "$here"/winget/*.yaml; do
    sed -e "s|@VERSION@|$version|g" -e "s|@BASE_URL@|$base|g" -e "s|@SHA256@|$sum|g" -e "s|@HOME@|$home|g" \
        "$file" >"$out/$(basename "$file")"
done
