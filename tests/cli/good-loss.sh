#!/bin/bash
# max_good_loss: of decisions that would have cost too much of the log-ins here, onus-score writes the worst as tag, or all of
# a rule where too many of them would; by a run of its own, and by an update that has not looked at them. What costs less
# again becomes what it would have been. onus decide --diff says so beforehand.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
cd "$dir"
road_conf "$dir" <<CONF
registry_max_age_days = 3650
filter_path = $ONUS_SOURCE/etc/filter.d
feeds =
score_interval_s = 1
[source sshd]
path = $dir/log
[source attacks]
type = events
path = $dir/attacks
CONF
printf '45.0.0.0,45.255.255.255,64501,Forty-five\n' >ranges
"$onus" registry build -o registry ranges >/dev/null 2>&1 || fail 'no registry'
logins() { # ADDRESS COUNT
  for _ in $(seq "$2"); do
    printf '%sT00:00:01+00:00 host sshd[7]: Accepted publickey for joe from %s port 4242 ssh2\n' "$(date -u -d "@$today" +%F)" "$1"
  done
}
attacks() { # BLOCK…: thirty hosts of it a day, for a week
  for block in "$@"; do
    for day in $(seq 1 7); do
      for n in $(seq 1 30); do printf '%s\t%s.%s\tbrute-force\t5\tfull\tattacks\tsshd\tx\n' $((today - day * 86400)) "$block" $((n + day)); done
    done
  done
}
decided() { sqlite3 -separator ' ' hub.sqlite "SELECT substr(entity, 7), action FROM decision WHERE entity LIKE 'block:%' ORDER BY 1" | tr '\n' ' '; }
expect() { [ "$(decided)" = "$1" ] || fail "$2: $(decided)"; }

# 100 log-ins, of which the first block holds 4, the second one 2, the third and fourth one 1 each
{ logins 45.9.9.9 92; logins 45.1.1.200 4; logins 45.2.1.200 2; logins 45.3.1.200 1; logins 45.4.1.200 1; } >log
{ echo '#onus-events 1'; attacks 45.1.1; } >attacks
stages conf collect load
stages conf -o max_good_loss=4 score
expect '45.1.1.0/24 greylist ' 'at the bound'
stages conf -o max_good_loss=3.9 score
expect '45.1.1.0/24 tag ' 'past the bound'
sqlite3 hub.sqlite 'SELECT reason FROM decision' | grep -q '^tag, not greylist, which would have cost 4.00 % .*(0 messages, 4 log-ins); [0-9]* of its addresses attacked' ||
  fail "reason: $(sqlite3 hub.sqlite 'SELECT reason FROM decision')"
"$onus" decide --replay -c conf | grep -q '^block friction tag .*at tag already$' || fail 'the replay does not say that it is at tag'
stages conf -o max_good_loss=3.9 publish
"$onus" export plain -c conf --level friction | grep -v '^#' >wall
grep -q '^45\.1\.1\.16/28$' wall || fail "the attackers themselves are on no wall: $(cat wall)"
grep -qE '^45\.1\.1\.(0/|128/|192/|200)' wall && fail "what is at tag is on a wall: $(cat wall)"
code=0
"$onus" decide --diff -c conf -o max_good_loss=4 >would || code=$?
if [ "$code" != 1 ] || ! grep -q '^~.*block:45.1.1.0/24' would; then fail "what would change: exit code $code, $(cat would)"; fi
expect '45.1.1.0/24 tag ' 'a dry run has changed something'
stages conf -o max_good_loss=4 score
expect '45.1.1.0/24 greylist ' 'within the bound again'
sqlite3 hub.sqlite 'SELECT reason FROM decision' | grep -q '^[0-9]* of its addresses attacked' || fail 'the reason is not what it was'
echo 'ok: a run'

# an update decides about a second block: both are too much, and the worse one is that which was there
"$ONUS_BUILD/src/prog/score/onus-score" -c conf -o max_good_loss=5 2>daemon.log &
daemon=$!
pids+=("$daemon")
for _ in $(seq 600); do grep -q 'run=' daemon.log && break; sleep 0.2; done
attacks 45.2.1 >>attacks
stages conf collect load
for _ in $(seq 600); do [ "$(decided)" = '45.1.1.0/24 tag 45.2.1.0/24 greylist ' ] && break; sleep 0.2; done
expect '45.1.1.0/24 tag 45.2.1.0/24 greylist ' "after an update ($(tail -n 2 daemon.log))"
grep -q 'run=[0-9]* again' daemon.log || fail 'that was no update: the test shows nothing'
kill "$daemon"
wait "$daemon" || true
pids=()
echo 'ok: an update'

# four, of which three would have to be taken back: it is the rule that is wrong
attacks 45.3.1 45.4.1 45.5.1 >>attacks
stages conf collect load
stages conf -o max_good_loss=1.5 score
expect '45.1.1.0/24 tag 45.2.1.0/24 tag 45.3.1.0/24 tag 45.4.1.0/24 tag 45.5.1.0/24 tag ' 'three too many'
sqlite3 hub.sqlite "SELECT reason FROM decision WHERE entity = 'block:45.5.1.0/24'" | grep -q '^tag, not greylist: too many like it' || fail 'the reason of one that costs nothing'
stages conf -o max_good_loss=2 score
expect '45.1.1.0/24 tag 45.2.1.0/24 tag 45.3.1.0/24 greylist 45.4.1.0/24 greylist 45.5.1.0/24 greylist ' 'two too many'
echo 'ok: a rule'
