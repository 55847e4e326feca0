#!/bin/bash
# ARIN's bulk whois through the whole of `onus registry`: XML and text of the same records tell the same; customers
# stand before what they were given of; no person is in the file; verify says whether ARIN's chain has been read.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

# net HANDLE PARENT ORG NAME CODE WORD FIRST LAST: a record, in both forms
net() {
  cat >>arin_db.xml <<XML
<net><endAddress>$8</endAddress><handle>$1</handle><name>$4</name><netBlocks><netBlock><cidrLenth>24</cidrLenth><endAddress>$8</endAddress><type>$5</type><startAddress>$7</startAddress></netBlock></netBlocks><orgHandle>$3</orgHandle><parentNetHandle>$2</parentNetHandle><registrationDate>2001-02-03T00:00:00-05:00</registrationDate><startAddress>$7</startAddress><version>4</version></net>
XML
  printf '    \nNetHandle:      %s\nOrgID:          %s\nParent:         %s\nNetName:        %s\nNetRange:       %s - %s\nNetType:        %s\nRegDate:        2001-02-03\nUpdated:        \nSource:         ARIN\n\n' \
    "$1" "$3" "$2" "$4" "$7" "$8" "$6" >>arin_db.txt
}
# org HANDLE NAME STREET [ABUSE]
org() {
  cat >>arin_db.xml <<XML
<org><city>Town</city><handle>$1</handle><iso3166-1><code2>CA</code2></iso3166-1><iso3166-2>ON</iso3166-2><name>$2</name><pocLinks><pocLink description="Admin" function="AD" handle="DOE1-ARIN"/><pocLink description="Abuse" function="AB" handle="${4-DOE1-ARIN}"/></pocLinks><postalCode>K1A 0B1</postalCode><streetAddress><line number="0">$3</line></streetAddress></org>
XML
  printf 'OrgID:          %s\nOrgName:        %s\nStreet:         %s\nCity:           Town\nState/Prov:     ON\nCountry:        CA\nPostalCode:     K1A 0B1\nOrgAdminHandle: DOE1-ARIN\nOrgAbuseHandle: %s\nSource:         ARIN\n\n' \
    "$1" "$2" "$3" "${4-DOE1-ARIN}" >>arin_db.txt
}
# poc HANDLE ROLE LAST FIRST MAIL
poc() {
  echo "<poc><emails><email>$5</email></emails><firstName>$4</firstName><handle>$1</handle><isRoleAccount>$2</isRoleAccount><lastName>$3</lastName></poc>" >>arin_db.xml
  printf 'POCHandle:      %s\nIsRole:         %s\nLastName:       %s\nFirstName:      %s\nMailbox:        %s\nSource:         ARIN\n\n' \
    "$1" "$2" "$3" "$4" "$5" >>arin_db.txt
}
echo '<?xml version="1.0"?><bulkwhois xmlns="http://www.arin.net/bulkwhois/core/v1">' >arin_db.xml
net NET-24-0-0-0-0 '' ARIN NET24 AR rir 24.0.0.0 24.0.0.255
net NET-24-0-0-0-1 NET-24-0-0-0-0 ISP ISP-NET DA allocation 24.0.0.0 24.0.0.255
net NET-24-0-0-0-2 NET-24-0-0-0-1 C0001 CUST-NET S reassignment 24.0.0.0 24.0.0.255
net NET-25-0-0-0-1 '' SHOP SHOP-NET DS assignment 25.0.0.0 25.0.0.255
org ISP 'Isp, Inc.' '1 Main Street' ABUSE1-ARIN
org C0001 'Private Customer - Isp' '5 Home Road'
org SHOP Shop '7 Lane'
poc DOE1-ARIN N Doe John john@doe.example
poc ABUSE1-ARIN Y 'Isp Abuse' '' abuse@isp.example
echo '</bulkwhois>' >>arin_db.xml

run 0 registry read arin_db.xml
same 'registry read' <<'OUT'
arin_db.xml (arin-xml): 7 facts, 0 refused, 2 left out
  network            3 taken
  org                3 taken
  contact            1 taken
  ARIN               3 IPv4 networks of 768 addresses, 24.0.0.0 - 25.0.0.255
  left out           1 space of a registry, not of a holder (first: line 2)
  left out           1 a contact that may be a person (first: line 9)
OUT
# facts of the text are those of the XML, but for lines and the words for types
without='del(.line) | .status |= ({"Direct Allocation":"allocation","Reassignment":"reassignment","Direct Assignment":"assignment"}[. // ""] // .)'
run 0 registry read --facts arin_db.xml
jq -c "$without" out >of-xml
run 0 registry read --facts arin_db.txt
jq -c "$without" out | diff of-xml - || fail 'text and XML of the same records differ'

run 0 registry build -o reg-text arin_db.txt
run 0 registry build -o reg arin_db.xml
run 0 lookup -o "registry_file=$dir/reg" -o registry_max_age_days=3650 24.0.0.7
sed -i 's/as of .*/as of …/' out
same lookup <<'OUT'
24.0.0.7
  nobody announces it, as of …
  abuse     abuse@isp.example, Isp Abuse, of 24.0.0.0/24
  network   24.0.0.0/24 CUST-NET (ARIN/NET-24-0-0-0-2), Reassignment, since 2001-02-03
            held by Private Customer - Isp (ARIN/C0001), CA, Town, ON, K1A 0B1
  also      24.0.0.0/24 ISP-NET (ARIN/NET-24-0-0-0-1), Direct Allocation, since 2001-02-03
            held by Isp, Inc. (ARIN/ISP), CA, 1 Main Street, Town, ON, K1A 0B1
OUT
for person in 'John' 'john@doe' '5 Home'; do
  ! grep -aq "$person" reg reg-text || fail "$person is in the registry file"
done

run 0 registry verify reg
grep -qx "ARIN tells of 3 networks: 100.00 % with a holder's name, 66.67 % with an abuse contact" out ||
  fail "verify: $(cat out)"
run 0 registry verify --json reg
[ "$(jq -c .arin out)" = '{"chain":"bulk whois read","networks":3,"named_holder":3,"abuse":2}' ] || fail "$(cat out)"

# an answer of its server is read, but proves nothing about the bulk
printf 'NetRange: 24.0.0.0 - 24.0.0.255\nNetHandle: N\nOrganization: X (X1)\n\nOrgName: X\nOrgId: X1\n' >answer
run 0 registry build -o reg answer
run 0 registry verify reg
grep -q "^the chain for ARIN space is unproven: " out || fail "verify after an answer: $(cat out)"

# an archive says how to unpack it; a file that was cut, and a bomb, are counted, and build nothing
printf 'PK\3\4' >arin_db.zip
run 2 registry read arin_db.zip
grep -q 'unzip -p arin_db.zip arin_db.xml | onus registry read -' err || fail "a zip archive: $(cat err)"
head -c 2000 arin_db.xml >cut.xml
run 2 registry read --json cut.xml
grep -q '"refused":1,' out || fail "a cut file: $(cat out)"
grep -q 'refused: cut.xml:[0-9]*: ' err || fail "a cut file: no word of it"
run 2 registry build -o none cut.xml
[ ! -e none ] || fail 'a cut file became a registry'
printf '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<bulkwhois><org><handle>&b;</handle></org></bulkwhois>\n' >bomb.xml
run 2 registry read --json bomb.xml
[ "$(jq -c '[.refused, .refused_for[0].why]' out)" = '[1,"XML with a document type, which may hide anything"]' ] ||
  fail "a bomb: $(cat out err)"
echo ok
