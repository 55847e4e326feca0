#!/bin/bash
# More than the load path can carry, per engine: first what it carries when everything waits already (its capacity), then with
# 0.5, 1, 2 and 10 times as much coming in, an empty hub each time, and the capacity once more, for the machine may have changed
# meanwhile. Commits wait for the disk. From 1x on the carried load should stay within a tenth of the capacity, memory flat;
# what is too much waits in the spool. BENCH_OVERLOAD_ENGINES, BENCH_OVERLOAD_S: which engines, and how long each.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
export ONUS_TEST_DURABLE=1
need_registry
need_addresses
build src/prog/load/onus-load
seconds=${BENCH_OVERLOAD_S:-20}
step() { "$ONUS_SOURCE/tests/engines.sh" "$1" "$ONUS_SOURCE/bench/overload_step.py" "$2" "$seconds" "$addresses" "$3"; }
row() { # LABEL CAPACITY, and on stdin what a step printed
  awk -F '\t' -v label="$1" -v capacity="$2" '{ printf "%-10s %9d %9d %5.2f %10d %8s %8s %7.1f %7.1f %7.1f %6s\n",
    label, $1, $2, $2 / capacity, $3, $4, $5, $6 / 1024, $7 / 1024, $8 / 1024, $9 }'
}
for engine in ${BENCH_OVERLOAD_ENGINES:-sqlite mariadb postgresql}; do
  # what fits into the time, roughly, and four times that so that it never lacks
  probe=$(step "$engine" 0 60 | cut -f 2)
  n=$((probe * seconds * 4 / 2000 + 64))
  first=$(step "$engine" 0 "$n")
  capacity=$(cut -f 2 <<<"$first")
  echo "$engine: load average $(cut -d ' ' -f 1 /proc/loadavg)"
  printf '%-10s %9s %9s %5s %10s %8s %8s %23s %6s\n' '' offered/s carried/s share waiting 'delay s' 'at most' 'MiB, each third' cpu
  row capacity "$capacity" <<<"$first"
  for times in 0.5 1 2 10; do
    rate=$(awk -v c="$capacity" -v t="$times" 'BEGIN { printf "%d", c * t }')
    step "$engine" "$rate" 0 | row "${times}x" "$capacity"
  done
  step "$engine" 0 "$n" | row 'once more' "$capacity"
done
