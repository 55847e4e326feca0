#!/bin/bash
# Who held what when: what changed between builds of the registry.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"
# stats DAY <LINES: a registry of statistics of that day, whose lines are CC|FIRST|ADDRESSES|DAY|ID
stats() {
  local lines
  lines=$(sed 's/^\(..\)|\([^|]*\)|\([^|]*\)|\([^|]*\)|/ripencc|\1|ipv4|\2|\3|\4|allocated|/')
  { printf '2|ripencc|%s|%d|19830101|%s|+0000\nripencc|*|ipv4|*|%d|summary\n' "$1" "$(wc -l <<<"$lines")" "$1" "$(wc -l <<<"$lines")"
    echo "$lines"; } >"delegated-ripencc-extended-$1"
  run 0 registry build -o "registry-$1" "delegated-ripencc-extended-$1" "${@:2}"
}

# --- diff ---------------------------------------------------------------------------------------------------
printf '5.0.0.0,5.0.255.255,64496,A\n5.2.0.0,5.2.255.255,64497,B\n' >asn-20260901.csv
printf '5.0.0.0,5.0.255.255,64496,A\n5.2.0.0,5.2.127.255,64497,B\n5.2.128.0,5.2.255.255,64498,C\n' >asn-20260908.csv
stats 20260901 asn-20260901.csv <<'IN'
NL|5.0.0.0|65536|20100101|old
NL|5.1.0.0|65536|20100101|old
NL|5.2.0.0|65536|20100101|stays
NL|5.3.0.0|65536|20100101|stays
DE|5.4.0.0|65536|20100101|stays
IN
stats 20260908 asn-20260908.csv <<'IN'
NL|5.0.0.0|65536|20260904|new
NL|5.1.0.0|65536|20100101|new
FR|5.2.0.0|65536|20100101|stays
NL|5.3.0.0|32768|20100101|stays
NL|5.3.128.0|32768|20100101|stays
DE|5.4.0.0|65536|20100101|stays
IN
run 0 registry diff registry-20260901 registry-20260908
same 'registry diff' <<'OUT'
from 2026-09-01 to 2026-09-08
  RIPE            5 networks, now 6; 2 changed hands; 2 appeared; 1 vanished; 1 other countries
  announced       32768 IPv4 addresses, 0 IPv6 /48s by another AS than before
  2 changed hands
    5.0.0.0/16 (RIPE): RIPE/OLD -> RIPE/NEW, 2026-09-04
    5.1.0.0/16 (RIPE): RIPE/OLD -> RIPE/NEW, 2026-09-08
  2 appeared
    5.3.0.0/17 (RIPE): RIPE/STAYS
    5.3.128.0/17 (RIPE): RIPE/STAYS
  1 vanished
    5.3.0.0/16 (RIPE): RIPE/STAYS
  1 other countries
    5.2.0.0/16 (RIPE): NL -> FR
  1 announced by another AS
    5.2.128.0/17: AS64497 -> AS64498
OUT
run 0 registry diff --json registry-20260901 registry-20260908
jq -c '.was, .is, .sources[0], .origin, .changes[0], .changes[-1], (.changes | length)' out >got
mv got out
same 'registry diff --json' <<'OUT'
"2026-09-01"
"2026-09-08"
{"source":"RIPE","was":5,"is":6,"numbered_anew":false,"transfer":2,"holder":0,"appeared":2,"vanished":1,"country":1,"abuse":0,"status":0}
{"stretches":1,"v4_addresses":32768,"v6_blocks":0}
{"kind":"transfer","range":"5.0.0.0/16","source":"RIPE","name":null,"was":"RIPE/OLD","is":"RIPE/NEW","day":"2026-09-04"}
{"kind":"origin","range":"5.2.128.0/17","was":"AS64497","is":"AS64498"}
7
OUT
run 0 registry diff registry-20260901 registry-20260901
[ "$(wc -l <out)" = 3 ] || fail "a file differs from itself: $(cat out)"
run 2 registry diff registry-20260901 nosuch
# days, of which the newest build before or on them counts
run 0 registry diff registry-20260901 registry-20260908
mv out want
run 0 registry diff -r registry 2026-09-03 2026-09-09
cmp -s want out || fail "by days: $(cat out)"
run 2 registry diff -r registry 2026-01-01 2026-09-09
grep -q 'no day of which no build was kept' err || fail "a day before all: $(cat err)"
# a build that keeps itself, and lets go of what is too old
mkdir kept
echo '9.0.0.0,9.0.0.255,64496,Nine' >kept/asn.csv
run 0 registry build --keep -o kept/reg kept/asn.csv
today=$(date -u +%Y%m%d)
[ "kept/reg" -ef "kept/reg-$today" ] || fail "not kept: $(ls kept)"
: >"kept/reg-$(date -u -d '-40 days' +%Y%m%d)"
: >"kept/reg-$(date -u -d '-20 days' +%Y%m%d)"
: >kept/reg-notes
echo '9.0.1.0,9.0.1.255,64497,Next' >>kept/asn.csv
run 0 registry build -k -o kept/reg kept/asn.csv
[ "kept/reg" -ef "kept/reg-$(date -u +%Y%m%d)" ] || fail "not kept again: $(ls kept)"
[ "$(ls kept | wc -l)" = 5 ] && [ -e kept/reg-notes ] || fail "what is kept: $(ls kept)"
run 3 registry diff registry-20260901

# the first ten of a kind, or all
for i in $(seq 0 19); do echo "NL|6.$i.0.0|65536|20100101|a"; done >many
stats 20260701 <many
sed 's/|a$/|b/' many | stats 20260702
run 0 registry diff registry-20260701 registry-20260702
[ "$(grep -c 'RIPE/A -> RIPE/B' out)" = 10 ] && grep -q '^    …$' out || fail "not the first ten: $(cat out)"
run 0 registry diff --all registry-20260701 registry-20260702
[ "$(grep -c 'RIPE/A -> RIPE/B' out)" = 20 ] && ! grep -q '…' out || fail "not all: $(cat out)"

# --- tenure -------------------------------------------------------------------------------------------------
# rows: what is in the hub, a row a line
hub=(-o "hub=sqlite:$dir/hub.sqlite" -o "registry_file=$dir/registry")
rows() {
  sqlite3 hub.sqlite "SELECT hex(substr(first, 13)), holder, date(from_day * 86400, 'unixepoch'),
    coalesce(date(to_day * 86400, 'unixepoch'), 'now'), rule FROM tenure ORDER BY first, from_day" >out
}
run 0 registry tenure "${hub[@]}" registry-20260901 registry-20260908
same 'the last build alone' <<'OUT'
2 builds
0 transfers recorded
2 in the last build only: the next one decides
OUT
# confirmed of 5.0.0.0, not of 5.1.0.0; 5.4.0.0 changes hands for a week, 5.2.0.0 for good
stats 20260915 <<'IN'
NL|5.0.0.0|65536|20260904|new
NL|5.1.0.0|65536|20100101|old
FR|5.2.0.0|65536|20100101|other
DE|5.4.0.0|65536|20100101|glitch
IN
stats 20260922 <<'IN'
NL|5.0.0.0|65536|20260904|new
NL|5.1.0.0|65536|20100101|old
FR|5.2.0.0|65536|20100101|third
DE|5.4.0.0|65536|20100101|stays
IN
run 0 registry tenure "${hub[@]}" registry-20260901 registry-20260908 registry-20260915
same 'two builds agree' <<'OUT'
3 builds
1 transfers recorded
3 in the last build only: the next one decides
1 not said twice
OUT
sed 's/20260922/20260929/' delegated-ripencc-extended-20260922 >delegated-ripencc-extended-20260929
run 0 registry build -o registry-20260929 delegated-ripencc-extended-20260929
cp registry-20260929 registry-20260930 # built again, of the same inputs: that is no second word
rm registry-2026070?
for round in 1 2; do
  run 0 registry tenure "${hub[@]}" --json
  [ "$(jq -c . out)" = "{\"builds\":5,\"same_day\":1,\"recorded\":$((2 - round)),\"known\":$round,\"waiting\":0,\"unconfirmed\":5,\"otherwise\":0}" ] ||
    fail "round $round: $(cat out)"
  rows
  # of 5.2.0.0, other was named once, between stays and third
  same "rows, round $round" <<'OUT'
05000000|RIPE/OLD|2026-09-01|2026-09-04|statistics-twice
05000000|RIPE/NEW|2026-09-04|now|statistics-twice
05020000|RIPE/STAYS|2026-09-08|2026-09-22|statistics-twice
05020000|RIPE/THIRD|2026-09-22|now|statistics-twice
OUT
done
# it is sold on; a build that is damaged is left out, and told of
for day in 20261006 20261013; do
  stats $day <<'IN'
NL|5.0.0.0|65536|20260904|last
NL|5.1.0.0|65536|20100101|old
IN
done
head -c 5000 registry-20261006 >registry-20261010
run 1 registry tenure "${hub[@]}"
grep -q 'left out: .*registry-20261010' err || fail 'a damaged build is not told'
rows
grep 05000000 out >got
mv got out
same 'sold on' <<'OUT'
05000000|RIPE/OLD|2026-09-01|2026-09-04|statistics-twice
05000000|RIPE/NEW|2026-09-04|2026-10-06|statistics-twice
05000000|RIPE/LAST|2026-10-06|now|statistics-twice
OUT
# a block that was bought, of which a part is sold on; the parts that nobody bought are his who had it
mkdir parts
cd parts
for day in 20260901 20260908 20260915 20260922 20260929; do
  case $day in
    20260901) echo 'NL|7.0.0.0|65536|20100101|old' ;;
    20260908 | 20260915) echo 'NL|7.0.0.0|65536|20100101|first' ;;
    *) printf '%s\n' 'NL|7.0.0.0|32768|20100101|first' 'NL|7.0.128.0|16384|20100101|first' 'NL|7.0.192.0|16384|20260920|next' ;;
  esac | stats $day
done
run 0 registry tenure "${hub[@]}" -o "hub=sqlite:$dir/parts/hub.sqlite" registry-*
rows
same 'a part is sold' <<'OUT'
07000000|RIPE/OLD|2026-09-01|2026-09-08|statistics-twice
07000000|RIPE/FIRST|2026-09-08|now|statistics-twice
0700C000|RIPE/OLD|2026-09-01|2026-09-08|statistics-twice
0700C000|RIPE/FIRST|2026-09-08|2026-09-20|statistics-twice
0700C000|RIPE/NEXT|2026-09-20|now|statistics-twice
OUT
run 0 registry tenure "${hub[@]}" -o "hub=sqlite:$dir/parts/hub.sqlite" registry-* --json
[ "$(jq -c '[.recorded, .known]' out)" = '[0,2]' ] || fail "parts, told again: $(cat out)"
cd ..
run 2 registry tenure "${hub[@]}" registry-20260908 registry-20260901
run 2 registry tenure "${hub[@]}" -o registry_file=nosuch

# --- lookup --at --------------------------------------------------------------------------------------------
at=(-o "hub=sqlite:$dir/hub.sqlite" -o "registry_file=$dir/registry" -o registry_max_age_days=365)
run 0 lookup "${at[@]}" --at 2026-09-05 5.0.0.9 5.1.0.9
same 'lookup --at' <<'OUT'
5.0.0.9
  prefix    5.0.0.0/16
  AS        AS64496 A
  org       A
  country   NL
  as of     2026-09-01
  network   5.0.0.0/16 (RIPE), allocated, NL, since 2010-01-01
            held by RIPE/OLD
  tenure    5.0.0.0/16 held by RIPE/OLD until 2026-09-04, by RIPE/NEW until 2026-10-06, by RIPE/LAST since; on 2026-09-05 by RIPE/NEW
5.1.0.9
  nobody announces it, as of 2026-09-01; registered in NL
  network   5.1.0.0/16 (RIPE), allocated, NL, since 2010-01-01
            held by RIPE/OLD
OUT
run 0 lookup "${at[@]}" --at 2026-09-03 --json 5.0.0.9 5.1.0.9
jq -c '[.registry_date, .as_of, .networks[0].org.handle, .tenure]' out >got
mv got out
same 'lookup --at --json' <<'OUT'
["2026-09-01","2026-09-03","OLD",[{"range":"5.0.0.0/16","holder":"RIPE/OLD","from":"2026-09-01","to":"2026-09-04","then":true},{"range":"5.0.0.0/16","holder":"RIPE/NEW","from":"2026-09-04","to":"2026-10-06","then":false},{"range":"5.0.0.0/16","holder":"RIPE/LAST","from":"2026-10-06","to":null,"then":false}]]
["2026-09-01","2026-09-03","OLD",[]]
OUT
run 0 lookup "${at[@]}" --at 2026-09-08 5.0.0.9
grep -q 'held by RIPE/NEW$' out || fail "the build of that very day: $(cat out)"
run 0 lookup "${at[@]}" --at 2027-01-01 5.0.0.9
grep -q 'held by RIPE/LAST$' out && grep -q 'on 2027-01-01 by RIPE/LAST$' out || fail "the newest build: $(cat out)"
run 3 lookup "${at[@]}" --at 2026-08-31 5.0.0.9
grep -q 'there is no .*/registry-YYYYMMDD of 2026-08-31 or before' err || fail 'a day before all builds'
run 3 lookup "${at[@]}" --at yesterday 5.0.0.9
# without a hub nobody told of transfers; without --at nobody is asked
run 0 lookup "${at[@]}" -o "hub=sqlite:$dir/nosuch" --at 2026-09-05 5.0.0.9
grep -q tenure out && fail 'tenure out of nothing'
[ ! -e nosuch ] || fail 'a lookup makes a hub'
cp registry-20261013 registry
run 0 lookup "${at[@]}" 5.0.0.9
grep -q tenure out && fail 'tenure without --at'
echo hub >hub.sqlite
run 3 lookup "${at[@]}" --at 2026-09-05 5.0.0.9
echo ok
