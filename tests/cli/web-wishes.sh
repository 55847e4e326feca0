#!/bin/bash
# What is looked up on the pages and the registry file tells too little of is left for onus registry enrich, bounded,
# and without a word of who asked; and a contact that nobody is reached at is told of.
set -euo pipefail
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
publish 1
printf '5.0.0.0,5.0.255.255,64500,KNOWN\n6.0.0.0,6.0.255.255,64501,SILENT\n' >"$dir/asn.csv"
cat >"$dir/ripe.db" <<'IN'
inetnum: 5.0.0.0 - 5.0.255.255
netname: KNOWN-NET
country: NL
org: ORG-K
status: ALLOCATED PA
source: RIPE

organisation: ORG-K
org-name: Known B.V.
address: Street 1
abuse-c: AB-K
source: RIPE

role: Abuse
nic-hdl: AB-K
abuse-mailbox: abuse@gone.example
source: RIPE
IN
printf '#onus-mailboxes 1\n2026-11-01\tok\tabuse@gone.example\n2026-11-20\tno-domain\tabuse@gone.example\n' >"$dir/mine.mailboxes"
"$onus" registry build -o "$dir/none" "$dir/asn.csv" "$dir/ripe.db" "$dir/mine.mailboxes" >"$dir/log" 2>&1 || fail 'no registry'
# left LINES: what stands in the file of wishes, without the times
left() {
  for _ in $(seq 2400); do
    [ "$(tail -n +2 "$dir/wishes" 2>/dev/null | cut -f 2 | sort | tr '\n' ' ')" != "$1" ] || return 0
    sleep 0.1
  done
  fail "wishes: $(cat "$dir/wishes")"
}
start
get 200 /addr/5.0.1.2; clean
has 'Nobody is reached there: its domain does not exist (checked <span class="date">2026-11-20</span>)'
has '<b class="mail-dead">dead</b> <small>its domain does not exist, checked <span class="date">2026-11-20</span></small>'
get 200 '/api/v1/lookup?q=5.0.1.2'
json '.abuse_state == "dead" and .abuse_reason == "its domain does not exist" and .abuse_checked == "2026-11-20"'
get 200 /addr/6.0.1.2; get 200 /addr/6.0.1.3; get 200 /as/64501; get 200 /addr/10.0.0.1; get 200 '/api/v1/lookup?q=6.0.2.9'
get 200 /country/NL; get 404 /as/64999; get 302 '/search?q=6.0.9.9'
left 'as:64501 block:6.0.1.0/24 block:6.0.2.0/24 '
[ "$(head -1 "$dir/wishes")" = '#onus-wishes 1' ] || fail 'the head'
# a stranger who looks up everything makes the file no longer than it may be
for i in $(seq 0 255); do for k in 0 1 2 3; do echo "url = \"$url/addr/6.$k.$i.1\""; done; done >"$dir/curl"
for i in $(seq 0 1023); do echo 'output = "/dev/null"'; done >>"$dir/curl"
curl -s -K "$dir/curl" || fail 'curl'
for _ in $(seq 2400); do [ "$(wc -l <"$dir/wishes")" -lt 513 ] || break; sleep 0.1; done
sleep 1.5 # and no more come
[ "$(wc -l <"$dir/wishes")" -eq 513 ] || fail "$(wc -l <"$dir/wishes") lines"
[ "$(stat -c %s "$dir/wishes")" -le 94336 ] || fail 'the file is too large'
grep -qE '127\.0\.0\.1|curl' "$dir/wishes" && fail 'who asked is told'
stop
# a place that cannot be written is told of once, and costs no page; none is kept where none is wanted
start -o wish_file=/nosuch/wishes
get 200 /addr/6.0.1.2
for _ in $(seq 2400); do grep -q 'is not left for onus registry enrich' "$dir/log" && break; sleep 0.1; done
get 200 /addr/6.0.4.2
sleep 1.2
[ "$(grep -c 'is not left for onus registry enrich' "$dir/log")" = 1 ] || fail "$(cat "$dir/log")"
stop
rm "$dir/wishes"
start -o wish_file=
get 200 /addr/6.0.1.2
sleep 1.2
[ ! -e "$dir/wishes" ] || fail 'wishes that nobody wants'
stop
echo "ok: $n requests"
