#!/bin/bash
# Compiling the registry file: time and size; beside it, reading the same tables line by line.
set -euo pipefail
# shellcheck source=bench/common.sh
. "$(dirname "$0")/common.sh"
need_registry
mkdir -p "$ONUS_BENCH/tables"
if ! ls "$ONUS_BENCH"/tables/*/*.csv >/dev/null 2>&1; then
  for name in asn asn-country; do
    (cd "$ONUS_BENCH/tables" && npm pack --silent "@ip-location-db/$name" >/dev/null && mkdir -p "$name" &&
      tar xzf "ip-location-db-$name"-[0-9]*.tgz -C "$name" --strip-components=1)
  done
fi
tables=("$ONUS_BENCH"/tables/asn "$ONUS_BENCH"/tables/asn-country)
ours=$(best 3 "$onus" registry build -o "$ONUS_BENCH/registry" "${tables[@]}")
read=$(best 3 wc -l "$ONUS_BENCH"/tables/*/*.csv)
"$onus" registry build -o "$ONUS_BENCH/registry" "${tables[@]}" 2>/dev/null
printf 'compiled in %s s (wc -l of the tables: %s s); %s bytes in, %s bytes out\n' "$ours" "$read" \
  "$(cat "$ONUS_BENCH"/tables/*/*.csv | wc -c)" "$(stat -c %s "$ONUS_BENCH/registry")"
