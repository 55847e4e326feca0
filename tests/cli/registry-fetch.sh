#!/bin/bash
# onus registry fetch: what is new is taken, what is worse is held back and the last good copy stays; conditions,
# retries, days and indexes in addresses; one request at a time to a server; killed at any moment nothing is lost.
set -euo pipefail
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
start_server
to=$dir/inputs

# stats N [FIRST]: RIR statistics of N networks
stats() {
  printf '2|ripencc|20261101|%d|19930901|20261031|+0100\nripencc|*|ipv4|*|%d|summary\n' "$1" "$1"
  awk -v n="$1" -v f="${2:-0}" 'BEGIN {for (i = f; i < f + n; i++)
    printf "ripencc|NL|ipv4|5.%d.%d.0|256|20200101|allocated|%08x\n", i / 256, i % 256, i}'
}
list() { cat >"$dir/list"; }
# get CODE ARGUMENTS…: the exit code it must have; what it says is in $dir/out, as JSON in $dir/json
get() {
  local want=$1 code=0
  shift
  "$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" --json "$@" >"$dir/json" 2>"$dir/err" || code=$?
  [ "$code" = "$want" ] || fail "exit code $code, not $want: $(cat "$dir/json" "$dir/err")"
  n=$((n + 1))
}
is() { jq -s -e "$1" "$dir/json" >/dev/null || fail "it is not $1: $(cat "$dir/json" "$dir/err")"; }
copy_is() { cmp -s "$to/stats" "$1" || fail "the copy is not $1"; }
one() { list <<<"[input stats]
url = $http/file?served
kind = rir-stats
${1:-}"; }

# --- new, then unchanged; a copy has the date that the server told
stats 1000 >"$dir/served"
one
get 0
is '.[0] | .input == "stats" and .outcome == "new" and .copy.records == 1000 and .copy.refused == 0 and (has("why") | not)'
copy_is "$dir/served"
[ "$(stat -c %Y "$to/stats")" = 1700000000 ] || fail 'the copy has not the date of its original'
get 0
is '.[0].outcome == "unchanged"'
tail -1 "$dir/asked" | grep -qE '^1 "[0-9a-f]+" ' || fail "no condition: $(tail -1 "$dir/asked")"
# what is remembered is lost: it is fetched once more, and what is there counts
rm "$to/stats.state"
get 0
is '.[0].outcome == "new" and .[0].copy.records == 1000'
rm "$to/stats.state"
stats 500 >"$dir/served"
get 1
is '.[0].outcome == "held back" and .[0].copy.records == 1000'
stats 1000 >"$dir/served"
get 0
echo "ok: new and unchanged"

# --- a tenth fewer is taken, more than that is not; and stays held back without being sent again
stats 900 >"$dir/served"
get 0
is '.[0].outcome == "new" and .[0].copy.records == 900'
cp "$dir/served" "$dir/good"
stats 800 >"$dir/served"
get 1
is '.[0] | .outcome == "held back" and .copy.records == 900 and .held.records == 800 and (.why | contains("800 records, where the last good copy has 900"))'
copy_is "$dir/good"
get 1
is '.[0].outcome == "held back" and (.[0].why | contains("800 records"))'
copy_is "$dir/good"
sum=$(printf '%x' "$(python3 -c 'import sys, zlib; print(zlib.crc32(open(sys.argv[1], "rb").read()))' "$dir/served")")
tail -1 "$dir/asked" | grep -qF "\"$sum\"" || fail 'what is held back was fetched again'
get 0 --shrink 50
is '.[0].outcome == "new" and .[0].copy.records == 800'
[ ! -e "$to/stats.held" ] && [ ! -e "$to/stats.held.state" ] || fail 'it is still held'
stats 500 >"$dir/served"
get 1
cp "$to/stats" "$dir/good"
get 0 --force stats
is '.[0].outcome == "new" and .[0].copy.records == 500'
# the server takes it back: nothing is held any more
cp "$to/stats" "$dir/good"
stats 100 >"$dir/served"
get 1
[ -e "$to/stats.held" ] || fail 'nothing is held'
cp "$dir/good" "$dir/served"
get 0
[ ! -e "$to/stats.held" ] || fail 'it is still held'
copy_is "$dir/good"
# one that is better replaces both
stats 100 >"$dir/served"
get 1
stats 600 >"$dir/served"
get 0
is '.[0].outcome == "new" and .[0].copy.records == 600 and (.[0] | has("held") | not)'
# people are told what to do
stats 50 >"$dir/served"
code=0
"$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" >"$dir/out" || code=$?
[ "$code" = 1 ] && grep -qE '^stats +held back +50 records.*kept: 600 records.*--force stats$' "$dir/out" || fail "$(cat "$dir/out")"
stats 600 >"$dir/served"
get 0
cp "$to/stats" "$dir/good"
echo "ok: held back"

# --- what is not what it should be is held back, force or not; the copy stays
not_usable() { # WHY
  get 1
  is ".[0] | .outcome == \"held back\" and (.why | contains(\"$1\"))"
  get 1 --force stats
  is ".[0] | .outcome == \"held back\" and (.why | contains(\"$1\"))"
  copy_is "$dir/good"
}
yes '<p>Down for maintenance</p>' | head -1000 >"$dir/served" || true
not_usable 'no registry input'
printf 'organisation: ORG-A-RIPE\norg-name: A\nsource: RIPE\n' >"$dir/served"
not_usable 'it is rpsl and not rir-stats'
: >"$dir/served"
not_usable ''
stats 700 | gzip | head -c 2000 >"$dir/served"
not_usable ''
stats 700 | gzip >"$dir/served"
get 0
is '.[0].outcome == "new" and .[0].copy.records == 700'
cp "$to/stats" "$dir/good"
# a bomb: packed a hundred thousand times over
{ printf '2|ripencc|20261101|0|19930901|20261031|+0100\n'; head -c 600000000 /dev/zero; } | gzip -9 >"$dir/served"
not_usable ''

# --- bounds of its size, records that are refused, an earlier day
stats 700 >"$dir/served"
one 'min_kib = 100'
get 1
is '.[0] | .outcome == "held back" and (.why | contains("fewer than the 100 KiB"))'
one 'max_mib = 1'
head -c 1100000 /dev/zero >"$dir/served"
get 1
is '.[0] | .outcome == "failed" and (.why | contains("max_bytes"))'
copy_is "$dir/good"
one
{ stats 750; for i in $(seq 150); do echo "ripencc|NL|ipv4|5.$i.300.0|256|20200101|allocated|x"; done; } >"$dir/served"
get 1
is '.[0] | .outcome == "held back" and (.why | contains("are refused"))'
get 0 --force stats
is '.[0].copy | .records == 750 and .refused >= 150'
list <<<"[input stats]
url = $http/file?served&1600000000
kind = rir-stats"
stats 800 >"$dir/served"
cp "$to/stats" "$dir/good"
get 1
is '.[0] | .outcome == "held back" and (.why | contains("it is of 2020-09-13, the last good copy of 2023-11-14"))'
copy_is "$dir/good"
list <<<"[input stats]
url = $http/file?served
kind = rir-stats
max_age_days = 30"
get 1
is '.[0] | .outcome == "new" and .old'
echo "ok: not usable"

# --- nothing comes: the copy stays, and its absence is worse
list <<<"[input stats]
url = $http/404
[input never]
url = $http/404"
get 2
is '.[0].outcome == "failed" and (.[0].why | contains("status 404")) and (.[0] | has("copy")) and (.[1] | has("copy") | not)'
get 1 stats
list <<<"[input later]
url = $http/later"
get 2
is '.[0].why | contains("come again in 120 s")'
list <<<"[input busy]
url = $http/busy-once
min_kib = 0
[input gone]
url = http://localhost:1/"
get 2
is '.[0].outcome == "new" and .[1].outcome == "failed"'
get 3 nonsense
get 3 --force nonsense
get 3 --shrink 101
echo "ok: failures"

# --- days in addresses: the newest that is there; an index
yesterday=$(date -u -d yesterday +%Y-%m-%d)
stats 10 >"$dir/day-$yesterday"
list <<<"[input daily]
url = $http/file?day-%Y-%m-%d
kind = rir-stats
back_days = 3
min_kib = 0
[input indexed]
index = $http/file?index
min_kib = 0
[input bad-index]
index = $http/garbage"
printf '# number, time, file\n1\t100\tnowhere\n2\t200\tok\n' >"$dir/index"
get 2
is '.[0].outcome == "new" and (.[0].copy.url | endswith("day-'"$yesterday"'"))'
is '.[1].outcome == "new" and (.[1].copy.url | endswith("/ok")) and .[1].copy.records == 1 and .[2].outcome == "failed"'
get 2
is '.[0].outcome == "unchanged"'
printf '1\t100\t../../../etc/passwd\n' >"$dir/index"
get 1 indexed
is '.[0].outcome == "failed" and (.[0].why | contains("names no file"))'
echo "ok: days and indexes"

# --- many inputs of one server: one at a time; another process is turned away meanwhile
stats 20 >"$dir/served"
{ for i in 1 2 3 4 5; do printf '[input in%d]\nurl = %s/file?served&&0.3&%d\nmin_kib = 0\n' "$i" "$http" "$i"; done; } | list
: >"$dir/asked"
"$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" --json >"$dir/first" 2>&1 &
other=$!
for _ in $(seq 2400); do [ ! -s "$dir/asked" ] || break; sleep 0.05; done
get 2
grep -q 'another onus registry fetch' "$dir/err" || fail "$(cat "$dir/err")"
wait "$other" || fail "$(cat "$dir/first")"
jq -s -e 'length == 5 and all(.[]; .outcome == "new")' "$dir/first" >/dev/null || fail "$(cat "$dir/first")"
[ "$(wc -l <"$dir/asked")" = 5 ] && ! grep -qv '^1 ' "$dir/asked" || fail "not one at a time: $(cat "$dir/asked")"
echo "ok: polite"

# --- what fetches dies: every input that waits is told of, and its copy stays
list <<<"[input in1]
url = $http/file?served&&5
min_kib = 0"
: >"$dir/asked"
"$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" --json >"$dir/json" 2>"$dir/err" &
other=$!
for _ in $(seq 2400); do [ ! -s "$dir/asked" ] || break; sleep 0.05; done
pkill -KILL -P "$other" onus-fetch
code=0
wait "$other" || code=$?
[ "$code" = 1 ] || fail "exit code $code when onus-fetch dies"
is '.[0] | .outcome == "failed" and (.why | contains("onus-fetch has ended")) and .copy.records == 22'
echo "ok: what fetches dies"

# --- and then the registry is built of all that is there
list <<<"[input routes]
url = $http/file?routes
kind = ris-whois
min_kib = 0
[input stats]
url = $http/file?served
kind = rir-stats"
stats 1000 >"$dir/served"
{ printf '%% RIS\n'; for i in 0 1 2 3; do printf '333%d\t5.%d.0.0/16\t100\n' "$i" "$i"; done; } >"$dir/routes"
rm -rf "$to"
get 0 --build -o "registry_file=$dir/registry"
"$onus" registry info -c /dev/null "$dir/registry" --json >"$dir/info"
jq -e '.prefixes == 4 and .networks == 1000 and (.inputs | map(.name) | sort) == ["routes", "stats"]' "$dir/info" >/dev/null || fail "$(cat "$dir/info")"
list <<<"[input stats]
url = $http/file?served
kind = rir-stats"

# --- killed at any moment: the copy is whole, the one before or the one after, and the next run goes on
stats 5000 >"$dir/even"
stats 5000 1000 >"$dir/odd"
cp "$dir/even" "$dir/served"
rm -rf "$to"
get 0
cp "$dir/odd" "$dir/served"
whole_ms=$(date +%s%3N)
get 0
whole_ms=$(($(date +%s%3N) - whole_ms))
cp "$dir/even" "$dir/served"
get 0
runs=0 old=0 new=0
for step in $(seq 40); do
  if [ $((step % 2)) = 1 ]; then before=$dir/even after=$dir/odd; else before=$dir/odd after=$dir/even; fi
  cp "$after" "$dir/served.new"
  mv "$dir/served.new" "$dir/served"
  setsid "$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" >/dev/null 2>&1 &
  child=$!
  sleep "$(awk -v s="$step" 'BEGIN {print s * '"$whole_ms"' / 36000}')"
  if kill -KILL "$child" 2>/dev/null; then runs=$((runs + 1)); fi
  wait "$child" 2>/dev/null || true
  if cmp -s "$to/stats" "$before"; then old=$((old + 1))
  elif cmp -s "$to/stats" "$after"; then new=$((new + 1))
  else fail "killed after $step steps, the copy is neither"; fi
  for _ in $(seq 2400); do flock -n "$to/incoming" true && break; sleep 0.05; done # onus-fetch dies with it
  get 0
  cmp -s "$to/stats" "$after" || fail "after a kill at step $step the next run did not get the new one"
  ! compgen -G "$to/*.tmp-*" >/dev/null || fail 'what a killed one left is still there'
  get 0
  is '.[0].outcome == "unchanged"'
done
{ [ "$old" -gt 0 ] && [ "$runs" -gt 5 ]; } || fail 'none was killed in time'
echo "ok: killed $runs times, $old before and $new after the new copy was there"
echo "ok: $n runs"
