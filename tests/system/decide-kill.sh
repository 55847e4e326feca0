#!/bin/bash
# onus-score killed with -9 at random instants, ONUS_TEST_KILLS of them (a dozen), while decisions begin, become others
# and end: after each the hub's decisions are all of before or all of after, every one ends, has its past beside it, and
# none is there twice; and one that goes on where it was killed comes to the decisions of one that was left alone.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/clock.sh
. "$ONUS_SOURCE/tests/clock.sh"
score=$ONUS_BUILD/src/prog/score/onus-score
kills=${ONUS_TEST_KILLS:-12}

printf '45.0.0.0,45.15.255.255,64496,Example Hosting\n46.0.0.0,46.15.255.255,64497,Another\n' >"$dir/asn.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
noon='2026-06-01 12:00:00'
now=$(date -u -d "$noon" +%s)
{
  echo '#onus-events 1'
  awk -v now="$now" 'BEGIN { srand(5); for (i = 0; i < 3000; i++) {
    a = (rand() < .5 ? 45 : 46) "." int(rand() * 3) "." int(rand() * 30) "." int(rand() * 250)
    for (d = int(rand() * 3); d < 9; d += 1 + int(rand() * 3))
      printf "%d\t%s\tbrute-force\t%d\tfull\t%s\tsshd\tx\n", now - 60 - d * 86400, a, 1 + int(rand() * 7), rand() < .7 ? "a" : "b" } }'
} >"$dir/events"
conf() { # NAME
  road_conf "$dir/$1" <<CONF
[source a]
type = events
path = $dir/events
anchor = yes
CONF
}
conf left
at "$noon" stages "$dir/left/conf" collect load score
sql() { sqlite3 -cmd '.timeout 60000' "$dir/$1/hub.sqlite" "$2"; }
# What has been decided lies back: some of it has ended, some was seen since, some not.
sql left "UPDATE decision SET since = since - 86400 * (1 + length(entity) % 3), until = until - 86400 * (1 + length(entity) % 3);
  UPDATE episode SET past = past - 86400 * (1 + length(entity) % 3), clean = clean - 86400 * (1 + length(entity) % 3);
  DELETE FROM decision WHERE entity LIKE '%.7'; DELETE FROM episode WHERE entity LIKE '%.7'"
conf killed
cp "$dir/left/hub.sqlite" "$dir/killed/hub.sqlite"
cp -a "$dir/left/state" "$dir/killed/state"
decided() { sql "$1" 'SELECT * FROM decision ORDER BY 1, 2; SELECT * FROM episode ORDER BY 1'; }
decided killed >"$dir/before"
at "$noon" stages "$dir/left/conf" score
decided left >"$dir/after"
cmp -s "$dir/before" "$dir/after" && fail 'nothing is decided: the test shows nothing'

# sound: whatever is there ends, once, and knows its past
sound() {
  [ "$(sql killed "SELECT count(*) FROM decision WHERE until <= since OR until - since > 30 * 86400 OR until > $now + 30 * 86400")" = 0 ] ||
    fail 'a decision that does not end'
  [ "$(sql killed 'SELECT count(*) - count(DISTINCT entity) FROM decision')" = 0 ] || fail 'two decisions about one'
  [ "$(sql killed 'SELECT count(*) FROM decision d LEFT JOIN episode e ON e.entity = d.entity WHERE coalesce(e.n, 0) <> d.episode')" = 0 ] ||
    fail 'a decision without its past'
}
began=$(date +%s%N)
cp -a "$dir/killed" "$dir/kept"
at "$noon" stages "$dir/killed/conf" score
took_ms=$((($(date +%s%N) - began) / 1000000 + 1))
whole=0 none=0
for k in $(seq "$kills"); do
  rm -rf "$dir/killed"
  cp -a "$dir/kept" "$dir/killed"
  LD_PRELOAD=$preload FAKETIME=$noon TZ=UTC "$score" -c "$dir/killed/conf" --once 2>/dev/null &
  pid=$!
  sleep "$(awk -v ms="$took_ms" -v seed="$k$RANDOM" 'BEGIN { srand(seed); print rand() * 1.2 * ms / 1000 }')"
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  decided killed >"$dir/now"
  if cmp -s "$dir/now" "$dir/before"; then
    none=$((none + 1))
  elif diff -q "$dir/now" "$dir/after" >/dev/null; then
    whole=$((whole + 1))
  else
    fail "half of it was written: $(diff "$dir/before" "$dir/now" | head -4)"
  fi
  sound
  at "$noon" stages "$dir/killed/conf" score
  decided killed | diff - "$dir/after" >"$dir/diff" || fail "gone on with, it decides otherwise: $(head -4 "$dir/diff")"
  sound
done
echo "ok: $kills kills, $none before and $whole after it was written; $(sql killed 'SELECT count(*) FROM decision') decisions"
