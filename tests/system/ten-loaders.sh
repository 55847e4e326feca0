#!/bin/bash
# Ten loaders at once from ten spools into one hub, on each engine; then ten sensors at once into its inbox, with two of the
# hub's own loaders at work on it. They tell of the same addresses, so that all of them change the same rows. Totals are exact,
# no loader gives up, and nothing is left.
set -euo pipefail
# shellcheck source=tests/sensors.sh
. "$ONUS_SOURCE/tests/sensors.sh"

rounds=3 lines=400
make_spool() { # HOST: batches of sources that others have too
  local i
  mkdir -p "$dir/made/$1"
  printf 'host_name = %s\nfeeds =\nstate_dir = %s\nspool_dir = %s/spool\ncollect_good = no\n' "$1" "$dir/made/$1" "$dir/made/$1" >"$dir/made/$1/conf"
  for ((i = 0; i < rounds; i++)); do
    printf '[source round-%d]\ntype = events\npath = %s/events.%d\n' "$i" "$dir" "$i" >>"$dir/made/$1/conf"
    "$ONUS_BUILD/src/prog/collect/onus-collect" -c "$dir/made/$1/conf" --once 2>>"$dir/log" || fail "collect: $(tail -n 3 "$dir/log")"
  done
}
for ((i = 0; i < rounds; i++)); do # each in an order of its own
  awk -v n=$lines 'BEGIN { for (i = 0; i < n; i++)
    printf "2026-05-%02dT%02d:00:00Z\t20.1.%d.%d\tbrute-force\t%d\tfull\t\tsshd\tx%d\n", 1 + i % 28, i % 24, i % 3, i % 250, 1 + i % 3, i }' |
    shuf --random-source=<(yes "$i") >"$dir/events.$i"
done
each=$((rounds * $(awk -F '\t' '{ n += $4 } END { print n }' "$dir/events.0")))
hosts() { seq -f "$1%g.example.net" 10; }
for host in $(hosts l) $(hosts s); do make_spool "$host"; done
spool_of() { # HOST: as it was made
  rm -rf "$dir/$1/spool"
  mkdir -p "$dir/$1"
  cp -a "$dir/made/$1/spool" "$dir/$1/spool"
}

# What is in the ledger is what so many hosts have told.
exact() { # HOSTS WHAT
  local sum
  sum=$(engine_sql 'SELECT sum(count) FROM ledger')
  [ "$sum" = $(($1 * each)) ] || fail "$2: $sum events, wanted $(($1 * each))"
  [ "$(engine_sql 'SELECT sum(events) FROM batch')" = "$sum" ] || fail "$2: batches"
  local change='"change"'
  [ "$engine" != mariadb ] || change="\`change\`"
  [ "$(engine_sql "SELECT sum(count) FROM $change")" = "$sum" ] || fail "$2: changes"
}
deadlocks() {
  case $engine in
    sqlite) echo 0 ;;
    postgresql) engine_sql "SELECT deadlocks FROM pg_stat_database WHERE datname = 'onus'" ;;
    mariadb) engine_sql "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Innodb_deadlocks'" ;;
  esac
}
all_at_once() { # HOST…: every one ends well, with nothing left
  local host i=0
  for host in "$@"; do
    load "$host" --once & pids+=($!)
  done
  for host in "$@"; do
    wait "${pids[i]}" || fail "the loader of $host gave up: $(tail -n 3 "$dir/$host/load.log")"
    i=$((i + 1))
  done
  pids=()
  for host in "$@"; do [ "$(waiting "$host")" = 0 ] || fail "$host has something left"; done
}

direct() {
  local host
  for host in $(hosts l); do
    spool_of "$host"
    printf 'host_name = %s\nfeeds =\nstate_dir = %s\nspool_dir = %s/spool\nhub = %s\n' "$host" "$dir/$host" "$dir/$host" "$hub" >"$dir/$host/conf"
  done
  # shellcheck disable=SC2046
  all_at_once $(hosts l)
  exact 10 'ten loaders'
  echo "ok: $engine: ten loaders at once: $((10 * each)) events, $(deadlocks) deadlocks"
}
by_inbox() {
  local host i
  for host in $(hosts s); do
    sensor_add "$host"
    spool_of "$host"
  done
  mkdir -p "$dir/hub2"
  sed "s|$dir/hub|$dir/hub2|" "$dir/hub/conf" >"$dir/hub2/conf"
  for host in hub hub2; do
    start "$host"
    pids+=("$started")
  done
  # shellcheck disable=SC2046
  (pids=(); all_at_once $(hosts s)) || exit 1
  for ((i = 0; i < 3000; i++)); do
    [ "$(engine_sql 'SELECT count(*) FROM inbox')" != 0 ] || break
    sleep 0.1
  done
  [ "$i" -lt 3000 ] || fail "the inbox is not emptied: $(tail -n 3 "$dir/hub/load.log")"
  stop
  exact 20 'ten sensors'
  [ -z "$(find "$dir" -path '*/hub*/spool/*' -name '*.reason')" ] || fail 'something was refused'
  echo "ok: $engine: ten sensors at once, two loaders on their inbox: $((10 * each)) events, $(deadlocks) deadlocks"
}

for name in sqlite postgresql mariadb; do
  if [ "$name" = sqlite ]; then
    mkdir "$dir/sqlite"
    engine_start sqlite "$dir/sqlite"
    direct
  else
    sensors_start "$name"
    direct
    by_inbox
    engine_stop
  fi
  rm -rf "$dir"/hub* "$dir"/[ls][0-9]*
done
