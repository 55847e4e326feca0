#!/bin/bash
# onus-score over a hub: everything read from SQL, everything from the state file, and a cycle after some more
# evidence, each with what it writes. BENCH_SCORE_HOSTS (300000) addresses are simulated over the real routing
# table.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_registry
build src/prog/collect/onus-collect src/prog/load/onus-load src/prog/score/onus-score
dir=$(mktemp -d "$ONUS_BENCH/score.XXXXXX")
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
cat >"$dir/conf" <<CONF
registry_file = $registry
state_dir = $dir/state
spool_dir = $dir/spool
spool_max_mib = 100000
hub = sqlite:$dir/hub.sqlite
score_interval_s = 1
[source sim-a]
type = events
path = $dir/events
CONF
daemon() { "$ONUS_BUILD/src/prog/$1/onus-$1" -c "$dir/conf" --once 2>"$dir/$1.log"; }
took() { sed -n 's/.*rows=\([0-9]*\) scores=\([0-9]*\) .*took=\([0-9.]*\)s.*/\1 \2 \3/p' "$1" | tail -1; }
"$onus" sim --registry "$registry" --hosts "${BENCH_SCORE_HOSTS:-300000}" >"$dir/events" 2>/dev/null
daemon collect && daemon load
daemon score && read -r rows scores sql < <(took "$dir/score.log")
daemon score && read -r _ _ state < <(took "$dir/score.log")
"$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/conf" 2>"$dir/follow.log" &
pid=$!
while [ "$(took "$dir/follow.log")" = '' ]; do sleep 0.2; done
"$onus" sim --registry "$registry" --seed 2 --hosts "$((${BENCH_SCORE_HOSTS:-300000} / 100))" --days 2 2>/dev/null |
  grep -v '^#' >>"$dir/events"
daemon collect && daemon load
for _ in $(seq 300); do
  grep -q ' again' "$dir/follow.log" && break
  sleep 0.2
done
read -r more changed cycle < <(took "$dir/follow.log")
awk -v rows="$rows" -v scores="$scores" -v sql="$sql" -v state="$state" -v more="$more" -v changed="$changed" -v cycle="$cycle" 'BEGIN {
  printf "%d ledger rows, %d entities: from SQL %.1f s, from the state file %.1f s, what it writes included\n", rows, scores, sql, state
  printf "%d rows more: %d entities anew in %.2f s, %.0f times quicker\n", more - rows, changed, cycle, sql / cycle }'
