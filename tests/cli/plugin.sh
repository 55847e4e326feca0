#!/bin/bash
# plugin: programs whose event lines are collected. A run that ends OK or WARNING counts whole; one that fails, is
# killed, takes too long or prints too much counts for nothing, its children are gone, and what it said is logged; the
# position keeps the schedule over a restart; no shell, a clean environment; the collector killed at any instant
# counts each run once or not at all.
set -u
bin=$ONUS_BUILD/src/prog
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "plugin: $*"; tail -30 err; exit 1; }
: >err
program() { { printf '#!/bin/sh\n'; cat; } >"$1"; chmod +x "$1"; }
program good <<'SH'
[ "$ONUS_PLUGIN$LANG" = 1C.UTF-8 ] && [ -z "$SECRET" ] && [ "$PWD" = / ] && [ $# = 3 ] && [ "$1$2$3" = 'a;$x*"b' ] ||
  { echo "environment: $(env) $PWD $*" >&2; exit 3; }
read -r nothing && exit 3
printf '#onus-events 1\n\t46.0.1.1\tspam\t2\n\t10.0.0.1\nrubbish\n\t46.0.1.2\tscanner\t1\tfull\tother-name\tsmtp'
SH
program warning <<<'printf "\t46.0.1.3\n"; echo "slow today" >&2; exit 1'
program critical <<<'printf "\t46.0.9.1\n"; echo "cannot, \033[31mreally" >&2; exit 2'
program strange <<<'printf "\t46.0.9.2\n"; exit 77'
program killed <<<'printf "\t46.0.9.3\n"; kill -9 $$'
program slow <<SH
printf '\t46.0.9.4\n'
(echo \$\$ >$dir/slow.pid; exec sleep 1000) &
echo \$! >$dir/child.pid
sleep 1000
SH
program endless <<<'while :; do echo "	46.0.9.5"; done'
program stays <<SH
printf '\t46.0.1.4\n'
sleep 1000 &
echo \$! >$dir/stays.pid
SH
program large <<'SH'
awk 'BEGIN { for (i = 0; i < 12000; i++) printf "\t46.2.%d.%d\tspam\t1\tweak\t\tsmtp\n", i / 250, i % 250 + 1 }'
SH
program too_large <<'SH'
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "\t46.9.%d.%d\n", i / 250, i % 250 + 1 }'
SH
cat >conf <<CONF
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
[source good]
type = plugin
command = $dir/good a; \$x*  "b
CONF
for p in warning critical strange killed slow endless stays large too_large; do
  case $p in slow | stays) limit=2 ;; *) limit=300 ;; esac
  printf '%s\n' "[source $p]" 'type = plugin' "command = $dir/$p" 'interval_s = 1000' "timeout_s = $limit"
done >>conf
says() { # WORDS SETTING…
  "$bin/collect/onus-collect" -t -c <(cat conf; printf '%s\n' '[source bad]' 'type = plugin' "${@:2}") >out 2>&1 && fail "$*: accepted"
  grep -q -- "$1" out || fail "$*: $(cat out)"
}
says 'source bad: what is run? give it command'
says "source bad: command: give the program's whole path" 'command = true'
says 'source bad: command: /no/such: No such file' 'command = /no/such'

SECRET=1 "$bin/collect/onus-collect" -c conf --once 2>err || fail "exit code $?"
for words in 'source=warning says: slow today' 'source=warning exit code 1 (WARNING)$' \
  'source=critical says: cannot, ?.31mreally' 'source=critical exit code 2 (CRITICAL); nothing of this run counts' \
  "source=strange exit code 77 (none of a plug-in's); nothing" 'source=killed ended by signal 9; nothing' \
  'source=slow killed: it took longer than timeout_s; nothing' 'source=endless killed: it printed too much; nothing' \
  'source=good file=.*/good line=3 refused: ' 'source=too_large file=.* refused: more than fits into one batch'; do
  grep -q -- "$words" err || fail "no word of: $words"
done
[ "$(jq .counters.plugin_failed state/status/onus-collect.status)" = 5 ] || fail 'runs that failed are not five'
for f in child.pid stays.pid; do
  ! grep -q sleep "/proc/$(cat $f)/cmdline" 2>/dev/null || fail "a child lives on: $f"
done
ledger() {
  "$bin/load/onus-load" -c conf --once 2>>err || fail 'onus-load'
  sqlite3 -separator ' ' hub.sqlite "SELECT s.name, count(DISTINCT l.addr), sum(l.count) FROM ledger l
    JOIN source s ON s.id = l.source GROUP BY 1 ORDER BY 1"
}
cat >expected <<'OUT'
good 2 3
large 12000 12000
stays 1 1
warning 1 1
OUT
diff expected <(ledger) || fail 'the ledger holds something else'
"$bin/collect/onus-collect" -c conf --once 2>err || fail "exit code $?"
diff expected <(ledger) || fail 'a restart runs again what is not due'

# The collector is killed: a run is there whole or not at all.
sed -n '1,/^\[source good/ { /^\[/!p }' conf >conf.kill
printf '%s\n' '[source large]' 'type = plugin' "command = $dir/large" 'interval_s = 1' >>conf.kill
sed -i 's|/state$|/state2|; s|/spool$|/spool2|; s|hub.sqlite|hub2.sqlite|' conf.kill
for i in $(seq 20); do
  "$bin/collect/onus-collect" -c conf.kill -o collect_interval_s=1 2>/dev/null &
  pid=$!
  sleep "$((i % 2)).$((i * 7 % 10))$((i % 9))"
  kill -9 $pid
  wait $pid 2>/dev/null
done
"$bin/load/onus-load" -c conf.kill --once 2>err || fail 'onus-load'
runs=$(sqlite3 hub2.sqlite 'SELECT sum(lines) FROM batch')
[ $((runs % 12000)) = 0 ] && [ "$runs" -gt 0 ] || fail "$runs events are no whole runs"
echo "ok ($((runs / 12000)) runs, 20 kills)"
