#!/bin/bash
# The ledger grows old, on every engine. The whole road twice, of a hub that keeps all hours and of one that has rolled
# them up: every published file is the same, byte for byte, so is what onus explain says, and again after more events,
# which the judge adds to what it has kept. Then hubs of an older version on servers that are killed while onus-load
# migrates them: no row is lost, none is there twice, and the periods are there.
set -euo pipefail
export ONUS_TEST_DURABLE=1
# shellcheck source=tests/hubs.sh
. "$ONUS_SOURCE/tests/hubs.sh"

hub_registry
"$onus" sim --registry "$dir/registry" --until 2026-06-01 --hosts 400 2>/dev/null >"$dir/sim"
grep -v '^#' "$dir/sim" | awk -F '\t' -v OFS='\t' 'NR % 3 == 0 { for (i = 0; i < 4; i++) { $1 = $1 - $1 % 86400 + i * 9000; print } next } { print }' >"$dir/all"
head -n 1 "$dir/sim" >"$dir/header"
awk 'NR % 7 != 0' "$dir/all" | cat "$dir/header" - >"$dir/first"
awk 'NR % 7 == 0' "$dir/all" >"$dir/later"

conf() { # NAME HOURS_DAYS
  hub_conf "$1" "$2" "$dir/$1/events"
  cp "$dir/first" "$dir/$1/events"
}
run() { # NAME TIME PROGRAM…
  local name=$1 at=$2 program
  shift 2
  for program in "$@"; do
    at "$at" "$ONUS_BUILD/src/prog/$program/onus-$program" -c "$dir/$name/conf" --once \
      >"$dir/$program.log" 2>&1 || fail "onus-$program: $(tail -n 3 "$dir/$program.log")"
  done
}
same() { # WHEN
  local what
  for what in serve open; do
    diff -rq -x .registry.proven "$dir/$engine-hours/$what/current/" "$dir/$engine-days/$what/current/" >"$dir/diff" ||
      fail "$1: $what: $(cat "$dir/diff")"
  done
}
explain() { # NAME: an instant of days that have hours, and the end of one that has none
  local at
  for at in 2026-05-31T10:00:00Z 2026-05-20T23:59:59Z; do
    "$onus" explain -c "$dir/$1/conf" --json --at "$at" AS64498 2>&1 || true
  done
}
count() { # SQL, of the hub that $hub names
  case $engine in
    sqlite) engine_sql "$1" ;;
    postgresql) engine_sql "$1" "$2" ;;
    mariadb) engine_sql "$1" "$2" ;;
  esac
}
base() { # NAME: another database on the same server
  case $engine in
    sqlite) hub=sqlite:$engine_dir/$1.sqlite ;;
    postgresql)
      engine_sql "CREATE DATABASE $1" postgres
      hub="postgresql:host=$engine_dir user=onus dbname=$1"
      ;;
    mariadb)
      engine_sql "CREATE DATABASE $1" ''
      hub="mysql:socket=$engine_dir/socket user=$(id -un) database=$1"
      ;;
  esac
}

road() {
  base hours
  conf "$engine-hours" 3650
  run "$engine-hours" '2026-06-01 12:00:00' collect load load score publish
  base days
  conf "$engine-days" 2
  cp "$dir/$engine-hours/state/publish.key" "$dir/$engine-days/state/"
  run "$engine-days" '2026-06-01 12:00:00' collect load load score publish
  hub=sqlite:$engine_dir/hours.sqlite
  read -r rows sum < <(count 'SELECT count(*), sum(count) FROM ledger' hours)
  hub=sqlite:$engine_dir/days.sqlite
  read -r fewer again < <(count 'SELECT count(*), sum(count) FROM ledger' days)
  [ "$sum" = "$again" ] || fail "events: $again of $sum"
  [ "$fewer" -lt "$rows" ] || fail "$fewer rows of $rows: nothing was rolled up"
  left=$(count 'SELECT count(*) FROM ledger WHERE hour <> 255 AND day < (SELECT max(day) FROM ledger) - 2' days)
  [ "$left" = 0 ] || fail "$left rows of old days have hours"
  [ "$(count 'SELECT count(*) FROM ledger WHERE hour <> 255' days)" -gt 0 ] || fail 'no row has hours'
  same 'rolled up'
  cmp <(explain "$engine-hours") <(explain "$engine-days") >/dev/null || fail 'onus explain differs'
  explain "$engine-days" | grep -q '"score"' || fail "onus explain: $(explain "$engine-days" | head -n 2)"

  local kind
  # more of all days, a state of the judge's being there
  for kind in hours days; do
    cat "$dir/later" >>"$dir/$engine-$kind/events"
    run "$engine-$kind" '2026-06-01 12:30:00' collect load load score publish
  done
  same 'and added to'
  echo "ok: $engine: $rows rows with hours, $fewer without, $sum events; $(find "$dir/$engine-days/serve/current/" -type f | wc -l) published files are the same"
}

# --- killed while it migrates -------------------------------------------------------------------------
old() { # a hub of version 4 with many rows
  local file
  base old
  for file in "$ONUS_SOURCE/sql/$engine"/00[1-4]*.sql; do
    if [ "$engine" = mariadb ]; then
      { echo "SET SESSION sql_mode = 'ANSI_QUOTES';"; cat "$file"; } >"$dir/file.sql"
    else
      cp "$file" "$dir/file.sql"
    fi
    count "$(cat "$dir/file.sql")" old >/dev/null
  done
  count 'CREATE TABLE migration (version INTEGER NOT NULL PRIMARY KEY); INSERT INTO migration VALUES (1), (2), (3), (4)' old
  case $engine in
    mariadb) count "INSERT INTO ledger SELECT 20000 + seq % 300, unhex(lpad(hex(seq), 32, '0')), 128, 1, 1, 0, '', 255, seq % 9 FROM seq_1_to_$1" old ;;
    postgresql) count "INSERT INTO ledger SELECT 20000 + s % 300, decode(lpad(to_hex(s), 32, '0'), 'hex'), 128, 1, 1, 0, '', 255, s % 9 FROM generate_series(1, $1) s" old ;;
  esac
}
migrations() {
  local i pause want got within=0
  old 60000
  conf old 3650
  sed -i '/^\[source/,$d' "$dir/old/conf"
  echo 'retention_days = 3650' >>"$dir/old/conf"
  want=$(count 'SELECT count(*), sum(count), min(day), max(day) FROM ledger' old)
  i=0
  for pause in 0.02 0.06 0.15 0.4; do
    "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/old/conf" --once 2>>"$dir/old/load.log" &
    pids=("$!")
    sleep "$pause"
    i=$((i + 1))
    if ((i % 2)); then
      kill -9 "$engine_pid"
      wait "$engine_pid" 2>/dev/null || true
      [ "$engine" != postgresql ] || sleep 0.5
      engine_again
    fi
    stop
    [ "$(count 'SELECT max(version) FROM migration' old)" -ge 7 ] || within=$((within + 1))
  done
  for ((i = 0; i < 100; i++)); do # what the dead have locked is free a moment later
    "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/old/conf" --once 2>"$dir/err" && break
    sleep 0.2
  done
  [ "$i" -lt 100 ] || fail "onus-load: $(tail -n 3 "$dir/err")"
  got=$(count 'SELECT count(*), sum(count), min(day), max(day) FROM ledger' old)
  [ "$got" = "$want" ] || fail "the ledger has $got, not $want"
  case $engine in
    mariadb) got=$(count "SELECT count(*) FROM information_schema.partitions WHERE table_schema = 'old' AND partition_name LIKE 'p%'" old) ;;
    postgresql) got=$(count "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND relname ~ '_p[0-9]+\$'" old) ;;
  esac
  [ "$got" -ge 6 ] || fail "$got periods"
  echo "ok: $engine: $want after 4 kills, $within of them before the migration was done, $got periods"
}

for name in sqlite postgresql mariadb; do
  mkdir "$dir/$name-server"
  engine_start "$name" "$dir/$name-server"
  road
  [ "$name" = sqlite ] || migrations
  engine_stop
done
