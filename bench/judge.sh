#!/bin/bash
# The judge over ten million addresses, a million prefixes and a hundred thousand AS, drawn: from the
# evidence in memory to a judgement of every entity, on one thread; then 100,000 addresses more, five times, on all
# processors, and the day after. Beside seconds stand those of processors, which busy neighbours change less.
# BENCH_HOSTS (12500000: ten million distinct) addresses are drawn.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
build bench/time_judge
with() {
  "$ONUS_BUILD/bench/time_judge" "${BENCH_HOSTS:-12500000}" 1000000 100000 100000 "${@:2}" | tee "$ONUS_BENCH/judge.out"
  awk -v what="$1" '
  $1 == "run" { full = $2; nets = $8 }
  $1 == "every" { each = $3 }
  $1 == "cycle" { if (!cycle || $2 < cycle) { cycle = $2; work = $4; changed = $11 } }
  $1 == "tick" { tick = $2 }
  $1 == "peak" { gib = $2 }
  END {
    printf "%s, every score: %.1f s, limit 30 s: %s; memory %.2f GiB, limit 4 GiB: %s\n", what, full + each, (full + each < 30 ? "met" : "NOT MET"), gib, (gib < 4 ? "met" : "NOT MET")
    printf "%s, %d networks, 100,000 addresses more: %.2f s, %d judgements that changed included, limit 1 s: %s; %.2f s of processors; all of it anew %.0f times that; the next day %.1f s\n", what, nets, cycle, changed, (cycle < 1 ? "met" : "NOT MET"), work, (full + each) / cycle, tick
  }' "$ONUS_BENCH/judge.out"
}
with 'without networks' 0
with 'with the networks of registries' 1
with 'and 20,000 /22s that changed hands' 1 20000
