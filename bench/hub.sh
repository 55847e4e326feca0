#!/bin/bash
# What the hub takes, a second, durably, on each engine: event lines by hub_fold (batch identity, ledger, samples, changes;
# batches and transactions as onus-load has them) beside the engine's own upsert of the ledger's rows alone, 10,000 in a
# transaction, of the same addresses: real ones, Zipf-distributed. In turns, the quickest of each.
#   BENCH_EVENTS (2000000), BENCH_ROUNDS (2), BENCH_ENGINES ("sqlite mariadb postgresql")
# Then onus-load over a backlog, twice: its memory, and how quickly a day drains.
#   BENCH_BACKLOG_BYTES (5000000000) of event lines and a tenth of it; BENCH_DAY (20000000) events
set -euo pipefail
export ONUS_TEST_DURABLE=1
# shellcheck source=bench/common
. "$(dirname "$0")/common"
# shellcheck source=tests/engines.sh
. "$ONUS_SOURCE/tests/engines.sh"
need_addresses
build bench/time_hub src/prog/load/onus-load
time_hub=$ONUS_BUILD/bench/time_hub
dir=$(mktemp -d "$ONUS_BENCH/hub.XXXXXX")
chmod 755 "$dir"
trap 'engine_stop || true; rm -rf "$dir"' EXIT
events=${BENCH_EVENTS:-2000000}

fresh() {
  case $engine in
    sqlite) rm -f "$dir"/sqlite/hub.sqlite* ;;
    mariadb) engine_sql 'DROP DATABASE onus; CREATE DATABASE onus' ;;
    postgresql) engine_sql 'SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public' ;;
  esac
}
rate() { # WHAT EVENTS: a second
  fresh
  "$time_hub" "$1" "$hub" "$addresses" "$2" | awk '{printf "%.0f", $1 / $2}'
}
most() { awk -v a="${1:-0}" -v b="$2" 'BEGIN {print (a > b ? a : b)}'; }

declare -A mark=([sqlite]=1.4 [mariadb]=1.4 [postgresql]=1.8)
declare -A own=([sqlite]='upsert a row' [mariadb]='statements of 256 rows' [postgresql]='COPY, sums, upsert')
for name in ${BENCH_ENGINES:-sqlite mariadb postgresql}; do
  mkdir "$dir/$name"
  engine_start "$name" "$dir/$name"
  ours='' theirs='' single=''
  for ((i = 0; i < ${BENCH_ROUNDS:-2}; i++)); do
    theirs=$(most "$theirs" "$(rate bulk "$events")")
    ours=$(most "$ours" "$(rate fold "$events")")
  done
  [ "$name" = sqlite ] || single=", an upsert a row $(rate rows $((events / 50)))"
  awk -v e="$name" -v o="$ours" -v t="$theirs" -v m="${mark[$name]}" -v own="${own[$name]}" -v s="$single" 'BEGIN {
    t = t ? t : 1
    printf "%s: %d event lines/s; its own (%s) %d rows/s%s; %.2fx, mark %sx: %s\n", e, o, own, t, s, o / t, m, (o / t >= m && o > 0 ? "met" : "NOT MET") }'
  engine_stop
done

load() { # BYTES: "events lines packed seconds KiB"
  local n=$(($1 / 107)) made
  rm -rf "$dir/spool" "$dir"/hub.sqlite*
  made=$("$time_hub" spool "$dir/spool" "$addresses" "$n")
  printf 'hub = sqlite:%s/hub.sqlite\nspool_dir = %s/spool\nstate_dir = %s/state\n' "$dir" "$dir" "$dir" >"$dir/conf"
  mkdir -p "$dir/state"
  python3 - "$ONUS_BUILD/src/prog/load/onus-load" "$dir" "$made" <<'PY'
import resource, subprocess, sys, time
load, dir, made = sys.argv[1:]
began = time.monotonic()
with open(dir + "/load.log", "w") as log:
    if subprocess.run([load, "-c", dir + "/conf", "--once"], stderr=log).returncode:
        sys.exit(open(dir + "/load.log").read()[-1000:])
print(made, "%.2f" % (time.monotonic() - began), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
}
bytes=${BENCH_BACKLOG_BYTES:-5000000000}
small=$(load $((bytes / 10)))
large=$(load "$bytes")
awk -v s="$small" -v l="$large" -v day="${BENCH_DAY:-20000000}" 'BEGIN {
  split(s, a, " "); split(l, b, " ")
  printf "onus-load, SQLite: %.2f GB of event lines (%.2f GB of batches) %d KiB at most, %.2f GB (%.2f GB) %d KiB: %s\n", a[2] / 1e9, a[3] / 1e9, a[5], b[2] / 1e9, b[3] / 1e9, b[5], (b[5] <= 1.1 * a[5] ? "flat" : "NOT FLAT")
  rate = b[1] / b[4]
  printf "%d events in %.0f s, %d a second: a day of %d drains in %.0f s, %.0fx quicker than it came, mark 10x: %s\n", b[1], b[4], rate, day, day / rate, rate * 86400 / day, (rate * 86400 / day >= 10 ? "met" : "NOT MET") }'
