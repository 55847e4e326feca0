#!/bin/bash
# Settings that people change while onus runs (doc/settings.md): own networks, allow list, levels and sources. Each is
# validated, recorded and undone; each reaches walls and guards through the publication; and while the database
# cannot be read, what was published last is obeyed.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

printf '45.0.0.0,45.0.255.255,64496,Example Hosting\n47.0.0.0,47.0.255.255,64497,Ours\n' >"$dir/asn.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
now=$(date +%s)
sighting() { # SOURCE ADDRESS: on each of the last 20 days
  for day in $(seq 0 19); do
    printf '%s\t%s\tbrute-force\t3\tfull\t%s\tsshd\ttest\n' $((now - 60 - day * 86400)) "$2" "$1"
  done
}
{ echo '#onus-events 1'; sighting a 45.0.1.1; sighting a 45.0.2.2; } >"$dir/a.events"
{ echo '#onus-events 1'; sighting c 45.0.1.1; } >"$dir/c.events"
road_conf "$dir" <<CONF
$(events_source a)
$(events_source c 'anchor = no' 'trust = 0.8')
CONF
sql() { sqlite3 "$dir/hub.sqlite" "$1"; }
# rc WANTED COMMAND…: onus with that exit code
rc() {
  local want=$1 got=0
  shift
  "$onus" "$@" -c "$dir/conf" >"$dir/out" 2>"$dir/err" || got=$?
  [ "$got" = "$want" ] || fail "onus $*: $got, not $want: $(cat "$dir/out" "$dir/err")"
}
err() { grep -q "$1" "$dir/err" || fail "not said: $1, but: $(cat "$dir/err")"; }
out() { grep -q "$1" "$dir/out" || fail "not said: $1, but: $(cat "$dir/out")"; }
wall() { "$onus" export plain -c "$dir/conf" | grep -v '^#' | sort | tr '\n' ' '; }
generation() { sed -n 's/^generation[[:space:]]*//p' "$dir/serve/current/manifest"; }

rc 2 allow add 45.0.1.0/24 --why x
err 'no hub at'
stages "$dir/conf" collect load score publish
[ "$(wall)" = '45.0.1.1 45.0.2.2 ' ] || fail "at first: $(wall)"
[ "$(tail -n 1 "$dir/serve/current/settings")" = "$(printf 'end\t1')" ] || fail 'settings out of nothing'

# What is refused changes nothing.
rc 3 allow add 0.0.0.0/0 --why x; err 'wider than the bound: IPv4 /8, IPv6 /19'
rc 3 allow add 2a00::/18 --why x; err 'wider than the bound'
rc 3 allow add 45.0.1.1/24 --why x; err 'bits set'
rc 3 allow add 10.0.0.0/8 --why x; err private
rc 3 own add 192.0.2.0/24; err documentation
rc 3 allow add everybody --why x; err 'no address and no prefix'
rc 3 allow add 45.0.1.0/24; err 'say why'
rc 3 allow add 45.0.1.0/24 --why x --until 2020-01-01; err 'not later than now'
rc 3 allow add 45.0.1.0/24 0.0.0.0/0 --why x; err 'wider than the bound' # all of them or none
rc 1 allow remove 45.0.1.0/24 --why x; err 'is not allowed'
rc 3 level set block.hosts=1 --why x; err '2 to 256'
rc 3 level set budget=2000000 --why x; err '256 to 1048576'
rc 3 level set block.hosts=5; err 'say why'
rc 3 level set nothing=5 --why x; err 'no level'
rc 3 source set c trust=1.5 --why x; err 'trust is a number'
rc 3 source set c trust=0.5; err 'say why'
rc 3 source set c anchor=yes --why x; err 'cannot be set here'
rc 3 source set a trust=0.5 --why x; err 'believed in full'
rc 1 source set nobody trust=0.5 --why x; err 'no source "nobody"'
rc 1 settings undo 1 --why x; err 'no revision 1'
rc 3 settings undo x --why x; err 'no revision'
rc 3 allow; err 'say add'
[ "$(sql 'SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM setting)')" = 0 ] || fail 'what was refused is there'

# An allowance lifts the wall with the next publication, though nothing was judged anew.
rc 0 allow add 45.0.1.0/24 --until 2199-01-01 --why 'partner, ticket 17'
out 'allowed 45.0.1.0/24 (revision 1)'
before=$(generation)
stages "$dir/conf" publish
[ "$(generation)" = $((before + 1)) ] || fail "generation $(generation) after $before"
[ "$(wall)" = '45.0.2.2 ' ] || fail "allowed, and on the wall: $(wall)"
grep -q '45\.0\.1\.1' "$dir/serve/current/decisions" "$dir"/open/current/* && fail 'allowed, and decided'
grep -q "$(printf '^allow\t45.0.1.0/24\t7226582400$')" "$dir/serve/current/settings" || fail "$(cat "$dir/serve/current/settings")"
grep -q "settings" "$dir/serve/current/manifest" || fail 'the manifest does not name the settings'
[ -e "$dir/open/current/settings" ] && fail 'settings are given to everybody'
stages "$dir/conf" score
[ "$(sql "SELECT count(*) FROM decision WHERE entity = 'addr:45.0.1.1'")" = 0 ] || fail 'the decision stands in the hub'
[ "$(sql "SELECT count(*) FROM score_day WHERE entity = 'addr:45.0.1.1'")" != 0 ] || fail 'allowed, and not judged'
rc 0 allow add 45.0.1.7 --why y; err 'lies within 45.0.1.0/24, which is allowed'
rc 0 allow add 45.0.0.0/16 --why z; err 'holds 45.0.1.0/24, which is allowed'
rc 0 allow remove 45.0.0.0/16 45.0.1.7 --why 'typing error'
rc 0 allow list; out 'partner, ticket 17'; out 2199-01-01
rc 0 allow list --json
[ "$(jq -r '"\(.prefix) \(.until) \(.in_force) \(.revision)"' "$dir/out")" = '45.0.1.0/24 2199-01-01T00:00:00Z true 1' ] || fail "$(cat "$dir/out")"

# Who it was: what sudo says is believed of root alone.
me=$(id -un)
[ "$(id -u)" != 0 ] || me='alice via sudo'
SUDO_USER=alice rc 0 own add 47.0.0.0/16
[ "$(sql 'SELECT who FROM audit ORDER BY id DESC LIMIT 1')" = "$me" ] || fail "who: $(sql 'SELECT who FROM audit')"

# The collector's guard has it from the publication.
stages "$dir/conf" publish
{ sighting a 47.0.0.1; sighting a 45.0.3.3; } >>"$dir/a.events"
stages "$dir/conf" collect load score publish
[ "$(sql "SELECT count(*) FROM ledger WHERE hex(addr) LIKE '%2F000001'")" = 0 ] || fail "one's own became events"
[ "$(wall)" = '45.0.2.2 45.0.3.3 ' ] || fail "with own networks: $(wall)"

# While the database cannot be read, the last publication stands, and is obeyed.
before=$(generation)
for f in "$dir"/hub.sqlite*; do mv "$f" "$f.away"; done
head -c 8192 /dev/zero | tr '\0' 'x' >"$dir/hub.sqlite"
"$ONUS_BUILD/src/prog/publish/onus-publish" -c "$dir/conf" --once 2>"$dir/log" && fail 'published out of nothing'
rc 2 allow add 45.0.3.3 --why x
rc 2 allow list
[ "$(generation)" = "$before" ] || fail 'another generation without a database'
[ "$(wall)" = '45.0.2.2 45.0.3.3 ' ] || fail "without a database: $(wall)"
sighting a 47.0.0.2 >>"$dir/a.events"
stages "$dir/conf" collect
rm "$dir/hub.sqlite"
for f in "$dir"/hub.sqlite*.away; do mv "$f" "${f%.away}"; done
stages "$dir/conf" load
[ "$(sql "SELECT count(*) FROM ledger WHERE hex(addr) LIKE '%2F000002'")" = 0 ] || fail 'the guard was down with the database'

# A file that is not what the manifest names is no allowance, and no licence to wall off: nothing is exported.
cp "$dir/serve/current/settings" "$dir/good"
chmod u+w "$dir/serve/current/settings"
sed 's/45\.0\.1\.0/45.0.9.0/' "$dir/good" >"$dir/serve/current/settings"
rc 2 export plain; err 'not the file that its manifest names'
stages "$dir/conf" collect
grep -q 'not the file that its manifest names' "$dir/collect.log" || fail 'the collector does not say it'
cp "$dir/good" "$dir/serve/current/settings"

# Back again: undo is a change of its own, and refused where somebody changed it since.
rc 3 settings undo 1; err 'say why'
rc 0 settings log --json
[ "$(jq -r 'select(.revision == 4) | "\(.setting) \(.old) \(.new) \(.why)"' "$dir/out")" = 'allow/45.0.0.0/16  null typing error' ] || fail "$(cat "$dir/out")"
rc 0 settings undo 1 --why 'wrong network'; out 'undone revision 1: allow/45.0.1.0/24'
rc 0 settings log -n 1; out 'undo of 1: wrong network'; out '7226582400 > not set'
rc 3 settings undo 1 --why x; err 'changed allow/45.0.1.0/24 again'
stages "$dir/conf" score publish
[ "$(wall)" = '45.0.1.1 45.0.2.2 45.0.3.3 ' ] || fail "no longer allowed: $(wall)"

# Levels: what is set decides, within its bounds.
rc 0 level list; out 'block.hosts  4 .*2 to 256'
rc 0 level set addr.p7=0.95 block.hosts=6 --why 'careful'
rc 0 level list; out "set by $(id -un) on .*: careful"
sql 'DELETE FROM decision; DELETE FROM episode'
stages "$dir/conf" score publish
[ "$(sql "SELECT count(*) FROM decision WHERE level = 'block'")" = 0 ] || fail 'the level that was set does not decide'
grep -q "$(printf '^level\taddr.p7\t0.95$')" "$dir/serve/current/settings" || fail 'levels are not published'
rc 0 level set addr.p7=default block.hosts=default --why 'as it was'
stages "$dir/conf" score
[ "$(sql "SELECT count(*) FROM decision WHERE level = 'block'")" = 3 ] || fail 'the standard level is not back'

# Sources: over the configuration, also when the loader starts anew, until it is set back.
trust() { sql "SELECT grp || ' ' || trust FROM source_rev WHERE source = (SELECT id FROM source WHERE name = 'c') ORDER BY rev DESC LIMIT 1"; }
[ "$(trust)" = 'c 0.8' ] || fail "trust at first: $(trust)"
rc 0 source set c trust=0.3 --why 'wrong twice'
rc 0 source set c group=others redistribute=no
[ "$(trust)" = 'others 0.3' ] || fail "trust as set: $(trust)"
stages "$dir/conf" load
[ "$(trust)" = 'others 0.3' ] || fail "trust after the loader: $(trust)"
rc 0 source list; out '^c  .*others .*0.3 .*trust=0.3 group=others redistribute=no'
rc 0 source list --json
[ "$(jq -r 'select(.source == "c") | "\(.trust) \(.redistribute)"' "$dir/out")" = '0.3 false' ] || fail "$(cat "$dir/out")"
last=$(sql 'SELECT max(id) FROM audit')
rc 0 settings undo "$last" --why 'they share it after all'
[ "$(trust)" = 'c 0.3' ] || fail "undone: $(trust)"
rc 0 source set c trust=default --why 'as it was'
[ "$(trust)" = 'c 0.8' ] || fail "set back: $(trust)"
[ "$(sql "SELECT count(*) FROM setting WHERE name LIKE 'source/%'")" = 0 ] || fail 'something is set still'
[ "$(sql "SELECT redistribute FROM source WHERE name = 'c'")" = 1 ] || fail 'redistribute is not back'
rc 0 settings show; out '^#onus-settings 1'
# revisions have no holes, each has an author
[ "$(sql "SELECT count(*) = max(id) AND min(length(who)) > 0 FROM audit")" = 1 ] || fail 'revisions'
echo ok
