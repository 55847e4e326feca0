#!/bin/bash
# Geofeeds: what a holder says of where his addresses are used is told beside what the registries say, where he is
# who may say so, and nowhere else; it is no country of the address.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

cat >feed.csv <<'CSV'
# Geofeed of Example B.V.

5.0.0.0/24,DE,DE-BE,Berlin,
5.0.0.128/25,AT
5.0.1.0/24,nl
5.0.1.64/26,,,,
5.0.9.9,GB
9.0.0.0/24,US,US-CA,"San Jose, CA",95113
5.0.0.0/23,FR
4.255.255.0/24,FR
5.0.3.1/24,DE
10.0.0.0/8,DE
5.0.0.0/24,IT
2a00::/33,FR
CSV
cat >objects <<'RPSL'
inetnum:        5.0.0.0 - 5.0.255.255
netname:        EXAMPLE
country:        NL
remarks:        Geofeed https://example.net/feed.csv
source:         RIPE

inetnum:        5.0.0.0 - 5.0.0.255
netname:        PART
country:        NL
source:         RIPE

inetnum:        9.0.0.0 - 9.0.255.255
netname:        SOMEBODY-ELSE
country:        US
source:         RIPE

inet6num:       2a00::/32
netname:        SIX
geofeed:        https://example.net/feed.csv
source:         RIPE
RPSL
run 0 registry read feed.csv
same 'registry read' <<'OUT'
feed.csv (geofeed): 11 facts, 1 refused, 0 left out
  place             11 taken
  refused            1 a prefix with host bits (first: line 11)
OUT
run 0 registry build -o reg objects feed.csv
sed 's/^onus registry: refused: //' err >out
same 'what the build refuses' <<'OUT'
feed.csv:11: a prefix with host bits
feed.csv:12: private
feed.csv:8: in no network whose holder names a geofeed
feed.csv:10: in no network whose holder names a geofeed
feed.csv:13: the range of feed.csv:3, which says otherwise
OUT
settings=(-o "registry_file=$dir/reg" -o registry_max_age_days=3650)
run 0 lookup "${settings[@]}" 5.0.0.1 5.0.0.200 5.0.1.1 5.0.1.100 5.0.9.9 5.0.9.8 9.0.0.1 2a00::1 2a00:0:8000::1
grep '^[0-9]\|^  used in' out >got
mv got out
same lookup <<'OUT'
5.0.0.1
  used in   DE, as its holder says
5.0.0.200
  used in   AT, as its holder says
5.0.1.1
  used in   NL, as its holder says
5.0.1.100
5.0.9.9
  used in   GB, as its holder says
5.0.9.8
9.0.0.1
2a00::1
  used in   FR, as its holder says
2a00:0:8000::1
OUT
run 0 lookup --json "${settings[@]}" 5.0.0.1 5.0.9.8
[ "$(jq -c '[.country, .geofeed_country]' out)" = $'[null,"DE"]\n[null,null]' ] || fail "lookup --json: $(cat out)"
echo ok
