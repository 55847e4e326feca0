#!/bin/bash
# In which pieces an AS announces its space changes no size and no score: the real tables, every prefix in halves or
# with more-specifics beside it, as tables of ranges and as dumps of BGP, through `onus registry build` and `onus top`
# with 120,000 real attackers, for ASes and prefixes with one more in every prefix there is. Nor do announcements that
# nobody takes.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
here=$ONUS_SOURCE/tests/system
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$here/data.sh"
need_data registry-prefix-asn registry-rir-delegated blocklists
fail() { echo "not ok: $*" >&2; exit 1; }
ipsum=$(find "$data" -name ipsum.txt)
mapfile -t others < <(find "$data" -name 'delegated-*-latest' -o -name 'asn-country-ipv[46].csv' | sort)
[ ${#others[@]} = 5 ] || fail "the statistics are not all there: ${others[*]}"

# top REGISTRY KIND ATTACKERS…
top() { "$onus" top -c /dev/null --registry "$1" --by "$2" --json "${@:3}" 2>/dev/null; }
# judge REGISTRY TO: all that is said of everybody
judge() {
  local by
  {
    for by in as prefix; do top "$1" $by "$ipsum" "$dir/every"; done
    for by in org block addr country; do top "$1" $by "$ipsum"; done
    "$onus" registry info --json "$1" 2>/dev/null | jq -c '[.prefixes, .as, .orgs, .v4_addresses, .v6_blocks]'
  } >"$2"
}
records() { "$onus" registry info --json "$1" 2>/dev/null | jq "[.inputs[] | select(.kind == \"$2\") | .records] | add"; }
# build NAME KIND INPUT…: its records of that kind are in n
build() {
  "$onus" registry build -o "$dir/registry" "${others[@]}" "${@:3}" >"$dir/out" 2>"$dir/err" || fail "$1: $(cat "$dir/err")"
  n=$(records "$dir/registry" "$2")
}
# same NAME: what is judged by the registry is what was judged by the one before it
same() {
  judge "$dir/registry" "$dir/got"
  cmp -s "$dir/want" "$dir/got" || fail "$1: sizes or scores differ: $(diff "$dir/want" "$dir/got" | head -4)"
  echo "ok: $1: $n records, $(wc -l <"$dir/got") rows as before"
}

table=$data/prefix-asn/asn-2026061719
python3 "$here/pieces_make.py" "$dir" "$table/asn-ipv4.csv" "$table/asn-ipv6.csv"
build 'as it is' range-asn "$table/asn-ipv4.csv" "$table/asn-ipv6.csv"
whole=$n
judge "$dir/registry" "$dir/want"
[ "$(wc -l <"$dir/want")" -gt 700000 ] || fail "only $(wc -l <"$dir/want") rows"
build halves range-asn "$dir/halves.csv"
[ "$n" -gt $((whole * 19 / 10)) ] || fail "$n halves of $whole ranges"
same "ranges in halves"
build beside range-asn "$dir/beside.csv"
same "ranges with more-specifics beside them"

# the test can fail
build taken range-asn "$dir/taken.csv"
top "$dir/registry" as "$ipsum" "$dir/every" >"$dir/got"
cmp -s -n "$(stat -c %s "$dir/got")" "$dir/want" "$dir/got" && fail 'a /24 of another AS is not seen'

build 'BGP' ris-whois "$dir/ris" "$dir/asn.txt"
whole=$n
judge "$dir/registry" "$dir/want"
build 'BGP, halves' ris-whois "$dir/ris-halves" "$dir/asn.txt"
[ "$n" -gt $((whole * 12 / 10)) ] || fail "$n halves of $whole prefixes"
same "prefixes in halves"
build 'BGP, beside' ris-whois "$dir/ris-beside" "$dir/asn.txt"
same "prefixes with more-specifics and what nobody takes beside them"
echo ok
