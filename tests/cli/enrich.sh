#!/bin/bash
# onus registry enrich against servers that do what registries' servers do: redirects, 404, 429 and 503, refusals,
# garbage, silence, too much, answers to other questions. What is kept holds no person, is not asked for again, and
# reaches `onus lookup`; the contacts are checked; killed at any moment nothing is lost and nobody is asked too often.
set -euo pipefail
# shellcheck source=tests/cli/enrich_site.sh
. "$ONUS_SOURCE/tests/cli/enrich_site.sh"

# net FIRST LAST HANDLE [ORG [MAIL]]: an answer about a network, with a person in it
net() {
  jq -n -c --arg a "$1" --arg b "$2" --arg h "$3" --arg o "${4:-ORG-A}" --arg m "${5:-abuse@good.example}" '
    {rdapConformance: ["rdap_level_0"], objectClassName: "ip network", handle: $h, startAddress: $a, endAddress: $b,
     name: ("NAME-" + $h), type: "ASSIGNED PA", country: "NL", port43: "whois.ripe.net",
     events: [{eventAction: "registration", eventDate: "2010-02-03T00:00:00Z"}],
     notices: [{title: "Terms", description: ["nobody reads them"]}],
     entities: [
       {handle: "JD1-RIPE", roles: ["administrative", "technical"], vcardArray: ["vcard", [["fn", {}, "text", "John Doe"],
         ["kind", {}, "text", "individual"], ["tel", {}, "text", "+31-1"], ["email", {}, "text", "john@home.example"]]]},
       {handle: $o, roles: ["registrant"], vcardArray: ["vcard", [["fn", {}, "text", ("Company " + $o)], ["kind", {}, "text", "org"],
         ["adr", {label: "Street 1\n1000 Town", cc: "NL"}, "text", ["", "", "", "", "", "", ""]]]]},
       {handle: ("AB-" + $o), roles: ["abuse"], vcardArray: ["vcard", [["fn", {}, "text", "Abuse desk"], ["kind", {}, "text", "group"],
         ["email", {type: "abuse"}, "text", $m]]]}]}'
}
as() {
  jq -n -c --argjson n "$1" '{objectClassName: "autnum", handle: "AS\($n)", startAutnum: $n, endAutnum: $n, name: "ASNAME",
    port43: "whois.arin.net", entities: [{handle: "ARINORG", roles: ["registrant"], vcardArray: ["vcard", [["fn", {}, "text", "American Inc."],
    ["kind", {}, "text", "org"], ["adr", {label: "Main Street 5\nCity"}, "text", []]]],
    entities: [{handle: "ARINABUSE", roles: ["abuse"], vcardArray: ["vcard", [["kind", {}, "text", "group"], ["email", {}, "text", "abuse@nowhere.example"]]]}]}]}'
}

start_dns <<'ZONE'
good.example MX 10 mx.good.example
mx.good.example A 8.8.8.8
mute.example MX 0 .
nowhere.example MX 10 gone.nowhere.example
broken.example FAIL -
plain.example AAAA 2a00:1450:4001:830::200e
xn--bcher-kva.example MX 5 mx.good.example
inside.example MX 10 mx.inside.example
mx.inside.example A 10.0.0.1
ZONE

# --- all that can happen, once ----------------------------------------------------------------------------------
start_rdap < <(
  jq -n --argjson ok "$(net 5.1.0.0 5.1.255.255 N1)" --argjson moved "$(net 5.2.0.0 5.2.0.255 N2 ORG-B abuse@mute.example)" \
    --argjson other "$(net 9.9.9.0 9.9.9.255 N3)" --argjson part "$(net 5.6.0.0 5.6.0.127 N4)" --argjson late "$(net 5.8.0.0 5.8.0.255 N8 ORG-C abuse@bücher.example)" \
    --argjson number "$(as 64500)" '
    def one($a): [$a];
    {arin: {pause_ms: 100, answers: {
       "/ip/5.2.0.0/24": one({status: 302, headers: {Location: "{ripe}/ip/5.2.0.0/24"}}),
       "/ip/5.3.0.0/24": one({status: 301, headers: {Location: "{stranger}/ip/5.3.0.0/24"}}),
       "/ip/5.4.0.0/24": one({status: 302, headers: {Location: "{arin}/ip/5.4.0.0/24"}}),
       "/autnum/64500": one({body: $number})}},
     ripe: {pause_ms: 100, answers: {
       "/ip/5.1.0.0/24": one({body: $ok}), "/ip/5.2.0.0/24": one({body: $moved}),
       "/ip/5.5.0.0/24": one({body: $other}), "/ip/5.6.0.0/24": one({body: $part}),
       "/ip/5.9.0.0/24": one({status: 400, body: "no"}), "/ip/5.10.0.0/24": one({status: 501})}},
     busy: {pause_ms: 100, answers: {
       "/ip/5.8.0.0/24": [{status: 429, headers: {"Retry-After": "3"}}, {status: 503, headers: {"Retry-After": "2"}}, {body: $late}]}},
     mute: {answers: {"/ip/5.11.0.0/24": one({do: "silence"}), "/ip/5.12.0.0/24": one({do: "cut"})}},
     junk: {answers: {"/ip/5.13.0.0/24": one({do: "garbage"}), "/ip/5.14.0.0/24": one({body: "<html>"}), "/ip/5.15.0.0/24": one({status: 500})}},
     big: {answers: {"/ip/5.16.0.0/24": one({do: "big"})}},
     full: {answers: {"/stats": one({body: "2|ripencc|20261101|1|19930901|20261031|+0100\nripencc|*|ipv4|*|1|summary\nripencc|NL|ipv4|5.0.0.0|256|20200101|allocated|a\n"}),
       "/ip/5.17.0.0/24": one({status: 503}), "/ip/5.17.1.0/24": one({body: $ok})}},
     shut: {answers: {"/ip/5.18.0.0/24": one({status: 403}), "/ip/5.18.1.0/24": one({body: $ok})}},
     stranger: {answers: {"/ip/5.3.0.0/24": one({body: $ok})}}}'
)
services asn.json <<<'arin 64496-64511'
services ipv4.json <<'IN'
arin 5.0.0.0/8
ripe 5.1.0.0/16 5.5.0.0/16 5.6.0.0/16 5.7.0.0/16 5.9.0.0/16 5.10.0.0/16
busy 5.8.0.0/16
mute 5.11.0.0/16 5.12.0.0/16
junk 5.13.0.0/16 5.14.0.0/16 5.15.0.0/16
big 5.16.0.0/16
full 5.17.0.0/16
shut 5.18.0.0/16
IN
all=(as:64500)
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do all+=("5.$i.0.0/24"); done
all+=(5.17.1.0/24 5.18.1.0/24 6.0.0.0/24)
enrich 1 --only -o fetch_contact=mailto:noc@example.net -o rdap_wait_s=20 "${all[@]}"
# 5.1, 5.2, 5.8 and the AS are kept; 5.7 is nowhere; 5.9 and 5.10 are not taken; 5.17 waits for its minute, with 5.17.1, and 5.18.1
is '.kept == 4 and .none == 1 and .refused == 2 and .no_server == 1 and .redirected == 6'
is '.failed == 11 and .later == 3'
grep -q early "$dir/log" && fail "a server was asked too early: $(cat "$dir/log")"
[ "$(grep -c '^stranger' "$dir/log" || true)" = 0 ] || fail 'a server that no bootstrap file names was asked'
[ "$(grep -c '^full' "$dir/log")" = 1 ] || fail "503 without a time: $(grep ^full "$dir/log")"
[ "$(grep -c '^shut' "$dir/log")" = 1 ] || fail "403: $(grep ^shut "$dir/log")"
[ "$(grep -c '^busy' "$dir/log")" = 3 ] || fail "429, 503, 200: $(grep ^busy "$dir/log")"
# while one server wants to be left alone the others are asked: both waits are behind all of ARIN's
[ "$(grep -n '^busy' "$dir/log" | tail -1 | cut -d: -f1)" -gt "$(grep -n '^arin' "$dir/log" | tail -1 | cut -d: -f1)" ] ||
  fail "a busy server holds others up: $(cat "$dir/log")"
grep -qv '^onus/[0-9.]* (+mailto:noc@example.net)	application/rdap+json, application/json$' "$dir/agents" && fail "$(cat "$dir/agents")"
for said in '5.3.0.0/24: leads to where no registry' '5.4.0.0/24: leads on and on' '5.5.0.0/24: an answer to another question' \
  '5.6.0.0/24: an answer to another question' '5.14.0.0/24: not JSON' '5.15.0.0/24: answers with status 500' '5.18.0.0/24: does not let us ask'; do
  grep -qF "$said" "$dir/err" || fail "not told: $said"
done

# --- what is kept -------------------------------------------------------------------------------------------------
[ "$(wc -l <"$dir/rdap/answers.rdap")" = 4 ] || fail "answers: $(cat "$dir/rdap/answers.rdap")"
if grep -rqE 'John|john@|JD1|\+31-1|nobody reads' "$dir/rdap"; then fail "persons are kept: $(grep -rlE 'John|john@|JD1|nobody reads' "$dir/rdap")"; fi
[ -z "$(ls -A "$dir/rdap/fetch")" ] || fail "answers as they came stay: $(ls "$dir/rdap/fetch")"
# a second run asks only those that failed and whose time has come: none yet; the pauses of 503 and 403 hold
: >"$dir/log"
enrich 1 --only -o rdap_wait_s=1 "${all[@]}"
[ ! -s "$dir/log" ] || fail "asked again: $(cat "$dir/log")"
is '.asked == 0 and .fresh == 18 and .later == 3 and .mailboxes == 0'

# --- mailboxes ----------------------------------------------------------------------------------------------------
states() { cut -f 2,3 "$dir/rdap/checked.mailboxes" | grep @ | LC_ALL=C sort; }
today=$(date -u +%F)
diff - <(states) <<'OUT' || fail 'states of mailboxes'
nowhere	abuse@nowhere.example
null-mx	abuse@mute.example
ok	abuse@good.example
ok	abuse@xn--bcher-kva.example
OUT

# --- it reaches the registry file, and lookup ------------------------------------------------------------------------
printf '5.0.0.0,5.255.255.255,64500,AMERICA\n' >"$dir/asn.csv"
build() { "$onus" registry build -o "$dir/registry" "$dir/asn.csv" "$@" >"$dir/out" 2>"$dir/err" || fail "build: $(cat "$dir/err")"; }
build "$dir/rdap"
lookup() { "$onus" lookup -c /dev/null -r "$dir/registry" -o registry_max_age_days=3650 "$@" >"$dir/out" || fail "lookup $*"; }
lookup 5.1.2.3 5.2.0.9
diff - <(grep -vE 'as of|prefix|country' "$dir/out") <<OUT || fail 'lookup'
5.1.2.3
  AS        AS64500 AMERICA
  org       American Inc.
  the AS    held by American Inc. (ARIN/ARINORG), Main Street 5, City
  abuse     abuse@good.example, Abuse desk, of 5.1.0.0/16
  network   5.1.0.0/16 NAME-N1 (RIPE/N1), ASSIGNED PA, NL, since 2010-02-03
            held by Company ORG-A (RIPE/ORG-A), NL, Street 1, 1000 Town
5.2.0.9
  AS        AS64500 AMERICA
  org       American Inc.
  the AS    held by American Inc. (ARIN/ARINORG), Main Street 5, City
  abuse     abuse@mute.example, Abuse desk, of 5.2.0.0/24; dead: its domain says that it takes no mail (checked $today)
  network   5.2.0.0/24 NAME-N2 (RIPE/N2), ASSIGNED PA, NL, since 2010-02-03
            held by Company ORG-B (RIPE/ORG-B), NL, Street 1, 1000 Town
OUT
lookup --json 5.1.2.3 5.2.0.9 5.200.0.1
diff - <(jq -c '[.abuse, .abuse_state, .abuse_reason, .abuse_checked]' "$dir/out") <<OUT || fail 'lookup --json'
["abuse@good.example","ok",null,"$today"]
["abuse@mute.example","dead","its domain says that it takes no mail","$today"]
["abuse@nowhere.example","dead","the hosts that take its mail have no address","$today"]
OUT

"$onus" registry verify --json "$dir/registry" | jq -c .contacts >"$dir/out"
grep -qxF '{"all":4,"checked":4,"dead":2}' "$dir/out" || fail "verify: $(cat "$dir/out")"
"$onus" registry verify "$dir/registry" >"$dir/out"
grep -qxF 'of 4 abuse contacts 4 were checked: at 2 nobody is reached' "$dir/out" || fail "verify: $(cat "$dir/out")"

# --- `registry fetch --build` takes the answers with what it fetched
printf '[input stats]\nurl = %s/stats\nkind = rir-stats\nmin_kib = 0\n' "$(url full)" >"$dir/list"
"$onus" registry fetch -c /dev/null --list "$dir/list" --to "$dir/inputs" -o "rdap_dir=$dir/rdap" \
  -o "registry_file=$dir/fetched" --build >"$dir/out" 2>"$dir/err" || fail 'registry fetch --build'
"$onus" registry info --json "$dir/fetched" | jq -c '[.inputs[].kind] | sort' >"$dir/out"
grep -qxF '["mailboxes","rdap","rir-stats"]' "$dir/out" || fail "inputs: $(cat "$dir/out")"

# --- what the registry file tells is not asked for, a wish is; a file that is none costs nothing else --------------------
: >"$dir/log"
rm -r "$dir/rdap"
printf '#onus-wishes 1\n%s\tblock:5.1.7.0/24\n%s\tblock:5.7.0.0/24\n%s\tcountry:NL\n%s\tas:64501\n' \
  "$(date +%s)" "$(date +%s)" "$(date +%s)" "$(date +%s)" >"$dir/wishes"
enrich 0 --worst 0
is '.known == 1 and .asked == 2 and .none == 2'
grep -q '1 lines are no wishes' "$dir/err" || fail "a bad wish is not told: $(cat "$dir/err")"
echo nonsense >"$dir/wishes"
enrich 0 --worst 0
grep -q 'wishes: not a file of wishes' "$dir/err" || fail 'nonsense is not told'
# the worst of what is published: networks of documentation nobody is asked about, ASes they are
: >"$dir/log"
rm -rf "$dir/rdap" "$dir/wishes"
mkdir -p "$dir/serve/1"
cp "$ONUS_SOURCE/tests/golden/reputation-1.bin" "$dir/serve/1/reputation"
enrich 0
grep -q 'nothing was published there yet' "$dir/err" || fail "nothing is published, and not told: $(cat "$dir/err")"
is '.entities == 0'
ln -s 1 "$dir/serve/current"
enrich 0
is '.entities > 1 and .known == 1 and .asked == 0' # the registry file has it
enrich 0 -o registry_file=nosuch
diff - <(cut -d ' ' -f 1-4 "$dir/log") <<<'arin GET /autnum/64500 200' || fail 'the worst'
rm -r "$dir/rdap"
enrich 0 --worst 0
is '.entities == 0'
# more than may be asked is not asked
: >"$dir/log"
rm -r "$dir/rdap"
for i in $(seq 0 255); do printf '%s\tblock:7.0.%d.0/24\n' "$(date +%s)" "$i"; done | { echo '#onus-wishes 1'; cat; } >"$dir/wishes"
services ipv4.json <<<'ripe 7.0.0.0/8'
enrich 0 --worst 0 -o rdap_wishes=7
[ "$(wc -l <"$dir/log")" = 7 ] || fail "more than rdap_wishes: $(wc -l <"$dir/log")"
rm -r "$dir/rdap"
enrich 0 --worst 0 -o rdap_wishes=100 -o rdap_questions=9
is '.asked == 9 and .too_many == 91'
stop_rdap

# --- a name server that says nothing is not asked of all of them
rm -rf "$dir/rdap"
{
  printf 'inetnum: 5.0.0.0 - 5.255.255.255\nnetname: N\norg: O\nsource: RIPE\n\norganisation: O\norg-name: O\nsource: RIPE\n\n'
  for i in $(seq 1 15); do
    printf 'inetnum: 5.0.%d.0 - 5.0.%d.255\nnetname: N%d\norg: O\nabuse-c: A%d\nsource: RIPE\n\n' "$i" "$i" "$i" "$i"
    printf 'role: R\nnic-hdl: A%d\nabuse-mailbox: abuse@broken.example\nsource: RIPE\n\n' "$i" | sed "s/broken/b$i.broken/"
  done
} >"$dir/broken.db"
build "$dir/broken.db"
start_dns < <(for i in $(seq 1 15); do echo "b$i.broken.example FAIL -"; done)
all=()
for i in $(seq 1 15); do all+=("5.0.$i.0/24"); done
enrich 0 --only "${all[@]}"
is '.known == 15 and .mailboxes == 10 and .mail_unsure == 10'
grep -q 'the name server does not answer' "$dir/err" || fail 'a name server that does not answer is not told of'
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" "$dir/broken.db" "$dir/rdap" >"$dir/out" 2>&1 || fail build
lookup --json 5.0.1.1
jq -e '.abuse_state == "unknown" and (.abuse_reason | contains("do not answer"))' "$dir/out" >/dev/null || fail "$(cat "$dir/out")"
rm "$dir/registry"

# --- killed at any moment -------------------------------------------------------------------------------------------
rm -rf "$dir/rdap"
start_rdap < <(
  for i in $(seq 0 29); do net "8.0.$i.0" "8.0.$i.255" "K$i" "ORG-K$i" "abuse@good.example" | jq -c --arg i "$i" '{key: "/ip/8.0.\($i).0/24", value: [{body: .}]}'; done |
    jq -s '{ripe: {answers: from_entries}}'
)
services ipv4.json <<<'ripe 8.0.0.0/8'
all=()
for i in $(seq 0 29); do all+=("8.0.$i.0/24"); done
kills=0
while :; do
  "$onus" registry enrich -c /dev/null "${options[@]}" -o "dns_server=$dns" --only "${all[@]}" >"$dir/out" 2>"$dir/err" &
  run=$!
  sleep "0.$((RANDOM % 9))"
  kill -9 "$run" 2>/dev/null || { wait "$run" || fail 'a run after kills'; break; }
  code=0
  wait "$run" || code=$?
  [ "$code" = 137 ] || break
  kills=$((kills + 1))
  [ "$kills" -lt 200 ] || fail 'it gets nowhere'
done 2>/dev/null
enrich 0 --only "${all[@]}"
[ "$(wc -l <"$dir/rdap/answers.rdap")" = 30 ] || fail "after $kills kills $(wc -l <"$dir/rdap/answers.rdap") answers"
[ "$(sort "$dir/log" | uniq | wc -l)" = 30 ] || fail 'not all were asked'
# what was answered before a kill is not asked again, but for the one that was on its way
[ "$(wc -l <"$dir/log")" -le $((30 + kills)) ] || fail "$kills kills, $(wc -l <"$dir/log") requests"
[ -z "$(ls -A "$dir/rdap/fetch")" ] || fail 'bodies stay'
[ "$kills" -gt 2 ] || fail "only $kills kills"
# two at once: one of them says why not
( flock 9; enrich 2 --only 8.0.0.0/24; grep -q 'another process enriches there' "$dir/err" ) 9>>"$dir/rdap/lock" || fail 'two at once'
stop_rdap

# --- IANA's lists are fetched when they are missing or a week old, and only a list that is one takes the old one's place ---
start_rdap < <(jq -n --argjson number "$(as 64500)" '
  {iana: {answers: {"/asn.json": [{body: {version: "1.0", services: [[["64500"], ["http://127.0.0.1:9/"]]]}}, {body: "<html>"},
     {body: {version: "1.0", services: []}}, {status: 503}]}}, arin: {answers: {"/autnum/64500": [{body: $number}]}}}')
rm -rf "$dir/rdap" "$dir/bootstrap"
iana=(-o "rdap_bootstrap_url=$(url iana)" -o registry_file=nosuch)
enrich 1 --only "${iana[@]}" as:64500
is '.no_server == 0 and .failed == 1' # nobody is there, but somebody is named
[ "$(cut -d ' ' -f 3,4 "$dir/log" | sort | tr '\n' ' ')" = '/asn.json 200 /ipv4.json 404 /ipv6.json 404 /object-tags.json 404 ' ] || fail "lists: $(cat "$dir/log")"
grep -q 'ipv4.json is not had anew: status 404' "$dir/err" || fail 'a list that cannot be had is not told'
for why in 'not JSON' 'nothing stands in it' 'status 503'; do
  services asn.json <<<'arin 64496-64511'
  cp "$dir/bootstrap/asn.json" "$dir/asn.json"
  : >"$dir/log"
  enrich 0 --only "${iana[@]}" as:64502
  ! grep -q /asn.json "$dir/log" || fail 'a fresh list is fetched'
  touch -d '8 days ago' "$dir/bootstrap/asn.json"
  enrich 0 --only "${iana[@]}" as:64502
  grep -qF "asn.json is not had anew: asn.json: $why" "$dir/err" || grep -qF "asn.json is not had anew: $why" "$dir/err" || fail "not told: $why"
  cmp -s "$dir/asn.json" "$dir/bootstrap/asn.json" || fail "a bad list takes the place of the old one: $why"
  [ -z "$(find "$dir/bootstrap" -name 'new-*')" ] || fail 'what came stays'
done
rm -rf "$dir/rdap"
enrich 0 --only "${iana[@]}" as:64500
is '.kept == 1'
stop_rdap

# --- usage, and files that are not ours --------------------------------------------------------------------------------
enrich 3 --only nonsense
enrich 2 --only --bootstrap "$dir/nosuch" 8.0.0.0/24
grep -q 'has no bootstrap files' "$dir/err" || fail 'no bootstrap files'
services ipv4.json <<<'arin 8.0.0.0/8'
echo '<html>' >"$dir/bootstrap/ipv4.json"
enrich 2 --only 8.0.0.0/24
grep -q 'ipv4.json: not JSON' "$dir/err" || fail 'a bootstrap file that is none'
echo other >"$dir/rdap/asked"
enrich 2 --only 8.0.0.0/24
grep -q 'asked: not what this program keeps' "$dir/err" || fail 'another asked'
echo ok
