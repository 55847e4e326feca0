#!/bin/bash
# Addresses that many share: the exits of a real list (where it is there) are walled off for 15 minutes and then slowed
# down, those of a dynamic pool for no longer than the lease; of two blocks alike the one with fewer people behind it
# comes first; what is said of it, by which list; and one that cannot be read changes nothing.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
cd "$dir"
sql() { sqlite3 hub.sqlite "$1"; }
# has FILE PATTERN
has() { grep -qE -- "$2" "$1" || fail "$2 is not in: $(cat "$1")"; }

data=$ONUS_SOURCE/../shared/data/blocklists.tar.xz
if [ -e "$data" ]; then
  tar xOJf "$data" criticalpath-feeds-2026-08-22/tor-exit.txt >tor
else
  echo 'no real list of exits beside this checkout: by one of three addresses'
  printf '45.0.1.1\n45.0.1.9\n45.0.3.1\n' >tor
fi
node=$(head -n 1 tor)
net=${node%.*}
last=1
while grep -qxF "$net.$last" tor; do last=$((last + 1)); done
other=$net.$last
printf '47.0.1.0/24\n48.0.0.0-48.0.0.127\n' >dsl

cat >asn.csv <<CSV
$net.0,$net.255,64496,Exits
47.0.0.0,47.0.255.255,64497,Two blocks
48.0.0.0,48.0.255.255,64498,Dynamic
CSV
"$onus" registry build -o registry asn.csv >/dev/null
now=$(date +%s)
# sighting ADDRESS DAYS COUNT: on each of the last days
sighting() {
  for day in $(seq 0 $(($2 - 1))); do printf '%s\t%s\tbrute-force\t%s\tfull\ta\tsshd\ttest\n' $((now - 30 - day * 86400)) "$1" "$3"; done
}
{
  echo '#onus-events 1'
  for a in "$node" "$other" 48.0.0.7 48.0.0.207; do sighting "$a" 20 9; done
  for b in 1 2; do for i in $(seq 1 12); do sighting "47.0.$b.$i" 5 1; done; done
} >events
road_conf "$dir" <<CONF
registry_max_age_days = 3650
feeds =
[source a]
type = events
path = $dir/events
CONF
stages conf collect load
"$onus" level set budget=256 -c conf --why 'room for one block' >/dev/null
first() { jq -r 'select((.entity | startswith("block:47.")) and .level == "friction") | .entity' "$1"; }
"$onus" decide --json -c conf >out
[ "$(first out)" = block:47.0.1.0/24 ] || fail "without a list: $(cat out)"
cat >>conf <<CONF
[source tor-exits]
type = shared
reason = tor-exit
path = $dir/tor
[source dsl]
type = shared
users = 8
lease_s = 3600
path = $dir/dsl
CONF
"$onus" decide --json -c conf >out 2>err || fail "$(cat err)"
[ ! -s err ] || fail "whole lists, and: $(cat err)"
[ "$(first out)" = block:47.0.2.0/24 ] || fail "a block of dynamic addresses comes first: $(cat out)"
jq -se --arg a "addr:$node" 'map(select(.entity == $a))[0].shared == {"what": "shared egress (tor-exit)", "users": 256, "source": "tor-exits"}' out >/dev/null ||
  fail "decide does not say whose word it is: $(cat out)"
"$onus" decide -c conf >out
has out '^watch +tag +block:47\.0\.1\.0/24 .*; in the mean 8 people an address'
echo 'ok: fewer people first'

stages conf collect load score publish
[ "$(sql "SELECT count(*) FROM source WHERE name IN ('tor-exits', 'dsl')")" = 0 ] || fail 'they are sources of evidence'
stands() { sql "SELECT level, action, until - since FROM decision WHERE entity = 'addr:$1'"; }
expect() { [ "$(stands "$1")" = "$2" ] || fail "$1, $3: $(stands "$1")"; }
expect "$node" 'block|drop|900' 'an exit'
expect "$other" 'block|drop|86400' 'one beside it'
expect 48.0.0.7 'block|drop|3600' 'of a pool'
expect 48.0.0.207 'block|drop|86400' 'beside the pool'
has serve/current/decisions "^\+.addr:$node.drop.*; shared egress \(tor-exit\)$"
has serve/current/decisions '^\+.addr:48\.0\.0\.7.drop.*; dynamic address$'
grep -q "addr:$other.*shared" serve/current/decisions && fail 'one beside it is shared'
sql "UPDATE decision SET since = since - 900, until = until - 900"
stages conf score publish
expect "$node" 'probation|greylist|86400' 'after 15 minutes'
expect "$other" 'block|drop|86400' 'after 15 minutes'
has serve/current/decisions "^\+.addr:$node.greylist.*; shared egress \(tor-exit\)$"
# what is seen of it meanwhile: to any other address the next wall
sql "UPDATE episode SET past = $(((now - 30) / 3600 * 3600)) - 1 WHERE entity = 'addr:$node'"
code=0
"$onus" decide --diff -c conf >out || code=$?
[ "$code" = 0 ] || fail "slowed down, and then: $(cat out)"
sed '/^\[source tor-exits\]/,/^path/d' conf >plain
code=0
"$onus" decide --diff -c plain >out || code=$?
[ "$code" = 1 ] || fail 'a list is gone, and nothing changes'
has out "^~ block +drop +addr:$node .* 2  .*; episode 2 \(1 address\)$"
sql "UPDATE decision SET since = since - 2700, until = until - 2700"
stages conf score
case $(stands 48.0.0.7) in '' | watch*) ;; *) fail "after the lease: $(stands 48.0.0.7)" ;; esac
echo 'ok: 15 minutes, then friction; a lease, then nothing'

"$onus" explain -c conf "$node" >out
has out '^shared egress \(tor-exit\), says tor-exits: '
"$onus" explain -c conf "$net.0/24" >out
has out "host .* attack $node, shared egress \(tor-exit\)$"
has out '^In the mean [0-9.]+ people stand behind an address of it'
"$onus" explain --json -c conf "$node" | jq -e '.shared.source == "tor-exits" and .users == 256 and .hosts[0].shared.users == 256' >/dev/null ||
  fail 'explain --json'
"$onus" lookup -c conf "$node" 48.0.0.7 "$other" >out
has out '^  shared    shared egress \(tor-exit\), says tor-exits$'
has out '^  shared    dynamic address, says dsl$'
[ "$(grep -c '^  shared' out)" = 2 ] || fail "$(cat out)"
"$onus" lookup -c conf 47.0.0.0/23 >out
has out '^  shared    in the mean 4.5 people an address$'
sort -u tor >exits
"$onus" lookup --json -c conf - <exits | jq -r 'select(.shared.what == "shared egress (tor-exit)") | .address' | sort >found
diff exits found >/dev/null || fail "of $(wc -l <exits) exits $(wc -l <found) are found"
echo "ok: said of all $(wc -l <exits) exits"

cp tor good
printf 'Sorry, not today.\n' >tor
stages conf score
has score.log "tor-exits: $dir/tor: line 1: no address, prefix or range; no address in it; what was known before stands"
"$onus" decide --json -c conf >out 2>err
has err "^onus decide: tor-exits: $dir/tor: line 1: "
jq -se --arg a "addr:$node" 'map(select(.entity == $a))[0].shared.source == "tor-exits"' out >/dev/null || fail 'the last good list is forgotten'
{ cat good; echo '47.0.0.0/8'; } >tor
stages conf score
has score.log 'tor-exits: .*held back, it lists an IPv4 /8.*onus feed accept tor-exits'
"$onus" lookup --json -c conf 47.9.9.9 | jq -e '.shared == null' >/dev/null || fail 'a /8 is believed'
"$onus" feed accept -c conf tor-exits
stages conf score
"$onus" lookup --json -c conf 47.9.9.9 | jq -e '.shared.source == "tor-exits"' >/dev/null || fail 'a /8 that is accepted is not believed'
{ cat good; echo 'nobody.example'; } >tor
stages conf score
has score.log "tor-exits: .*line $(wc -l <tor): no address, prefix or range; 1 of its entries"
"$onus" lookup --json -c conf 47.9.9.9 | jq -e '.shared == null' >/dev/null || fail 'what is gone is remembered'
echo 'ok: the last good list'

sed 's/users = 8/users = 9/' conf >wrong
code=0
"$ONUS_BUILD/src/prog/score/onus-score" -c wrong -t 2>err || code=$?
[ "$code" != 0 ] || fail 'nine people'
has err 'source dsl: users is 256 \(shared egress\) or 8 \(a dynamic pool\), not 9'
sed 's/lease_s = 3600/format = rows/' conf >wrong
code=0
"$ONUS_BUILD/src/prog/score/onus-score" -c wrong -t 2>err || code=$?
[ "$code" != 0 ] || fail 'a format that there is none of'
has err 'source dsl: format is lines'
printf '[feed relay]\ntype = shared\nreason = private-relay\nurl = https://lists.example.org/x\n' >>conf
"$onus" feed list -c conf >out
has out 'shared by many: private-relay, 256 people an address'
echo 'ok: what is configured'
