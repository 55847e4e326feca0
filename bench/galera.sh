#!/bin/bash
# What a hub on a Galera cluster takes, a second, durably, beside one MariaDB of the same version and settings: event lines
# by hub_fold (as in hub.sh), and rows of the ledger alone by statements of many rows, which is what Galera itself costs.
# Three nodes and the single one all run on this machine; the same data, in turns, medians. The cluster's time ends when
# all of its nodes have applied everything.
#   BENCH_EVENTS (1000000), BENCH_ROUNDS (5); BENCH_GALERA: more settings of each server
set -euo pipefail
export ONUS_TEST_DURABLE=1
# shellcheck source=bench/common
. "$(dirname "$0")/common"
# shellcheck source=tests/engines.sh
. "$ONUS_SOURCE/tests/engines.sh"
# shellcheck source=tests/galera.sh
. "$ONUS_SOURCE/tests/galera.sh"
need_addresses
build bench/time_hub
dir=$(mktemp -d "$ONUS_BENCH/galera.XXXXXX")
trap 'engine_stop || true; galera_stop; rm -rf "$dir"' EXIT
events=${BENCH_EVENTS:-1000000}
settings=(--innodb-log-file-size=96M --innodb-buffer-pool-size=512M)
read -ra more <<<"${BENCH_GALERA:-}"
settings+=("${more[@]}")

mkdir "$dir/single"
engine_start mariadb "$dir/single" "${settings[@]}"
single=$hub
galera_start "$dir/cluster" "${settings[@]}"
cluster="mysql:socket=$dir/cluster/1/socket user=$(id -un) database=onus"

applied() { # waits until every node has what any has committed
  local n
  for n in 1 2 3; do galera_sql "$n" 'SET SESSION wsrep_sync_wait = 15; SHOW DATABASES' '' >/dev/null; done
}
spent() { # PROCESS…: seconds of their processor
  local p
  for p; do cut -d ')' -f 2 <"/proc/$p/stat"; done | awk -v hz="$(getconf CLK_TCK)" '{s += $12 + $13} END {printf "%.2f", s / hz}'
}
fresh() {
  engine_sql 'DROP DATABASE onus; CREATE DATABASE onus'
  galera_sql 1 'DROP DATABASE onus; CREATE DATABASE onus'
  applied
}
run() { # URL PROCESS…: events a second of $what, and the processors' seconds, its own and those of servers
  local url=$1 from made began
  shift
  fresh
  from=$(spent "$@")
  made=$("$ONUS_BUILD/bench/time_hub" "$what" "$url" "$addresses" "$events")
  began=${EPOCHREALTIME/,/.}
  applied
  awk -v made="$made" -v began="$began" -v to="${EPOCHREALTIME/,/.}" -v from="$from" -v spent="$(spent "$@")" 'BEGIN {split(made, m, " ")
    printf "%.0f %.2f %.2f\n", m[1] / (m[2] + to - began), m[3], spent - from}'
}
median() { cut -d ' ' -f "$1" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)], v[1], v[NR]}'; }

for what in fold bulk; do
  for ((i = 0; i < ${BENCH_ROUNDS:-5}; i++)); do
    run "$single" "$engine_pid" >>"$dir/single.$what"
    run "$cluster" "${galera_pid[@]}" >>"$dir/cluster.$what"
  done
done
paused=$(for n in 1 2 3; do galera_sql "$n" "SHOW STATUS LIKE 'wsrep_flow_control_paused'"; done | awk '{if ($2 > m) m = $2} END {printf "%.0f", 100 * m}')
for what in fold bulk; do
  name='event lines' mark=0.5
  [ $what = fold ] || name='its own upserts, rows' mark=
  # shellcheck disable=SC2046 # three figures each
  set -- $(median 1 <"$dir/single.$what") $(median 1 <"$dir/cluster.$what")
  printf '%s: one MariaDB %d/s (%d to %d), three nodes %d/s (%d to %d)' "$name" "$@"
  awk -v o="$4" -v t="$1" -v mark=$mark 'BEGIN {r = o / t
    printf ", %.2fx%s\n", r, mark == "" ? "" : ", mark " mark "x: " (r >= mark ? "met" : "NOT MET")}'
  for who in single cluster; do
    printf '  %s: %s s of a processor here, %s s in its servers\n' $who "$(median 2 <"$dir/$who.$what" | cut -d ' ' -f 1)" "$(median 3 <"$dir/$who.$what" | cut -d ' ' -f 1)"
  done
done
echo "the cluster stood still, for its slowest node to follow, $paused % of the time at most"
