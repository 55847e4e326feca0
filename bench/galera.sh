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

applied() { # has every node what node 1 has?
  local n at=
  for n in 1 2 3; do at="$at$(galera_sql "$n" "SHOW STATUS LIKE 'wsrep_last_committed'" | cut -f 2) "; done
  set -- $at
  [ "$1" = "$2" ] && [ "$1" = "$3" ]
}
rate_single() { # WHAT
  engine_sql 'DROP DATABASE onus; CREATE DATABASE onus'
  "$ONUS_BUILD/bench/time_hub" "$1" "$single" "$addresses" "$events" | awk '{printf "%.0f\n", $1 / $2}'
}
rate_cluster() {
  local made began
  galera_sql 1 'DROP DATABASE onus; CREATE DATABASE onus'
  until applied; do sleep 0.2; done
  made=$("$ONUS_BUILD/bench/time_hub" "$1" "$cluster" "$addresses" "$events")
  began=${EPOCHREALTIME/,/.}
  until applied; do sleep 0.02; done
  awk -v made="$made" -v from="$began" -v to="${EPOCHREALTIME/,/.}" 'BEGIN {split(made, m, " "); printf "%.0f\n", m[1] / (m[2] + to - from)}'
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)], v[1], v[NR]}'; }

for what in fold bulk; do
  for ((i = 0; i < ${BENCH_ROUNDS:-5}; i++)); do
    rate_single $what >>"$dir/single.$what"
    rate_cluster $what >>"$dir/cluster.$what"
  done
done
paused=$(for n in 1 2 3; do galera_sql "$n" "SHOW STATUS LIKE 'wsrep_flow_control_paused'"; done | awk '{if ($2 > m) m = $2} END {printf "%.0f", 100 * m}')
for what in fold bulk; do
  # shellcheck disable=SC2046 # three figures each
  set -- $(median <"$dir/single.$what") $(median <"$dir/cluster.$what")
  printf '%s: one MariaDB %d/s (%d to %d), three nodes %d/s (%d to %d)' \
    "$([ $what = fold ] && echo 'event lines' || echo 'its own upserts, rows')" "$@"
  awk -v o="$4" -v t="$1" -v mark="$([ $what = fold ] && echo 0.5)" 'BEGIN {r = o / t
    printf ", %.2fx%s\n", r, mark == "" ? "" : ", mark " mark "x: " (r >= mark ? "met" : "NOT MET")}'
done
echo "the cluster stood still, for its slowest node to follow, $paused % of the time at most"
