#!/bin/bash
# Ranges of all five registries, both families, through `onus registry build`: what lookup and verify say of them
# is what a second reading of the same files says. AFRINIC, APNIC and LACNIC whole, cuts of ARIN and RIPE.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-prefix-asn registry-rir-delegated
fail() { echo "not ok: $*" >&2; exit 1; }
tables=$data/prefix-asn/asn-2026061719
mapfile -t statistics < <(find "$data" -name 'delegated-*-latest' -o -path '*/resources/data/arin' -o -path '*/resources/data/ripencc' | sort)
[ ${#statistics[@]} = 5 ] || fail "not five registries: ${statistics[*]}"
check() {
  python3 "$ONUS_SOURCE/tests/system/delegations_check.py" "$onus" "$1" "$tables/asn-ipv4.csv" "$tables/asn-ipv6.csv" \
    -- "${@:2}"
}
"$onus" registry build -o "$dir/registry" "$tables/asn-ipv4.csv" "$tables/asn-ipv6.csv" "${statistics[@]}" >/dev/null 2>&1
check "$dir/registry" "${statistics[@]}"
"$onus" registry verify "$dir/registry" 2>/dev/null | sed -n '1p; /announced/,/abuse contact/p'

# the test can fail: one delegation less, one of another country, one that is longer; of one registry alone
apnic=$data/rir-delegated-2026-02-13/delegated-apnic-latest
for wrong in '20000d' '20000s/|[A-Z][A-Z]|/|XX|/' '20000s/|256|/|512|/; 20000s/|1024|/|2048|/'; do
  sed "$wrong" "$apnic" >"$dir/apnic"
  cmp -s "$dir/apnic" "$apnic" && fail "$wrong changes nothing"
  "$onus" registry build -o "$dir/wrong" "$tables/asn-ipv4.csv" "$tables/asn-ipv6.csv" "$dir/apnic" >/dev/null 2>&1
  if check "$dir/wrong" "$apnic" >/dev/null 2>"$dir/err"; then fail "$wrong is not found"; fi
  grep -q 'it should be' "$dir/err" || fail "$wrong: $(cat "$dir/err")"
done
echo ok
