#!/bin/bash
# Sources that disagree about an AS or an organisation: whose word holds is a table, in whatever order the inputs are
# named; what does not hold is kept and told by `onus lookup`, as text and JSON; what is the same but for spelling is
# no conflict.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"
# build INPUT…: a registry of these beside the table
build() { run 0 registry build -o registry asn.csv "$@"; }
look() {
  run 0 lookup -r registry "$@"
  sed -i '/  as of /d; /^  announces /d; /^  prefix /d; /^  org /d' out
}
ask() { "$onus" lookup --json -r registry "$@"; }

printf '%s\n' '5.0.0.0,5.0.0.255,64500,"Example Networks, Ltd"' '5.0.1.0,5.0.1.255,64501,Alone' \
  '5.0.2.0,5.0.2.255,64502,' >asn.csv
printf '%s\n' '5.0.0.0,5.0.0.255,NL' '5.0.1.0,5.0.1.255,DE' >country.csv
printf '%s\n' '2|ripencc|20260101|2|19830705|20260101|+0100' 'ripencc|FR|asn|64500|1|20100101|allocated|aa11' \
  'ripencc|DE|asn|64501|1|20100101|allocated|bb22' >delegated
printf '%s\n' '64500 EXAMPLE-AS Example Hosting GmbH, AT' '64501 ALONE, DE' '64502 THIRD Third by List, SE' >asn.txt
cat >ripe.db <<'IN'
aut-num: AS64500
as-name: EXAMPLE-NETWORKS-LTD
org:     ORG-EX1-RIPE
source:  RIPE

aut-num: AS64501
as-name: alone
org:     ORG-AL1-RIPE
source:  RIPE

aut-num: AS64502
as-name: THIRD-AS
org:     ORG-EX1-RIPE
source:  RIPE

organisation: ORG-EX1-RIPE
org-name:     Example Networks Ltd
country:      NL
address:      Kanaalstraat 12
address:      1000 AA Amsterdam
source:       RIPE

organisation: ORG-AL1-RIPE
org-name:     Alone B.V.
country:      DE
source:       RIPE
IN
cat >radb.db <<'IN'
aut-num: AS64500
as-name: EXAMPLE-IRR
org:     ORG-OTHER
source:  RADB

organisation: ORG-OTHER
org-name:     Somebody Else
source:       RADB

aut-num: AS64501
as-name: ALONE
org:     ORG-AL2
source:  RADB

organisation: ORG-AL2
org-name:     ALONE B.V
source:       RADB
IN
# what the registry itself answers about its organisation, today
cat >answers.rdap <<'IN'
{"objectClassName":"entity","handle":"ORG-EX1-RIPE","port43":"whois.ripe.net","roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Example Group"],["kind",{},"text","org"],["adr",{"label":"Hafenweg 3\n20457 Hamburg"},"text",["","","","","","",""]]]]}
{"objectClassName":"entity","handle":"ORG-AL1-RIPE","port43":"whois.ripe.net","roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","ALONE  BV."],["kind",{},"text","org"]]]}
IN

# --- an AS: its name, its country, its holder
for order in 'country.csv delegated asn.txt ripe.db radb.db' 'radb.db ripe.db asn.txt delegated country.csv'; do
  # shellcheck disable=SC2086 # a list of names
  build $order
  look AS64500
  # of the two databases whichever was named first stands; the names of both are kept
  name='            ' holder='also      held by RADB/ORG-OTHER (rpsl, RADB)' held='Example Networks Ltd (RIPE/ORG-EX1-RIPE), NL, Kanaalstraat 12, 1000 AA Amsterdam'
  [ "${order%% *}" != radb.db ] || {
    holder='also      held by RIPE/ORG-EX1-RIPE Example Networks Ltd (rpsl, RIPE)' held='Somebody Else (RADB/ORG-OTHER)'
  }
  same "$order" <<OUT
AS64500 Example Networks, Ltd
  country   NL
  also      called Example Hosting GmbH (as-names, ASNAMES)
  also      called EXAMPLE-IRR (rpsl, RADB)
  also      in FR (rir-stats, RIPE)
  also      in AT (as-names, ASNAMES)
  $holder
  the AS    held by $held
OUT
done
name=$(ask AS64500 | jq -c '[.as_said[] | [.field, .value, .source, .kind]]')
[ "$name" = '[["name","Example Hosting GmbH","ASNAMES","as-names"],["name","EXAMPLE-IRR","RADB","rpsl"],["country","FR","RIPE","rir-stats"],["country","AT","ASNAMES","as-names"],["holder","RIPE/ORG-EX1-RIPE","RIPE","rpsl"]]' ] ||
  fail "as_said: $name"
# all say the same of it in their own way: two handles of one name, too
[ "$(ask AS64501 | jq -c '[.as_name, .country, .as_said]')" = '["Alone","DE",[]]' ] || fail "AS64501: $(ask AS64501)"
# a list of names stands over a database where no table names the AS
ask AS64502 | jq -e '.as_name == "Third by List" and .country == null and
  [.as_said[] | .field + " " + .value] == ["name THIRD-AS", "country SE"]' >seen || fail "AS64502: $(ask AS64502)"
# an address tells of its AS what holds
ask 5.0.0.1 | jq -e 'has("as_said") | not' >seen || fail "5.0.0.1: $(ask 5.0.0.1)"
# where they agree there is nothing to be told
build delegated country.csv
ask AS64501 | jq -e '.as_said == []' >seen || fail "delegated: $(ask AS64501)"
printf '5.0.1.0,5.0.1.255,64501,Alone\n' >alone.csv
run 0 registry build -o registry alone.csv
ask AS64501 | jq -e 'has("as_said") | not' >seen || fail "alone: $(ask AS64501)"

# --- an organisation: a registry's answer of today stands over its dump, whichever is named first
for order in 'ripe.db answers.rdap' 'answers.rdap ripe.db'; do
  # shellcheck disable=SC2086 # a list of names
  build $order
  look ORG-EX1-RIPE
  same "$order" <<'OUT'
RIPE/ORG-EX1-RIPE
  holder    Example Group (RIPE/ORG-EX1-RIPE), NL, Hafenweg 3, 20457 Hamburg
            also called Example Networks Ltd (rpsl, RIPE)
            also at Kanaalstraat 12, 1000 AA Amsterdam (rpsl, RIPE)
  AS        AS64500 Example Networks, Ltd
  AS        AS64502 THIRD-AS
OUT
  look AS64500
  grep -qx '            also called Example Networks Ltd (rpsl, RIPE)' out || fail "the holder of an AS: $(cat out)"
  ask ORG-EX1-RIPE | jq -c '.holder.said[]' >out
  same 'said of a holder' <<'OUT'
{"field":"name","value":"Example Networks Ltd","source":"RIPE","kind":"rpsl"}
{"field":"address","value":"Kanaalstraat 12\n1000 AA Amsterdam","source":"RIPE","kind":"rpsl"}
OUT
  ask ORG-AL1-RIPE | jq -e '.holder.said == []' >seen || fail "another spelling: $(ask ORG-AL1-RIPE)"
done

# two days of one database: the newer one holds; one database that says both is told of
sed 's/Kanaalstraat 12/KANAALSTRAAT 12/; s/^org-name:     Example.*/org-name: Example Moved Ltd/' ripe.db >ripe-20260102.db
cp ripe.db ripe-20260101.db
for order in 'ripe-20260101.db ripe-20260102.db' 'ripe-20260102.db ripe-20260101.db'; do
  # shellcheck disable=SC2086 # a list of names
  build $order
  look ORG-EX1-RIPE
  sed -n '2,3p' out >top
  mv top out
  same "$order" <<'OUT'
  holder    Example Moved Ltd (RIPE/ORG-EX1-RIPE), NL, KANAALSTRAAT 12, 1000 AA Amsterdam
            also called Example Networks Ltd (rpsl, RIPE)
OUT
done
{ cat ripe.db; echo; sed -n '/^organisation: ORG-EX1/,/^$/p' ripe.db | sed 's/Example/Twice/'; } >twice.db
build twice.db
grep -q 'refused: twice.db:28: another record of the handle of line .*, which says otherwise' err || fail "twice: $(cat err)"
ask ORG-EX1-RIPE | jq -e '[.holder.said[].value] == ["Twice Networks Ltd"]' >seen || fail "twice: $(ask ORG-EX1-RIPE)"

# --- whom to write to: by another record of the contact, of the organisation, or beside the contact
cat >first-20260102.db <<'IN'
aut-num: AS64500
as-name: EXAMPLE
org:     ORG-EX1-RIPE
source:  RIPE

organisation:  ORG-EX1-RIPE
org-name:      Example Networks Ltd
abuse-c:       AR1-RIPE
abuse-mailbox: beside@example.net
source:        RIPE

role:          Abuse
nic-hdl:       AR1-RIPE
abuse-mailbox: abuse@example.net
source:        RIPE

role:          Others
nic-hdl:       AR2-RIPE
abuse-mailbox: noc@example.net
source:        RIPE
IN
sed 's/AR1-RIPE/AR2-RIPE/; /^nic-hdl/s/.*/nic-hdl: AR1-RIPE/; s/abuse@/Abuse.old@/' first-20260102.db |
  sed '/^role: *Others/,$d' >second-20260101.db
for order in 'first-20260102.db second-20260101.db' 'second-20260101.db first-20260102.db'; do
  # shellcheck disable=SC2086 # a list of names
  build $order
  [ "$(ask ORG-EX1-RIPE | jq -r .abuse)" = abuse@example.net ] || fail "abuse: $(ask ORG-EX1-RIPE)"
  ask ORG-EX1-RIPE | jq -r '.holder.said[] | .field + " " + .value' | sort >out
  same "mailboxes: $order" <<'OUT'
abuse Abuse.old@example.net
abuse beside@example.net
abuse noc@example.net
OUT
  look AS64500
  grep -qx '            also abuse to noc@example.net (rpsl, RIPE)' out || fail "mailboxes of a holder: $(cat out)"
done
build first-20260102.db
ask ORG-EX1-RIPE | jq -e '[.holder.said[].value] == ["beside@example.net"]' >seen || fail "no conflict: $(ask ORG-EX1-RIPE)"

# --- what only repeats another record is counted, whichever it stands in
cp asn.csv again.csv
printf 'inetnum: 5.0.0.0 - 5.0.0.255\nnetname: N\nstatus: ASSIGNED PA\nsource: RIPE\n' >net.db
cp net.db net-again.db
run 0 registry build -o registry asn.csv net.db
! grep -q repeat out || fail "nothing is repeated: $(cat out)"
run 0 registry build -o registry asn.csv again.csv net.db net-again.db
grep -qx '  4 records only repeat another one, and were left out' out || fail "repeated: $(cat out)"
echo ok
