#!/bin/bash
# Real statistics of registries from a server that cuts: `onus registry fetch` gets each byte once, in one run and over
# several; of a file that changed meanwhile the new one; killed at any moment it goes on. What is kept of an input goes
# with the input.
set -euo pipefail
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-rir-delegated
onus=$ONUS_BUILD/src/prog/onus/onus
start_server
to=$dir/inputs
real=$data/rir-delegated-2026-02-13
old=$data/rir-delegated-extended/delegated-afrinic-extended-2026-04-21
new=$data/rir-delegated-extended/delegated-afrinic-extended-2026-04-30

# get CODE ARGUMENTS…: the exit code it must have; what it says is in $dir/json
get() {
  local want=$1 code=0
  shift
  : >"$dir/sent"
  : >"$dir/ranges"
  "$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" --json "$@" >"$dir/json" 2>"$dir/err" || code=$?
  [ "$code" = "$want" ] || fail "exit code $code, not $want: $(cat "$dir/json" "$dir/err")"
  n=$((n + 1))
}
is() { jq -s -e "$1" "$dir/json" >/dev/null || fail "it is not $1: $(cat "$dir/json" "$dir/err")"; }
sent() { awk '{n += $3} END {print n + 0}' "$dir/sent"; }
# serve FILE DAY; list [OPTIONS OF THE SERVER]
serve() { cp "$1" "$dir/new" && touch -d "$2" "$dir/new" && mv "$dir/new" "$dir/served"; }
list() {
  printf '[input stats]\nurl = %s/part?file=served&run=%s%s\nkind = rir-stats\n' "$http" "${run:=1}" "${1:+&$1}" >"$dir/list"
  run=$((run + 1))
}

# onus-fetch dies with whom it fetches for, a moment later
still() {
  for _ in $(seq 100); do
    if [ ! -d "$to/incoming" ] || flock -n "$to/incoming" true; then return 0; fi
    sleep 0.05
  done
}

# --- cut again and again in one run, in the ways that servers tell what a file is
for how in by=etag by=date 'by=both&chunked=1' 'by=both&piece=500000'; do
  for file in delegated-apnic-latest delegated-lacnic-latest; do
    rm -rf "$to"
    serve "$real/$file" 2026-02-13
    size=$(stat -c %s "$dir/served")
    list "$how&cut=$((size / 40))-$((size / 8))"
    get 0
    is '.[0] | .outcome == "new" and .resumed > 0 and .copy.records > 40000 and (has("anew") | not)'
    cmp "$to/stats" "$real/$file" || fail "$file, $how: another file"
    [ "$(sent)" = "$size" ] || fail "$file, $how: $(sent) bytes were sent for $size"
    [ "$(wc -l <"$dir/sent")" -gt 6 ] || fail "$file, $how: hardly cut"
    get 0
    is '.[0].outcome == "unchanged"'
    [ -z "$(ls -A "$to/incoming")" ] || fail "it left $(ls -A "$to/incoming")"
  done
done
echo "ok: cut in one run"

# --- what a run could not get to its end the next one goes on with, and says so
rm -rf "$to"
# a server that cuts before the first byte comes is no progress: tries are counted
list 'by=etag&cut=0-0'
get 2 --tries 2
is '.[0].outcome == "failed"'
rm -rf "$to"
list 'by=etag&cut=1000000-1000000&once=1'
sed -i 's|/part?|/led?part?|' "$dir/list"
get 0
is '.[0].outcome == "new" and .[0].resumed == 1000000'
cmp -s "$to/stats" "$dir/served" || fail 'by a redirect: another file'
# a server that gives a byte each time, and no more: an end is put to it
rm -rf "$to"
list 'by=etag&cut=1-1'
get 2 --tries 1
is '.[0].outcome == "failed" and (.[0].why | test("^[0-9]+ bytes are kept for the next time: "))'
[ "$(wc -l <"$dir/sent")" -le 102 ] || fail "it was asked $(wc -l <"$dir/sent") times"
kept=$(stat -c %s "$to/incoming/.stats.part")
mv "$dir/served" "$dir/served.away"
code=0
"$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" --tries 1 >"$dir/out" || code=$?
[ "$code" = 2 ] && grep -qE "^stats +failed +$kept bytes are kept for the next time: " "$dir/out" || fail "$(cat "$dir/out")"
mv "$dir/served.away" "$dir/served"
cp -a "$to" "$dir/inputs.kept"
sed -i 's/&cut=1-1//' "$dir/list" # of another address nothing is kept
get 0
is '.[0] | .outcome == "new" and (has("resumed") | not) and (.anew | contains("another address"))'
rm -rf "$to" && mv "$dir/inputs.kept" "$to"
# no longer in the list: nothing of it is kept
[ -e "$to/incoming/.stats.from" ] || fail 'nothing is kept'
printf '[input other]\nurl = http://localhost:1/\n' >"$dir/list"
get 2 --tries 1
[ -z "$(ls -A "$to/incoming")" ] || fail "it left $(ls -A "$to/incoming")"
echo "ok: over runs"

# --- the file changes between two runs: the new one, whole; and one that lies is told of
for by in etag date; do
  rm -rf "$to"
  serve "$old" 2026-04-21
  list "by=$by&cut=100000-100000"
  "$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" >/dev/null 2>&1 &
  child=$!
  for _ in $(seq 200); do [ ! -s "$to/incoming/.stats.part" ] || break; sleep 0.02; done
  kill -KILL "$child"
  wait "$child" 2>/dev/null || true
  [ -s "$to/incoming/.stats.part" ] || fail 'nothing was kept'
  serve "$new" 2026-04-30
  still
  get 0
  is '.[0] | .outcome == "new" and (.anew | contains("another one by now"))'
  cmp -s "$to/stats" "$new" || fail "$by: not the new file"
done
rm -rf "$to"
list 'by=both&cut=300000-300000&once=1&lie=shift'
get 0
is '.[0] | .outcome == "new" and (has("resumed") | not) and (.anew | contains("another part than was asked for"))'
cmp -s "$to/stats" "$new" || fail 'lied to: another file'
# who sends nothing but a mixture is found out by what it is: a table that is cut in the middle of its lines
rm -rf "$to"
list by=etag
get 0
list 'by=etag&lie=unasked'
rm "$to/stats.state"
get 1
is '.[0] | .outcome == "failed" and (.why | contains("status 206"))'
cmp -s "$to/stats" "$new" || fail 'the copy is gone'
echo "ok: changed, and lied to"

# --- killed at any moment, while it comes and while it is read: the next run goes on; whole or not there
size=$(stat -c %s "$real/delegated-lacnic-latest")
piece=600000 # a cut sends no more than this: so much was on its way at a kill, and is asked for again
kills=0 most=0 round=0
while [ "$round" -lt 8 ] || [ "$kills" -lt 11 ]; do
  round=$((round + 1))
  [ "$round" -le 60 ] || fail "only $kills were killed in time"
  rm -rf "$to"
  serve "$real/delegated-lacnic-latest" "2026-0$((round % 9 + 1))-15"
  list "by=$([ $((round % 2)) = 0 ] && echo etag || echo date)&cut=1-$piece"
  : >"$dir/sent"
  allowed=$size
  for step in $(seq 12); do
    kept=$(stat -c %s "$to/incoming/.stats.part" 2>/dev/null || echo 0)
    # killed between the copy and what is known of it: it is had once more
    if [ -e "$to/stats" ]; then allowed=$((allowed + size)); fi
    : >"$dir/ranges"
    setsid "$onus" registry fetch -c /dev/null --to "$to" --list "$dir/list" --json >"$dir/json" 2>/dev/null &
    child=$!
    sleep "$((RANDOM % 2)).$((RANDOM % 10))"
    if kill -KILL "$child" 2>/dev/null; then kills=$((kills + 1)) allowed=$((allowed + piece)); fi
    wait "$child" 2>/dev/null || true
    [ ! -e "$to/stats" ] || cmp -s "$to/stats" "$dir/served" || fail "round $round, step $step: neither old nor new"
    still
    asked=$(head -1 "$dir/ranges" | cut -d' ' -f1)
    [ "$kept" = 0 ] || [ "$kept" = "$size" ] || [ -z "$asked" ] || [ "$asked" = "bytes=$kept-" ] ||
      fail "round $round, step $step: $kept bytes were kept, and it asked with $asked"
    [ ! -e "$to/stats.state" ] || break
  done
  [ "$(sent)" -le "$allowed" ] || fail "round $round: $(sent) bytes were sent, and $allowed are the most"
  [ "$(sent)" -le "$most" ] || most=$(sent)
  get 0
  cmp -s "$to/stats" "$dir/served" || fail "round $round: another file"
  is '.[0].outcome == "new" or .[0].outcome == "unchanged"'
  get 0
  [ -z "$(ls -A "$to/incoming")" ] || fail "it left $(ls -A "$to/incoming")"
done
echo "ok: $n runs, $kills killed, at most $most bytes sent for $size"
