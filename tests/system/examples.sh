#!/bin/bash
# Worked examples of the scoring model (scoring.md A10) through the whole pipeline: event lines, collect,
# load, score as of a given instant, and what SQL then holds, to the printed precision. The world is
# large (most of IPv4 is announced), evidence began 380 days ago, so l0 and M0 are nearly the shipped.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
day=$((today / 86400))           # today, UTC; all lags are from here
at=$((day * 86400 + 86399))      # the end of today: no example depends on the hour
[ "$at" -gt 0 ]

cat >"$dir/asn.csv" <<'CSV'
20.0.0.0,20.0.255.255,64501,Example sixteen
21.0.0.0,21.15.255.255,64502,Example cloud
23.0.0.0,23.0.255.255,64503,Example ISP
CSV
for o in $(seq 30 99) $(seq 101 126) $(seq 128 168) $(seq 173 191) $(seq 199 202) $(seq 204 223); do
  echo "$o.0.0.0,$o.255.255.255,$((64600 + o)),Rest of the world"
done >>"$dir/asn.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" 2>"$dir/registry.log"
if grep refused: "$dir/registry.log"; then exit 1; fi

# events FILE: stdin "ADDRESS CATEGORY LAG" to event lines at noon of that day; a first line 380 days
# ago, elsewhere, says since when there is evidence.
events() {
  { echo '#onus-events 1'
    printf '%s\t99.1.2.3\tbrute-force\t1\tfull\t%s\tsshd\tbegin\n' $(((day - 380) * 86400)) "$2"
    awk -v day="$day" -v source="$2" '{ printf "%d\t%s\t%s\t1\tfull\t%s\tsshd\texample\n", (day - $3) * 86400, $1, $2, source }'
  } >"$1"
}

# pipeline NAME SECTION: $dir/NAME.events through all programs; db is the hub then
pipeline() {
  local name=$1 section=$2
  road_conf "$dir/$name" <<CONF
[source s]
type = events
path = $dir/$name.events
$section
CONF
  stages "$dir/$name/conf" collect load
  "$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/$name/conf" --once --at "$at" 2>"$dir/$name/log" ||
    fail "onus-score fails: $(tail -n 3 "$dir/$name/log")"
  stages "$dir/$name/conf" publish
  db=$dir/$name/hub.sqlite
}

# What the pages have of the run that is asked about, in the shape of the hub's row; a pipeline that
# publishes other figures than it computed fails here.
published() {
  sqlite3 "${db%/*}/serve/current/reputation.sqlite" "SELECT round(score), coalesce(grade, 'none'), round(low), round(high)
    FROM entity WHERE name = '$1'" -separator ' ' | sed 's/\.0//g'
}

failed=0
# expect LABEL ENTITY SCORE GRADE LOW HIGH; "-" is not looked at; score 87 means 86.5 to 87.5
expect() {
  local got
  got=$(sqlite3 -separator ' ' "$db" "SELECT round(score), coalesce(grade, 'none'), round(low), round(high)
    FROM score_day WHERE family = 255 AND entity = '$2' AND run = (SELECT max(id) FROM run)" | sed 's/\.0//g')
  local want="$3 $4 $5 $6" ok=1 i w g
  [ "$(published "$2")" = "$got" ] || { echo "not ok: $1: published is '$(published "$2")', not '$got'" >&2; failed=1; }
  for i in 1 2 3 4; do
    w=$(cut -d' ' -f$i <<<"$want"); g=$(cut -d' ' -f$i <<<"$got")
    [ "$w" = - ] || [ "$w" = "$g" ] || ok=0
  done
  if [ $ok = 1 ]; then echo "ok: $1: $2 $got"; else echo "not ok: $1: $2 is '$got', not '$want'" >&2; failed=1; fi
}

# The draws behind "over the last days": the same as in the unit test of the judge.
draws() { awk -v x="$1" 'function d(n) { x = (x * 1664525 + 1013904223) % 4294967296; return int(x / 65536) % n } '"$2"; }

# 60 spamming hosts over the last 7 days, and the same after 14, 30, 60, 120 silent days
for silent in 0 14 30 60 120; do
  draws 123701 "BEGIN { for (i = 0; i < 60; i++) for (k = 0; k < 2; k++) print \"20.0.0.\" i, \"spam\", $silent + d(7) }" |
    events "$dir/sixty$silent.events" s
  # the first evidence of an own source is brute force: one family only, as in the table
  sed -i 's/\tbrute-force\t/\tspam\t/' "$dir/sixty$silent.events"
  pipeline "sixty$silent" 'anchor = yes'
  case $silent in
  0) expect '60 spammers, the /24' block:20.0.0.0/24 9 F 5 24
     expect '60 spammers, its /16' as:64501 15 E - - ;;
  14) expect '14 silent days' block:20.0.0.0/24 26 D - - ;;
  30) expect '30 silent days' block:20.0.0.0/24 37 D - - ;;
  60) expect '60 silent days' block:20.0.0.0/24 52 C - - ;;
  120) expect '120 silent days' block:20.0.0.0/24 68 C - - ;;
  esac
done

# an ISP with one host 40 days ago and one 70 days ago
printf '23.0.16.1 brute-force 40\n23.0.128.1 brute-force 70\n' | events "$dir/isp.events" s
pipeline isp 'anchor = yes'
expect 'ISP, two hosts long ago' as:64503 85 B 83 87

# 60, 100 hosts all first seen today
for n in 60 100; do
  for i in $(seq "$n"); do echo "20.0.0.$i brute-force 0"; done | events "$dir/today$n.events" s
  pipeline "today$n" 'anchor = yes'
done
db=$dir/today60/hub.sqlite; expect '60 hosts today' block:20.0.0.0/24 13 E - -
db=$dir/today100/hub.sqlite; expect '100 hosts today' block:20.0.0.0/24 8 F - -

# 50 bad addresses of a cloud /12 in 30 days
draws 1463 'BEGIN { for (h = 0; h < 50; h++) { b = d(4096); l = d(30); print "21." int(b / 256) "." b % 256 "." h, "brute-force", l } }' |
  events "$dir/cloud.events" s
pipeline cloud 'anchor = yes'
expect 'cloud, 50 in 30 days' as:64502 79 B - -

# one report by one foreign source: a score, but no grade
# The source is known: it has reported a host elsewhere on ten days. What a newcomer says weighs .1.
habit() { for lag in 10 11 12 13 14 15 16 17 18 19; do echo "192.88.98.9 brute-force $lag"; done; }
for trust in 0.1 0.3 0.8; do
  { habit; echo '20.0.0.1 brute-force 0'; } | events "$dir/report$trust.events" s
  pipeline "report$trust" "anchor = no
trust = $trust"
done
db=$dir/report0.1/hub.sqlite; expect 'one report, trust .1' block:20.0.0.0/24 79 none - -
db=$dir/report0.3/hub.sqlite; expect 'one report, trust .3' block:20.0.0.0/24 78 none - -
db=$dir/report0.8/hub.sqlite; expect 'one report, trust .8' block:20.0.0.0/24 75 none - -
echo '20.0.0.1 brute-force 0' | events "$dir/newcomer.events" s
pipeline newcomer "anchor = no
trust = 0.8"
db=$dir/newcomer/hub.sqlite; expect 'one report, trust .8, first day' block:20.0.0.0/24 79 none - -

# What onus explain makes of the hub is what stands there: every block and AS of the cloud, added up by hand.
explained=0
while IFS='|' read -r entity want; do
  "$ONUS_BUILD/src/prog/onus/onus" explain -c "$dir/cloud/conf" --at "$at" --all --json "$entity" >"$dir/json" 2>>"$dir/cloud/log"
  got=$(python3 "$ONUS_SOURCE/tests/cli/add_up.py" json "$dir/json") || got=none
  awk -v a="$got" -v b="$want" 'BEGIN {exit !(a + 0 > 0 && a - b < 0.0051 && b - a < 0.0051)}' ||
    { echo "not ok: $entity explains to $got, the hub says $want" >&2; failed=1; }
  explained=$((explained + 1))
done < <(sqlite3 "$dir/cloud/hub.sqlite" "SELECT entity, score FROM score_day WHERE run = (SELECT max(id) FROM run) AND family = 255 AND entity GLOB 'as:*'
  UNION ALL SELECT * FROM (SELECT entity, score FROM score_day WHERE run = (SELECT max(id) FROM run) AND family = 255 AND entity GLOB 'block:*' LIMIT 12)")
[ "$explained" -ge 10 ] || { echo "not ok: $explained entities explained" >&2; failed=1; }
echo "ok: $explained entities of the hub explained, and added up by hand"

# Recomputed, the same bits: another run over the same ledger, and one after a kill in the middle.
score=("$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/cloud/conf" --once --at "$at")
rows() { sqlite3 "$dir/cloud/hub.sqlite" "SELECT entity, family, hex(m), printf('%.17g %.17g %.17g %.17g', m, low, high, score), grade, hosts, events
  FROM score_day WHERE run = (SELECT max(id) FROM run) ORDER BY entity, family"; }
rows >"$dir/before"
for ms in 1 3 5 8 12 20 30; do
  "${score[@]}" 2>>"$dir/cloud/log" & pid=$! # the program itself: a function would be a shell around it
  sleep "0.0$(printf '%02d' "$ms")"
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  half=$(sqlite3 "$dir/cloud/hub.sqlite" "SELECT count(*) FROM run r WHERE NOT EXISTS (SELECT 1 FROM score_day s WHERE s.run = r.id)")
  [ "$half" = 0 ] || { echo "not ok: killed after $ms ms it left a run without scores" >&2; failed=1; }
done
"${score[@]}" 2>>"$dir/cloud/log"
rows >"$dir/after"
[ -s "$dir/before" ] || { echo 'not ok: no rows' >&2; failed=1; }
cmp "$dir/before" "$dir/after" || { echo 'not ok: recomputed, the scores differ' >&2; failed=1; }
[ "$failed" = 0 ] || exit 1
echo 'ok: recomputed, the same bits'
