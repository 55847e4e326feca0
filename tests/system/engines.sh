#!/bin/bash
# The hub on real servers of MariaDB and PostgreSQL beside SQLite. The whole road (collect, load, score, publish) at one
# instant: every row of the ledger, of scores and decisions, and every published file are the same, byte for byte. Then
# the loader alone, while its connections are cut, it and the server are killed, and all batches come again,
# one of them torn: what is in the ledger afterwards is what SQLite has of the same spool, each batch once.
# ONUS_TEST_DURABLE: the server waits for the disk, for it is killed here.
set -euo pipefail
export ONUS_TEST_DURABLE=1
# shellcheck source=tests/hubs.sh
. "$ONUS_SOURCE/tests/hubs.sh"

hub_registry
"$onus" sim --registry "$dir/registry" --until 2026-06-01 --hosts 1200 2>/dev/null >"$dir/events"
printf '2026-05-30T10:00:00Z\t20.0.7.1\tscanner\t3\tfull\ta\tsmtp  \tblanks, \\xff and '"'"'quotes"\n' >>"$dir/events"
printf '2026-05-30T10:00:00Z\t20.0.7.1\tscanner\t4\tfull\ta\tsmtp\n2026-05-30T10:00:00Z\t20.0.7.1\tscanner\t5\tfull\ta\tSMTP\n' >>"$dir/events"

conf() { hub_conf "$1" 3650 "$dir/events"; }
# All of a hub as sorted lines: by way of a backup, into SQLite, so that it is one program that writes them.
rows() { # NAME
  rm -f "$dir/rows.sqlite" "$dir/backup"
  "$onus" backup -c "$dir/$1/conf" "$dir/backup" >/dev/null 2>"$dir/err" || fail "backup: $(cat "$dir/err")"
  "$onus" restore -c "$dir/$1/conf" -o "hub=sqlite:$dir/rows.sqlite" "$dir/backup" >/dev/null 2>"$dir/err" || fail "restore: $(cat "$dir/err")"
  sqlite3 "$dir/rows.sqlite" .dump | sort
}
sums() { sqlite3 "$dir/rows.sqlite" 'SELECT count(*), sum(count) FROM ledger; SELECT count(*), sum(lines), sum(events), max(n) FROM batch'; }

# --- the whole road -----------------------------------------------------------------------------------
road() {
  local program
  for program in collect load score publish; do
    at '2026-06-01 12:00:00' "$ONUS_BUILD/src/prog/$program/onus-$program" -c "$dir/$1/conf" --once \
      >"$dir/$program.log" 2>&1 || fail "onus-$program: $(tail -n 3 "$dir/$program.log")"
  done
  rows "$1" >"$dir/$1/rows"
}
# --- the loader among faults --------------------------------------------------------------------------
spool() { # once: batches of many addresses, from many producers
  local k
  hub=sqlite:$dir/none.sqlite
  conf make
  sed -i '/^\[source/,$d' "$dir/make/conf"
  for k in $(seq 24); do
    printf '[source s%d]\ntype = events\npath = %s/part.%d\n' "$k" "$dir" "$k" >>"$dir/make/conf"
    awk -v k="$k" 'BEGIN { for (i = 0; i < 1000; i++) printf "2026-05-%02dT%02d:00:00Z\t%d.%d.%d.%d\tbrute-force\t%d\tfull\t\tsshd\tx%d\n",
      1 + i % 28, i % 24, i % 2 ? 20 : 45, i % 2, int(i / 50), (i * 7 + k % 5) % 256, 1 + i % 3, k }' >"$dir/part.$k"
    "$ONUS_BUILD/src/prog/collect/onus-collect" -c "$dir/make/conf" --once 2>"$dir/collect.log" || fail "collect: $(tail -n 3 "$dir/collect.log")"
  done
}
fresh_spool() { rm -rf "$dir/$1/spool"; cp -a "$dir/make/spool" "$dir/$1/spool"; }
waiting() { find "$dir/$1/spool" -path '*/new/*' -type f | wc -l; }
load_start() {
  "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/$1/conf" 2>>"$dir/$1/load.log" &
  pids=("$!")
}
cut() { # every connection of the loader
  local id
  case $engine in
    postgresql) engine_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'onus'" >/dev/null ;;
    mariadb)
      for id in $(engine_sql "SELECT id FROM information_schema.processlist WHERE db = 'onus' AND id <> connection_id()"); do
        engine_sql "KILL $id" 2>/dev/null || true
      done
      ;;
  esac
}
server_kill() { kill -9 "$engine_pid"; wait "$engine_pid" 2>/dev/null || true; [ "$engine" != postgresql ] || sleep 0.5; }
faults() {
  local i left last=
  fresh_spool "$1"
  load_start "$1"
  for ((i = 0; i < 16 && $(waiting "$1") > 0; i++)); do
    case $((i % 8)) in
      3) stop; load_start "$1" ;;
      5) engine_stop; sleep 0.3; engine_again ;;
      7) server_kill; engine_again ;;
      *) cut ;;
    esac
    sleep 0.$((1 + i * 5 % 8)) # at another moment of its work each time
  done
  echo "# $engine: $i faults, $(waiting "$1") batches wait" >&2
  for ((i = 0; i < 600; i++)); do
    left=$(waiting "$1")
    [ "$left" != 0 ] || break
    [ "$left" = "$last" ] || i=0
    last=$left
    sleep 0.2
  done
  [ "$left" = 0 ] || fail "$left batches are not loaded: $(tail -n 3 "$dir/$1/load.log")"
  stop
  # all of them once more, and one of them torn
  cp -a "$dir/make/spool/." "$dir/$1/spool/"
  left=$(find "$dir/$1/spool" -path '*/new/*' -type f | sort | sed -n 1p)
  truncate -s 100 "$left"
  "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/$1/conf" --once 2>"$dir/$1/again.log" || fail "again: $(tail -n 3 "$dir/$1/again.log")"
  [ "$(find "$dir/$1/spool" -path '*/bad/*' -type f -name '*.zst' | wc -l)" = 1 ] || fail 'the torn batch is not in bad/'
  rows "$1" >/dev/null
  sums >"$dir/$1/sums"
  sqlite3 "$dir/rows.sqlite" 'SELECT l.day, hex(addr), plen, category, s.name, proof, service, hour, count FROM ledger l JOIN source s ON s.id = l.source' |
    sort >"$dir/$1/ledger"
}

spool
for name in sqlite postgresql mariadb; do
  mkdir "$dir/$name-server"
  engine_start "$name" "$dir/$name-server"
  conf "$name"
  [ "$name" = sqlite ] || cp "$dir/sqlite/state/publish.key" "$dir/$name/state/"
  road "$name"
  cmp -s "$dir/sqlite/rows" "$dir/$name/rows" || fail "rows differ: $(diff "$dir/sqlite/rows" "$dir/$name/rows" | head -n 6)"
  diff -rq -x .registry.proven "$dir/sqlite/serve/current/" "$dir/$name/serve/current/" >"$dir/diff" || fail "publications differ: $(cat "$dir/diff")"
  diff -rq -x .registry.proven "$dir/sqlite/open/current/" "$dir/$name/open/current/" >"$dir/diff" || fail "open publications differ: $(cat "$dir/diff")"
  echo "ok: $name: the same $(wc -l <"$dir/$name/rows") rows and $(find "$dir/$name/serve/current/" -type f | wc -l) published files"
  if [ "$name" = sqlite ]; then
    hub=sqlite:$dir/faults.sqlite
    conf sqlite-faults
  else
    engine_sql "$([ "$name" = mariadb ] && echo 'DROP DATABASE onus; CREATE DATABASE onus' || echo 'SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public')"
    conf "$name-faults"
  fi
  if [ "$name" = sqlite ]; then
    fresh_spool sqlite-faults
    "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/sqlite-faults/conf" --once 2>"$dir/err" || fail "$(cat "$dir/err")"
    rows sqlite-faults >/dev/null
    sums >"$dir/sqlite-faults/sums"
    sqlite3 "$dir/rows.sqlite" 'SELECT l.day, hex(addr), plen, category, s.name, proof, service, hour, count FROM ledger l JOIN source s ON s.id = l.source' |
      sort >"$dir/sqlite-faults/ledger"
  else
    faults "$name-faults"
    cmp -s "$dir/sqlite-faults/sums" "$dir/$name-faults/sums" || fail "sums: $(cat "$dir/$name-faults/sums"), wanted $(cat "$dir/sqlite-faults/sums")"
    cmp -s "$dir/sqlite-faults/ledger" "$dir/$name-faults/ledger" || fail "the ledger differs: $(diff "$dir/sqlite-faults/ledger" "$dir/$name-faults/ledger" | head -n 6)"
    echo "ok: $name: $(tr '\n' ' ' <"$dir/$name-faults/sums")after cuts, kills and restarts"
    engine_stop
  fi
done
