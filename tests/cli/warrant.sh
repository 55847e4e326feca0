#!/bin/bash
# Warrants (doc/decide.md, "Signed by an operator"): what an operator signs is decided, published, bounded and ends; what
# anybody else writes into the hub about a whole AS, organisation or country is not, and is told of.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/clock.sh
. "$ONUS_SOURCE/tests/clock.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
export HOME=$dir/home
mkdir "$HOME"
sql() { sqlite3 "$dir/hub.sqlite" "$1"; }
# rc WANTED COMMAND…: onus with that exit code
rc() {
  local want=$1 got=0
  shift
  "$onus" "$@" -c "$dir/conf" >"$dir/out" 2>"$dir/err" || got=$?
  [ "$got" = "$want" ] || fail "onus $*: $got, not $want: $(cat "$dir/out" "$dir/err")"
}
err() { grep -qE "$1" "$dir/err" || fail "not said: $1, but: $(cat "$dir/err")"; }
out() { grep -qE "$1" "$dir/out" || fail "not said: $1, but: $(cat "$dir/out")"; }
decided() { sql "SELECT entity || ' ' || action || ' ' || level || ' ' || episode FROM decision WHERE entity NOT LIKE 'addr:45.0.1.%' ORDER BY 1" | tr '\n' ','; }
expect() { [ "$(decided)" = "$1" ] || fail "$2: $(decided)"; }
published() { grep -qE "$(printf '^\+\t%s\t%s\t' "$1" "$2")" "$dir/serve/current/decisions"; }
told() { grep -qE "$1" "$dir/score.log" || fail "onus-score does not tell: $1; $(cat "$dir/score.log")"; }
gauge() { jq -r ".gauges.$1" "$dir/state/status/onus-score.status"; }

cat >"$dir/asn.csv" <<'CSV'
45.0.0.0,45.0.255.255,64496,Example Hosting
46.0.0.0,46.0.255.255,64497,Own Network
47.0.0.0,47.0.255.255,64499,Another
60.0.0.0,63.255.255.255,64498,Wide Network
CSV
printf '45.0.0.0,45.0.255.255,NL\n46.0.0.0,46.0.255.255,DE\n47.0.0.0,47.0.255.255,BE\n60.0.0.0,63.255.255.255,US\n' >"$dir/country.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" "$dir/country.csv" >/dev/null 2>&1 || fail 'no registry'
now=$(date +%s)
{
  echo '#onus-events 1'
  for day in $(seq 0 9); do printf '%s\t45.0.1.1\tbrute-force\t3\tfull\ta\tsshd\ttest\n' $((now - 60 - day * 86400)); done
} >"$dir/events"
conf() {
  road_conf "$dir" <<CONF
registry_max_age_days = 3650
own_networks = 46.0.9.0/24
operator_keys = $1
[source a]
type = events
path = $dir/events
anchor = yes
CONF
}
conf ''
stages "$dir/conf" collect load score publish
expect '' 'at first'

# A key: made once, for its owner's eyes; the line for the configuration.
rc 3 warrant add as:64496 --for 3d --why x; err 'there is no key to sign with'
rc 0 warrant key --by alice
out '^operator_keys = alice:[0-9a-f]{64}$'
keys=$(sed 's/^operator_keys = //' "$dir/out")
[ "$(stat -c %a "$HOME/.config/onus/operator.key")" = 600 ] || fail 'others may read the key'
rc 0 warrant key --by alice
[ "$(sed 's/^operator_keys = //' "$dir/out")" = "$keys" ] || fail 'another key'
add() { rc "$1" warrant add "${@:2}" --by alice; }

# What would not stand is not filed.
add 3 as:64496 --for 3d; err 'say why'
add 3 as:64496 --why x; err 'for how long'
add 3 as:64496 --for 8d --why x; err '7 days at most'
add 3 as:64496 --for 0h --why x; err 'wants minutes'
add 3 as:64496 --until 2020-01-01 --why x; err 'ends before it begins'
add 3 as:64496 --for 1h --action drop --why x; err 'only an address or a block'
add 3 as:64496 --for 1h --action tag --why x; err 'a warrant says reject'
add 3 as:64511 --for 1h --why x; err 'knows no such entity'
add 3 country:FR --for 1h --why x; err 'knows no such entity'
add 3 as:64497 --for 1h --why x; err 'as:64497: it holds own networks'
add 3 country:DE --for 1h --force --why x; err 'own networks'
add 3 addr:10.0.0.1 --for 1h --why x; err 'special space'
add 3 as:64498 --for 1h --why x; err 'covers too much'
add 3 as:64496 as:64498 --for 1h --why x; err 'covers too much'
add 3 everybody --for 1h --why x; err 'no entity name'
rc 1 warrant remove as:64496 --why x; err 'no warrant about as:64496'
[ "$(sql 'SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM setting)')" = 0 ] || fail 'what was refused is there'

# Signed, and whose key is nobody's here: nothing is decided. With the key in the configuration: it is, and published.
add 0 as:64496 --for 3d --why 'ticket 17'; out 'walled off by warrant as:64496 \(revision 1\)'
err 'note: operator_keys of this host does not have this key'
stages "$dir/conf" score publish
expect '' 'by a key that nobody trusts'
told 'warrant about as:64496: it is signed by nobody whom operator_keys names so'
[ "$(gauge warrants_refused)" = 1 ] || fail "counted: $(cat "$dir/state/status/onus-score.status")"
conf "$keys"
rc 1 decide --diff; out '^\+ block +reject +as:64496 .*signed by alice: ticket 17 \(65536 addresses\)$'
stages "$dir/conf" score publish
expect 'as:64496 reject block 0,' 'signed'
[ "$(sql "SELECT (until - since) || ' ' || reason FROM decision WHERE entity = 'as:64496'")" = '259200 signed by alice: ticket 17' ] ||
  fail "$(sql "SELECT * FROM decision")"
[ "$(gauge warrants)/$(gauge warranted_v4)/$(gauge warrants_refused)" = 1/65536/0 ] || fail "counted: $(cat "$dir/state/status/onus-score.status")"
published as:64496 reject || fail "not published: $(cat "$dir/serve/current/decisions")"
rc 0 decide --diff
[ ! -s "$dir/out" ] || fail "done, and still: $(cat "$dir/out")"
[ "$(sqlite3 "$dir/serve/current/reputation.sqlite" "SELECT action, level, d.reason FROM decision d JOIN entity ON entity.id = d.entity WHERE name = 'as:64496'")" = \
  'reject|block|signed by alice: ticket 17' ] || fail "the pages' database: $(sqlite3 "$dir/serve/current/reputation.sqlite" 'SELECT * FROM decision')"
grep -q 64496 "$dir/open/current/decisions" && fail 'it is given to everybody'
rc 0 export plain; out '^45\.0\.1\.1$'
grep -q '^45\.0\.0\.0/16' "$dir/out" && fail 'what is to be told why is dropped'
rc 0 export plain --level friction; out '^45\.0\.0\.0/16$'
rc 0 explain as:64496; out '^Decided \(block\): reject since .*: signed by alice: ticket 17$'
rc 0 explain --json as:64496
jq -e '.decision.action == "reject" and (.decision.reason | startswith("signed by"))' "$dir/out" >/dev/null || fail "$(cat "$dir/out")"
printf '%sT00:00:01+00:00 host sshd[7]: Accepted publickey for joe from 45.0.5.5 port 4242 ssh2\n' "$(date -u -d "@$now" +%F)" >"$dir/log"
for from in --limit=9 --published; do
  rc 1 decide --replay "$from" --filter-path "$ONUS_SOURCE/etc/filter.d" "$dir/log"; out '^as block reject .*stays at tag'
done
rc 0 warrant list; out '^as:64496 +stands +reject .*alice: ticket 17 \(65536 addresses\)$'
rc 0 warrant list --json
jq -e '.state == "stands" and .by == "alice" and (.forced | not)' "$dir/out" >/dev/null || fail "$(cat "$dir/out")"

# What good mail it would have cost bounds it as it does the rules.
sql "INSERT INTO good VALUES ($((now / 86400)), x'00000000000000000000ffff2d000701', 1, (SELECT id FROM source WHERE name = 'a'), 100)"
stages "$dir/conf" score publish
expect 'as:64496 tag block 0,' 'what is good here'
sql "SELECT reason FROM decision WHERE entity = 'as:64496'" | grep -q '^tag, not reject, which would have cost 100.00 % .*; signed by alice: ticket 17$' ||
  fail "reason: $(sql 'SELECT reason FROM decision')"
rc 0 export plain --level friction
grep -q '^45\.0\.0\.0/16' "$dir/out" && fail 'what is at tag is on a wall'
sql 'DELETE FROM good'
stages "$dir/conf" score
expect 'as:64496 reject block 0,' 'good no more'

# Who can only write SQL: no decision, no other end, no other entity, no other words, no other key.
text=$(sql "SELECT value FROM setting WHERE name = 'warrant/as:64496'")
sql "INSERT INTO decision VALUES ('as:64499', 'reject', 'block', $now, $((now + 86400)), 'mine', 1, 1),
  ('country:BE', 'drop', 'watch', $now, $((now + 86400)), 'mine', 1, 0), ('as:64498', 'drop', 'friction', $now, $((now + 86400)), 'mine', 1, 3);
  UPDATE decision SET until = until + 86400 WHERE entity = 'as:64496'"
stages "$dir/conf" publish
grep -qE 'as:|country:' "$dir/serve/current/decisions" && fail "published: $(cat "$dir/serve/current/decisions")"
grep -q 'left_out=4' "$dir/publish.log" || fail "not told: $(cat "$dir/publish.log")"
rc 0 warrant key --key "$dir/mallory.key" --by alice
rc 0 warrant sign as:64499 --for 1h --why mine --by alice --key "$dir/mallory.key"
sql "INSERT INTO setting VALUES ('warrant/as:64499', '$(cat "$dir/out")', 1), ('warrant/country:BE', '$text', 1),
  ('warrant/org:X/Y', 'no', 1), ('warrant/as:64498', '${text/as:64496/as:64498}', 1)"
stages "$dir/conf" score publish
expect 'as:64496 reject block 0,' 'written by SQL'
told 'warrant about as:64499: it is signed by nobody whom operator_keys names so'
told 'warrant about country:BE: it is about another entity'
told 'warrant about org:X/Y: it is too short'
told 'warrant about as:64498: the signature does not match'
[ "$(gauge warrants)/$(gauge warrants_refused)" = 1/4 ] || fail "counted: $(cat "$dir/state/status/onus-score.status")"
rc 0 warrant list; out '^org:X/Y +none'
sql "INSERT INTO setting VALUES ('warrant/nonsense', 'x', 1)"
rc 0 warrant remove as:64499 country:BE org:X/Y as:64498 nonsense --why 'forged'
[ "$(sql "SELECT count(*) FROM setting")" = 1 ] || fail "removed: $(sql 'SELECT name FROM setting')"

# Own networks and the allow list bound one that stands already.
rc 0 allow add 45.0.200.0/24 --why partner
stages "$dir/conf" score
expect '' 'it holds what is allowed'
told 'warrant about as:64496: it holds own networks'
rc 0 allow remove 45.0.200.0/24 --why mistake

# Taken away, it is gone with the next publication, and undone it is back.
stages "$dir/conf" score publish
published as:64496 reject || fail 'not back'
rc 0 warrant remove as:64496 --why 'has cleaned up'
stages "$dir/conf" publish
published as:64496 reject && fail 'removed, and published'
stages "$dir/conf" score
expect '' 'removed'
rc 0 settings undo "$(sql 'SELECT max(id) FROM audit')" --why 'has not'
stages "$dir/conf" score publish
published as:64496 reject || fail 'undone, and not back'
rc 0 settings log; out "$(id -un | cut -c1-3).*: warrant/as:64496 not set > onus-warrant-1 as:64496 reject .*ticket 17"

# Signed elsewhere, of whatever kind; by force; and an address, which may be dropped.
rc 0 warrant sign country:NL --for 1h --why drill
rc 0 warrant put "$(cat "$dir/out")"
add 0 as:64498 --for 1h --force --why 'all of it'
add 0 addr:47.0.7.7 --for 1h --why 'one host'
err 'note: warrants cover [0-9]* addresses, more than all rules may'
stages "$dir/conf" score publish
expect 'addr:47.0.7.7 drop block 0,as:64496 reject block 0,as:64498 reject block 0,country:NL reject block 0,' 'of all kinds'
told 'warrants cover 67239937 addresses, more than all rules together may'
rc 0 export plain; out '^47\.0\.7\.7$'
rc 0 export plain --level friction; out '^60\.0\.0\.0/6$'; out '^45\.0\.0\.0/16$'

# A daemon begins and ends one by itself, the end with nothing else to do. A machine that is too slow to see it gets a longer one.
row() { [ "$(sql "SELECT count(*) FROM decision WHERE entity = 'addr:47.0.8.8'")" = "$1" ]; }
"$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/conf" -o score_interval_s=1 2>"$dir/daemon.log" &
daemon=$!
pids+=("$daemon")
seen=no
for length in 4 16 64 256; do
  until=$(($(date +%s) + length))
  add 0 addr:47.0.8.8 --until "$until" --why 'a moment'
  while [ "$seen" = no ] && [ "$(date +%s)" -lt "$until" ]; do
    if row 1; then seen=yes; else sleep 0.2; fi
  done
  [ "$seen" = no ] || break
done
[ "$seen" = yes ] || fail "it never stood: $(cat "$dir/daemon.log")"
for _ in $(seq 600); do if row 0; then break; fi; sleep 0.2; done
row 0 || fail "it does not end: $(cat "$dir/daemon.log")"
grep 'run=' "$dir/daemon.log" | tail -n 1 | grep -q ' again ' || fail "the end was no update: $(cat "$dir/daemon.log")"
kill "$daemon"
wait "$daemon" || true
pids=()
rc 0 warrant remove addr:47.0.8.8 --why 'the test goes on'

# It ends by itself, without probation.
at +71h stages "$dir/conf" score
expect 'as:64496 reject block 0,' 'an hour before its end'
at +73h stages "$dir/conf" score publish
expect '' 'an hour after it'
at +73h "$onus" warrant list -c "$dir/conf" >"$dir/out"; out '^as:64496 +ended'
grep -q warrant "$dir/score.log" && fail "an end is trouble: $(cat "$dir/score.log")"
echo ok
