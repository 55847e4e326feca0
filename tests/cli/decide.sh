#!/bin/bash
# What would be decided, and what that would change: `onus decide` says before what onus-score does after it, and that
# nothing changes once it is done; walls end in probation, and nothing is renewed by evidence that was there.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
sql() { sqlite3 "$dir/hub.sqlite" "$1"; }
# decide CODE OPTION…: into out
decide() {
  local want=$1 code=0
  shift
  "$onus" decide -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" = "$want" ] || fail "decide $*: $code instead of $want: $(cat "$dir/err" "$dir/out")"
}
has() { grep -qE "$1" "$dir/out" || fail "$1 is not in: $(cat "$dir/out")"; }

cat >"$dir/asn.csv" <<'CSV'
45.0.0.0,45.0.255.255,64496,Example Hosting
46.0.0.0,46.0.255.255,64497,Own Network
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
now=$(date +%s)
# sighting ADDRESS DAYS COUNT PROOF: on each of the last days, at the end of those that are over
sighting() {
  for day in $(seq 0 $(($2 - 1))); do
    printf '%s\t%s\tbrute-force\t%s\t%s\ta\tsshd\ttest\n' $((now - 60 - day * 86400)) "$1" "$3" "$4"
  done
}
{
  echo '#onus-events 1'
  sighting 45.0.1.1 20 3 full      # a block
  sighting 45.0.1.2 1 3 full       # friction
  sighting 45.0.1.3 1 9 full       # a block of an hour
  sighting 45.0.1.4 20 9 weak      # nothing
  sighting 46.0.9.9 20 3 full      # own
  for i in $(seq 1 12); do sighting "45.0.7.$i" 5 1 full; done # a block of 256
} >"$dir/events"
road_conf "$dir" <<CONF
[source a]
type = events
path = $dir/events
anchor = yes
CONF
decide 2
stages "$dir/conf" collect load
echo 'own_networks = 46.0.9.0/24' | cat - "$dir/conf" >"$dir/conf.own"
mv "$dir/conf.own" "$dir/conf"

decide 1 --diff --spared
has '^\+ block +drop +addr:45.0.1.1 .* 1 +[0-9]+% likely to attack again.*\(1 address\)$'
has '^\+ friction +greylist +addr:45.0.1.2 '
has '^\+ block +drop +addr:45.0.1.3 .* 9 verified hits on '
has '^\+ friction +greylist +block:45.0.7.0/24 .*\(256 addresses\)$'
has '^! - +- +addr:46.0.9.9 .*own network'
grep -q '45\.0\.1\.4' "$dir/out" && fail 'what was not verified is decided about'
sed -n 's/^+ \([a-z]*\) *\([a-z]*\) *\([^ ]*\) .*/\3|\2|\1/p' "$dir/out" | sort >"$dir/said"

stages "$dir/conf" score publish
sql 'SELECT entity, action, level FROM decision' | sort >"$dir/done"
diff "$dir/said" "$dir/done" || fail 'onus-score decides otherwise'
decide 0 --diff
[ ! -s "$dir/out" ] || fail "done, and still: $(cat "$dir/out")"
decide 0 --json
jq -se 'map(select(.entity == "addr:45.0.1.3"))[0] | .change == "stands" and .episode == 1 and .run == 1 and
  ((.until | fromdate) - (.since | fromdate)) == 3600' "$dir/out" >/dev/null || fail "$(cat "$dir/out")"
grep -q "$(printf '^+\taddr:45.0.1.2\tgreylist\t')" "$dir/serve/current/decisions" || fail 'friction is not published'

# Later: what stood an hour is on probation, which is decided without new evidence; and the past is in the hub.
# all_earlier SECONDS: as if everything had been decided so long ago, and nothing was seen since
all_earlier() { sql "UPDATE decision SET since = since - $1, until = until - $1"; }
all_earlier 3600
stages "$dir/conf" score publish
[ "$(sql "SELECT level, action, until - since FROM decision WHERE entity = 'addr:45.0.1.3'")" = 'probation|greylist|3600' ] ||
  fail "after an hour: $(sql 'SELECT * FROM decision')"
grep -q "$(printf '^+\taddr:45.0.1.3\tgreylist\t.*episode 1 is served')" "$dir/serve/current/decisions" ||
  fail "probation is not published: $(cat "$dir/serve/current/decisions")"
all_earlier 3600
stages "$dir/conf" score
# What follows ends 30 days after the evidence, of this hour or, at midnight, the one before.
[[ "$(sql "SELECT level, action, until - $now FROM decision WHERE entity = 'addr:45.0.1.3'")" =~ ^friction\|greylist\|([0-9]+)$ ]] ||
  fail "after probation: $(sql 'SELECT * FROM decision')"
[ "${BASH_REMATCH[1]}" -le $((30 * 86400 + 3600)) ] && [ "${BASH_REMATCH[1]}" -ge $((30 * 86400 - 7200)) ] || fail "it lasts ${BASH_REMATCH[1]} s"
[ "$(sql "SELECT n FROM episode WHERE entity = 'addr:45.0.1.3'")" = 1 ] || fail 'its past is forgotten'

# An allowance takes it all away, past and all; undone, it is back at once.
"$onus" allow add 45.0.1.0/24 -c "$dir/conf" --why partner >/dev/null
decide 1 --diff
has '^- block +drop +addr:45.0.1.1 '
stages "$dir/conf" score
[ "$(sql "SELECT (SELECT count(*) FROM decision WHERE entity LIKE 'addr:45.0.1.%') +
  (SELECT count(*) FROM episode WHERE entity LIKE 'addr:45.0.1.%')")" = 0 ] || fail 'allowed, and in the hub'
"$onus" allow remove 45.0.1.0/24 -c "$dir/conf" --why mistake >/dev/null
stages "$dir/conf" score
[ "$(sql "SELECT level, episode FROM decision WHERE entity = 'addr:45.0.1.1'")" = 'block|1' ] || fail 'not back'

# A second episode of a block is refused, no longer slowed down: once there is evidence from after the first.
sql "UPDATE decision SET since = since - 2 * 86400, until = until - 2 * 86400 WHERE entity LIKE 'block:%'"
sql "UPDATE episode SET past = past - 2 * 86400, clean = clean - 2 * 86400 WHERE entity LIKE 'block:%'"
stages "$dir/conf" score publish
[ "$(sql "SELECT level, action, episode, until - since FROM decision WHERE entity = 'block:45.0.7.0/24'")" = \
  'block|reject|2|172800' ] || fail "a second time: $(sql "SELECT * FROM decision WHERE entity LIKE 'block:%'")"
"$onus" export plain -c "$dir/conf" | grep -qx '45\.0\.7\.0/24' && fail 'what is to be told why is dropped'
"$onus" export plain -c "$dir/conf" --level friction | grep -qx '45\.0\.7\.0/24' || fail 'not in the wall of friction'

# What one's own sensors saw is known by the hour: what was seen before the first began is not new, on the same day either.
hour=$(((now - 60) / 3600 * 3600))
sql "UPDATE decision SET since = since - 86400, until = $now - 1 WHERE entity = 'addr:45.0.1.1'"
sql "UPDATE episode SET past = $hour WHERE entity = 'addr:45.0.1.1'"
stages "$dir/conf" score
[ "$(sql "SELECT level, episode FROM decision WHERE entity = 'addr:45.0.1.1'")" = 'probation|1' ] ||
  fail "renewed by what was there: $(sql "SELECT * FROM decision WHERE entity = 'addr:45.0.1.1'")"
sql "UPDATE episode SET past = $hour - 1 WHERE entity = 'addr:45.0.1.1'"
stages "$dir/conf" score
[ "$(sql "SELECT level, episode FROM decision WHERE entity = 'addr:45.0.1.1'")" = 'block|2' ] || fail 'a hit on probation is nothing'
echo ok
