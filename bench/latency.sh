#!/bin/bash
# From a log line to the address-level decision in the published file, the whole road with its default intervals, on a hub
# that knows BENCH_LATENCY_HOSTS (400000) real attackers of four series: a followed log, onus-collect, onus-load, onus-score,
# onus-publish, all on this machine. First what onus-load carries when everything waits (capacity), then nothing, as much as
# that and ten times as much offered by another producer, and every BENCH_LATENCY_GAP_S (3) seconds of BENCH_LATENCY_S (60) a
# fresh attacker in the log; with ten times, also in the offering producer's own batches, behind its backlog.
# A line ends when all probes are published, or BENCH_LATENCY_MORE_S (90) later. Commits wait for the disk.
#   BENCH_LATENCY_ENGINES (sqlite), BENCH_LATENCY_DEFAULTS (host: those of onus.conf; run: those of `onus run`)
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
export ONUS_TEST_DURABLE=1
need_registry
need_addresses
build src/prog/onus/onus src/prog/collect/onus-collect src/prog/load/onus-load src/prog/score/onus-score src/prog/publish/onus-publish
hosts=${BENCH_LATENCY_HOSTS:-400000}
data=$ONUS_SOURCE/../shared/data
known=$ONUS_BENCH/known-$hosts

series() { # ARCHIVE FEED NAMES: event lines of one of the real series
  local dir=$ONUS_BENCH/series
  mkdir -p "$dir"
  [ -d "$dir/$1" ] || tar xJf "$data/$1.tar.xz" -C "$dir"
  find "$dir/$1" -name "$3" -print0 | sort -z | xargs -0 "$ONUS_SOURCE/tools/series" "$2"
}
# so many of them in random order, and 1000 more that nothing is known of yet: the probes
if [ ! -s "$known" ]; then
  if [ -e "$data/oxl-2024-11_2025-02-22.tar.xz" ]; then
    series oxl-2024-11_2025-02-22 oxl '20*.csv*'
    series data-shield-2025-07-22_2026-02-12 data-shield 'prod.csv*'
    series reportedip-2026-02-28_05-31 reportedip '20*.csv*'
    series pallebone-2023-01_2025-10 pallebone 'prod.csv*'
  else
    echo 'no real series beside this checkout: simulated attackers' >&2
    "$onus" sim --registry "$registry" --hosts "$((2 * hosts))" 2>/dev/null
  fi | cut -f 2 | grep -E '^[0-9.]+$' | sort -u | grep -vxFf "$addresses" | shuf --random-source=<(yes) >"$known.all"
  head -n "$((hosts + 1000))" "$known.all" >"$known"
  rm "$known.all"
fi
for engine in ${BENCH_LATENCY_ENGINES:-sqlite}; do
  for defaults in ${BENCH_LATENCY_DEFAULTS:-host}; do
    echo "$engine, intervals of $defaults, load average $(cut -d ' ' -f 1 /proc/loadavg)"
    "$ONUS_SOURCE/tests/engines.sh" "$engine" "$ONUS_SOURCE/bench/latency_step.py" "$defaults" "$known" "$addresses" "$registry"
  done
done
