#!/bin/bash
# The judge over ten million addresses, a million prefixes and a hundred thousand AS, drawn: from the
# evidence in memory to a judgement of every entity, on one thread; then 100,000 addresses more, on all
# processors, and the day after.
# BENCH_HOSTS (12500000: ten million distinct) addresses are drawn.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
build bench/time_judge
with() {
  [ -z "$1" ] || echo "the same, $1"
  "$ONUS_BUILD/bench/time_judge" "${BENCH_HOSTS:-12500000}" 1000000 100000 100000 "${@:2}" | tee "$ONUS_BENCH/judge.out"
  awk '
  $1 == "run" { full = $2 }
  $1 == "every" { each = $3 }
  $1 == "update" { cycle = $2 }
  $1 == "those" { cycle += $2; changed = $4 }
  $1 == "tick" { tick = $2 }
  $1 == "peak" { gib = $2 }
  END {
    printf "every score: %.1f s, limit 30 s: %s; memory %.2f GiB, limit 4 GiB: %s\n", full + each, (full + each < 30 ? "met" : "NOT MET"), gib, (gib < 4 ? "met" : "NOT MET")
    printf "100,000 addresses more: %.2f s, %d judgements that changed included, limit 1 s: %s; all of it anew %.0f times that; the next day %.1f s\n", cycle, changed, (cycle < 1 ? "met" : "NOT MET"), full / cycle, tick
  }' "$ONUS_BENCH/judge.out"
}
with '' 0
with 'with the networks of registries' 1
with 'and 20,000 /22s that changed hands' 1 20000
