#!/bin/bash
# onus-web: every route over a publication with hostile names in it; headers, validators, refusals;
# no publication, a broken one, the next one; it stops when told.
set -euo pipefail
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"

# --- nothing published yet
mkdir "$dir/serve"
start
get 200 /; has 'Nothing is published yet'; has 'Private view'; clean
get 503 /as/64500; get 503 '/api/v1/lookup?q=192.0.2.1'; json '.error'
get 503 /healthz
get 200 '/search?q=x'; clean

# --- a publication appears
publish 7
wait_for 'publication 7'
get 200 /; clean
has 'Evil &quot;Corp&quot; &amp; &lt;script&gt;alert(1)&lt;/script&gt;'
has 'As seen by <strong>test &amp; &lt;co&gt;</strong>'; has '1,234,567'; has 'Private view'
hasnt 'SIMULATED'; has 'href="/org/TEST/caf%C3%A9"'; has '2026-11-02 00:00 UTC'
header '^content-security-policy: default-src .none.'; header '^x-content-type-options: nosniff'
header '^x-robots-tag: noindex'; header '^content-type: text/html; charset=utf-8'
for q in '?kind=as' '?kind=addr&by=score' '?kind=country' '?kind=nonsense&by=%27' '?kind=prefix'; do
  get 200 "/$q"; clean
done
get 200 '/?kind=org&by=score'; has 'Lowest scores'; hasnt 'Café Réseau'
get 200 /about; clean

# --- entities
get 200 /as/64500; clean; has 'AS64500'; has '<b>17</b>'; has '10 to 40'
has '<strong>provisional</strong> grade'; has 'href="/org/TEST/evil"'; has '1 in</small> 25'
get 200 /org/TEST/evil; clean
get 200 '/org/TEST/caf%C3%A9'; clean; has 'Café Réseau'; has 'evidence of one unverified source only'
has 'no grade'
get 200 /addr/192.0.2.1; clean
has 'href="/block/192.0.2.0/24"'; has 'href="/prefix/192.0.2.0/23"'; has 'href="/as/64500"'
has 'href="/country/NL"'; has '&lt;i&gt;mail&lt;/i&gt;'; has 'verified attack &amp; &quot;more&quot;'
has '2026-11-02'; has '0.30'; has '= 0.45'; has '× 1.90'; has '67.8'
get 200 /block/192.0.2.0/24; clean; hasnt 'this one has ended'; has 'href="/addr/192.0.2.1"'
get 200 /prefix/192.0.2.0/23; clean
has 'AS64500: <b>4.8 times as many</b> as the average network <small>(6.72&nbsp;seen, 0.45&nbsp;expected)'
has 'this prefix: <b>23 times as many</b> as AS64500'; has 'all together: <b>110 times as many</b> as the average network'
has $'AS64500: <b>62\u00a0% as many</b> as the average network <small>(0&nbsp;seen'; has 'onus explain prefix:192.0.2.0/23'
get 200 /as/64500; hasnt 'Why new attackers'
get 200 /country/NL; clean
get 200 /addr/2001:db8::/64; clean
get 200 /prefix/192.0.0.0/16; clean; has 'address range'; has '192.0.2.0/24'

# --- nothing reported, not known
get 200 /addr/198.41.0.4; clean; has 'Nothing reported in 15 days'
get 200 /addr/10.1.2.3; clean; has '<strong>private</strong> address space'
get 404 /as/64501; clean

# --- one address for every page
get 301 /addr/2001:db8::1; header '^location: /addr/2001:db8::/64'
get 301 /addr/2001:DB8:0:0::7; header '^location: /addr/2001:db8::/64'
get 404 /as/064500x; get 404 /as/0; get 404 /addr/1.2.3; get 404 /country/nl; get 404 /net/

# --- search
for q in as64500 'AS%2064500' 64500 'asn64500' '%20AS64500%20'; do
  get 302 "/search?q=$q"; header '^location: /as/64500'
done
get 302 '/search?q=192.0.2.1'; header '^location: /addr/192.0.2.1'
get 302 '/search?q=%5B2001:db8::5%5D'; header '^location: /addr/2001:db8::/64'
get 302 '/search?q=192.0.2.0/23'; header '^location: /prefix/192.0.2.0/23'
get 302 '/search?q=192.0.2.64/26'; header '^location: /block/192.0.2.0/24'
get 302 '/search?q=nl'; header '^location: /country/NL'
get 302 '/search?q=caf%C3%A9'; header '^location: /org/TEST/caf%C3%A9'
get 302 '/search?q=silent'; header '^location: /as/64501'
get 200 '/search?q=evil'; clean; has 'href="/as/64500"'; has 'href="/org/TEST/evil"'
get 200 '/search?q=zzzz'; clean; has 'No organisation or network of that name'
for q in '%3Cscript%3Ealert(1)%3C/script%3E' '%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E' \
  "'%20OR%201=1--" '%22)%20OR%20title:*' 'NEAR(a%20b)' '*' '%22' '-' 'a%20AND%20' '{{site.name}}' \
  '%E2%80%AE' '%0d%0aSet-Cookie:%20a=b' ''; do
  get 200 "/search?q=$q"
  hasnt '<script>alert'; hasnt '<img src=x'
  ! grep -qi '^set-cookie' "$dir/head" || fail 'a header out of a question'
done
get 400 "/search?q=$(printf 'a%.0s' $(seq 300))"; clean

# --- API
get 200 '/api/v1/lookup?q=192.0.2.1'; header '^access-control-allow-origin: \*'
header '^content-type: application/json'
json '.address == "192.0.2.1" and .prefix == "192.0.2.0/23" and .asn == 64500 and .country == "NL"'
json '.org == "Evil \"Corp\" & <script>alert(1)</script>" and .as_name == .org and .grade == "C"'
json '.score == 67.8 and .low == 50 and .high == 91 and .hosts == 1 and .events == 1000'
json '.as_of == "2026-11-02T00:00:00Z" and .site == "test & <co>" and .groups == 2 and .reason == null'
json '.simulated == false and .private == true and (.chain | length) == 6'
get 200 '/api/v1/lookup?q=198.41.0.4'
json '.score == null and .grade == null and .reason == "nothing reported in 15 days" and .hosts == 0'
get 200 '/api/v1/lookup?q=as64500'; json '.asn == 64500 and .address == null and .reason == "provisional"'
get 200 '/api/v1/lookup?q=org:TEST/caf%C3%A9'; json '.grade == null and .score == 81.6'
get 200 '/api/v1/lookup?q=198.40.0.0/15'; json '.reason == "not announced as one prefix" and .score == null'
get 200 '/api/v1/lookup?q=127.0.0.1'; json '.reason == "loopback address space is never scored"'
for q in '' '?q=' '?q=nobody' '?q=1.2.3.4.5' '?q=::1::'; do get 400 "/api/v1/lookup$q"; json '.error'; done
get 200 '/api/v1/top'; json '.kind == "org" and (.rows | length) == 2 and .rows[0].addresses == 41'
json '.rows[0].entity == "org:TEST/evil" and .rows[0].share == 0.040039062 and .rows[1].grade == null'
get 200 '/api/v1/top?kind=addr&n=1'; json '(.rows | length) == 1 and .rows[0].entity == "addr:192.0.2.1"'
get 200 '/api/v1/top?kind=org&by=score'; json '(.rows | length) == 1'
for q in kind=x n=0 n=1001 n=-1 n=1e3 by=x; do get 400 "/api/v1/top?$q"; json '.error'; done

# --- files, and what is none
get 200 /static/onus.css; header '^content-type: text/css'
get 200 /static/onus.js; get 200 /static/onus.svg; get 200 /robots.txt; has 'Disallow: /'
get 200 /map.png; head -c 4 "$dir/body" | grep -q PNG || fail 'the map is no PNG'
get 200 /healthz; has 'OK - generation 7'
for p in /static/ /static/../web.sql /static/..%2f..%2fetc%2fpasswd /../../../etc/passwd /home.html \
  //etc/passwd /.git/config /serve/current /static/onus.css%2f /Addr/192.0.2.1 /addr /org/x; do
  get 404 "$p"; clean
done
get 400 /%00; get 400 /a%0d%0ab; get 400 /%; get 400 /%ff
get 414 "/$(head -c 3000 /dev/zero | tr '\0' a)"

# --- every link of a page leads somewhere
get 200 /addr/192.0.2.1
links=$(grep -oE '(href|src)="/[^"]*"' "$dir/body" | cut -d'"' -f2 | sed 's/&amp;/\&/g' | sort -u)
for l in $links; do get 200 "$l"; done

# --- validators, HEAD, methods, bodies, compression
get 200 /as/64500; etag=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' "$dir/head")
[ -n "$etag" ] || fail 'no ETag'
get 304 /as/64500 -H "If-None-Match: $etag"; [ ! -s "$dir/body" ] || fail '304 with a body'
get 200 /as/64500 -H 'If-None-Match: "other"'
get 200 / -I; header '^content-length: [1-9]'
for m in POST PUT DELETE PATCH OPTIONS TRACE CONNECTX; do get 405 / -X "$m"; header '^allow: GET, HEAD'; done
get 405 / -d 'a=b'; get 413 / -X GET -d 'a=b'
get 200 / --compressed; header '^content-encoding: gzip'; clean

# --- a broken publication is refused, the one before it stays, the next one is taken
mkdir "$dir/serve/8"; head -c 5000 "$dir/serve/7/reputation.sqlite" >"$dir/serve/8/reputation.sqlite"
current 8
wait_for 'Not the newest'
get 200 /as/64500; has 'publication 7'; grep -q 'not shown' "$dir/log" || fail 'it was not logged'
get 200 /healthz; has 'WARNING'
publish 9
wait_for 'publication 9'
get 200 /healthz; has 'OK - generation 9'
publish 3
wait_for 'Not the newest'
get 200 /as/64500; has 'publication 9'

# --- it ends when told, and says so when it is declared public
stop
start -o web_public=yes
get 200 /; hasnt 'Private view'
! grep -qi '^x-robots-tag' "$dir/head" || fail 'public pages may be indexed'
get 200 /robots.txt; hasnt 'Disallow: /$'
stop

# --- holders of what nobody reported, out of the registry file
printf '%s\n' '198.41.0.0,198.41.3.255,64501,"Silent <Networks>"' '2.0.0.0,2.0.255.255,64502,Wide' \
  '192.0.0.0,192.0.1.255,64500,Evil' >"$dir/asn.csv"
"$ONUS_BUILD/src/prog/onus/onus" registry build -o "$dir/none" "$dir/asn.csv" 2>"$dir/log"
start
get 200 /addr/198.41.0.4; clean; has 'Nothing reported in 15 days'; has 'Who answers for it'
has 'href="/prefix/198.41.0.0/22"'; has 'href="/as/64501"'; has 'Silent &lt;Networks&gt;'
get 200 '/api/v1/lookup?q=198.41.0.4'
json '.prefix == "198.41.0.0/22" and .asn == 64501 and .org == "Silent <Networks>" and .grade == null'
jq -S '{address,prefix,asn,as_name,org,org_handle,country,special}' "$dir/body" >"$dir/a"
"$ONUS_BUILD/src/prog/onus/onus" lookup --json -r "$dir/none" 198.41.0.4 2>"$dir/log" |
  jq -S '{address,prefix,asn,as_name,org,org_handle,country,special}' >"$dir/b"
cmp "$dir/a" "$dir/b" || fail 'the API and onus lookup differ'
get 200 /as/64501; clean; has 'Nothing reported in 15 days'; has '1,024'
get 404 /as/64999; clean
get 200 /prefix/2.0.0.0/16; clean; has 'Nothing reported'; hasnt 'address range'
get 302 '/search?q=2.0.64.0/20'; header '^location: /prefix/2.0.0.0/16'
get 200 '/api/v1/lookup?q=2001:db8::5'; json '.address == "2001:db8::5" and .entity == "addr:2001:db8::/64"'
stop

# --- what it says before it starts
"$web" --help | grep -q '^Usage: onus-web' || fail 'no help'
got=0; "$web" -c /dev/null -o web_listen=nowhere -o web_root="$ONUS_SOURCE/web" >"$dir/out" 2>"$dir/log" || got=$?
[ "$got" = 3 ] || fail "a bad web_listen exits $got"
grep -q 'give address:port' "$dir/log" || fail 'it does not say what to write'
echo "ok: $n requests"
