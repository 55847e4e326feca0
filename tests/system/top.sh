#!/bin/bash
# `onus top --by as --json` on real logs and lists equals, line for line, a table computed another way
# (top_table.py); and `onus extract | onus top` equals `onus top`.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
here=$ONUS_SOURCE/tests/system
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$here/data.sh"
need_data registry-prefix-asn logs-raw-real blocklists
tables=$data/prefix-asn/asn-2026061719
sshd=$(find "$data" -name OpenSSH_2k.log)
mail=$(find "$data" -path '*postfix*' -name mail.log)
filters=$ONUS_SOURCE/etc/filter.d

"$onus" registry build -o "$dir/registry" "$tables/asn-ipv4.csv" "$tables/asn-ipv6.csv"
top() { "$onus" top -c /dev/null --registry "$dir/registry" --filter-path "$filters" "$@" 2>"$dir/err"; }
fields='{asn, as_name, addresses, events, announced, share}'

# compare NAME EXPECTED-ARGUMENTS -- TOP-ARGUMENTS
compare() {
  local name=$1 expected=()
  shift
  while [ "$1" != -- ]; do expected+=("$1"); shift; done
  shift
  python3 "$here/top_table.py" "$tables/asn-ipv4.csv" "${expected[@]}" | jq -cS . >"$dir/want"
  top --by as --json "$@" | jq -cS "$fields" >"$dir/got"
  [ -s "$dir/want" ] || { echo "not ok: $name: nothing expected" >&2; exit 1; }
  diff "$dir/want" "$dir/got" >"$dir/diff" ||
    { echo "not ok: $name differs:" >&2; head -20 "$dir/diff" "$dir/err" >&2; exit 1; }
  echo "ok: $name: $(wc -l <"$dir/got") rows, $(jq -s 'map(.addresses) | add' "$dir/got") addresses"
}

compare sshd --sshd "$sshd" -- "$sshd"
ipsum=$(find "$data" -name ipsum.txt)
compare ipsum --list "$ipsum" -- "$ipsum"
mapfile -t lists < <(find "$data" -name binarydefense.txt -o -name compromised-ips.txt -o -name rutgers.txt -o -name cobaltstrike_ips.txt | sort)
[ "${#lists[@]}" = 4 ] || { echo 'not ok: the four lists are not there' >&2; exit 1; }
compare lists --list "${lists[@]}" -- "${lists[@]}"

# the same logs as event lines
"$onus" extract -c /dev/null --filter-path "$filters" "$sshd" "$mail" >"$dir/events"
"$onus" extract -c /dev/null --json --filter-path "$filters" "$sshd" "$mail" >"$dir/events.json"
for by in org as prefix block addr country; do
  top --by "$by" --json "$sshd" "$mail" >"$dir/direct-$by"
  [ -s "$dir/direct-$by" ] || { echo "not ok: no rows by $by" >&2; exit 1; }
  for form in events events.json; do
    top --by "$by" --json - <"$dir/$form" >"$dir/piped"
    cmp "$dir/direct-$by" "$dir/piped" || { echo "not ok: extract | top differs for $form by $by" >&2; exit 1; }
  done
done

# fewer rows are the first of all rows, to the last digit
for by in org as prefix block addr country; do
  top --by "$by" --json "$ipsum" "$sshd" >"$dir/direct"
  top --by "$by" --json -n 7 "$ipsum" "$sshd" >"$dir/few"
  cmp "$dir/few" <(head -n 7 "$dir/direct") || { echo "not ok: --limit changes the rows by $by" >&2; exit 1; }
done

# packed, many files and CSV say the same
gzip -c "$sshd" >"$dir/a.gz"
zstd -q "$mail" -o "$dir/b.zst"
top --by org --json "$dir/a.gz" "$dir/b.zst" >"$dir/packed"
cmp "$dir/packed" "$dir/direct-org"
[ "$(top --by org --csv "$sshd" "$mail" | tail -n +2 | wc -l)" = "$(wc -l <"$dir/direct-org")" ]
top --by org "$sshd" "$mail" | grep ORGANISATION >/dev/null

# events older than the registry are said to be so
grep -q 'older than the registry' "$dir/err" || { echo 'not ok: no warning about old events' >&2; cat "$dir/err" >&2; exit 1; }
echo ok
