#!/bin/bash
# onus registry, lookup, annotate and top: what they print, to the byte where somebody's script reads it;
# damaged registry files stop each of them; a list needs no filters; a name is no formula.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

cat >asn-20260617.csv <<'CSV'
45.0.0.0,45.0.255.255,64505,"=HYPERLINK(""http://evil"")"
46.0.0.0,46.0.0.255,64506,"+1, -2 ""quoted"""
47.0.0.0,47.0.0.255,64507,@SUM(A1)
48.0.0.0,48.0.0.99,64508,Plain AS
2a00::,2a00:0:ffff:ffff:ffff:ffff:ffff:ffff,64509,Six
CSV
# names that would speak to a terminal, or are no UTF-8
printf '49.0.0.0,49.0.0.255,64510,A\e[31mB\xc2\x9b1mC\x7f\n50.0.0.0,50.0.0.255,64511,Z\xfcrich \xc3\xa9\n' >>asn-20260617.csv
printf '48.0.0.0,48.0.0.255,NL\n' >country-20260617.csv
run 0 registry build -o reg asn-20260617.csv country-20260617.csv
run 0 registry info reg
sed -i 's/sha256 [0-9a-f]*…/sha256 …/' out
same 'registry info' <<'OUT'
of 2026-06-17: 7 prefixes, 7 AS, 7 organisations, 66660 IPv4 addresses, 65536 IPv6 /48s
its rows: proven before, as its stamp says
  asn-20260617.csv (range-asn, 2026-06-17): 7 records, 0 refused, sha256 …
  country-20260617.csv (range-country, 2026-06-17): 1 records, 0 refused, sha256 …
IP to AS data: RouteViews (routeviews.org) and DB-IP (db-ip.com), CC BY 4.0. Countries: NRO (nro.net), CC BY 4.0.
OUT
# what was built of the same inputs is the same file
cp reg before
run 0 registry build -o reg asn-20260617.csv country-20260617.csv
cmp -s reg before || fail 'the same inputs make another file'

settings=(-o "registry_file=$dir/reg" -o registry_max_age_days=3650)
run 0 lookup "${settings[@]}" 48.0.0.5 48.0.0.200 10.0.0.1
same lookup <<'OUT'
48.0.0.5
  prefix    48.0.0.0-48.0.0.99
  AS        AS64508 Plain AS
  org       Plain AS
  country   NL
  as of     2026-06-17
48.0.0.200
  nobody announces it, as of 2026-06-17; registered in NL
10.0.0.1
  special   private
  nobody announces it, as of 2026-06-17
OUT
run 0 lookup --json "${settings[@]}" 49.0.0.1 50.0.0.1 45.0.0.1
[ "$(jq -r .as_name out)" = $'A?[31mB??1mC?\nZ?rich ??\n=HYPERLINK("http://evil")' ] || fail "names: $(jq .as_name out)"
printf '2a00::7\n 46.0.0.1 \nx\n\n8.8.8.8\n' >questions
run 1 lookup --json "${settings[@]}" - <questions
same 'lookup --json -' <<'OUT'
{"address":"2a00::7","prefix":"2a00::/32","asn":64509,"as_name":"Six","org":"Six","org_handle":"ASNAME/six","country":null,"special":null,"registry_date":"2026-06-17","registry_stale":false}
{"address":"46.0.0.1","prefix":"46.0.0.0/24","asn":64506,"as_name":"+1, -2 \"quoted\"","org":"+1, -2 \"quoted\"","org_handle":"ASNAME/1-2-quoted","country":null,"special":null,"registry_date":"2026-06-17","registry_stale":false}
{"address":null,"question":"x","error":"no address"}
{"address":null,"question":"","error":"no address"}
{"address":"8.8.8.8","prefix":null,"asn":null,"as_name":null,"org":null,"org_handle":null,"country":null,"special":null,"registry_date":"2026-06-17","registry_stale":false}
OUT
run 1 lookup "${settings[@]}" $'\e]0;title\a45.0.0.1'
grep -q $'\e' err && fail 'a question reaches the terminal as it came'
run 0 lookup -o "registry_file=$dir/reg" -o registry_max_age_days=1 48.0.0.5
grep -q 'onus lookup: warning: .*2026-06-17' err || fail 'an old registry does not say so'

cat >stream <<'IN'
a 48.0.0.5 b 45.0.0.1
no address here
x [46.0.0.9]:25
10.0.0.1 is private
1.2.3.4.5 48.0.0.1.
v48.0.0.1 host48.0.0.1 48.0.0.1-x
[2a00::1]

IN
run 0 annotate "${settings[@]}" stream
same annotate <<'OUT'
a 48.0.0.5 b 45.0.0.1	48.0.0.5	64508	Plain AS	NL
no address here
x [46.0.0.9]:25	46.0.0.9	64506	+1, -2 "quoted"	-
10.0.0.1 is private	10.0.0.1	-	-	-
1.2.3.4.5 48.0.0.1.	48.0.0.1	64508	Plain AS	NL
v48.0.0.1 host48.0.0.1 48.0.0.1-x
[2a00::1]	2a00::1	64509	Six	-

OUT
{ head -c 200000 /dev/zero | tr '\0' x; printf '\n48.0.0.5\n\0\xff 48.0.0.5\r\n'; } >long
run 1 annotate "${settings[@]}" long
[ "$(wc -l <out)" = 3 ] && [ "$(head -1 out | wc -c)" = 65537 ] || fail 'a long line'
grep -q 'long:1: the line is too long' err || fail 'a line that was cut is not told'
[[ "$(sed -n 2p out)" == $'48.0.0.5\t48.0.0.5\t64508'* ]] || fail 'the line behind it'

code=0
yes 48.0.0.5 | head -n 200000 | "$onus" annotate "${settings[@]}" >/dev/full 2>err || code=$?
[ "$code" = 2 ] && grep -q 'cannot write' err || fail "a full disk: exit code $code"

# --- the chain: networks around an address, and whom to write to -------------------------------------------
zstd -qdc "$ONUS_SOURCE/tests/golden/registry-4.zst" >golden
chain=(-o "registry_file=$dir/golden" -o registry_max_age_days=3650)
printf '%s\n' 'a 1.0.1.99' none 1.0.3.1 9.9.9.9 2a00:1::8 >stream
run 0 annotate "${chain[@]}" --holder stream
same 'annotate --holder' <<'OUT'
a 1.0.1.99	1.0.1.99	64496	First, Inc.	DE	First, Inc.	abuse@first.example
none
1.0.3.1	1.0.3.1	-	-	DE	First, Inc.	abuse@first.example
9.9.9.9	9.9.9.9	-	-	-	-	-
2a00:1::8	2a00:1::8	64498	Large	FR	-	abuse@six.example
OUT
run 0 lookup "${chain[@]}" 1.0.1.99 1.0.3.1 2a00:1::8 net:arin/net6-45 9.9.9.9
same 'lookup: the chain' <<'OUT'
1.0.1.99
  prefix    1.0.0.0/23
  AS        AS64496 First, Inc.
  org       First, Inc.
  country   DE
  as of     2026-06-17
  the AS    held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  abuse     abuse@first.example, First Abuse Desk, of 1.0.0.0/22
  network   1.0.1.0-1.0.1.99 CUSTOMER (RIPE/NET-CUST), ASSIGNED PA, DE
  within    1.0.0.0/22 FIRST-NET (RIPE), ALLOCATED PA, NL, changed 2023-05-23
            held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  also      1.0.0.0/22 (RIPE), allocated, NL, since 2008-05-01
            held by RIPE/0F3A
1.0.3.1
  nobody announces it, as of 2026-06-17; registered in DE
  abuse     abuse@first.example, First Abuse Desk, of 1.0.0.0/22
  network   1.0.0.0/22 FIRST-NET (RIPE), ALLOCATED PA, NL, changed 2023-05-23
            held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  also      1.0.0.0/22 (RIPE), allocated, NL, since 2008-05-01
            held by RIPE/0F3A
2a00:1::8
  prefix    2a00:1::/32
  AS        AS64498 Large
  org       Large
  country   FR
  as of     2026-06-17
  abuse     abuse@six.example, of 2a00:1::/32
  network   2a00:1::7-2a00:1::9 FEW (ARIN)
  within    2a00:1::/32 SIX (ARIN/NET6-45)
net:ARIN/NET6-45
  abuse     abuse@six.example, of 2a00:1::/32
  network   2a00:1::/32 SIX (ARIN/NET6-45)
  as of     2026-06-17
9.9.9.9
  nobody announces it, as of 2026-06-17
OUT
run 1 lookup --json "${chain[@]}" 1.0.1.99 net:RIPE/x
jq -c 'select(.networks) | [.as_holder.handle, .abuse, .abuse_of, (.networks | length)], (.networks[1] | del(.org.said, .also[].org.said))' out >got
mv got out
same 'lookup --json: the chain' <<'OUT'
["ORG-F1-RIPE","abuse@first.example","1.0.0.0/22",2]
{"handle":null,"name":"FIRST-NET","range":"1.0.0.0/22","status":"ALLOCATED PA","country":"NL","org":{"handle":"ORG-F1-RIPE","name":"First, Inc.","address":"Street 1\n1000 Town","country":"NL","organisation":"RIPE/ORG-F1-RIPE"},"abuse":"abuse@first.example","created":null,"changed":"2023-05-23","source":"RIPE","also":[{"handle":null,"name":null,"range":"1.0.0.0/22","status":"allocated","country":"NL","org":{"handle":"0F3A","name":null,"address":null,"country":null,"organisation":"RIPE/ORG-F1-RIPE"},"abuse":null,"created":"2008-05-01","changed":null,"source":"RIPE"}]}
OUT

run 0 lookup "${chain[@]}" 1.0.0.0/16 1.0.0.128-1.0.1.7 org:ASNAME/large AS64498 ripe/org-f1-ripe 'INC first' 9.0.0.0/8
same 'lookup: ranges, AS, organisations, names' <<'OUT'
1.0.0.0/16
  announced 1.0.0.0/23 by AS64496 First, Inc., DE
  announced 1.0.2.0-1.0.2.99 by AS64497 Not A Prefix, DE
  inside    1.0.0.0/22 FIRST-NET (RIPE), ALLOCATED PA, NL, changed 2023-05-23
            held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  inside    1.0.0.0/22 (RIPE), allocated, NL, since 2008-05-01
            held by RIPE/0F3A
  inside    1.0.1.0-1.0.1.99 CUSTOMER (RIPE/NET-CUST), ASSIGNED PA, DE
  as of     2026-06-17
1.0.0.128-1.0.1.7
  announced 1.0.0.128-1.0.1.7 by AS64496 First, Inc., DE
  the AS    held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  abuse     abuse@first.example, First Abuse Desk, of 1.0.0.0/22
  network   1.0.0.0/22 FIRST-NET (RIPE), ALLOCATED PA, NL, changed 2023-05-23
            held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  also      1.0.0.0/22 (RIPE), allocated, NL, since 2008-05-01
            held by RIPE/0F3A
  as of     2026-06-17
org:ASNAME/large
  name      Large
  country   US
  announces 65536 IPv4 addresses, 65536 IPv6 /48s
  AS        AS64498 Large, 65536 IPv4 addresses
  as of     2026-06-17
AS64498 Large
  org       Large (org:ASNAME/large)
  country   US
  announces 65536 IPv4 addresses, 65536 IPv6 /48s, in 2 prefixes
  prefix    45.0.0.0/16, US
  prefix    2a00:1::/32, FR
  as of     2026-06-17
RIPE/ORG-F1-RIPE
  holder    First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
            also called First Holding (rpsl, RIPE)
            also in DE (rpsl, RIPE)
            also at Street 2, 1000 Town (rpsl, RIPE)
  abuse     abuse@first.example
  AS        AS64496 First, Inc.
  network   1.0.0.0/22 FIRST-NET (RIPE), ALLOCATED PA, NL, changed 2023-05-23
            held by First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
  as of     2026-06-17
"INC first"
  org       First, Inc. (org:RIPE/ORG-F1-RIPE), NL, 512 IPv4 addresses
  AS        AS64496 First, Inc., DE, 512 IPv4 addresses
  holder    First, Inc. (RIPE/ORG-F1-RIPE), NL, Street 1, 1000 Town
9.0.0.0/8
  nobody announces any of it
  as of     2026-06-17
OUT
run 0 lookup --json "${chain[@]}" 1.0.0.0/16 as:64496 org:ASNAME/first-inc ORG-F1-RIPE first
jq -c 'if .range then [.range, .n_announced, .announced[1].asn, .n_inside, .inside[2].handle]
       elif .entity then [.entity, .announced, .n_prefixes, .prefixes, .abuse_of]
       elif .ases then [.holder.handle // .org_handle, .n_ases, (.ases[0] | if type == "object" then .asn else . end), .abuse, .n_ranges]
       else [.question, .n_found, [.found[] | .kind]] end' out >got
mv got out
same 'lookup --json: ranges, AS, organisations, names' <<'OUT'
["1.0.0.0/16",2,64497,3,"NET-CUST"]
["as:64496",512,1,["1.0.0.0/23"],"AS64496"]
["RIPE/ORG-F1-RIPE",1,64496,"abuse@first.example",null]
["ORG-F1-RIPE",1,64496,"abuse@first.example",1]
["first",4,["org","AS","holder","network"]]
OUT
printf '1.0.0.0/24\nAS64496\nfirst\n' >questions
run 1 lookup "${chain[@]}" - AS64511 'no such name' country:NL <questions
cat err >out
same 'lookup: what is no question' <<'OUT'
onus lookup: "first" is no address
onus lookup: "AS64511" is an AS that announces nothing
onus lookup: "no such name" is nobody's name
onus lookup: "country:NL" is a country, of which a registry knows no holder
OUT

run 0 registry info golden
sed -n 2p out >got
mv got out
same 'registry info: networks' <<'OUT'
5 networks, 2 holders of them, 2 abuse contacts
OUT
run 0 registry verify golden
same 'registry verify' <<'OUT'
of 2026-06-17: 5 records of networks, 4 ranges
  1 ranges have several records: 0 tell different countries, 0 different holders
  1 records were refused because they cross a wider network
  1 contacts of networks resolve to nothing
    AR-GONE-RIPE, named by 1.0.1.0-1.0.1.99
  4 organisations, 1 of several ASes or holders
    1 joined by registry: the registry names this holder
    1 joined by record: all records of what the id has name this holder
of the announced space            66404 IPv4 addresses            65537 IPv6 /48s
  a network                         612    0.92 %                 65536  100.00 %
  a holder                          612    0.92 %                     0    0.00 %
  a holder's name                   612    0.92 %                     0    0.00 %
  a country                         612    0.92 %                     0    0.00 %
  an abuse contact                  612    0.92 %                 65536  100.00 %
  several origins                   256    0.39 %                     0    0.00 %
  tables disagree                     0    0.00 %                     0    0.00 %
the chain for ARIN space is unproven: ARIN's bulk whois is not among the inputs. To prove it,
with a key of ARIN's (doc/registry.md):
  curl -f -o arin_db.zip 'https://accountws.arin.net/public/rest/downloads/bulkwhois?apikey=KEY'
  unzip arin_db.zip arin_db.xml
  onus registry build -o registry INPUT… arin_db.xml && onus registry verify registry
OUT
run 0 registry verify --json --registry golden
[ "$(jq -c '[.networks, .crossing, .orphans.network_abuse, .has.holder.v4_addresses, .has.abuse.v6_blocks]' out)" = '[5,1,1,612,65536]' ] || fail "registry verify --json: $(cat out)"
run 2 registry verify asn-20260617.csv

# --- top: a list needs no filters, a log does; CSV ------------------------------------------------------
printf '45.0.0.1\n46.0.0.1\n47.0.0.1\n48.0.0.1\n48.0.0.2\n' >list
printf 'Nov 10 03:01:11 host sshd[1]: Failed password for root from 45.0.4.1 port 4242 ssh2\n' >log
run 0 top --csv --by as "${settings[@]}" -o filter_path=/nonexistent list
head -1 out | grep -qx 'entity,asn,as_name,org,country,addresses,events,announced,share,score,low,high,grade' || fail "CSV: $(head -1 out)"
cut -d, -f1-3 out | sed 1d | LC_ALL=C sort >got
diff got - >changes <<'OUT' || fail "CSV: $(cat changes)"
"as:64505",64505,"'=HYPERLINK(""http://evil"")"
"as:64506",64506,"'+1
"as:64507",64507,"'@SUM(A1)"
"as:64508",64508,"Plain AS"
OUT
run 0 extract "${settings[@]}" -o filter_path=/nonexistent list
[ "$(grep -vc '^#' out)" = 5 ] || fail 'extract wants filters for a list'
for command in top extract; do
  run 2 "$command" "${settings[@]}" -o filter_path=/nonexistent log
  grep -q 'log is a log, but no filter "sshd"' err || fail "$command: a log without filters"
done
run 1 top "${settings[@]}" -o filter_path=/nonexistent log list
run 3 top "${settings[@]}" --filter nosuch -o "filter_path=$ONUS_SOURCE/etc/filter.d" log

# --- a damaged registry stops whoever reads it ------------------------------------------------------------
size=$(stat -c %s reg)
seed=20261124
for round in $(seq 12); do
  seed=$(((seed * 1103515245 + 12345) % 2147483648))
  cp reg bad
  if [ $((round % 2)) = 0 ]; then
    truncate -s $((seed % size)) bad
  else
    printf '\xa5\x5a' | dd of=bad bs=1 seek=$((seed % (size - 2))) conv=notrunc status=none
    cmp -s bad reg && continue
  fi
  for command in 'lookup 48.0.0.5' 'annotate stream' 'top list' 'registry info'; do
    code=0
    if [ "$command" = 'registry info' ]; then
      "$onus" registry info bad >out 2>err || code=$?
    else
      # shellcheck disable=SC2086 # a command and its argument
      "$onus" $command "${settings[@]}" --registry bad >out 2>err || code=$?
    fi
    [ "$code" -ge 2 ] && [ "$code" -le 3 ] && [ ! -s out ] && grep -q 'bad: ' err || fail "$command, damaged at $((seed % size)): exit code $code"
  done
done
echo ok
