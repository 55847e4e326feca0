#!/bin/bash
# More than the load path can carry, per engine: its capacity (what it carries when everything waits already), and 0.5, 1, 2
# and 10 times as much coming in, an empty hub each time. The capacity is taken anew between any two, for a machine's disk
# may be half as fast a minute later; a share is of what could be carried: the mean of the capacity before and after, or what was
# offered where that is less. Commits wait for the disk. From 1x on it should be more than nine tenths, memory flat; what is too
# much waits in the spool. PostgreSQL has max_wal_size = 16GB, so that no checkpoint falls into some steps and not into others.
# BENCH_OVERLOAD_ENGINES, BENCH_OVERLOAD_S, BENCH_OVERLOAD_ROUNDS: which engines, how long each, and how often.
# BENCH_OVERLOAD_DIR: where the server and the spool are. In memory (/dev/shm) a commit waits for no disk, and what is measured is
# the loader and the server, not what else the disk has to do.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
export ONUS_TEST_DURABLE=1
need_registry
need_addresses
build src/prog/load/onus-load
if [ -n "${BENCH_OVERLOAD_DIR:-}" ]; then export TMPDIR=$BENCH_OVERLOAD_DIR; fi
seconds=${BENCH_OVERLOAD_S:-15}
step() { "$ONUS_SOURCE/tests/engines.sh" "$1" "$ONUS_SOURCE/bench/overload_step.py" "$2" "$seconds" "$addresses" "$3"; }
row() { # LABEL CAPACITY, and on stdin what a step printed
  awk -F '\t' -v label="$1" -v capacity="$2" '{ printf "%-10s %9d %9d %5.2f %10d %8s %8s %7.1f %7.1f %7.1f %6s\n",
    label, $1, $2, $2 / capacity, $3, $4, $5, $6 / 1024, $7 / 1024, $8 / 1024, $9 }'
}
capacity() { # ENGINE BATCHES: prints its row; sets carried
  local out
  out=$(step "$1" 0 "$2")
  carried=$(cut -f 2 <<<"$out")
  row capacity "$carried" <<<"$out"
}
for engine in ${BENCH_OVERLOAD_ENGINES:-sqlite mariadb postgresql}; do
  ONUS_TEST_SETTINGS=
  [ "$engine" != postgresql ] || ONUS_TEST_SETTINGS='-c max_wal_size=16GB'
  export ONUS_TEST_SETTINGS
  # what fits into the time, roughly, and four times that so that it never lacks
  probe=$(step "$engine" 0 60 | cut -f 2)
  n=$((probe * seconds * 4 / 2000 + 64))
  echo "$engine: load average $(cut -d ' ' -f 1 /proc/loadavg)"
  printf '%-10s %9s %9s %5s %10s %8s %8s %23s %6s\n' '' offered/s carried/s share waiting 'delay s' 'at most' 'MiB, each third' cpu
  shares=
  capacity "$engine" "$n"
  for ((round = 0; round < ${BENCH_OVERLOAD_ROUNDS:-2}; round++)); do
    for times in 0.5 1 2 10; do
      before=$carried
      out=$(step "$engine" "$(awk -v c="$before" -v t="$times" 'BEGIN { printf "%d", c * t }')" 0)
      between=$(capacity "$engine" "$n")
      carried=$(awk '{ print $3 }' <<<"$between")
      could=$(awk -v before="$before" -v after="$carried" -v offered="$(cut -f 1 <<<"$out")" 'BEGIN {
        mean = (before + after) / 2
        print offered < mean ? offered : mean }')
      row "${times}x" "$could" <<<"$out"
      echo "$between"
      shares+="$times $(awk -v c="$could" '{ print $2 / c }' <<<"$out")"$'\n'
    done
  done
  echo -n "$shares" | shares
done
