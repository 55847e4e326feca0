#!/bin/bash
# onus registry read: what it prints, to the byte; inputs that are none; outputs that cannot be written; sources
# without number; names that would speak to a terminal.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"

cat >stats <<'IN'
2.3|arin|20260101|7|19700101|20260101|-0500
arin|*|asn|*|2|summary
arin|*|ipv4|*|3|summary
arin|*|ipv6|*|1|summary
arin|US|asn|64496|2|20200101|assigned|aa
arin|US|ipv4|198.51.100.0|768|20200101|allocated|aa
arin|US|ipv4|192.0.2.0|256|20200101|allocated|aa
arin||ipv4|203.0.113.0|256||reserved|
arin|US|ipv6|2001:db8::|32|20200101|allocated|bb
arin|US|asn|0|1|20200101|assigned|aa
arin|us|ipv4|192.0.2.0|256|20200101|allocated|aa
IN
run 0 registry read stats
same 'registry read' <<'OUT'
stats (rir-stats): 4 facts, 3 refused, 1 left out
  network            3 taken
  as                 1 taken
  ARIN               2 IPv4 networks of 1024 addresses, 192.0.2.0 - 198.51.102.255
  ARIN               1 IPv6 networks of 65536 /48s, 2001:db8:: - 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
  ARIN               1 records of 2 AS numbers, 64496 - 64497
  left out           1 reserved (first: line 8)
  refused            1 not an AS number (first: line 10)
  refused            1 not a country of two capital letters (first: line 11)
  refused            1 4 of 3 ipv4 records (first: line 11)
OUT
diff - err <<'ERR' || fail 'refusals'
onus registry: refused: stats:10: not an AS number
onus registry: refused: stats:11: not a country of two capital letters
onus registry: refused: stats:11: 4 of 3 ipv4 records
ERR
run 0 registry read --json stats
same 'registry read --json' <<'OUT'
{"file":"stats","kind":"rir-stats","taken":{"network":3,"as":1,"org":0,"contact":0,"route":0,"place":0,"mailbox":0},"refused":3,"left_out":1,"sources":[{"source":"ARIN","ipv4":{"networks":2,"addresses":1024,"first":"192.0.2.0","last":"198.51.102.255"},"ipv6":{"networks":1,"blocks48":65536,"first":"2001:db8::","last":"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},"as":{"records":1,"numbers":2,"first":64496,"last":64497}}],"refused_for":[{"why":"not an AS number","count":1,"first_line":10},{"why":"not a country of two capital letters","count":1,"first_line":11},{"why":"4 of 3 ipv4 records","count":1,"first_line":11}],"left_out_for":[{"why":"reserved","count":1,"first_line":8}]}
OUT

# names that would speak to a terminal, Latin-1, several files at once
printf 'organisation: ORG-1\norg-name: A\e[31m Z\xfcrich\naddress: 1 \xc2\x9bm\naddress: 2\nsource: RIPE\n\nperson: John Doe\nnic-hdl: JD1\nsource: RIPE\n' >dump
run 0 registry read --facts stats dump
tail -n 1 out >last && mv last out
same 'registry read --facts' <<'OUT'
{"line":1,"kind":"org","source":"RIPE","handle":"ORG-1","name":"A?[31m Zürich","address":"1 ??m\u000a2"}
OUT
printf '{"startAddress":"192.0.2.0","endAddress":"192.0.2.255","port43":"whois.arin.net"}' >answer
run 0 registry read - <answer
head -1 out | grep -qx -e '- (rdap): 1 facts, 0 refused, 0 left out' || fail "stdin: $(cat out)"

# what is none, and what is none of one
printf '\0\1\2' >bytes
echo '<html>inetnum: 192.0.2.0 - 192.0.2.255</html>' >page
: >empty
for none in bytes page empty nosuch .; do
  run 2 registry read "$none"
  [ ! -s out ] && grep -q "$none" err || fail "$none"
done
run 2 registry read page stats
head -1 out | grep -q '^stats (rir-stats): 4 facts' || fail 'one input that is none keeps another from being read'
printf 'arin|US|asn|0|1|20200101|assigned|aa\n' >useless
run 1 registry read useless
gzip -c stats | head -c 100 >cut.gz
run 2 registry read cut.gz
run 3 registry read
grep -q 'read INPUT' err || fail 'no input: no word of what to say'
code=0
"$onus" registry read --facts stats >/dev/full 2>err || code=$?
[ "$code" = 2 ] && grep -q 'cannot write' err || fail "a full disk: exit code $code"

# sources and refusals without number
seq 200 | sed 's/.*/route: 192.0.2.0\/24\norigin: AS1\nsource: S&\n/' >many
seq 200 | sed 's/.*/route: 192.0.2.1\/24\norigin: AS1\nsource: S&\n/' >>many
run 0 registry read --json many
[ "$(jq -c '[.taken.route, .refused, (.sources | length), .refused_for[0].count]' out)" = '[200,200,64,200]' ] ||
  fail "many: $(cat out)"
[ "$(wc -l <err)" = 21 ] && grep -qx 'onus registry: refused: many: 180 more' err || fail 'refusals without end'
echo ok
