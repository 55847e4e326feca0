#!/bin/bash
# `onus status`: programs that run, that were killed, that ended; what waits; what is not well and what to do; as
# JSON; with nothing there at all; and with status files that somebody else wrote.
set -euo pipefail
bin=$ONUS_BUILD/src/prog
dir=$(mktemp -d)
pids=() pid_collect='' pid_load=''
cleanup() { for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null || true; done; rm -rf "$dir"; }
trap cleanup EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; tail -n 5 ./*.log >&2 || true; cat out >&2 || true; exit 1; }
cat >conf <<CONF
filter_path = $ONUS_SOURCE/etc/filter.d
state_dir = $dir/state
spool_dir = $dir/spool
serve_dir = $dir/serve
hub = sqlite:$dir/hub.sqlite
collect_interval_s = 1
load_interval_s = 1
[source auth]
path = $dir/auth.log
anchor = yes
CONF
# status CODE ARGUMENT…: its output is in out
status() {
  local want=$1 code=0
  shift
  "$bin/onus/onus" status -c conf "$@" >out 2>err || code=$?
  [ "$code" = "$want" ] || fail "onus status $*: exit code $code, not $want: $(cat err)"
}
# until EXPRESSION: jq's word on the JSON is true, sooner or later
until_true() {
  for _ in $(seq 2400); do
    "$bin/onus/onus" status -c conf --json >out 2>err || true
    if jq -e "$1" out >/dev/null; then return; fi
    sleep 0.1
  done
  fail "never: $1"
}
start() {
  "$bin/$1/onus-$1" -c conf >>"$1.log" 2>&1 &
  pids+=($!)
  printf -v "pid_$1" %s "$!"
}
line() { printf '%s host sshd[1]: Failed password for root from 45.0.0.%d port 4242 ssh2\n' "$(date -u +%FT%T+00:00)" "$1" >>auth.log; }

status 3
grep -q 'No program has told anything' out || fail 'nothing is said of nothing'
grep -q '^onus-collect  *absent' out || fail 'the road is not shown'
status 3 --json
jq -e '.verdict == "UNKNOWN" and .programs == [] and .publication == null' out >/dev/null || fail 'JSON of nothing'

# the road, as far as it goes here
line 1
start collect
start load
until_true '[.programs[] | select(.state == "up") | .program] == ["onus-collect", "onus-load"] and
  (.programs[1].counters.lines == 1) and .spool.new.batches == 0 and .verdict == "OK"'
status 0
grep -q "^onus-load  *up  *$pid_load " out || fail 'no row of the loader'
jq -e '.programs[0].times | has("queue_oldest")' <("$bin/onus/onus" status -c conf --json) >/dev/null || fail 'no time of the oldest batch'
[ "$(jq -r .pid state/status/onus-load.status)" = "$pid_load" ] || fail 'another process'

# once beside the daemon: the file stays the daemon's
"$bin/load/onus-load" -c conf --once 2>>load.log
[ "$(jq -r .pid state/status/onus-load.status)" = "$pid_load" ] || fail 'the file was taken from the daemon'

# killed: seen at once, and the queue grows, as the collector tells; what is to be done is said
kill -9 "$pid_load"
wait "$pid_load" 2>/dev/null || true
status 2
grep -q '^onus-load  *died' out || fail 'who was killed is not seen as dead'
grep -q -- '-> .*systemctl' out || fail 'not said what to do'
line 2
until_true '.spool.new.batches == 1 and .spool.new.age_s >= 1 and .verdict == "CRITICAL"'
# the spool is not for everybody's eyes: then the collector tells of it
until_true '.programs[0].gauges.queue_batches == 1'
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  chmod 711 . # who looks is another user
  chmod 700 spool
  cp -r state/status seen && chmod -R a+rX seen
  code=0
  setpriv --reuid 65534 --regid 65534 --clear-groups "$bin/onus/onus" status -c /dev/null -o "status_dir=$dir/seen" \
    -o "spool_dir=$dir/spool" -o "serve_dir=$dir/serve" --json >told 2>err || code=$?
  [ "$code" = 2 ] || fail "another user gets exit code $code: $(cat err)"
  jq -e '.spool.told_by == "onus-collect" and .spool.new.batches == 1' told >/dev/null || fail 'the collector does not tell of the queue'
fi

# back: it is well again; then the collector ends as it is told to
start load
until_true '.verdict == "OK" and .programs[1].counters.lines == 1'
kill -TERM "$pid_collect"
wait "$pid_collect" || fail 'the collector does not end'
status 2
grep -q '^onus-collect  *stopped' out || fail 'who ended is not called stopped'
grep -q '^onus-web  *absent' out || fail 'who never ran is not called absent'

# work that fails: trouble, and why; it stays as the last error when all is well again
mv hub.sqlite away
mkdir hub.sqlite
kill -HUP "$pid_load"
until_true '(.programs[1].state == "trouble") and (.checks[] | select(.check == "trouble") | .verdict == "WARNING")'
rmdir hub.sqlite
mv away hub.sqlite
until_true '(.programs[1].state == "up") and (.programs[1].last_error | contains("hub.sqlite"))'
kill -TERM "$pid_load"
wait "$pid_load" || fail 'the loader does not end'

# a configuration that cannot be opened at all
code=0
"$bin/load/onus-load" -c conf -o status_dir=/proc/none 2>>load.log || code=$?
[ "$code" = 2 ] || fail "status_dir cannot be made: exit code $code"

# files of others: none is believed, none holds up the rest
head -c 100000 /dev/zero >state/status/big.status
printf '{"format":"onus-status 1"' >state/status/cut.status
mkfifo state/status/fifo.status
ln -s /etc/hostname state/status/link.status
sed 's/"message":"[^"]*"/"message":"\\u001b[31mred\\u0007|\\n"/; s/onus-load/evil/' state/status/onus-load.status >state/status/evil.status
status 2
for p in big cut fifo link; do grep -q "^$p  *unreadable" out || fail "$p is believed"; done
grep -q '^evil .*?\[31mred?|?$' out || fail 'its text is not tame'
LC_ALL=C grep -q $'[\001-\010\013-\037\177]' out && fail 'control characters reach the terminal'
echo ok
