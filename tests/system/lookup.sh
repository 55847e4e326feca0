#!/bin/bash
# One million random addresses and all real attackers, IPv4 and IPv6: `onus lookup` agrees with a naive
# search over the source tables (bisection in Python over the painted ranges), without exception.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-prefix-asn blocklists
for table in asn-2026061719 asn-2025040218; do
  csv=$data/prefix-asn/$table
  "$onus" registry build -o "$dir/registry" "$csv/asn-ipv4.csv" "$csv/asn-ipv6.csv" 2>/dev/null
  python3 "$ONUS_SOURCE/tests/system/lookup_check.py" "$onus" "$dir/registry" "$csv/asn-ipv4.csv" \
    "$csv/asn-ipv6.csv" "$(find "$data" -name ipsum.txt)"
done
