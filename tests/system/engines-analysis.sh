#!/bin/bash
# onus-analyse on real servers of MariaDB and PostgreSQL beside SQLite: it is shown the same rows, in the days that it may see
# and with the hours that the ledger keeps; what it says is in the ledger once, also when it says it again, says more, or is
# killed before it is loaded.
set -euo pipefail
# shellcheck source=tests/hubs.sh
. "$ONUS_SOURCE/tests/hubs.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
hub_registry
yesterday=$((today - 86400))

# tries NAME NET COUNT TIMES PROOF [DAYS [FIRST]]: so many neighbours, so many times each, at 10 on a day
tries() {
  for i in $(seq "${7:-1}" "$3"); do printf '%d\t20.0.%d.%d\tbrute-force\t%d\t%s\t\tsshd\n' $((today - ${6:-1} * 86400 + 36000)) "$2" "$i" "$4" "$5"; done >>"$dir/$1.events"
}
program() { "$ONUS_BUILD/src/prog/$2/onus-$2" -c "$dir/$1/conf" --once "${@:3}" 2>"$dir/err" || fail "onus-$2: $(tail -n 3 "$dir/err")"; }
shown() { program "$1" analyse --show neighbours | sort; }
ledger() {
  engine_sql "SELECT l.day, l.plen, l.category, l.proof, l.hour, l.count FROM ledger l JOIN source s ON s.id = l.source WHERE s.name = 'neighbours' ORDER BY 1, 2, 3, 4, 5, 6"
}
said() { ledger | awk -F '\t' '{ n++; sum += $6 } END { print n + 0, sum + 0 }'; }
is() { [ "$1" = "$2" ] || fail "$3: $1, not $2"; }

for name in sqlite postgresql mariadb; do
  mkdir "$dir/$name-server"
  engine_start "$name" "$dir/$name-server"
  : >"$dir/$name.events"
  hub_conf "$name" 3650 "$dir/$name.events"
  printf '[source neighbours]\ntype = analysis\nanchor = no\ncommand = %s/etc/analysis.d/neighbours\n' "$ONUS_SOURCE" >>"$dir/$name/conf"
  tries "$name" 7 9 1 full
  tries "$name" 8 5 1 full   # too few
  tries "$name" 9 9 1 weak   # could be spoofed
  tries "$name" 10 9 1 full 8 # past its days
  printf '%d\t2a00:1:2:3::4\tspam\t7\tfull\t\t\n' $((yesterday + 7200)) >>"$dir/$name.events"
  program "$name" collect
  program "$name" load
  shown "$name" >"$dir/$name.shown"
  is "$(grep -vc '^#' "$dir/$name.shown")" 15 'rows that are shown'
  cmp -s "$dir/sqlite.shown" "$dir/$name.shown" || fail "other rows are shown: $(diff "$dir/sqlite.shown" "$dir/$name.shown" | head -n 6)"
  "$ONUS_BUILD/src/prog/analyse/onus-analyse" -c "$dir/$name/conf" --once 2>"$dir/err" & # ended before it is loaded
  pids=("$!")
  sleep 0.1
  stop
  for _ in 1 2 3; do
    program "$name" analyse
    program "$name" load
  done
  is "$(said)" '9 9' 'what it has said'
  tries "$name" 7 12 1 full 1 10
  program "$name" collect
  program "$name" load
  program "$name" analyse
  is "$(jq .counters.events "$dir/$name/status/onus-analyse.status")" 3 'what is new'
  program "$name" load
  is "$(said)" '12 12' 'what it has said in the end'
  ledger >"$dir/$name.ledger"
  cmp -s "$dir/sqlite.ledger" "$dir/$name.ledger" || fail "the ledger differs: $(diff "$dir/sqlite.ledger" "$dir/$name.ledger" | head -n 6)"
  engine_stop
  echo "ok: $name"
done
