#!/bin/bash
# Organisations: every rule joins whom it should and nobody else, each join says what it rests on, a list of merges joins
# and keeps apart, and what is kept apart is two in scores and on pages.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
cd "$dir"
# build [OPTION…]: the registry of all inputs
build() { "$onus" registry build -o registry "$@" asn.csv country.csv stats as2org peeringdb ripe.db >built 2>refused; }
# ask QUESTION…: objects, one a line
ask() { "$onus" lookup --json -r registry -o registry_max_age_days=3650 "$@"; }
# org AS: the handle of its organisation
org() { ask "as:$1" | jq -r .org_handle; }
# one RULE AS AS [WHY]: one organisation, by that rule
one() {
  local a b
  a=$(org "$2") b=$(org "$3")
  [ "$a" = "$b" ] || fail "AS$2 and AS$3 are $a and $b"
  ask "org:$a" | jq -e --arg rule "$1" --arg why "${4:-}" \
    'any(.joins[]; .rule == $rule and ($why == "" or .why == $why))' >/dev/null ||
    fail "AS$2 and AS$3: not by $1 $4: $(ask "org:$a" | jq -c .joins)"
}
two() { [ "$(org "$1")" != "$(org "$2")" ] || [ "$(org "$1")" = null ] || fail "AS$1 and AS$2 are one: $(ask "org:$(org "$1")" | jq -c .joins)"; }

# --- inputs ------------------------------------------------------------------------------------------------
n=0
# as NUMBER NAME COUNTRY: the next /24
as() {
  echo "20.0.$n.0,20.0.$n.255,$1,\"$2\"" >>asn.csv
  echo "20.0.$n.0,20.0.$n.255,$3" >>country.csv
  n=$((n + 1))
}
as 64496 'Kvantex Telecom GmbH' DE;         as 64497 'KVANTEX Telecom GmbH' DE     # 0, 1
as 64498 'Alpha Networks' NL;               as 64499 'Beta Hosting' NL
as 64500 Gamma NL;                          as 64501 Delta NL
as 64502 'First Line' NL;                   as 64503 'Second Line' NL              # 6, 7
as 64504 'Third Line' ZA;                   as 64505 'Fourth Line' ZA              # 8, 9
as 64506 'University of Here' JP;           as 64507 'Internet of There' JP
as 64508 'General Telecom' JP;              as 64509 'GENERAL TELECOM' JP
as 64510 'Data Service' NL;                 as 64511 'Data Service' DE
as 65536 'Mercy Medical Center of Springfield' US; as 65537 'Mercy Medical Center of Springfield' US
as 65538 'Zarkovian LLC' FR;                as 65539 'Zarkovian SAS' FR
as 65540 'Zvezdolyot LLC' RU;               as 65541 'LLC Zvezdolyot' RU
as 65542 'Japan Network Information Center' JP; as 65543 'Japan Network Information Center' JP
as 65544 'Telecom' NL;                      as 65545 'Telecom' NL
as 65546 'Orbitronix GmbH' DE;              as 65547 'Orbitronix GmbH' AT
as 65548 'Planetix Ltd' GB;                 as 65549 'Planetix Ltd' AU
as 65550 'Quasarix Inc.' ZA;                as 65551 'Quasarix Inc.' ZA             # 30, 31
cat >stats <<'IN'
2|afrinic|20260101|6|19700101|20260101|+0000
afrinic|ZA|asn|64504|2|20200101|allocated|F36A
afrinic|ZA|ipv4|20.0.8.0|512|20200101|allocated|F36A
afrinic|ZA|ipv4|41.0.0.0|256|20200101|allocated|F36A
afrinic|ZA|asn|65550|1|20200101|allocated|F36B
afrinic|ZA|asn|65551|1|20200101|allocated|F36C
apnic|JP|asn|64506|4|20200101|allocated|A91A
apnic|JP|ipv4|43.0.0.0|256|20200101|allocated|A91A
ripencc|NL|ipv4|20.0.6.0|512|20200101|allocated|0f-1
ripencc|NL|ipv4|62.0.0.0|256|20200101|allocated|0f-2
ripencc|NL|ipv4|62.0.1.0|256|20200101|allocated|0f-2
IN
cat >as2org <<'IN'
# format:org_id|changed|org_name|country|source
ORG-AB1|20250101|Alpha Beta Holding|NL|RIPE
@jp|20250101|Japan Network Information Center|JP|APNIC
# format:aut|changed|aut_name|org_id|opaque_id|source
64498|20250101|ALPHA|ORG-AB1||RIPE
64499|20250101|BETA|ORG-AB1||RIPE
65542|20250101|A|@jp||APNIC
65543|20250101|B|@jp||APNIC
IN
cat >peeringdb <<'IN'
{"net":{"data":[{"id":1,"org_id":77,"asn":64500,"name":"Gamma","status":"ok"},
{"id":2,"org_id":77,"asn":64501,"name":"Delta","status":"ok"}]},
"org":{"data":[{"id":77,"name":"Greek Letters","country":"NL","status":"ok"}]}}
IN
# holder HANDLE NAME COUNTRY MAILBOX
holder() {
  printf 'organisation: %s\norg-name: %s\ncountry: %s\nabuse-c: AR-%s\nsource: RIPE\n\n' "$1" "$2" "$3" "$1"
  printf 'role: Desk\nnic-hdl: AR-%s\nabuse-mailbox: %s\nsource: RIPE\n\n' "$1" "$4"
}
{
  for as in '64502 ORG-L' '64503 ORG-L' '64510 ORG-D1' '64511 ORG-D2'; do
    printf 'aut-num: AS%s\nas-name: X\norg: %s\nsource: RIPE\n\n' $as
  done
  printf 'inetnum: %s\nnetname: N\nstatus: ALLOCATED PA\norg: %s\nsource: RIPE\n\n' '20.0.6.0 - 20.0.7.255' ORG-L \
    '62.0.0.0 - 62.0.0.255' ORG-L '62.0.1.0 - 62.0.1.255' ORG-D1
  holder ORG-L 'Line Company' NL abuse@line.example
  holder ORG-D1 'Data Service' NL abuse@svc.example
  holder ORG-D2 'Data Service' DE noc@SVC.example
} >ripe.db

# --- the rules -----------------------------------------------------------------------------------------------
build || fail "$(cat refused)"
one name 64496 64497
one as2org 64498 64499 ORG-AB1
one peeringdb 64500 64501 77
one registry 64502 64503 ORG-L
one statistics 64504 64505 F36A
one id-name 64508 64509 A91A
one mailbox 64510 64511 svc.example
one name 65546 65547 # a GmbH is at home in one country, wherever its space is
two 64506 64507      # one id of APNIC, but two names: it is a national registry's
two 64507 64508
two 65536 65537      # many towns have one
two 65538 65539      # two legal forms
two 65540 65541      # a country where names are not one company's
two 65542 65543      # a registry stands in for its members; so it does at CAIDA
two 65544 65545      # says nothing
two 65548 65549      # a short name in two countries
two 65550 65551      # identifiers say that they are two
# blocks: their holders are of the organisation, where an identifier says so
block() { ask "$1" | jq -r '[.networks[0], .networks[0].also[]] | map(.org.organisation // "none") | join(" ")'; }
[ "$(block 41.0.0.0)" = "$(org 64504)" ] || fail "a block by its id: $(block 41.0.0.0)"
[ "$(block 43.0.0.0)" = none ] || fail "an id of APNIC is no holder: $(block 43.0.0.0)"
[ "$(block 20.0.6.1)" = 'RIPE/ORG-L RIPE/ORG-L' ] || fail "an id that its records explain: $(block 20.0.6.1)"
[ "$(block 62.0.0.1)" = 'RIPE/ORG-L none' ] || fail "an id that is of two holders: $(block 62.0.0.1)"
# handles: the registry's first; others mean the same; the plain name is the first AS's
[ "$(org 64502)" = RIPE/ORG-L ] && [ "$(org 65544)" = ASNAME/telecom ] && [ "$(org 65545)" = ASNAME/telecom.as65545 ] ||
  fail "handles: $(org 64502) $(org 65544) $(org 65545)"
for alias in org:asname/First-Line org:ASNAME/second-line org:ripe/org-l; do
  [ "$(ask $alias | jq -r .org_handle)" = RIPE/ORG-L ] || fail "$alias"
done
[ "$(ask org:CAIDA/ORG-AB1 | jq -r .org_handle)" = ASNAME/alpha-networks ] || fail 'an id of CAIDA'
[ "$(ask org:PEERINGDB/77 | jq -r '.n_ases')" = 2 ] || fail 'an id of PeeringDB'
"$onus" lookup -r registry org:RIPE/ORG-L 2>err >out
grep -q 'joined    AS64502 and RIPE/ORG-L: the registry names this holder, "ORG-L" (registry)' out || fail "$(cat out)"
"$onus" registry verify registry 2>err >out
grep -qx '    2 joined by name: one name that is distinctive' out || fail "verify: $(cat out)"

# the same inputs make the same bytes
cp registry first && build && cmp -s first registry || fail 'built again, it differs'

# --- a list of merges ------------------------------------------------------------------------------------------
cat >merges <<'IN'
# who knows better
apart	as:64496	as:64497	two companies of one name
same as:65538 org:RIPE/ORG-L bought in May
same as:64500 as:64506 one desk
apart as:64502 org:RIPE/ORG-L sold
without peeringdb
IN
build --merges merges || fail "$(cat refused)"
[ "$(cat refused)" = '' ] || fail "refused: $(cat refused)"
two 64496 64497
two 64500 64501
two 64502 64503
one hand 65538 64503 'bought in May'
one hand 64500 64506 'one desk'
[ "$(org 64496)" = ASNAME/kvantex-telecom-gmbh ] && [ "$(org 64497)" = ASNAME/kvantex-telecom-gmbh.as64497 ] ||
  fail "apart: $(org 64496) $(org 64497)"
ask org:ASNAME/kvantex-telecom-gmbh | jq -e '.joins == [{a: "AS64496", b: "AS64497", rule: "apart", why: "two companies of one name"}]' \
  >/dev/null || fail "apart is not told: $(ask org:ASNAME/kvantex-telecom-gmbh)"
"$onus" registry info registry | grep -q 'merges (merges, ' || fail 'info does not name the list'
# keeping apart holds through others: AS64498 and AS64499 are joined by CAIDA, and each to a third one by hand
printf '%s\n' 'apart as:64498 as:64499 two' 'same as:64498 as:64500 x' 'same as:64499 as:64500 x' >merges
build --merges merges || fail "$(cat refused)"
two 64498 64499
one hand 64498 64500
grep -qx 'onus registry: refused: merges:3: other lines keep the two apart' refused || fail "refused: $(cat refused)"
cat >merges <<'IN'
same as:64496
same as:64496 as:64496 x
apart as:64496 as:64497
apart as:64496 org:ASNAME/beta x
apart as:64496 net:RIPE/X x
together as:64496 as:64497 x
without hand
without luck
same as:1 as:64496 nobody has it
same org:RIPE/NOBODY as:64496 nobody has it
apart as:64496 as:64497 x
same as:64497 as:64496 x
IN
printf 'same as:64496 as:64498 \xff\n' >>merges
build --merges merges || fail "$(cat refused)"
cut -d: -f4- refused >why
diff - why <<'OUT' || fail 'refusals'
1: neither an AS (as:64500) nor an organisation of a registry (org:RIPE/HANDLE)
2: one member twice
3: without a reason; say why, for those who come after
4: a name is no member: name its ASes
5: neither an AS (as:64500) nor an organisation of a registry (org:RIPE/HANDLE)
6: neither apart, same nor without
7: no rule that can be left out (`onus registry verify` names them)
8: no rule that can be left out (`onus registry verify` names them)
12: an earlier line says the opposite
13: a reason of more than 199 bytes, or that is no UTF-8
9: the first of the two is in none of the inputs
10: the first of the two is in none of the inputs
OUT
if build --merges nosuch; then fail 'a list that is not there'; fi
grep -q 'nosuch' refused || fail "no list: $(cat refused)"

# --- undone, scores and pages name two ---------------------------------------------------------------------------
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
awk -v t="$today" 'BEGIN { OFS = "\t"; print "#onus-events 1"
  for (d = 1; d < 60; d++) for (k = 0; k < 2; k++) for (i = 0; i < 3; i++)
    print t - d * 86400, "20.0." k "." d * 3 + i, "brute-force", 1, "full", "own" }' >events
road_conf "$dir" <<CONF
[source own]
type = events
path = $dir/events
anchor = yes
CONF
scored() { sqlite3 serve/current/reputation.sqlite "SELECT name FROM entity WHERE name LIKE 'org:%kvantex%' ORDER BY name"; }
build
stages conf collect load score publish
[ "$(scored)" = org:ASNAME/kvantex-telecom-gmbh ] || fail "scores: $(scored)"
echo 'apart as:64496 as:64497 two companies of one name' >merges
build --merges merges
stages conf score publish
[ "$(scored | tr '\n' ' ')" = 'org:ASNAME/kvantex-telecom-gmbh org:ASNAME/kvantex-telecom-gmbh.as64497 ' ] ||
  fail "scores, kept apart: $(scored)"
start -o registry_file="$dir/registry"
for name in kvantex-telecom-gmbh kvantex-telecom-gmbh.as64497; do
  get 200 "/org/ASNAME/$name"
  clean
  get 200 "/api/v1/lookup?q=org:ASNAME/$name"
  json '.score != null and .hosts > 0'
done
get 200 /org/ASNAME/kvantex-telecom-gmbh.as64497
has 'KVANTEX Telecom GmbH'
get 200 /org/ASNAME/kvantex-telecom-gmbh
has 'is kept apart from'
has 'two companies of one name'
# by another handle, one is sent to the page; and it says what makes it one
get 302 /org/ASNAME/second-line
header '^location: /org/RIPE/ORG-L'
get 200 /org/RIPE/ORG-L
clean
has 'What makes it one'
has 'the registry names this holder'
get 200 '/api/v1/lookup?q=org:asname/First-line'
json '.entity == "org:RIPE/ORG-L"'
get 404 /org/ASNAME/nobody
stop
echo ok
