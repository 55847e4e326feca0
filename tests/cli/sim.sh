#!/bin/bash
# onus sim: the same seed gives the same lines, another seed others; nothing private, nothing late, two
# groups that overlap; and the table made from it says that it is made up.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }

cat >"$dir/asn.csv" <<'CSV'
8.8.8.0,8.8.8.255,64496,Small
9.8.0.0,10.1.255.255,64497,Half Of It Private
45.0.0.0,45.15.255.255,64498,Large
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Large
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null 2>&1
sim() { "$onus" sim --registry "$dir/registry" --until 2026-06-01 --hosts 2000 "$@" 2>/dev/null; }
sim >"$dir/one"
sim | cmp - "$dir/one" || fail 'the same seed gives other events'
sim --seed 2 | cmp -s - "$dir/one" && fail 'another seed gives the same events'
sim --source sim-a | grep -v '^#' >"$dir/a"
sim --source sim-b | grep -v '^#' >"$dir/b"
grep -v '^#' "$dir/one" | sort >"$dir/all"
sort "$dir/a" "$dir/b" | cmp - "$dir/all" || fail 'the two groups are not the whole'
cut -f2 "$dir/a" | sort -u >"$dir/hosts-a"
cut -f2 "$dir/b" | sort -u >"$dir/hosts-b"
both=$(comm -12 "$dir/hosts-a" "$dir/hosts-b" | wc -l)
[ "$both" -gt 100 ] && [ "$(comm -23 "$dir/hosts-a" "$dir/hosts-b" | wc -l)" -gt 100 ] ||
  fail "$both hosts were seen by both groups"
awk -F'\t' '$1 > 1780272000 || $1 < 1780272000 - 28 * 86400 {exit 1}' "$dir/all" || fail 'events outside of the time asked for'
grep -qP '\t10\.' "$dir/all" && fail 'private addresses attack'
grep -qP '\t2a00:1:' "$dir/all" || fail 'nobody attacks over IPv6'
head -2 "$dir/one" | grep -q SIMULATED || fail 'the lines do not say that they are made up'
"$onus" top --registry "$dir/registry" "$dir/one" -o filter_path="$ONUS_SOURCE/etc/filter.d" 2>/dev/null | head -1 |
  grep -q SIMULATED || fail 'the table does not say that it is made up'
"$onus" sim --registry "$dir/registry" --hosts 0 2>"$dir/err" && fail 'no hosts are hosts'
grep -q -- --help "$dir/err" || fail 'the refusal does not say what to do'
echo ok
