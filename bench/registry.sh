#!/bin/bash
# Compiling the registry file: time and size; beside it, reading the same tables line by line.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_registry
need_tables
ours=$(best 3 "$onus" registry build -o "$ONUS_BENCH/registry" "$tables"/asn "$tables"/asn-country)
read=$(best 3 wc -l "$tables"/*/*.csv)
"$onus" registry build -o "$ONUS_BENCH/registry" "$tables"/asn "$tables"/asn-country 2>/dev/null
printf 'compiled in %s s (wc -l of the tables: %s s); %s bytes in, %s bytes out\n' "$ours" "$read" \
  "$(cat "$tables"/*/*.csv | wc -c)" "$(stat -c %s "$ONUS_BENCH/registry")"
