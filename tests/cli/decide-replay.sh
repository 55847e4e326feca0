#!/bin/bash
# onus decide --replay: good traffic of text logs, JSON logs, event lines and the hub, against decisions of a file, the hub
# and the publication; what is no good traffic, or no whole list, counts for nothing and is told of.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
cd "$dir"
road_conf "$dir" <<CONF
registry_max_age_days = 3650
filter_path = $ONUS_SOURCE/etc/filter.d
json_path = $ONUS_SOURCE/etc/json.d
feeds =
own_networks = 45.0.9.0/24
[source sshd]
path = $dir/log
[source attacks]
type = events
path = $dir/attacks
CONF
at() { printf '%sT00:00:%02d+00:00 host %s\n' "$(date -u -d "@$today" +%F)" "$1" "$2"; }
login() { at 1 "sshd[7]: Accepted publickey for joe from $1 port 4242 ssh2"; }
{ for n in $(seq 1 20); do login "45.0.1.$n"; done; login 45.0.2.1; login 45.0.9.1; login 10.0.0.1; } >log
until=$(($(date +%s) + 86400))
lines() { printf '#onus-decisions 1\n'; printf '+\t%s\t%s\t%s\ttest\n' "$@"; printf 'end\t%d\n' $(($# / 3)); }
lines addr:45.0.1.1 drop "$until" block:45.0.2.0/24 greylist "$until" addr:45.0.1.2 drop 1000000000 as:64999 greylist "$until" >walls
replay() { "$onus" decide --replay -c conf "$@"; }
figures() { jq -r '[.good.logins, .good.hosts, .decisions, .decisions_ended, .decisions_unknown, .refused.logins, .delayed.logins, ([.rules[].verdict] | join(","))] | map(tostring) | join(" ")' "$1"; }
expect() { [ "$(figures "$1")" = "$2" ] || fail "$3: $(figures "$1"), not $2"; }

# a log, however it comes
code=0
replay --json --decisions walls log >got 2>err || code=$?
[ "$code" = 1 ] || fail "exit code $code of rules above the bound"
expect got '21 21 3 1 1 1 1 tag,tag,within' 'a log'
grep -q 'as:64999' err || fail "not told of whom the registry does not know: $(cat err)"
gzip -k log
replay --json --decisions walls log.gz >got 2>/dev/null && fail 'exit code 0'
expect got '21 21 3 1 1 1 1 tag,tag,within' 'a packed log'
replay --json --decisions walls - <log >got 2>/dev/null && fail 'exit code 0'
expect got '21 21 3 1 1 1 1 tag,tag,within' 'standard input'
"$onus" extract -c conf -f sshd-good log >events
replay --json --decisions walls events >got 2>/dev/null && fail 'exit code 0'
expect got '21 21 3 1 1 1 1 tag,tag,within' 'event lines'
replay -o max_good_loss=5% --decisions walls log >got 2>/dev/null || fail "above a bound of 5 %: $(cat got)"
replay -o max_good_loss=4.7 --decisions walls log >got 2>/dev/null && fail 'within a bound of 4.7 %'
grep -q 'above 4.7 %: stays at tag' got || fail "the table does not say so: $(cat got)"
grep -q '^  addr:45.0.1.1 drop until .*: 0 messages, 1 log-ins, 1 hosts; stays at tag; test$' got || fail "the table does not name it: $(cat got)"
"$onus" conf -c conf -o max_good_loss=101 >/dev/null 2>&1 && fail 'a bound of 101 %'
replay --json --decisions walls --at 2001-01-01 -o max_good_loss=100 log >got 2>/dev/null || fail 'above a bound of 100 %'
expect got '21 21 4 0 1 2 1 within,within,within' 'at a time when one had not ended'
echo 'ok: logs'

# JSON logs: of maps that know log-ins
printf '{"EventTime":"x"}\n' >other.json
code=0
replay --decisions walls other.json >/dev/null 2>err || code=$?
[ "$code" = 2 ] || fail "a JSON log that no map knows: exit code $code"
printf '{"cluster_name":"c","code":"T1000I","event":"user.login","time":"%s","addr.remote":"45.0.1.1:2000","success":true,"user":"joe"}\n' \
  "$(date -u -d "@$today" +%FT%TZ)" >teleport.json
replay --json --decisions walls teleport.json >got 2>/dev/null && fail 'exit code 0'
expect got '1 1 3 1 1 1 0 tag,within,within' 'a JSON log'
echo 'ok: JSON logs'

# what is no list of decisions, and what tells of nothing good
head -n 2 walls >half
printf '#onus-decisions 1\n+\tnobody\tdrop\t5\tx\nend\t1\n' >wrong
for file in half wrong nowhere; do
  code=0
  replay --decisions "$file" log >out 2>err || code=$?
  cat err >>all.err
  if [ "$code" != 2 ] || [ -s out ] || ! grep -q "$file" err; then fail "$file: exit code $code, $(cat err)"; fi
done
grep -q 'wrong:2: ' all.err || fail "the line is not named: $(cat all.err)"
printf '45.0.1.1\n45.0.1.2\n45.0.1.3\n' >list
code=0
replay --decisions walls list >/dev/null 2>err || code=$?
if [ "$code" != 2 ] || ! grep -q 'list is a list' err; then fail "a list of addresses: exit code $code, $(cat err)"; fi
code=0
replay --json --decisions walls list log >got 2>/dev/null || code=$?
expect got '21 21 3 1 1 1 1 tag,tag,within' 'a list beside a log'
printf '#onus-events 1\n%s\t45.0.1.1\tother\t1\tweak\tx\tsshd\tlogin\n%s\t45.0.1.1\tbrute-force\t1\tfull\tx\tsshd\tlogin\n' "$today" "$today" >weak
replay --json --decisions walls weak >got 2>/dev/null || fail 'what could be spoofed is above a bound'
[ "$(jq -c '[.good.hosts, .unverified]' got)" = '[0,1]' ] || fail "unverified: $(cat got)"
replay --decisions walls weak 2>/dev/null | grep -q 'no good traffic' || fail 'not said that nothing is known'
echo 'ok: nothing by mistake'

# the hub's good traffic, and its decisions: who attacks as often as he is good is left out
{
  echo '#onus-events 1'
  for d in $(seq 0 19); do
    for a in 45.0.1.1 45.0.5.1; do printf '%s\t%s\tbrute-force\t3\tfull\tattacks\tsshd\tx\n' $((today - d * 86400)) "$a"; done
  done
} >attacks
printf '45.0.0.0,45.0.255.255,64501,Forty-five\n' >ranges
"$onus" registry build -o registry ranges >/dev/null 2>&1 || fail 'no registry'
stages conf collect load
replay --json --decisions walls >got 2>/dev/null && fail 'exit code 0'
expect got '20 20 3 1 1 0 1 within,tag,within' 'the hub'
[ "$(jq -c .doubtful got)" = '{"messages":0,"logins":1,"hosts":1}' ] || fail "doubtful: $(jq -c .doubtful got)"
stages conf score publish
for how in '' --published; do
  # shellcheck disable=SC2086
  replay --json $how >got 2>err || fail "exit code $?: $(cat err got)"
  [ "$(jq -c '[.decisions, .refused.logins, .doubtful.logins]' got)" = '[2,0,1]' ] || fail "decisions $how: $(cat got)"
  # shellcheck disable=SC2086
  replay --json $how log >got 2>err && fail 'an attacker who logs in is nothing to a log'
  [ "$(jq -c '[.decisions, .refused.logins, .rules[0].verdict, .worst_hosts[0].decision]' got)" = '[2,1,"spared","addr:45.0.1.1"]' ] ||
    fail "decisions $how, a log: $(cat got)"
done
sqlite3 hub.sqlite "UPDATE source SET anchor = 0 WHERE name = 'attacks'"
[ "$(replay --json 2>/dev/null | jq -c '[.good.logins, .doubtful.logins]')" = '[21,0]' ] || fail 'an attack that no anchor has seen makes doubtful'
sqlite3 hub.sqlite "UPDATE source SET anchor = 0 WHERE name = 'sshd'"
[ "$(replay --json 2>/dev/null | jq -c '[.good.logins, .doubtful.logins]')" = '[0,0]' ] || fail 'good is what no anchor has seen'
sqlite3 hub.sqlite "UPDATE source SET anchor = 1 WHERE name IN ('sshd', 'attacks')"
echo 'ok: the hub and what is published'

# whoever was good here and attacked nobody is left out of walls around more than a host: of our own, and without a word to
# others; the first verified attack ends it
soon=$(($(date +%s) + 86400))
wall() {
  sqlite3 hub.sqlite "INSERT OR REPLACE INTO decision (entity, action, level, since, until, reason, run, episode)
    VALUES ('$1', '$2', 'block', 1, $soon, 'test', 1, 1)"
}
wall block:45.0.1.0/24 drop
wall addr:45.0.1.3 drop
wall block:45.0.2.0/24 tag
stages conf publish
carved() { sed -n 's/^+\taddr:\([^\t]*\)\ttag\t.*\tknown good here$/\1/p' serve/current/carve-outs | sort | tr '\n' ' '; }
without() { for n in $(seq 1 20); do case " $* " in *" $n "*) ;; *) echo "45.0.1.$n" ;; esac; done | sort | tr '\n' ' '; }
[ "$(carved)" = "$(without 1 3)" ] || fail "carved out: $(carved)"
"$onus" export plain -c conf >plain
python3 - plain <<'PY' || fail "exported: $(cat plain)"
import ipaddress, sys
nets = [ipaddress.ip_network(line.strip()) for line in open(sys.argv[1]) if line[0] != "#" and line.strip()]
walled = {n for n in range(256) if any(ipaddress.ip_address("45.0.1.%d" % n) in net for net in nets)}
sys.exit(walled != set(range(256)) - {n for n in range(1, 21) if n not in (1, 3)})
PY
grep -q 'carve-outs' serve/current/manifest || fail 'the manifest does not name it'
[ ! -e open/current/carve-outs ] || fail 'others are told'
grep -rlaE --exclude=onus.rbldnsd '45\.0\.1\.(2|4)([^0-9]|$)' open/current/ && fail 'others are told'
# the zone has a line more where a decision about an address lies within one about its block, and no hole
python3 - open/current/onus.rbldnsd <<'PY' || fail "others are told: $(cat open/current/onus.rbldnsd)"
import re, sys
ends = [m.groups() for line in open(sys.argv[1]) if (m := re.match(r"45\.0\.1\.(\d+)(?:-45\.0\.1\.(\d+))? ", line))]
listed = {n for first, last in ends for n in range(int(first), int(last or first) + 1)}
sys.exit(listed != set(range(256)))
PY
printf 'rubbish\n' >>serve/current/carve-outs
code=0
"$onus" export plain -c conf >out 2>err || code=$?
if [ "$code" != 2 ] || [ -s out ] || ! grep -q carve-outs err; then fail "a broken file: exit code $code, $(cat err)"; fi
rm serve/current/carve-outs
"$onus" export plain -c conf >out || fail 'a publication without the file'
at 9 'sshd[7]: Failed password for root from 45.0.1.5 port 4242 ssh2' >>log
stages conf collect load score
wall block:45.0.1.0/24 drop
wall addr:45.0.1.3 drop
stages conf publish
[ "$(carved)" = "$(without 1 3 5)" ] || fail "carved out after an attack: $(carved)"
echo 'ok: carved out of walls'
