#!/bin/bash
# What is bad in inputs of registries is refused, counted and told with its line, and what stands around it is read:
# for each reader, each kind of trouble that its format can hold.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

# met KIND TROUBLE TAKEN REFUSED LEFT [WHY]: what `onus registry read` makes of stdin; WHY is the first reason
met() {
  local code=0 said
  cat >input
  "$onus" registry read --json input >out 2>err || code=$?
  said=$(jq -r '[.kind, ([.taken[]] | add), .refused, .left_out, (.refused_for[0].why // "")] | join(" ")' out)
  [ "$said" = "$1 $3 $4 $5 ${6-}" ] || fail "$1, $2: $said, exit code $code"
  [ "$4" = 0 ] || grep -q 'refused: input:[0-9]*: ' err || fail "$1, $2: no word of it"
  echo "$1, $2" >>met-with
}
# mega N: N million letters
mega() { head -c "${1}000000" /dev/zero | tr '\0' x; }

# --- RIR statistics -------------------------------------------------------------------------------------------
ok='arin|US|asn|7|1|20200101|assigned|a'
met rir-stats 'Latin-1' 1 1 0 'not an opaque id' <<<"arin|US|asn|5|1|20200101|assigned|"$'\xe9'$'\n'"$ok"
met rir-stats 'empty values' 1 1 0 'not a count' <<<"arin|US|ipv4|1.0.0.0|||assigned|a"$'\n'"$ok"
met rir-stats comments 1 0 0 <<<"# a|b|c|d|e|f|g"$'\n'"$ok"
met rir-stats 'a range past the end' 1 1 0 'past the end of the address space' <<<"arin|US|ipv4|255.255.255.0|512||assigned|a"$'\n'"$ok"
met rir-stats 'unknown types' 1 1 0 'neither asn, ipv4 nor ipv6' <<<"$ok"$'\n'"arin|US|dns|1|1|20200101|assigned|a"
met rir-stats 'AS0' 1 1 0 'not an AS number' <<<"arin|US|asn|0|1|20200101|assigned|a"$'\n'"$ok"
{ printf 'arin|US|asn|5|1|20200101|assigned|'; mega 1; printf '\n%s\n' "$ok"; } |
  met rir-stats 'an attribute of a megabyte' 1 1 0 'the line is too long'

# --- RPSL -----------------------------------------------------------------------------------------------------
ok=$'inetnum: 5.0.0.0 - 5.0.0.255\nnetname: OK\nsource: RIPE'
met rpsl 'Latin-1 in a text' 2 0 0 <<<$'organisation: A\norg-name: Z\xfcrich\nsource: RIPE\n\n'"$ok"
met rpsl 'Latin-1 in a handle' 1 1 0 'not a handle' <<<$'organisation: A\xfc\nsource: RIPE\n\n'"$ok"
met rpsl 'continuation lines' 2 0 0 <<<$'inetnum: 5.0.0.0\n+- 5.0.0.255\nsource:\n\tRIPE\n\n'"$ok"
met rpsl 'a continuation of nothing' 1 1 0 'a line is no attribute' <<<"$ok"$'\n\n+ 5.0.0.0\nsource: RIPE\n\n'
met rpsl 'empty values' 1 1 0 'no source' <<<$'inetnum: 5.0.0.0/24\norg:\nsource: # RIPE\n\n'"$ok"
met rpsl comments 2 0 0 <<<$'% x\n# y\ninetnum: 5.0.0.0/24 # z\n# between\nsource: RIPE # Filtered\n\n'"$ok"
met rpsl 'a range backwards' 1 1 0 'a range backwards' <<<$'inetnum: 5.0.0.255 - 5.0.0.0\nsource: RIPE\n\n'"$ok"
met rpsl 'unknown types' 1 0 1 <<<"$ok"$'\n\nlimerick: LIM-1\ntext: x\nsource: APNIC\n\n'
met rpsl 'a deleted object of RADB' 1 1 0 'a line is no attribute' <<<"$ok"$'\n\n*xxte: 5.0.0.0/24\norigin: AS1\nsource: RADB\n\n'
met rpsl 'AS0' 1 1 0 "AS0, which is nobody's" <<<$'aut-num: AS0\nsource: RIPE\n\n'"$ok"
{ printf 'inetnum: 5.0.0.0/24\norg: '; mega 1; printf '\nsource: RIPE\n\n%s\n' "$ok"; } |
  met rpsl 'a handle of a megabyte' 1 1 0 'an attribute is too long'
{ printf 'inetnum: 5.0.0.0/24\nsource: RIPE\n'; for _ in {1..40}; do printf 'remarks: '; mega 1; echo; done; printf '\n%s\n' "$ok"; } |
  met rpsl 'an object of forty megabytes' 2 0 0

# --- RDAP -----------------------------------------------------------------------------------------------------
ok='{"objectClassName":"ip network","startAddress":"5.0.0.0","endAddress":"5.0.0.255"}'
net() { printf '{"objectClassName":"ip network",%s}\n%s\n' "$1" "$ok"; }
net '"startAddress":"5.0.0.0","endAddress":"5.0.0.255","name":"Z'$'\xfc''"' | met rdap 'Latin-1' 1 1 0 'not JSON'
net '"startAddress":"","endAddress":"5.0.0.255"' | met rdap 'empty values' 1 1 0 'not a range'
net '"startAddress":"5.0.0.255","endAddress":"5.0.0.0"' | met rdap 'a range backwards' 1 1 0 'a range backwards'
met rdap 'unknown types' 1 0 1 <<<'{"objectClassName":"domain"}'$'\n'"$ok"
met rdap 'AS0' 1 1 0 'not an AS number' <<<'{"objectClassName":"autnum","startAutnum":0}'$'\n'"$ok"
met rdap 'duplicate members' 1 1 0 'not JSON' <<<'{"objectClassName":"autnum","startAutnum":1,"startAutnum":2}'$'\n'"$ok"
{ printf '%s\n{"objectClassName":' "$ok"; head -c 60000 /dev/zero | tr '\0' '['; printf '\n%s\n' "$ok"; } |
  met rdap 'deep JSON' 2 1 0 'JSON that is too deep'
{ printf '%s\n{"objectClassName":"' "$ok"; mega 1; printf '"}\n%s\n' "$ok"; } |
  met rdap 'an attribute of a megabyte' 2 1 0 'a line is too long'

# --- ARIN's bulk whois, XML: what is no XML ends it (registry-arin.sh), the rest costs its record -----------------
ok='<net><handle>N</handle><startAddress>24.0.0.0</startAddress><endAddress>24.0.0.255</endAddress></net>'
xml() { printf '<bulkwhois>%s\n%s</bulkwhois>\n' "$1" "$ok"; }
{ printf '<?xml version="1.0" encoding="ISO-8859-1"?>'; xml '<org><handle>A</handle><name>Z'$'\xfc''</name></org>'; } |
  met arin-xml 'Latin-1 that says so' 2 0 0
xml '<net><handle/><startAddress></startAddress></net>' | met arin-xml 'empty values' 1 1 0 'no handle'
xml '<!-- <net> --><?x y?>' | met arin-xml comments 1 0 0
xml '<net><handle>N</handle><startAddress>24.0.0.9</startAddress><endAddress>24.0.0.0</endAddress></net>' |
  met arin-xml 'a range backwards' 1 1 0 'a range backwards'
xml '<domain/>' | met arin-xml 'unknown records' 1 0 1
xml '<net><handle>N</handle><netBlocks><netBlock><type>QQ</type><startAddress>24.0.0.0</startAddress><cidrLenth>24</cidrLenth></netBlock></netBlocks></net>' |
  met arin-xml 'unknown types' 1 1 0 'a network of an unknown type'
xml '<asn><handle>AS0</handle><startAsNumber>0</startAsNumber></asn>' | met arin-xml 'AS0' 1 1 0 "AS0, which is nobody's"
xml "<org><handle>$(mega 1 | head -c 100000)</handle></org>" | met arin-xml 'a long handle' 1 1 0 'an attribute is too long'
{ printf '<bulkwhois><org><handle>A</handle><comment><line>'; mega 20; printf '</line></comment></org>%s</bulkwhois>' "$ok"; } |
  met arin-xml 'a comment of twenty megabytes' 2 0 0
met arin-xml 'a bomb' 0 1 0 'XML with a document type, which may hide anything' \
  <<<'<!DOCTYPE b [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><bulkwhois><org><handle>&b;</handle></org></bulkwhois>'
met arin-xml 'depth' 0 1 1 'XML that is too deep' <<<"<bulkwhois>$(printf '<a>%.0s' {1..40})"
met arin-xml 'a file that was cut' 1 1 0 'no element found' <<<"<bulkwhois>$ok"
{ printf '<bulkwhois>%s<org x="' "$ok"; mega 2; printf '"/></bulkwhois>'; } |
  met arin-xml 'a tag of two megabytes' 1 1 0 'a tag is too long'

# --- the same as text -----------------------------------------------------------------------------------------
ok=$'NetHandle: N\nNetRange: 24.0.0.0 - 24.0.0.255'
met arin-text 'Latin-1' 2 0 0 <<<$'OrgID: A\nOrgName: Z\xfcrich\n\n'"$ok"
met arin-text 'continuation lines' 2 0 0 <<<$'OrgID: A\nComment: x\n  more of it\n\n'"$ok"
met arin-text 'empty values' 1 1 0 'not a range' <<<$'NetHandle: N\nNetRange:\n\n'"$ok"
met arin-text comments 1 0 0 <<<$'# x\n#\n'"$ok"
met arin-text 'a range backwards' 1 1 0 'a range backwards' <<<$'NetHandle: N\nNetRange: 24.0.0.9 - 24.0.0.0\n\n'"$ok"
met arin-text 'unknown records' 1 0 1 <<<"$ok"$'\n\nDomain: x'
met arin-text 'unknown types' 1 1 0 'a network of an unknown type' <<<$'NetHandle: N\nNetRange: 24.0.0.0 - 24.0.0.9\nNetType: gift\n\n'"$ok"
met arin-text 'AS0' 1 1 0 "AS0, which is nobody's" <<<$'ASHandle: AS0\nASNumber: 0\n\n'"$ok"
{ printf 'NetHandle: N\nOrgID: '; mega 1; printf '\n\n%s\n' "$ok"; } |
  met arin-text 'a handle of a megabyte' 1 1 0 'an attribute is too long'
# --- who belongs together, who announces what --------------------------------------------------------------------
head=$'# format:aut|changed|aut_name|org_id|opaque_id|source\n'
ok='7|20240618|NAME|ORG-1|x|RIPE'
met as2org 'Latin-1' 2 0 0 <<<"$head"$'5|20240618|Z\xfcrich|ORG-1|x|RIPE\n'"$ok"
met as2org 'empty values' 1 1 0 'not an AS number' <<<"$head|20240618|NAME|ORG-1|x|RIPE"$'\n'"$ok"
met as2org 'AS0' 1 1 0 'not an AS number' <<<"${head}0|20240618|NAME|ORG-1|x|RIPE"$'\n'"$ok"
met as2org 'other fields' 1 1 0 'not as many fields as columns' <<<"${head}5|NAME"$'\n'"$ok"
{ printf '%s5|20240618|' "$head"; mega 1; printf '|ORG-1|x|RIPE\n%s\n' "$ok"; } | met as2org 'a name of a megabyte' 1 1 0 'a line is too long'
ok='{"asn":"7","changed":"20240618","name":"N","organizationId":"ORG-1","source":"RIPE","type":"ASN"}'
{ printf '%s\n' "$ok"; printf '{"type":"ASN","x":'; head -c 60000 /dev/zero | tr '\0' '['; printf '\n%s\n' "$ok"; } |
  met as2org 'deep JSON' 2 1 0 'JSON that is too deep'
ok='{"id":1,"org_id":2,"asn":7,"name":"Example","status":"ok"}'
peering() { printf '{"net":{"data":[%s,%s]}}\n' "$1" "$ok"; }
peering '{"id":3,"org_id":2,"asn":0,"name":"x","status":"ok"}' | met peeringdb 'AS0' 1 1 0 'not an AS number'
peering '{"id":3,"org_id":2,"asn":null,"name":"","status":"ok"}' | met peeringdb 'empty values' 1 1 0 'not an AS number'
peering "{\"id\":3,\"org_id\":2,\"asn\":5,\"name\":\"$(mega 1 | head -c 100000)\",\"status\":\"ok\"}" |
  met peeringdb 'a name of a hundred kilobytes' 2 0 0
met ris-whois 'nonsense' 1 4 0 'AS0, which announces nothing' <<<$'%\n0\t5.0.0.0/24\t9\n1\t5.0.0.1/24\t9\n1\t5.0.0.0/24\n1\t\t9\n7\t5.0.0.0/24\t9'
met pfx2as 'nonsense' 1 4 0 'a prefix with host bits' <<<$'1.0.0.0\t24\t7\n1.0.0.1\t24\t7\n1.0.0.0\t24\t0\n1.0.0.0\t33\t7\n1.0.0.0\t24\t'
met as-names 'nonsense' 2 2 0 'AS0, which nobody is' <<<$'7 NAME, NL\n8 Z\xfcrich, CH\n0 NULL, NL\n9'
ok='TABLE_DUMP2|1452168107|B|10.0.15.1|65015|5.0.0.0/24|65015 7|IGP|10.0.15.1|100|0||NAG||'
met bgp-lines 'nonsense' 1 3 0 'fields are missing' <<<"$ok"$'\nTABLE_DUMP2|1|B\nTABLE_DUMP2|1|B|10.0.15.1|65015|5.0.1.1/24|65015 7|IGP|\nTABLE_DUMP2|1|B|10.0.15.1|65015|5.0.1.0/24|65015 0|IGP|'
{ printf '%s\nTABLE_DUMP2|1452168107|B|10.0.15.1|65015|5.0.1.0/24|' "$ok"; mega 1; printf '\n%s\n' "$ok"; } |
  met bgp-lines 'a path of a megabyte' 1 1 0 'fields are missing'
{ printf '7\t5.0.0.0/24\t9\n7\t5.0.1.0/24\t'; mega 1; printf '\n7\t5.0.2.0/24\t9\n'; } |
  met ris-whois 'a number of a megabyte' 2 1 0 'the line is too long'
{ printf '5.0.0.0\t24\t7\n5.0.1.0\t24\t'; mega 1; printf '\n5.0.2.0\t24\t7\n'; } |
  met pfx2as 'a set of a megabyte' 2 1 0 'the line is too long'
{ printf '7 NAME, NL\n8 '; mega 1; printf '\n9 NAME, NL\n'; } | met as-names 'a name of a megabyte' 2 1 0 'the line is too long'
ok='5.0.0.0/24,NL,,,'
met geofeed 'Latin-1' 2 0 0 <<<"5.0.1.0/24,NL,,Z"$'\xfc'"rich,"$'\n'"$ok"
met geofeed 'empty values' 1 2 0 'not a prefix' <<<"$ok"$'\n,NL\n,,,,'
met geofeed comments 1 0 0 <<<"# 5.0.1.0/24,NL"$'\n\n'"$ok"
met geofeed 'host bits and unknown countries' 1 2 0 'a prefix with host bits' <<<"$ok"$'\n5.0.1.1/24,NL\n5.0.1.0/24,EUR'
{ printf '%s\n5.0.1.0/24,NL,,' "$ok"; mega 1; printf '\n'; } | met geofeed 'a city of a megabyte' 1 1 0 'a line is too long'
[ "$(wc -l <met-with)" = 71 ] || fail "$(wc -l <met-with) troubles met"

# --- what a reader cannot see, the build refuses: bogons, what is told twice, what crosses ---------------------------
cat >objects <<'RPSL'
inetnum: 5.0.0.0 - 5.0.0.255
netname: FIRST
source: RIPE

inetnum: 5.0.0.0 - 5.0.0.255
netname: SECOND
source: RIPE

inetnum: 5.0.0.128 - 5.0.1.127
netname: CROSSES
source: RIPE

inetnum: 10.0.0.0 - 10.0.0.255
netname: PRIVATE
source: RIPE

inet6num: 2001:db8::/32
netname: DOCUMENTATION
source: RIPE

inetnum: 224.0.0.0 - 224.0.0.255
netname: MULTICAST
source: RIPE

inetnum: 4.0.0.0 - 11.255.255.255
netname: TOO-WIDE
source: RIPE

organisation: ORG-A
org-name: First name
source: RIPE

organisation: org-a
org-name: Second name
country: NL
source: RIPE

organisation: ORG-A
org-name: First name
address: Street 1
source: RIPE

inetnum: 5.0.4.0 - 5.0.4.255
netname: HELD
org: Org-A
source: RIPE

role: Abuse
nic-hdl: AB1
abuse-mailbox: abuse at example.net
source: RIPE
RPSL
run 0 registry build -o reg objects
sed 's/.*refused: objects:[0-9]*: //' err | sort >got
sort <<'WHY' | diff - got || fail 'what the build refuses'
5.0.0.0/24: told already as 5.0.0.0/24 of objects:1
5.0.0.128-5.0.1.127: crosses the wider 5.0.0.0/24 of objects:1
private
documentation
multicast
a network too wide to hold anybody to account
another record of the handle of line 29, which says otherwise; what it adds counts
WHY
run 0 lookup -o "registry_file=$dir/reg" -o registry_max_age_days=3650 5.0.4.1
grep -q 'held by First name (RIPE/ORG-A), NL, Street 1$' out || fail "of two records of one handle the first holds: $(cat out)"
echo ok
