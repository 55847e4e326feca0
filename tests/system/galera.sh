#!/bin/bash
# The hub on a Galera cluster of three nodes, under load all the time: two sites, each with its log, collector and
# loader, whose loaders write by way of different nodes, so that they are in each other's way. One node after the other is
# killed (-9) and comes back, is cut off from the others while its clients still reach it, stands still, is
# set to read only; loaders are killed, too. While a node is away the loader that wrote to it goes on with another one. At
# the end each node's ledger holds what is in the logs: nothing lost, nothing twice.
# galera.sh [SECONDS [SEED]]: as long as that, faults by chance; else each once.
set -euo pipefail
seconds=${1:-0}
seed=${2:-$RANDOM}
dir=$(mktemp -d)
writers=() collectors=() loaders=()
# shellcheck source=tests/galera.sh
. "$ONUS_SOURCE/tests/galera.sh"
cleanup() {
  local pid
  for pid in "${writers[@]}" "${collectors[@]}" "${loaders[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  galera_stop
  rm -rf "$dir"
}
trap cleanup EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
collect=$ONUS_BUILD/src/prog/collect/onus-collect
load=$ONUS_BUILD/src/prog/load/onus-load

# --- two sites ----------------------------------------------------------------------------------------
site() { # NAME NODE…: in the order in which its loader wants them
  local name=$1
  shift
  galera_hub "$@"
  mkdir -p "$dir/$name"
  cat >"$dir/$name/conf" <<CONF
state_dir = $dir/$name/state
status_dir = $dir/$name/status
spool_dir = $dir/$name/spool
hub = $hub
host_name = $name
collect_interval_s = 1
load_interval_s = 1
[source $name]
type = events
path = $dir/$name/events
CONF
  : >"$dir/$name/events"
}
# Some hundred lines a second, of some thousand addresses, until $dir/enough is there.
write() { # NAME SEED
  local turn=0
  until [ -e "$dir/enough" ]; do
    awk -v seed=$(($2 + turn++)) 'BEGIN { srand(seed); for (i = 0; i < 150; i++)
      printf "2026-11-%02dT%02d:00:00Z\t20.%d.%d.%d\tbrute-force\t%d\tfull\t\tsshd\tx\n", 1 + int(rand() * 3), int(rand() * 24),
        int(rand() * 2), int(rand() * 16), int(rand() * 256), 1 + int(rand() * 3) }' >>"$dir/$1/events"
    sleep 0.3
  done
}
collect_start() {
  "$collect" -c "$dir/$1/conf" 2>>"$dir/$1/collect.log" &
  collectors[$2]=$!
}
load_start() { # NAME INDEX
  "$load" -c "$dir/$1/conf" 2>>"$dir/$1/load.log" &
  loaders[$2]=$!
}
batches() { galera_sql "$1" "SELECT count(*) FROM batch WHERE host = '$2'"; } # NODE SITE
# Until more of a site is in the hub: a wait that only what does not go on at all can fail.
flows() { # NODE SITE…
  local node=$1 name before i
  shift
  for name in "$@"; do
    before=$(batches "$node" "$name")
    for ((i = 0; i < 1200; i++)); do
      [ "$(batches "$node" "$name")" -lt $((before + 2)) ] || break
      sleep 0.1
    done
    [ $i -lt 1200 ] || fail "nothing of $name comes to node $node: $(tail -n 3 "$dir/$name/load.log")"
  done
}
conflicts() {
  local n sum=0 c
  for n in 1 2 3; do
    for c in $(galera_sql "$n" "SHOW STATUS WHERE variable_name IN ('wsrep_local_cert_failures', 'wsrep_local_bf_aborts')" | cut -f 2); do
      sum=$((sum + c))
    done
  done
  echo "$sum"
}

# --- faults -------------------------------------------------------------------------------------------
faults=0
fault() { # KIND NODE
  echo "# $SECONDS s: $*"
  local n=$2 other=$(($2 % 3 + 1)) i
  faults=$((faults + 1))
  case $1 in
    kill)
      galera_kill "$n"
      [ "$n" != 3 ] || fault load 0
      flows "$other" a b
      galera_again "$n" || exit 1
      ;;
    isolate)
      galera_isolate "$n" on
      flows "$other" a b
      galera_isolate "$n" off
      galera_wait "$n" || exit 1
      ;;
    stop)
      kill -STOP "${galera_pid[n]}"
      flows "$other" a b
      kill -CONT "${galera_pid[n]}"
      galera_wait "$n" || exit 1
      ;;
    read)
      galera_sql "$n" 'SET GLOBAL read_only = ON'
      flows "$other" a b
      galera_sql "$n" 'SET GLOBAL read_only = OFF'
      ;;
    load)
      for i in 0 1; do
        kill -9 "${loaders[i]}"
        wait "${loaders[i]}" 2>/dev/null || true
      done
      load_start a 0
      load_start b 1
      ;;
  esac
}

galera_start "$dir/cluster" || exit 1
site a 1 2 3
site b 2 3 1
load_start a 0
load_start b 1
for i in 0 1; do
  name=$([ $i = 0 ] && echo a || echo b)
  write "$name" $((seed + 1000000 * i)) &
  writers[i]=$!
  collect_start "$name" "$i"
done
for ((i = 0; i < 600; i++)); do
  [ "$(batches 1 a 2>/dev/null || echo 0)" = 0 ] || [ "$(batches 1 b 2>/dev/null || echo 0)" = 0 ] || break
  sleep 0.1
done
flows 3 a b
for ((i = 0; i < 6000; i++)); do
  met=$(conflicts)
  [ "$met" = 0 ] || break
  [ $((i % 50)) != 49 ] || fault load 0 # turns that never coincide are made to begin together
  sleep 0.1
done
[ "$met" -gt 0 ] || fail 'the two loaders were never in each other'"'"'s way'
echo "# at nodes of their own the loaders met $met conflicts"

if [ "$seconds" = 0 ]; then
  for n in 1 2 3; do fault kill "$n"; done
  fault isolate 1
  fault stop 2
else
  RANDOM=$seed
  kinds=(kill kill kill isolate stop read load)
  while [ $SECONDS -lt "$seconds" ]; do fault "${kinds[RANDOM % 7]}" $((1 + RANDOM % 3)); done
fi

# --- what is there ------------------------------------------------------------------------------------
touch "$dir/enough"
wait "${writers[@]}"
writers=()
kill "${collectors[@]}"
wait "${collectors[@]}" || true
collectors=()
kill -9 "${loaders[@]}"
wait "${loaders[@]}" 2>/dev/null || true
loaders=()
for n in 1 2; do galera_sql "$n" 'SET GLOBAL read_only = ON'; done # node 3 is left to write to
for name in a b; do
  "$collect" -c "$dir/$name/conf" --once 2>"$dir/err" || fail "collect: $(tail -n 3 "$dir/err")"
  for ((i = 0; i < 20; i++)); do # the last loader's transaction may still be open
    "$load" -c "$dir/$name/conf" --once 2>"$dir/err" && break
    sleep 1
  done
  [ $i -lt 20 ] || fail "load: $(tail -n 3 "$dir/err")"
  [ "$(find "$dir/$name/spool" -path '*/new/*' -type f | wc -l)" = 0 ] || fail "batches wait in $name"
  [ "$(find "$dir/$name/spool" -path '*/bad/*' -type f | wc -l)" = 0 ] || fail "batches of $name are bad"
done
sums() { # of each node, and of the logs: which of them is wrong
  local n
  for n in 1 2 3; do
    galera_sql "$n" 'SELECT sum(count) FROM ledger; SELECT sum(count) FROM `change`; SELECT sum(events) FROM batch; SELECT count(*), max(n) FROM batch' | tr '\n' ' '
    echo
  done
  for n in a b; do awk -F '\t' -v n="$n" '{ sum += $4 } END { print n, sum }' "$dir/$n/events"; done
  tail -n 5 "$dir"/{a,b}/load.log
}
for name in a b; do
  awk -F '\t' -v name="$name" '{ split($2, a, "."); k = sprintf("%s\t00000000000000000000FFFF%02X%02X%02X%02X", name, a[1], a[2], a[3], a[4]); sum[k] += $4 }
    END { for (k in sum) print k "\t" sum[k] }' "$dir/$name/events"
done | sort >"$dir/want"
for n in 1 2 3; do
  # what was committed anywhere before is seen
  galera_sql "$n" "SET SESSION wsrep_sync_wait = 15; SELECT s.name, hex(l.addr), sum(l.count) FROM ledger l JOIN source s ON s.id = l.source GROUP BY 1, 2" |
    sort >"$dir/got.$n"
  cmp -s "$dir/want" "$dir/got.$n" || fail "node $n: the ledger is not what the logs say: $(diff "$dir/want" "$dir/got.$n" | sed -n 1,6p; sums)"
  galera_sql "$n" 'SELECT sum(count) FROM ledger; SELECT sum(count) FROM `change`; SELECT sum(events) FROM batch; SELECT max(n) - count(*) FROM batch' >"$dir/sums.$n"
  [ "$(sort -u "$dir/sums.$n" | wc -l)" = 2 ] && [ "$(tail -n 1 "$dir/sums.$n")" = 0 ] || fail "node $n: sums differ: $(tr '\n' ' ' <"$dir/sums.$n")"
  galera_sql "$n" 'CHECKSUM TABLE source, batch, ledger, evidence, `change`, writer' >"$dir/check.$n"
  cmp -s "$dir/check.1" "$dir/check.$n" || fail "nodes 1 and $n differ: $(diff "$dir/check.1" "$dir/check.$n")"
done
[ -s "$dir/want" ] || fail 'no events'
echo "ok: $faults faults (seed $seed), $(head -n 1 "$dir/sums.1") events in $(galera_sql 1 'SELECT count(*) FROM batch') batches, the same on all three nodes: none lost, none twice"
