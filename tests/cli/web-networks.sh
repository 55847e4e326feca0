#!/bin/bash
# Whom to write to, on pages and in the API: networks three deep with their holders, contacts that are
# inherited, two registries of two minds, ranges that are made of parts, an IPv6 host within its /64, text that
# would be markup, a header of a mail or a line of another direction; and what is said where nothing is known.
set -euo pipefail
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
rtl=$'\u202e' long=$(printf 'L%.0s' $(seq 1024))

# net FIRST LAST NAME STATUS ORG SOURCE [LINE…]: a network as a registry would tell it; without LAST, FIRST is an
# IPv6 prefix
net() {
  if [ -n "$2" ]; then echo "inetnum: $1 - $2"; else echo "inet6num: $1"; fi
  printf 'netname: %s\nstatus: %s\n' "$3" "$4"
  [ -z "$5" ] || printf 'org: %s\n' "$5"
  printf '%s\n' "${@:7}" "source: $6" ''
}
# org HANDLE NAME COUNTRY CONTACT [ADDRESS…]
org() {
  printf 'organisation: %s\norg-name: %s\ncountry: %s\nabuse-c: %s\nsource: RIPE\n' "$1" "$2" "$3" "$4"
  [ $# -lt 5 ] || printf 'address: %s\n' "${@:5}"
  echo
}
desk() { printf 'role: %s\nnic-hdl: %s\nabuse-mailbox: %s\nsource: RIPE\n\n' "$2" "$1" "$3"; }
as() { printf 'aut-num: AS%s\nas-name: X\norg: %s\nsource: RIPE\n\n' "$1" "$2"; }

{
  net 198.40.0.0 198.41.255.255 WIDE-NET 'ALLOCATED PA' ORG-W RIPE 'country: NL' 'created: 2005-03-01T10:00:00Z' \
    'last-modified: 2020-05-06T10:00:00Z'
  net 198.41.0.0 198.41.3.255 MIDDLE-NET 'SUB-ALLOCATED PA' ORG-M RIPE 'country: FR'
  net 198.41.0.4 198.41.0.4 ONE-HOST 'ASSIGNED PA' '' RIPE
  net 198.41.0.0 198.41.0.63 CUSTOMER-7 'ASSIGNED PA' '' RIPE 'country: DE' 'remarks: John Doe' 'admin-c: JD1-RIPE'
  net 5.0.0.0 5.0.1.255 PART-ONE 'ASSIGNED PA' ORG-W RIPE
  net 5.0.1.0 5.0.1.63 NESTED 'ASSIGNED PA' '' RIPE
  net 5.0.2.0 5.0.2.255 PART-TWO 'ASSIGNED PA' ORG-M RIPE
  net 6.0.0.0 6.0.0.255 "<script>alert(1)</script>" "<b>\"ASSIGNED'</b>" ORG-H RIPE
  net 7.0.0.0 7.0.0.255 "${long:0:500}" 'ASSIGNED PA' ORG-L RIPE
  net 8.0.0.0 8.0.0.255 QUIET 'ASSIGNED PA' '' RIPE
  net 2a00:db8::/32 '' SIX 'ALLOCATED' ORG-W RIPE
  net 2a00:db8::10/124 '' FEW-SIX 'ASSIGNED' ORG-M RIPE
  for i in $(seq 0 11); do net "9.0.$i.0" "9.0.$i.99" "PIECE-$i" 'ASSIGNED PA' '' RIPE; done
  org ORG-W 'Wide & Sons' NL AR-W 'Kanaalstraat 12' '1000 AA Amsterdam'
  org ORG-M 'Mittel <Hosting>' DE AR-M 'Hafenweg 3' '20457 Hamburg'
  org ORG-H "<script>alert(2)</script>${rtl}gro" NL AR-H "</p><script>alert(3)</script>" "'\" onload=x"
  org ORG-L "$long" NL AR-W "$long"
  desk AR-W 'Wide Abuse' abuse@wide.example
  desk AR-M 'Mittel Desk' abuse@mittel.example
  desk AR-H "<script>alert(4)</script>$rtl" "abuse?bcc=all&body='x'%0a@evil.example"
  as 64501 ORG-W; as 64503 ORG-M
  printf 'person: John Doe\nnic-hdl: JD1-RIPE\naddress: His Street 1\ne-mail: john@doe.example\nsource: RIPE\n'
} >"$dir/ripe.db"
{
  net 198.41.0.0 198.41.3.255 OLD-NAME ASSIGNED ORG-OLD ARIN 'country: US'
  printf 'organisation: ORG-OLD\norg-name: Former Holder\ncountry: US\nsource: ARIN\n'
} >"$dir/arin.db"
cat >"$dir/rdap" <<'RDAP'
{"objectClassName":"ip network","handle":"NET-12","startAddress":"12.0.0.0","endAddress":"12.0.1.255","name":"BY-RDAP","port43":"whois.arin.net"}
RDAP
printf '%s\n' '198.41.0.0,198.41.3.255,64501,Silent' '5.0.0.0,5.0.3.255,64502,Parts' '6.0.0.0,6.0.0.255,64502,Parts' \
  '7.0.0.0,7.0.0.255,64502,Parts' '8.0.0.0,8.0.0.255,64503,Quiet' '9.0.0.0,9.0.15.255,64503,Quiet' \
  '11.0.0.0,11.0.0.255,64503,Quiet' '192.0.2.0,192.0.3.255,64500,Evil' \
  '2a00:db8::,2a00:db8:ffff:ffff:ffff:ffff:ffff:ffff,64501,Silent' >"$dir/asn.csv"
printf '%s\n' '% a dump' '7	13.0.0.0/23	300' '9	13.0.0.0/24	90' '7	13.0.0.0/24	300' '8	13.0.0.0/24	1' >"$dir/ris"
build() { "$onus" registry build -o "$dir/made" "$@" >"$dir/log" 2>&1 || fail 'no registry'; mv "$dir/made" "$dir/none"; }
# same QUESTION: the API says of networks what onus lookup says
same() {
  get 200 "/api/v1/lookup?q=$1"
  jq -S '{as_holder,abuse,abuse_of,networks}' "$dir/body" >"$dir/a"
  "$onus" lookup --json -r "$dir/none" "$1" 2>"$dir/log" | jq -S '{as_holder,abuse,abuse_of,networks}' >"$dir/b"
  cmp "$dir/a" "$dir/b" || fail "the API and onus lookup differ on $1"
}

publish 1
build "$dir/asn.csv" "$dir/ripe.db" "$dir/arin.db" "$dir/rdap" "$dir/ris"
start

# --- an address, three networks deep; its contact is of the middle one
get 200 /addr/198.41.0.4; clean
has '<p class="write-to">Write to <a href="mailto:abuse@mittel.example">'
has 'abuse contact of the network around it, <span class="num">198.41.0.0/22</span> <bdi>MIDDLE-NET</bdi>'
has 'The networks around it'; has 'CUSTOMER-7'; has 'WIDE-NET'; has 'Wide &amp; Sons'; has 'ALLOCATED PA'
has '<bdi>Kanaalstraat 12</bdi>, <bdi>1000 AA Amsterdam</bdi>'; has 'Mittel &lt;Hosting&gt;'; has '<span>FR</span>'
has 'since 2005-03-01'; has 'changed 2020-05-06'; has '<small>announces it</small>'
has '<summary>Another record of this range</summary>'; has 'Former Holder'; has '<bdi>ARIN</bdi>'
[ "$(grep -o 'ONE-HOST\|CUSTOMER-7\|name"><bdi>MIDDLE-NET\|OLD-NAME\|WIDE-NET' "$dir/body" | tr -d '\n')" = \
  'ONE-HOSTCUSTOMER-7name"><bdi>MIDDLE-NETOLD-NAMEWIDE-NET' ] || fail 'the chain is not in order'
hasnt John; hasnt JD1; hasnt john@; hasnt 'given on'; hasnt 'registry file here'
for q in 198.41.0.4 198.41.0.99 198.41.3.255 5.0.0.1 5.0.3.1 6.0.0.1 7.0.0.1 8.0.0.1 11.0.0.1 192.0.2.1 2a00:db8::17 \
  2a00:db8::1 2a00:db8::20 1.1.1.1 10.0.0.1; do
  same "$q"
done
get 200 '/api/v1/lookup?q=198.41.0.4'
json '.abuse == "abuse@mittel.example" and .abuse_of == "198.41.0.0/22" and .as_holder.handle == "ORG-W"'
json '[.networks[].range] == ["198.41.0.4", "198.41.0.0/26", "198.41.0.0/22", "198.40.0.0/15"]'
json '.networks[2].org.address == "Hafenweg 3\n20457 Hamburg" and .networks[2].also[0].name == "OLD-NAME"'
json '.networks[3].created == "2005-03-01" and .networks[3].source == "RIPE" and (.networks[0].also | length) == 0'

# --- a block and a prefix: networks that hold all of it, and those inside
get 200 /block/198.41.0.0/24; clean; has 'abuse contact of the network around it'
has 'Parts of it are given on'; has '<a href="/prefix/198.41.0.0/26">'
get 200 '/api/v1/lookup?q=block:198.41.0.0/24'; json '.networks[0].range == "198.41.0.0/22"'
get 200 /prefix/198.41.0.0/22; clean; has 'abuse contact of just this range'
get 200 /prefix/198.41.0.0/26; clean; has 'CUSTOMER-7'
get 200 /prefix/5.0.0.0/22; clean; has 'The networks inside it'; has 'no one network holds all of it'
has PART-ONE; has PART-TWO; hasnt NESTED; hasnt 'Write to'; hasnt 'registry file here'
get 200 '/api/v1/lookup?q=prefix:5.0.0.0/22'; json '.networks == [] and .abuse == null and .abuse_of == null'
get 200 /prefix/9.0.0.0/20; clean; has PIECE-7; hasnt PIECE-8; has 'these are the first'
has 'abuse contact of <span class="num">AS64503</span>'
get 200 /addr/2a00:db8::/64; clean; has SIX; has 'Parts of it are given on'; has FEW-SIX; has '>2a00:db8::10/124<'
hasnt 'href="/prefix/2a00:db8::10'
get 200 /addr/192.0.2.1; clean; has 'The registry file here knows no network around it'; hasnt 'Write to'

# --- who announces it besides: of what all of it is so
for page in /addr/13.0.0.1 /block/13.0.0.0/24; do
  get 200 $page; clean; has 'Announced by others, too'; has '>AS9</span>'; has 'seen by 90 peers'; has '<span>ris-whois</span>'; hasnt 'AS8<'
done
for page in /prefix/13.0.0.0/23 /addr/13.0.1.1 /addr/198.41.0.4; do get 200 $page; hasnt 'Announced by others'; done
get 200 '/api/v1/lookup?q=13.0.0.1'
json '.asn == 7 and .other_origins == [{asn: 9, as_name: null, peers: 90, source: "ris-whois"}]'
get 200 '/api/v1/lookup?q=198.41.0.4'; json '.other_origins == []'
get 200 '/api/v1/lookup?q=AS64501'; json 'has("other_origins") | not'

# --- a network by its name is its range
for q in /net/ARIN/NET-12 /net/arin/net-12 '/search?q=net:arin/net-12'; do get 302 "$q"; header '^location: /prefix/12.0.0.0/23'; done
get 200 /prefix/12.0.0.0/23; clean; has BY-RDAP; has '<bdi>ARIN/NET-12</bdi>'; has 'None of them names an abuse contact'
get 200 '/api/v1/lookup?q=net:ARIN/NET-12'; json '.networks[0].handle == "NET-12" and .entity == "prefix:12.0.0.0/23"'
get 404 /net/ARIN/NET-13; clean
get 200 '/api/v1/lookup?q=net:ARIN/NET-13'; json '.networks == [] and .reason == "not known to the registry"'

# --- an AS, an organisation
get 200 /as/64501; clean; has 'Held by'; has 'abuse contact of <span class="num">AS64501</span>'; has 'Wide &amp; Sons'; has 'Write to <a href="mailto:abuse@wide.example">'
get 200 '/api/v1/lookup?q=AS64501'; json '.as_holder.name == "Wide & Sons" and .abuse_of == "AS64501" and .networks == []'
get 200 /as/64502; clean; has 'The registry file here does not know who holds this AS'; has '<code>whois AS64502</code>'
get 302 /org/ASNAME/silent; header '^location: /org/RIPE/ORG-W'; get 200 /org/RIPE/ORG-W; clean; has 'Write to <a href="mailto:abuse@wide.example">'
has 'abuse contact of <span class="num">AS64501</span>'; has '<a href="/as/64501">AS64501</a>'
get 200 '/api/v1/lookup?q=org:ASNAME/silent'; json '.abuse == "abuse@wide.example" and .abuse_of == "AS64501"'
get 200 /org/ASNAME/parts; clean; hasnt 'Held by'; hasnt 'Write to'
get 200 /country/NL; clean; hasnt 'Write to'

# --- text out of a registry is text
get 200 /addr/6.0.0.1; clean; hasnt '<script>a'; hasnt "<b>\"A"; hasnt '</p><script'
has '&lt;script&gt;alert(1)&lt;/script&gt;'; has "<bdi>&lt;script&gt;alert(2)&lt;/script&gt;${rtl}gro</bdi>"
has 'mailto:abuse%3Fbcc%3Dall%26body%3D%27x%27%250a@evil.example"'; hasnt 'mailto:abuse?'
! grep -F "$rtl" "$dir/body" | sed "s/<bdi>[^<]*<\/bdi>//g" | grep -qF "$rtl" || fail 'text of another direction is not kept apart'
get 200 /addr/7.0.0.1; clean; has LLLLLLLLLL; [ "$(wc -c <"$dir/body")" -lt 20000 ] || fail 'a long name is not cut'
get 200 /addr/8.0.0.1; clean; has QUIET; has 'abuse contact of <span class="num">AS64503</span>'

# --- every link of such a page leads somewhere
get 200 /addr/198.41.0.4
links=$(grep -oE 'href="/[^"]*"' "$dir/body" | cut -d'"' -f2 | sed 's/&amp;/\&/g' | sort -u)
for l in $links; do get 200 "$l"; done
stop

# --- what records say besides what holds: of an AS on its page, of a holder where he stands as one of an AS
{
  printf 'aut-num: AS64501\nas-name: <b>OTHER</b>%s\norg: ORG-Z\nsource: RADB\n\n' "$rtl"
  printf 'organisation: ORG-Z\norg-name: <i>Else</i>\nsource: RADB\n\n'
  org ORG-W 'Wide & <u>Daughters</u>' BE AR-W 'Old Road 1' '<td>Town'
} >"$dir/older.db"
touch -d 2020-01-01 "$dir/older.db"
build "$dir/asn.csv" "$dir/ripe.db" "$dir/older.db"
start
get 200 /as/64501; clean; hasnt '<b>OTHER'; hasnt '<i>Else'; hasnt '<u>D'; hasnt '<td>'
has 'Other records say otherwise'; has '<div class="net-at">called <bdi>X</bdi></div>'; has '<span>rpsl, RADB</span>'
has "called <bdi>&lt;b&gt;OTHER&lt;/b&gt;$rtl</bdi>"; has 'held by <bdi>RADB/ORG-Z</bdi>'
has '<span>also called <bdi>Wide &amp; &lt;u&gt;Daughters&lt;/u&gt;</bdi></span> <span>rpsl, RIPE</span>'
has '<span>also in <bdi>BE</bdi></span>'; has '<span>also at <bdi>Old Road 1, &lt;td&gt;Town</bdi></span>'
get 200 /org/RIPE/ORG-W; clean; has 'also called <bdi>Wide &amp; &lt;u&gt;Daughters&lt;/u&gt;</bdi>'; hasnt 'Other records say'
get 200 /addr/198.41.3.255; clean; hasnt 'Other records say'
get 200 /as/64503; clean; has 'called <bdi>X</bdi>'; hasnt 'also called'
get 200 '/api/v1/lookup?q=AS64501'
json '[.as_said[] | .field + " " + .value] == ["name X", "name <b>OTHER</b>\u202e", "holder RADB/ORG-Z"]'
json '.as_holder.said[1] == {field: "country", value: "BE", source: "RIPE", kind: "rpsl"}'
jq -S .as_said "$dir/body" >"$dir/a"
"$onus" lookup --json -r "$dir/none" AS64501 | jq -S .as_said | cmp - "$dir/a" || fail 'the API and onus lookup differ on what is said'
get 200 '/api/v1/lookup?q=198.41.3.255'; json 'has("as_said") | not'
same AS64501
stop

# --- a registry file without networks, and none at all
build "$dir/asn.csv"
start
get 200 /addr/198.41.0.4; clean; has 'The registry file here knows no networks; look it up at the registry: <code>whois 198.41.0.4</code>'
get 200 '/api/v1/lookup?q=198.41.0.4'; json '.networks == [] and .abuse == null and .as_holder == null and .asn == 64501'
get 200 /addr/10.0.0.1; clean; hasnt 'registry file here'
stop
rm "$dir/none"
start
get 200 /addr/198.41.0.4; clean; has 'There is no registry file here'
get 200 /as/64500; clean; has 'There is no registry file here'
get 200 '/api/v1/lookup?q=198.41.0.4'; json '.networks == [] and .abuse_of == null and has("as_holder")'
stop

# --- the registry that was published goes before the one that is configured
build "$dir/asn.csv"
"$onus" registry build -o "$dir/serve/1/registry" "$dir/asn.csv" "$dir/ripe.db" >"$dir/log" 2>&1
start
get 200 /addr/198.41.0.4; has 'abuse@mittel.example'
stop

# --- what changed hands: ranges in each other and beside each other, a holder with markup in his name
held() { # FIRST LAST REACH HOLDER FROM TO: the last byte pairs of IPv4 addresses in hexadecimal
  sqlite3 "$dir/serve/1/reputation.sqlite" \
    "INSERT INTO tenure VALUES(x'00000000000000000000FFFF$1', x'00000000000000000000FFFF$2', '$4', $5, $6, x'00000000000000000000FFFF$3')"
}
for row in 'C6280000 C629FFFF C629FFFF' 'C6290000 C62903FF C629FFFF' 'C6290100 C62901FF C629FFFF' 'C6290200 C62902FF C629FFFF' \
  'C7000000 C70000FF C70000FF'; do
  # shellcheck disable=SC2086 # three words
  held $row 'RIPE/ORG-OLD' 20000 20100
  # shellcheck disable=SC2086
  held $row 'RIPE/ORG-W' 20100 NULL
done
held C7000100 C70001FF C70001FF '<script>alert(9)</script>' 20000 20100
start
ranges() { get 200 "/api/v1/lookup?q=$1"; json "[.tenure[].range] | unique == $2"; }
ranges 198.41.3.1 '["198.40.0.0/15", "198.41.0.0/22"]'
ranges 198.41.2.1 '["198.40.0.0/15", "198.41.0.0/22", "198.41.2.0/24"]'
ranges 198.41.1.0/23 '["198.40.0.0/15", "198.41.0.0/22"]'
ranges 198.41.9.1 '["198.40.0.0/15"]'
ranges 198.39.255.255 '[]'
ranges 198.42.0.0 '[]'
ranges 199.0.0.0/23 '[]'
ranges 2a00:db8::1 '[]'
get 200 '/api/v1/lookup?q=198.41.2.1'
json '.tenure[0:2] == [{range: "198.41.2.0/24", holder: "RIPE/ORG-OLD", from: "2024-10-04", to: "2025-01-12"},
  {range: "198.41.2.0/24", holder: "RIPE/ORG-W", from: "2025-01-12", to: null}]'
get 200 /addr/198.41.2.1; clean; has 'It changed hands'; has '<bdi>RIPE/ORG-OLD</bdi></span> <span class="date">until 2025-01-12'
has '<a href="/org/RIPE/ORG-W"><bdi>Wide &amp; Sons</bdi></a>'; has 'since 2025-01-12'
get 200 /addr/199.0.1.1; clean; has '&lt;script&gt;alert(9)'
get 200 /addr/198.39.0.1; clean; hasnt 'changed hands'
stop
# … and a publication of before there was such a table
sqlite3 "$dir/serve/1/reputation.sqlite" 'DROP TABLE tenure'
start
get 200 /addr/198.41.2.1; clean; has MIDDLE-NET; hasnt 'changed hands'
ranges 198.41.2.1 '[]'
stop
echo "ok: $n requests"
