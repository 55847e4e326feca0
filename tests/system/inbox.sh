#!/bin/bash
# Three sensors and a hub on a real PostgreSQL and a real MariaDB, over TLS, each sensor with the credentials that `onus
# sensor grants` prints. Exact totals while senders and the hub's loader are killed; what credentials do not allow; a
# sensor that sends garbage, others' batches and floods; wrong clocks; a full inbox; a sensor that is shut out.
set -euo pipefail
# shellcheck source=tests/sensors.sh
. "$ONUS_SOURCE/tests/sensors.sh"
good='mx1.example.net mx2.example.net'
evil=mx3.example.net

events() { # HOST N FIRST: N lines of a source of its own, counts that add up to 2 N
  awk -v h="$1" -v n="$2" -v first="$3" 'BEGIN { for (i = first; i < first + n; i++)
    printf "2026-05-%02dT%02d:00:00Z\t20.%d.%d.%d\tbrute-force\t%d\tfull\t%s\tsshd\t\n", 1 + i % 28, i % 24, i % 7, int(i / 7) % 200, i % 250, 1 + i % 2 * 2, h }'
}
batches() { # HOST N: so many, of 100 lines each
  local i
  for ((i = 0; i < $2; i++)); do
    made[$1]=$((${made[$1]:-0} + 100))
    printf '[source %s-%d]\ntype = events\npath = %s/%s/events.%d\n' "$1" "${made[$1]}" "$dir" "$1" "${made[$1]}" >>"$dir/$1/conf"
    events "$1" 100 "${made[$1]}" >"$dir/$1/events.${made[$1]}"
    collect "$1" || fail "collect: $(tail -n 3 "$dir/$1/collect.log")"
  done
}
total() { # of a host's source, in the hub
  engine_sql "SELECT coalesce(sum(l.count), 0) FROM ledger l JOIN source s ON s.id = l.source WHERE s.name LIKE '$1\_$1-%'"
}
exact() { # WHEN
  local host
  for host in $good; do
    [ "$(total "$host")" = $((2 * ${made[$host]})) ] || fail "$1: $host: $(total "$host"), wanted $((2 * ${made[$host]}))"
  done
  [ "$(engine_sql 'SELECT count(*) FROM inbox')" = 0 ] || fail "$1: something is left in the inbox"
}
hub_once() { load hub --once || fail "the hub's loader: $(tail -n 3 "$dir/hub/load.log")"; }
send() { load "$1" --once || fail "the loader of $1: $(tail -n 3 "$dir/$1/load.log")"; }
again() { cp -a "$dir/$1/kept/." "$dir/$1/spool/"; } # as after a kill between the commit and the move to done/

# Sender and hub killed again and again while they work.
killed() {
  local host i left
  for host in $good; do
    batches "$host" 10
    cp -a "$dir/$host/spool" "$dir/$host/kept"
  done
  for ((i = 0; i < 30; i++)); do
    for host in $good hub; do
      start "$host"
      pids+=("$started")
    done
    sleep 0.$((i * 3 % 7 % 2))$((2 + i * 5 % 8))
    stop
    left=0
    for host in $good; do left=$((left + $(waiting "$host"))); done
    [ "$left" != 0 ] || break
  done
  for host in $good; do
    again "$host" # some of its rows are in the inbox still, some were folded
    send "$host"
    send "$host"
  done
  hub_once
  exact 'after kills'
  for host in $good; do
    again "$host"
    send "$host"
  done
  [ "$(engine_sql 'SELECT count(*) FROM inbox')" = "$(find "$dir"/*/kept -path '*/new/*' -type f | wc -l)" ] || fail 'what was folded long ago is sent once more'
  hub_once
  exact 'all once more'
  for host in $good; do
    [ "$(engine_sql "SELECT count(*) FROM batch WHERE host = '$host'")" = "$(find "$dir/$host/kept" -path '*/new/*' -type f | wc -l)" ] || fail "batches of $host"
  done
  echo "ok: $engine: exact totals after $i kills each of two senders and the hub's loader, every batch sent twice more"
}

refused() { # STATEMENT: the server says that this is not allowed
  local out
  ! out=$(sensor_sql "$evil" "$1" 2>&1) || fail "$evil may: $1"
  [[ $out == *denied* || $out == *'must be owner'* ]] || fail "$1: $out"
}
credentials() {
  local sql out
  sensor_sql "$evil" "INSERT INTO inbox (producer, seq, sent, bytes) VALUES ('x', 1, 1, '')" || fail 'the credentials are no good'
  for sql in 'SELECT count(*) FROM inbox' 'SELECT bytes FROM inbox' 'SELECT count(*) FROM ledger' 'SELECT version FROM migration' \
    "UPDATE inbox SET bytes = ''" 'DELETE FROM inbox' 'TRUNCATE TABLE inbox' 'DROP TABLE inbox' 'CREATE TABLE t (a INTEGER)' 'CREATE TEMPORARY TABLE t (a INTEGER)' \
    "INSERT INTO inbox (host, producer, seq, sent, bytes) VALUES ('mx1.example.net', 'collect', 1, 1, '')" \
    "INSERT INTO inbox (producer, seq, sent, received, bytes) VALUES ('x', 2, 1, 1, '')" \
    "INSERT INTO inbox (producer, seq, sent, bytes) SELECT producer, seq + 1, 1, bytes FROM inbox" \
    "INSERT INTO batch (host, producer, seq) VALUES ('mx1.example.net', 'collect', 1)" \
    'DROP VIEW inbox_mine' \
    'UPDATE writer SET turns = turns + 1' "INSERT INTO setting (name, value, rev) VALUES ('own/20.0.0.0/8', '', 1)"; do
    refused "$sql"
  done
  if [ "$engine" = postgresql ]; then
    refused 'SELECT lo_create(0)'
    refused "INSERT INTO inbox (producer, seq, sent, bytes) VALUES ('x', 3, 1, '') RETURNING host"
    out='no encryption\|SSL off\|rejects'
  else
    refused "REPLACE INTO inbox (producer, seq, sent, bytes) VALUES ('x', 1, 1, 'z')"
    refused "INSERT INTO inbox (producer, seq, sent, bytes) VALUES ('x', 1, 1, '') ON DUPLICATE KEY UPDATE bytes = 'z'"
    out='Access denied'
  fi
  ! sensor_sql "$evil" 'SELECT 1' without-tls 2>"$dir/err" || fail 'a connection without TLS'
  grep -q "$out" "$dir/err" || fail "without TLS: $(cat "$dir/err")"
  ! sensor_sql "$evil" "INSERT INTO inbox (producer, seq, sent, bytes) VALUES ('x', 4, 1, $large)" 2>"$dir/err" || fail 'a batch of more than a MiB'
  grep -qi constraint "$dir/err" || fail "a batch of more than a MiB: $(cat "$dir/err")"
  engine_sql "INSERT INTO inbox (host, producer, seq, sent, bytes) VALUES ('mx1.example.net', 'collect', 99, 1, '')"
  [ "$(sensor_sql "$evil" 'SELECT batches FROM inbox_mine')" = 1 ] || fail 'it does not see its own batch alone'
  engine_sql "DELETE FROM inbox WHERE seq = 99"
  echo "ok: $engine: 19 statements and a connection without TLS are refused by the server"
}

hostile() {
  local i theirs one
  theirs=$(find "$dir/mx1.example.net/kept" -name '*.zst' -path '*/new/*' | sort | tail -n 1)
  one=$(basename "$theirs" .zst)
  # its own, and some under the names of others' sources
  for i in mx1.example.net-100 mx1.example.net_mx1.example.net-100; do
    printf '[source %s]\ntype = events\npath = %s/posed\n' "$i" "$dir/$evil" >>"$dir/$evil/conf"
  done
  events "$evil" 50 7 >"$dir/$evil/posed"
  batches "$evil" 1
  send "$evil"
  # of another host, under the number of that host; torn; of its own number, but with another's bytes; names that are none
  for i in "'collect', ${one##*.}" "'../../../x', 5" "'', 6" "'a b', 7"; do
    sensor_sql "$evil" "INSERT INTO inbox (producer, seq, sent, bytes) VALUES ($i, 1, $(literal "$theirs"))" 2>"$dir/err" || grep -qi constraint "$dir/err" || fail "$i: $(cat "$dir/err")"
  done
  head -c 200 "$theirs" >"$dir/torn"
  sensor_sql "$evil" "INSERT INTO inbox (producer, seq, sent, bytes) VALUES ('collect', 9, 9223372036854775807, $(literal "$dir/torn"))"
  # shellcheck disable=SC2046
  sensor_sql "$evil" "INSERT INTO inbox (producer, seq, sent, bytes) VALUES $(for i in $(seq 300); do printf "('flood%d', 1, -1, 'garbage'), " "$i"; done)('flood', 1, 0, '')"
  for i in $good; do
    batches "$i" 3
    send "$i"
  done
  hub_once
  exact 'beside a hostile sensor'
  [ "$(find "$dir/hub/spool/inbox/bad" -name '*.zst' | wc -l)" = 100 ] || fail "$(find "$dir/hub/spool/inbox/bad" -name '*.zst' | wc -l) files in bad/, wanted 100"
  [ -z "$(find "$dir" -name 'x.*' -o -name '*x.0000*' -not -path '*/bad/*')" ] || fail 'a name led out of bad/'
  [ "$(find "$dir/hub/spool/inbox/bad" -name "$evil.*.reason" -size +0 | wc -l)" = 100 ] || fail 'reasons are missing'
  [ "$(engine_sql "SELECT count(*) FROM source WHERE name LIKE '$evil\_mx1.example.net%'")" = 2 ] || fail 'what it said under the names of others'
  [ "$(engine_sql "SELECT count(*) FROM source s JOIN source_rev r ON r.source = s.id WHERE s.name NOT LIKE concat(r.grp, '\_%')")" = 0 ] || fail 'groups'
  [ "$(total "$evil")" = 200 ] || fail "what $evil rightly sent: $(total "$evil")"
  "$onus" status -c "$dir/hub/conf" --json >"$dir/status" || true
  python3 - "$dir/status" <<'PY' || fail 'the status'
import json, sys
s = json.load(open(sys.argv[1]))
load = next(p for p in s["programs"] if p["program"] == "onus-load")
assert load["counters"]["inbox_refused"] >= 300, load
assert s["inbox"]["batches"] == 0, s["inbox"]
PY
  echo "ok: $engine: garbage, others' names and numbers, and a flood: the others' totals are exact, bad/ is bounded"
}
literal() {
  if [ "$engine" = postgresql ]; then printf "'\\\\x%s'" "$(od -An -v -tx1 "$1" | tr -d ' \n')"; else printf "x'%s'" "$(od -An -v -tx1 "$1" | tr -d ' \n')"; fi
}

told() { # PATTERN: check_onus says so of clocks before long; sets out
  local i
  for ((i = 0; i < 1200; i++)); do
    out=$("$ONUS_BUILD/src/prog/check/check_onus" clocks -C "$dir/hub/conf") || true
    # shellcheck disable=SC2254
    case $out in $1) return ;; esac
    sleep 0.1
  done
  fail "check_onus: $out, wanted $1"
}
clocks() {
  local out by
  start hub
  pids+=("$started")
  told 'ONUS CLOCKS OK*'
  for by in '+2h ahead' '-3h behind'; do
    batches mx2.example.net 1
    at "${by% *}" load mx2.example.net --once || fail "$by: $(tail -n 3 "$dir/mx2.example.net/load.log")"
    told "ONUS CLOCKS WARNING*mx2.example.net * ${by#* }*"
  done
  grep -q 'host=mx2.example.net its clock is .* ahead of' "$dir/hub/load.log" || fail 'it is not in the log'
  batches mx2.example.net 1
  send mx2.example.net
  told 'ONUS CLOCKS OK*'
  stop
  hub_once
  exact 'clocks'
  echo "ok: $engine: a clock that is two hours ahead, and three behind, is told of, until it is right"
}

# A sensor that nobody empties the inbox for keeps what it has; one that floods it is shut out, and let in again.
bounded() {
  local host=mx1.example.net i all
  batches $host 10
  all=$(waiting $host)
  for i in 4 4 7; do
    ! load $host --once -o "inbox_max=$i" || fail "$i batches of $host fill its room, and it goes on"
    [ "$(engine_sql "SELECT count(*) FROM inbox WHERE host = '$host'")" = "$i" ] || fail "of $host there are not $i batches in the inbox"
  done
  grep -q "7 batches of this sensor wait in the hub's inbox (inbox_max)" "$dir/$host/load.log" || fail "it does not say why it waits: $(tail -n 3 "$dir/$host/load.log")"
  [ "$(waiting $host)" = $((all - 7)) ] || fail "$(waiting $host) batches stay with $host"
  hub_once
  send $host
  hub_once
  exact 'after a full inbox'
  # shellcheck disable=SC2046
  sensor_sql "$evil" "INSERT INTO inbox (producer, seq, sent, bytes) VALUES $(for i in $(seq 300); do printf "('more%d', 1, -1, 'garbage'), " "$i"; done)('more', 1, 0, '')"
  "$onus" sensor shut "$evil" -c "$dir/hub/conf" 2>/dev/null && fail 'shut out without a reason'
  "$onus" sensor shut "$evil" -c "$dir/hub/conf" --why 'floods the inbox' >/dev/null || fail 'it cannot be shut out'
  "$onus" sensor list -c "$dir/hub/conf" | grep -q "^$evil .*floods the inbox" || fail 'it is not in the list'
  batches "$evil" 1
  send "$evil"
  hub_once
  exact 'with one shut out'
  [ "$(total "$evil")" = 200 ] || fail "$evil is shut out, and counted: $(total "$evil")"
  "$onus" status -c "$dir/hub/conf" --json >"$dir/status" || true
  python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); c = next(p for p in s["programs"] if p["program"] == "onus-load")["counters"]
assert c["inbox_dropped"] > 0 and c["inbox_refused"] == 0, c' "$dir/status" || fail 'the status'
  "$onus" sensor open "$evil" -c "$dir/hub/conf" --why 'mended' >/dev/null || fail 'it cannot be let in again'
  batches "$evil" 1
  send "$evil"
  hub_once
  [ "$(total "$evil")" = 400 ] || fail "$evil is let in again: $(total "$evil")"
  echo "ok: $engine: a sensor with a full inbox keeps its batches, one that is shut out is dropped unread"
}

# What was kept of all that came by the inbox makes the same ledger elsewhere.
by_source() { echo "SELECT s.name, sum(l.count) FROM ledger l JOIN source s ON s.id = l.source GROUP BY s.name ORDER BY s.name"; }
rebuilt() {
  rm -f "$dir"/again.sqlite*
  load hub --once --rebuild "$dir/hub/archive" -o "hub=sqlite:$dir/again.sqlite" || fail "rebuild: $(tail -n 3 "$dir/hub/load.log")"
  engine_sql "$(by_source)" | LC_ALL=C sort >"$dir/want"
  sqlite3 -tabs "$dir/again.sqlite" "$(by_source)" | LC_ALL=C sort >"$dir/got"
  cmp -s "$dir/want" "$dir/got" || fail "rebuilt: $(diff "$dir/want" "$dir/got" | head -n 4)"
  echo "ok: $engine: $(wc -l <"$dir/got") sources have the same sums in a ledger made anew from what was kept"
}

for name in postgresql mariadb; do
  declare -A made=()
  sensors_start "$name"
  for host in $good $evil; do sensor_add "$host"; done
  if [ "$name" = postgresql ]; then large="convert_to(repeat('x', 1048577), 'UTF8')"; else large="repeat('x', 1048577)"; fi
  credentials
  killed
  hostile
  clocks
  bounded
  rebuilt
  engine_stop
  rm -rf "$dir/hub" "$dir"/mx*
done
