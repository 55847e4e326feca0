#!/bin/bash
# onus-score follows the ledger (scoring.md A9). Evidence is loaded piece by piece while it runs: a cycle costs
# what is new, and what it leaves in the hub is what one that reads everything makes of it. The days that
# change are made by tests/clock.sh. State files that are cut, damaged, of another version or of another hub are
# told of, and the ledger is read instead; nothing is lost.
set -euo pipefail
# shellcheck source=tests/clock.sh
. "$ONUS_SOURCE/tests/clock.sh"
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
cd "$dir"
bin=$ONUS_BUILD/src/prog
fail() { echo "not ok: $*" >&2; [ ! -s score.log ] || tail -n 5 score.log >&2; exit 1; }

cat >asn.csv <<'CSV'
45.0.0.0,45.15.255.255,64496,Large Network
46.0.0.0,46.0.255.255,64497,Small Network
47.0.0.0,47.0.3.255,64498,Tiny Network
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64499,Six Net
CSV
"$bin/onus/onus" registry build -o registry asn.csv >/dev/null 2>&1
road_conf "$dir" <<CONF
score_interval_s = 1
$(events_source own 'anchor = yes')
$(events_source list 'anchor = no' 'trust = 0.5')
$(events_source prefixes 'anchor = no')
CONF

day=2026-06-10
# piece SEED N: N sightings of the 40 days up to $day by each of two sources, a few of tomorrow, and a prefix
piece() {
  python3 - "$1" "$2" "$(date -u -d "$day" +%s)" <<'PY'
import random, sys
seed, n, today = map(int, sys.argv[1:])
random.seed(seed)
def host():
    k = random.random()
    if k < .6: return "45.%d.%d.%d" % (random.randrange(16), random.randrange(60), random.randrange(1, 9))
    if k < .8: return "46.0.%d.%d" % (random.randrange(20), random.randrange(1, 20))
    if k < .9: return "47.0.%d.%d" % (random.randrange(4), random.randrange(1, 20))
    return "2a00:1:%x:%x::1" % (random.randrange(9), random.randrange(4))
for name in "own", "list":
    with open(name + ".events", "a") as f:
        if seed == 1: f.write("#onus-events 1\n")
        for _ in range(n):
            lag = random.choice([0, 0, 0, 1, 2, 5, 12, 25, 39, -1])
            at = today - 86400 * lag + random.randrange(60, 3600)
            f.write("%d\t%s\t%s\t%d\t%s\t%s\tsshd\tx\n" % (at, host(), random.choice(["brute-force", "scanner", "spam"]),
                random.randrange(1, 4), random.choice(["full", "full", "weak"]), name))
with open("prefixes.events", "a") as f:
    if seed == 1: f.write("#onus-events 1\n")
    f.write("%d\t45.%d.0.0/20\tspam\t1\tfull\tprefixes\t\tx\n" % (today - 86400 * (seed % 3), seed % 16))
PY
}
evening() { at "@$day 20:00:00" "$@"; }
load() { evening stages conf collect load; }
score() { evening "$bin/score/onus-score" -c "$1" --once 2>score.log || fail 'onus-score'; }
# scores HUB [WHERE]: every score of its newest run, to the last bit
scores() {
  sqlite3 "$1" "SELECT entity, family, hex(m), printf('%.17g %.17g %.17g %.17g %.17g', m, low, high, score, m_returning),
    grade, reason, size, hosts, events, groups_n, first_day, last_day FROM score_day
    WHERE run = (SELECT max(id) FROM run) ${2:-} ORDER BY 1, 2"
}
# walls HUB LEVEL…: what stands at these levels
walls() { sqlite3 "$1" "SELECT entity FROM decision WHERE level IN ($2) ORDER BY 1"; }
# afresh: the same ledger in another hub, read from its beginning by a scorer without a state
afresh() {
  rm -rf fresh && mkdir fresh
  sqlite3 hub.sqlite "VACUUM INTO '$dir/fresh/hub.sqlite'"
  sqlite3 fresh/hub.sqlite 'DELETE FROM run; DELETE FROM score_day; DELETE FROM decision; DELETE FROM episode'
  sed "s,$dir/hub,$dir/fresh/hub,;s,$dir/state,$dir/fresh/state," conf >fresh/conf
  mv score.log kept.log
  score fresh/conf
  mv kept.log score.log
}
cursor() { sqlite3 "$1" "SELECT $2 FROM $3"; }
wait_for_score() {
  for _ in $(seq 2400); do
    [ "$(cursor hub.sqlite 'max(batch_cursor)' run)" = "$(cursor hub.sqlite 'max(n)' batch)" ] && return
    sleep 0.2
  done
  fail 'the scorer does not follow'
}

# --- within a day: one daemon, pieces while it runs
piece 1 3000
load
LD_PRELOAD=$preload FAKETIME="@$day 20:00:00" TZ=UTC "$bin/score/onus-score" -c conf 2>score.log &
pid=$!
pids+=("$pid")
wait_for_score
for seed in 2 3 4 5 6; do
  piece $seed 40
  load
  wait_for_score
done
runs=$(cursor hub.sqlite 'count(*)' run)
again=$(grep -c ' again' score.log || true)
[ "$runs $again" = '1 5' ] || fail "$runs runs and $again updates for 1 and 5"
afresh
# Trust, guard and world are those of the day's run: what follows from them moves a little. What is counted is exact.
facts="AND family = 255"
for hub in hub.sqlite fresh/hub.sqlite; do
  scores $hub "$facts" | awk -F'|' '{print $1, $7, $8, $9, $10, $11, $12}' >"$(dirname $hub)/facts"
done
cmp facts fresh/facts || fail "after five updates: $(diff facts fresh/facts | head -4)"
python3 - <(scores hub.sqlite "$facts") <(scores fresh/hub.sqlite "$facts") <<'PY' || fail 'scores of updates are far from those of a run'
import sys
def read(path):
    return {l.split("|")[0]: float(l.split("|")[3].split()[3]) for l in open(path)}
a, b = map(read, sys.argv[1:])
worst = max((abs(a[k] - b[k]), k) for k in b)
moved = sum(abs(a[k] - b[k]) > 1 for k in b)
print("of", len(b), "scores", moved, "are more than 1 apart; the most:", *worst)
sys.exit(not (a.keys() == b.keys() and worst[0] < 8 and moved < len(b) / 50))
PY
echo "ok: five updates of one run, $(cursor hub.sqlite 'count(*)' score_day) scores"

# --- the end of the day, by the same daemon's state
kill "$pid"; wait "$pid" || true; pids=()
[ -s state/score.state ] || fail 'it leaves no state'
same() {
  afresh
  cmp <(scores hub.sqlite) <(scores fresh/hub.sqlite) ||
    fail "$1: $(diff <(scores hub.sqlite) <(scores fresh/hub.sqlite) | head -4)"
  echo "ok: $1: the scores of one that reads everything, to the last bit"
}
followed() { ! grep -q 'is read' score.log || fail "$1: $(grep 'is read' score.log)"; }
score conf
followed 'the same day'
same 'after a restart'
piece 7 100
load
day=2026-06-11
score conf
followed 'the next day'
same 'the next day, what was dated ahead included'
day=2026-06-30
piece 8 100
load
score conf
followed 'nineteen days on'
same 'nineteen days on'
# What has a past may be on probation, or refused where without one it would be slowed down.
walls hub.sqlite "'friction', 'block', 'probation'" >walls
walls fresh/hub.sqlite "'friction', 'block'" >fresh/walls
[ -s fresh/walls ] || fail 'there are no walls: the test shows nothing'
[ -z "$(comm -13 walls fresh/walls)" ] || fail "walls that are not there: $(comm -13 walls fresh/walls | head -3)"
[ "$(cursor hub.sqlite 'count(*)' change)" -le 1 ] || fail 'changes that are kept already pile up'

# --- state files that are of no use
seed=100
size=$(stat -c %s state/score.state)
cp state/score.state good.state
# useless WHAT REASON: the state as it stands is refused, with the reason, and nothing is lost
useless() {
  seed=$((seed + 1))
  piece "$seed" 20
  load
  score conf
  grep -q "$2; the ledger is read instead" score.log || fail "$1: $(tail -3 score.log)"
  same "$1"
}
for cut in 0 10 700 $((size / 2)) $((size - 1)); do
  head -c "$cut" good.state >state/score.state
  useless "cut after $cut of $size bytes" 'it is cut'
done
sed 's/onus-state 1/onus-state 9/' good.state >state/score.state
useless 'of another version' 'another version'
cp good.state state/score.state
printf 'X' | dd of=state/score.state bs=1 seek=$((size - 100)) conv=notrunc status=none
useless 'damaged' 'it is damaged'
cp fresh/state/score.state state/score.state
sqlite3 hub.sqlite "UPDATE batch SET received = received + 1 WHERE n = (SELECT max(n) FROM batch)"
useless 'of another hub' 'another hub, or other sources'
sed -i 's/trust = 0.5/trust = 0.9/' conf
useless 'of sources that were trusted otherwise' 'another hub, or other sources'
