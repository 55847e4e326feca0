#!/bin/bash
# Networks of the registries are scored: what `onus top` says of them from event lines is what a hub, its
# publication, pages and the API say; each has what its space has, and those around it have it too.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus

cat >"$dir/asn.csv" <<'CSV'
8.8.8.0,8.8.9.255,64496,Small
20.0.0.0,20.0.191.255,64497,Medium
20.1.0.0,20.1.31.255,64498,Other
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Other
CSV
# around both ASes; a part with a handle, a part without one, one of a quarter of a block; one without evidence
cat >"$dir/ripe.db" <<'RPSL'
inetnum:        20.0.0.0 - 20.1.255.255
netname:        WIDE
country:        NL
org:            ORG-W1-RIPE
status:         ALLOCATED PA
source:         RIPE

inetnum:        20.0.32.0 - 20.0.63.255
netname:        PART
country:        DE
status:         ASSIGNED PA
source:         RIPE

inetnum:        20.0.33.0 - 20.0.33.63
netname:        FEW
country:        DE
status:         ASSIGNED PA
source:         RIPE

inetnum:        20.0.128.0 - 20.0.159.255
netname:        QUIET
country:        DE
status:         ASSIGNED PA
source:         RIPE

inet6num:       2a00:1::/33
netname:        SIX
country:        FR
status:         ALLOCATED-BY-RIR
source:         RIPE

organisation:   ORG-W1-RIPE
org-name:       Wide Holding
source:         RIPE
RPSL
cat >"$dir/arin.json" <<'RDAP'
{"objectClassName":"ip network","handle":"NET-8-8-8-0-1","startAddress":"8.8.8.0","endAddress":"8.8.8.255","name":"EIGHT","port43":"whois.arin.net"}
RDAP
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" "$dir/ripe.db" "$dir/arin.json" >"$dir/out" 2>&1 || fail "$(cat "$dir/out")"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
awk -v t="$today" 'BEGIN { OFS = "\t"; srand(5)
  print "#onus-events 1"
  for (d = 1; d < 60; d++) {
    at = t - d * 86400
    for (k = 0; k < 6; k++) print at, "20.0." 32 + int(rand() * 4) "." int(rand() * 256), "brute-force", 1, "full", "own"
    print at, "20.0." int(rand() * 8) "." int(rand() * 256), "spam", 1, "full", "own"
    print at, "20.1." int(rand() * 4) "." int(rand() * 256), "spam", 1, "full", "own"
    print at, "8.8.8." int(rand() * 256), d % 2 ? "spam" : "exploit", 1, "full", "own"
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
sql() { sqlite3 "$1" "$2"; }
same() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }

same 'networks with a score' "$(sql "$db" "SELECT group_concat(name, ' ') FROM (SELECT name FROM entity WHERE kind = 'net' ORDER BY name)")" \
  'net:ARIN/NET-8-8-8-0-1 net:RIPE/20.0.0.0-20.1.255.255 net:RIPE/20.0.32.0-20.0.63.255 net:RIPE/2a00:1::-2a00:1:7fff:ffff:ffff:ffff:ffff:ffff'
one() { sql "$db" "SELECT $2 FROM entity WHERE name = '$1'"; }
wide=net:RIPE/20.0.0.0-20.1.255.255 part=net:RIPE/20.0.32.0-20.0.63.255
same 'hosts of the wide one' "$(one $wide hosts)" "$(sql "$db" "SELECT sum(hosts) FROM entity WHERE name IN ('as:64497', 'prefix:20.1.0.0/19')")"
same 'its announced space' "$(one $wide announced)" $((192 * 256 + 32 * 256))
same 'the announced space of the part' "$(one $part announced)" 8192
same 'hosts of the part' "$(one $part hosts)" "$(sql "$db" "SELECT sum(hosts) FROM entity WHERE kind = 'block' AND name LIKE 'block:20.0.3_.%'")"
same 'ARIN block: as its block' "$(one net:ARIN/NET-8-8-8-0-1 "printf('%.6f', expected)")" "$(one block:8.8.8.0/24 "printf('%.6f', expected)")"
# what is seen there, on its page: the narrowest network has it
same 'evidence' "$(sql "$db" "SELECT sum(v.events) FROM evidence v JOIN entity e ON e.id = v.entity WHERE e.name = '$part'")" "$(one $part events)"

# the hub's figures are those of `onus top` and `onus explain`
"$onus" top -c "$dir/conf" --by net --json "$dir/events" 2>/dev/null >"$dir/top"
while read -r name; do
  got=$("$onus" explain -c "$dir/conf" --json "$name" 2>/dev/null | jq -r '.score * 100 | round')
  stored=$(sql "$dir/hub.sqlite" "SELECT CAST(round(score * 100) AS INTEGER) FROM score_day WHERE entity = '$name' AND family = 255")
  [ "$got" = "$stored" ] || fail "$name: explained as $got, stored as $stored"
done < <(jq -r 'select(.score) | .entity' "$dir/top")
same 'rows of top' "$(jq -r 'select(.score) | .entity' "$dir/top" | wc -l)" 4

start -o registry_file="$dir/registry" -o hub="sqlite:$dir/hub.sqlite"
get 200 /net/RIPE/20.0.32.0-20.0.63.255
has 'PART'; has 'Wide Holding'; clean
get 302 /net/ripe/20.0.32.0-20.0.63.255; header '^location: /net/RIPE/20.0.32.0-20.0.63.255'
get 302 /net/RIPE/20.0.128.0-20.0.159.255; header '^location: /prefix/'
get 200 /net/ARIN/NET-8-8-8-0-1; has EIGHT
get 200 /block/20.0.33.0/24; has '/net/RIPE/20.0.32.0-20.0.63.255'; has '/net/RIPE/20.0.0.0-20.1.255.255'; clean
get 200 "/api/v1/lookup?q=$part"
json '.entity == "'$part'" and .score < 100 and .hosts > 0 and (.networks | length) == 2 and .networks[0].name == "PART"'
json '[.chain[].entity] | index("'$wide'")'
get 200 "/api/v1/top?kind=net"; json '.rows | length == 4'
get 302 "/search?q=WIDE"; header '^location: /net/RIPE/20.0.0.0-20.1.255.255'
get 200 "/?kind=net"; has 'networks'; clean
stop
echo "ok: $n answers"
