#!/bin/bash
# The pages in a real browser, over a publication that onus made of real logs: home, search, an entity, an
# address that nobody reported and one with networks around it, at desk and at phone width. What a person would read is there, and the
# browser has nothing to complain about.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
pid=
cleanup() { [ -z "$pid" ] || { kill -INT "$pid"; wait "$pid"; } 2>/dev/null || true; rm -rf "$dir"; }
trap cleanup EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
browser=$(command -v chromium) || { echo 'skipped: no chromium' >&2; exit 77; }
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-prefix-asn logs-raw-real blocklists
# networks of nobody's, three deep, around an address that nobody reported
cat >"$dir/networks.db" <<'DB'
inetnum: 9.9.8.0 - 9.9.15.255
netname: EXAMPLE-WIDE
status: ALLOCATED PA
org: ORG-EX1
created: 2005-03-01T10:00:00Z
source: RIPE

inetnum: 9.9.9.0 - 9.9.9.255
netname: EXAMPLE-MIDDLE
status: SUB-ALLOCATED PA
org: ORG-EX2
source: RIPE

inetnum: 9.9.9.0 - 9.9.9.63
netname: EXAMPLE-CUSTOMER
country: DE
status: ASSIGNED PA
source: RIPE

organisation: ORG-EX1
org-name: Wide Example Networks
country: NL
address: Kanaalstraat 12
address: 1000 AA Amsterdam
source: RIPE

organisation: ORG-EX2
org-name: Middle Example Hosting
country: DE
address: Hafenweg 3
address: 20457 Hamburg
abuse-c: AR-EX2
source: RIPE

role: Middle Example Abuse Desk
nic-hdl: AR-EX2
abuse-mailbox: abuse@middle.example
source: RIPE
DB
"$onus" registry build -o "$dir/registry" "$data"/prefix-asn/asn-2026061719/asn-ipv?.csv "$dir/networks.db" >/dev/null 2>&1
cp "$(find "$data" -name OpenSSH_2k.log)" "$dir/auth.log"
cp "$(find "$data" -name binarydefense.txt)" "$dir/attackers.txt"
"$onus" run --dir "$dir/run" --registry "$dir/registry" --listen 127.0.0.1:0 --program-dir "$ONUS_BUILD/src/prog" \
  --data-dir "$ONUS_SOURCE" "$dir/auth.log" "$dir/attackers.txt" >"$dir/out" 2>&1 &
pid=$!
until grep -q '^onus: ready' "$dir/out"; do
  kill -0 "$pid" 2>/dev/null || fail "onus run ended: $(tail -n 5 "$dir/out")"
  sleep 0.2
done
url=$(grep -o 'http://[^ /]*' "$dir/out" | head -n 1)

# look PATH [OPTION…]: the page as the browser has it, into $dir/dom; its complaints into $dir/log
look() {
  local path=$1
  shift
  rm -rf "$dir/profile"
  "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$dir/profile" --enable-logging=stderr "$@" \
    "$url$path" 2>"$dir/log" || fail "the browser fails on $path: $(tail -n 3 "$dir/log")"
  ! grep 'CONSOLE' "$dir/log" || fail "the browser complains about $path"
}
# shows PATH TEXT…: each of them is on the page
shows() {
  local path=$1 text
  shift
  look "$path" --dump-dom >"$dir/dom"
  for text in "$@"; do
    grep -qF -- "$text" "$dir/dom" || fail "$path does not show \"$text\""
  done
  echo "ok: $path"
}
curl -sf "$url/api/v1/top?kind=org&n=1" >"$dir/top"
worst=$(jq -r '.rows[0].title' "$dir/top")
page=/$(jq -r '.rows[0].entity' "$dir/top" | sed 's/:/\//')
[ -n "$worst" ] && [ "$worst" != null ] || fail 'the API names nobody'
shows / 'Private view' "$worst" 'Most attackers' 'DB-IP'
shows "/search?q=${worst%% *}" "$worst" 'Private view'
shows "$page" "$worst" 'reported as attacking on 20' 'of 100' 'Evidence' 'Private view'
worst_of() { curl -sf "$url/api/v1/top?kind=$1&n=1" | jq -r '.rows[0].entity' | sed 's/:/\//; s/^/\//'; }
as=$(worst_of as) block=$(worst_of block)
shows "$as" 'Why new attackers are expected here' 'as many</b>' 'as the average network'
shows "$block" 'Why new attackers are expected here' 'this /24' 'as its /20' 'all together'
shows /addr/9.9.9.9 'Nothing reported in' 'Who answers for it' 'AS19281' 'Private view'
shows /addr/9.9.9.9 'Write to' 'abuse@middle.example' 'EXAMPLE-CUSTOMER' 'Hafenweg 3' 'EXAMPLE-WIDE'
shows /addr/8.8.8.8 'The registry file here knows no network around it'
shows '/search?q=nothing-is-called-so' 'nothing-is-called-so'

# picture NAME WIDTH PATH: it has something in it
picture() {
  look "$3" --hide-scrollbars --window-size="$2,1200" --screenshot="$dir/$1.png" >/dev/null
  [ "$(stat -c %s "$dir/$1.png")" -gt 20000 ] || fail "the picture of $3 at $2 pixels is empty"
}
picture home 1280 /
picture phone 390 /
picture entity 390 "$page"
picture why 1280 "$block"
picture why-phone 390 "$block"
picture networks 1280 /addr/9.9.9.9
picture networks-phone 390 /addr/9.9.9.9
echo 'ok: pictures'
