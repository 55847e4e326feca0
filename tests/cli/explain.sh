#!/bin/bash
# onus explain: ten entities of every kind, added up from the printed lines alone by add_up.py (which knows
# the formulas of doc/scoring.md and nothing of onus), give the score that `onus top` prints.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }

cat >"$dir/asn.csv" <<'CSV'
8.8.8.0,8.8.8.255,64496,Small
20.0.0.0,20.0.191.255,64497,Medium
20.1.64.0,20.1.127.255,64497,Medium
45.0.0.0,45.15.255.255,64498,Large
46.0.0.0,46.0.255.255,64499,Quiet
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Large
CSV
cat >"$dir/country.csv" <<'CSV'
8.8.8.0,8.8.8.255,US
20.0.0.0,20.1.255.255,NL
45.0.0.0,45.15.255.255,US
CSV
cat >"$dir/delegated" <<'RIR'
2|ripencc|20260601|4|19830705|20260601|+00:00
ripencc|*|ipv4|*|4|summary
ripencc|NL|ipv4|20.0.0.0|32768|20100101|allocated|a
ripencc|NL|ipv4|20.0.4.0|1024|20100101|assigned|b
ripencc|US|ipv4|45.0.0.0|1048576|20100101|allocated|c
ripencc|US|ipv4|20.1.0.0|65536|20100101|allocated|d
RIR
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" "$dir/country.csv" "$dir/delegated" >/dev/null 2>&1
reg=(--registry "$dir/registry")
"$onus" sim "${reg[@]}" --until 2026-06-01 --hosts 1500 2>/dev/null | sed 's/\tsimulated$/\t/' | grep -vP '\t46\.0\.' >"$dir/events"
# Scans alone, weak proof, and a block of its own.
for k in $(seq 9); do printf '2026-05-%02dT10:00:00Z\t20.0.7.%d\tscanner\t3\tfull\ta\n2026-05-20T10:00:00Z\t8.8.8.%d\tspam\t1\tweak\tb\n' $((20 + k % 3)) "$k" "$k"; done >>"$dir/events"

n=0
for kind in addr block net prefix as org country; do
  "$onus" top "${reg[@]}" --by "$kind" --json -n 3 "$dir/events" 2>/dev/null >"$dir/top"
  python3 - "$dir/top" >"$dir/names" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    r = json.loads(line)
    if r.get("score") is not None and r.get("entity"):
        print(r["entity"], "%.2f" % r["score"])
PY
  while read -r entity score; do
    "$onus" explain "${reg[@]}" --all "$entity" "$dir/events" >"$dir/text" 2>"$dir/err" || fail "$entity: $(cat "$dir/err")"
    "$onus" explain "${reg[@]}" --all --json "$entity" "$dir/events" >"$dir/json" 2>/dev/null
    "$onus" explain "${reg[@]}" "$entity" "$dir/events" >"$dir/short" 2>/dev/null
    for how in text json short; do
      got=$(python3 "$ONUS_SOURCE/tests/cli/add_up.py" "${how/short/text}" "$dir/$how") || fail "$entity: $how does not add up"
      awk -v a="$got" -v b="$score" 'BEGIN {exit !(a - b < 0.011 && b - a < 0.011)}' || fail "$entity: $how adds up to $got, the table says $score"
    done
    grep -q "^$entity on 2026-0" "$dir/text" || fail "$entity: $(head -1 "$dir/text")"
    n=$((n + 1))
  done <"$dir/names"
done
[ "$n" -ge 13 ] || fail "only $n entities were explained"

ex() { "$onus" explain "${reg[@]}" "$@" "$dir/events" >"$dir/out" 2>"$dir/err"; }
says() { local want=$1; shift; ex "$@"; grep -q -- "$want" "$dir/out"; }
says '^as:64498 ' AS64498 || fail 'AS64498'
says '^addr:8.8.8.1 .*no grade\|^addr:8.8.8.1 ' 8.8.8.1 || fail 'a plain address'
says '^block:20.0.7.0/24' 20.0.7.0/24 || fail 'a plain block'
says 'scans only' block:20.0.7.0/24 || fail 'scans are not told apart'
says '"weight":0.1' 8.8.8.1 --json || fail 'weak proof has its full weight'
says 'nothing reported in 400 days' as:64499 || fail 'a quiet network'
says 'nothing reported in 400 days' 203.0.113.9 || fail 'an address without holder'
says 'nothing reported' --at 2026-05-19 8.8.8.1 || fail '--at sees the future'
code=0; ex as:65000 || code=$?
[ "$code" = 1 ] || fail "an AS that the registry does not know: $code"
ex prefix:20.0.0.0/24 && fail 'a part of a prefix is no prefix'
grep -q 'ask for that' "$dir/err" || fail "$(cat "$dir/err")"
code=0; ex 'org:../../x' || code=$?
[ "$code" -ge 1 ] || fail 'any name is an organisation'
code=0; ex --at never as:64498 || code=$?
[ "$code" = 3 ] || fail "--at never: $code"

# Silence clears, in the order of the grades, and never before the day that is judged.
ex --clear --json as:64497
python3 - "$dir/out" <<'PY' || fail 'what would clear it'
import json, sys
x = json.load(open(sys.argv[1]))
days = [c["by"] for c in x["clears"]]
known = [d for d in days if d]
assert len(days) == 4 and known and known == sorted(known, reverse=True) and min(known) >= x["at"], days
gain = [h["score_regained"] for h in x["hosts"]]
assert gain == sorted(gain, reverse=True) and gain[0] > 0 and all(h["quiet_by"] >= x["at"] for h in x["hosts"])
PY
says 'grade B: by 20' --clear as:64497 || fail 'no date'
echo "ok: $n entities add up"
