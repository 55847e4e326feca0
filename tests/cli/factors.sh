#!/bin/bash
# The table `factor` of a publication adds up: add_up_factors.py (which knows the formulas of doc/scoring.md
# and nothing of onus) gets from the printed steps to the arrivals on the page, for every entity that has them.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

# A prefix wider than its /16s, one across the border of two, a block that two networks share, one that
# nobody announces, IPv6.
cat >"$dir/asn.csv" <<'CSV'
8.8.8.0,8.8.8.127,64496,Small
8.8.8.128,8.8.9.255,64497,Medium
20.0.0.0,20.0.191.255,64497,Medium
20.0.224.0,20.1.31.255,64497,Medium
45.0.0.0,45.15.255.255,64498,Large
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Large
CSV
cat >"$dir/country.csv" <<'CSV'
8.8.8.0,8.8.8.255,US
20.0.0.0,20.1.255.255,NL
45.0.0.0,45.15.255.255,US
CSV
# parts of two prefixes of one AS in one /16, of known holders
cat >"$dir/delegated" <<'RIR'
2|ripencc|20260601|2|19830705|20260601|+00:00
ripencc|*|ipv4|*|2|summary
ripencc|NL|ipv4|20.0.16.0|1024|20100101|assigned|a
ripencc|NL|ipv4|20.0.232.0|1024|20100101|assigned|b
RIR
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" "$dir/country.csv" "$dir/delegated" >/dev/null 2>&1
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
awk -v t="$today" 'BEGIN { OFS = "\t"; srand(5)
  print "#onus-events 1"
  for (d = 1; d < 60; d++) {
    at = t - d * 86400
    for (k = 0; k < 6; k++) print at, "20.0." 230 + int(rand() * 8) "." int(rand() * 256), "brute-force", 1, "full", "own"
    print at, "20.0." (d % 2 ? 17 : 40) "." d, "brute-force", 1, "full", "own"
    print at, "45." int(rand() * 16) "." int(rand() * 40) "." int(rand() * 256), "spam", 1, "full", "own"
    print at, "20.1." int(rand() * 4) "." int(rand() * 256), "spam", 1, "full", "own"
    print at, "45.3." int(rand() * 4) "." int(rand() * 256), "scanner", 1, "full", "own"
    print at, "8.8.8." int(rand() * 256), d % 2 ? "spam" : "exploit", 1, "full", "own"
    print at, "46.0.0." d, "exploit", 1, "full", "own"
    print at, "2a00:1:" int(rand() * 4) ":" d "::1", d % 3 ? "exploit" : "spam", 1, "full", "own"
  } }' >"$dir/events"
road_conf "$dir" <<CONF
[source own]
type = events
path = $dir/events
anchor = yes
CONF
stages "$dir/conf" collect load score publish
db=$dir/serve/current/reputation.sqlite

# what the judge himself says of one AS, out of the same hub
"$onus" explain -c "$dir/conf" --all --json as:64497 >"$dir/json" 2>/dev/null
python3 "$ONUS_SOURCE/tests/cli/add_up_factors.py" "$db" "$dir/json" || fail 'the steps do not add up'
sql() { sqlite3 "$db" "$1"; }
[ "$(sql "SELECT count(*) FROM entity WHERE kind = 'as' AND id NOT IN (SELECT entity FROM factor)")" = 0 ] || fail 'an AS without steps'
[ "$(sql "SELECT count(*) FROM factor JOIN entity e ON e.id = entity WHERE e.name = 'block:8.8.8.0/24'")" = 0 ] || fail 'one chain for a block of two networks'
[ "$(sql "SELECT group_concat(DISTINCT level) FROM factor JOIN entity e ON e.id = entity WHERE e.name = 'block:46.0.0.0/24'")" = /24 ] || fail 'a chain above a block without holder'
steps() { sql "SELECT group_concat(level, ' ') FROM (SELECT level FROM factor JOIN entity e ON e.id = entity WHERE e.name = '$1' AND family = 'attack' ORDER BY step)"; }
[ "$(steps block:45.3.1.0/24)" = 'as prefix /16 /20 /24' ] || fail "the wider one is not first: $(steps block:45.3.1.0/24)"
[ "$(steps block:20.0.230.0/24)" = 'as /16 prefix /20 /24' ] || fail "the wider one is not first: $(steps block:20.0.230.0/24)"
[ "$(steps prefix:20.0.224.0-20.1.31.255)" = 'as /16 prefix' ] || fail "the prefix: $(steps prefix:20.0.224.0-20.1.31.255)"
[ "$(steps block:20.0.233.0/24)" = 'as /16 prefix delegation /24' ] || fail "a delegation: $(steps block:20.0.233.0/24)"
[ "$(steps block:2a00:1:1::/48)" = 'as /32 prefix /44 /48' ] || fail "IPv6: $(steps block:2a00:1:1::/48)"
echo "ok"
