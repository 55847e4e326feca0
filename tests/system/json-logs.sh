#!/bin/bash
# json-logs: the real JSON logs of the shared data through the maps that onus ships, recognised by content,
# beside an independent reading by jq; the table of what was found is printed. And what onus top says of them.
set -uo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data logs-raw-real logs-with-expected-results
cowrie_logs=$data/cowrie-kareiva-2018 hub=$data/crowdsec-hub-tests
failed=0 sets=0
fail() { echo "json-logs: $*"; failed=1; }
settings=(-c /dev/null -o "json_path=$ONUS_SOURCE/etc/json.d" -o "filter_path=$ONUS_SOURCE/etc/filter.d")
export TZ=UTC # SFTPGo and DShield write local time

# What every reading by jq begins with: seconds of a time, and whether an address is global.
common='def seconds: if type == "number" then floor
  else sub("\\.[0-9]+"; "") | sub("[+]0000$|[+]00:00$"; "Z") | sub("(?<t>T[0-9:]{8})$"; "\(.t)Z")
  | if test("[+]02:00$") then (sub("[+]02:00$"; "Z") | fromdate - 7200) else fromdate end end;
def global: test("^(10|127|0)[.]|^192[.]168[.]|^172[.](1[6-9]|2[0-9]|3[01])[.]|^::1$|^fe80|^fd") | not;
def event($time; $ip; $category): select($ip | global) | "\($time | seconds)\t\($ip)\t\($category)";
'

# set NAME MAP EVENTS JQ FILE…: recognised as MAP, as many EVENTS, and the same ones as JQ finds
set_() {
  local name=$1 map=$2 want=$3 program=$4 found other
  shift 4
  sets=$((sets + 1))
  "$onus" extract "${settings[@]}" "$@" 2>"$dir/err" | grep -v '^#' >"$dir/out"
  cut -f1-3 "$dir/out" | sort >"$dir/ours"
  grep -h '^{' "$@" | jq -r "$common $program" 2>"$dir/jq.err" | sort >"$dir/theirs" || fail "$name: jq: $(cat "$dir/jq.err")"
  found=$(wc -l <"$dir/ours") other=$(comm -3 "$dir/ours" "$dir/theirs" | wc -l)
  printf '%-28s %-10s %6d lines %6d events %4d unlike jq\n' "$name" "$map" "$(cat "$@" | wc -l)" "$found" "$other"
  [ "$other" = 0 ] || { fail "$name: not what jq reads:"; comm -3 "$dir/ours" "$dir/theirs" | head -5; }
  [ "$found" = "$want" ] || fail "$name: $found events, not $want"
  [ "$found" = 0 ] || [ "$(cut -f6 "$dir/out" | sort -u)" = "$map" ] || fail "$name: read as $(cut -f6 "$dir/out" | sort -u)"
}

cowrie='. as $o | {"cowrie.login.failed": "brute-force", "cowrie.login.success": "brute-force",
  "cowrie.command.input": "exploit", "cowrie.session.file_download": "exploit",
  "cowrie.direct-tcpip.request": "exploit", "cowrie.session.connect": "scanner"}[.eventid]
  | select(.) | . as $c | $o | event(.timestamp; .src_ip; $c)'
set_ 'Cowrie, May 2018' cowrie 7818 "$cowrie" "$cowrie_logs"/cowrie.json.*
set_ 'Suricata' suricata 4 'event(.timestamp; .src_ip;
  if .alert.signature | startswith("ET SCAN") then "scanner" else "exploit" end)' "$hub"/suricata-eve-detect/*.log
set_ 'authentik, log-ins' authentik 24 'event(.timestamp; .client_ip; "brute-force")' "$hub"/authentik-bf/*.log
set_ 'authentik, mixed' authentik 2 'select(.action != "login") | event(.timestamp; .client_ip; "brute-force")' "$hub"/authentik-logs/*.log
grep -h '^{' "$hub"/authelia-bf/authelia-bf.log >"$dir/authelia.json" # its other half is logfmt
set_ 'Authelia' authelia 48 'event(.time; .remote_ip; "brute-force")' "$dir/authelia.json"
set_ 'GitLab' gitlab 18 'event(.time; .remote_ip; "brute-force")' "$hub"/gitlab-bf/*.log
# whose clients all are in private space: recognised, matched, and nobody is accused
set_ 'Traefik' traefik 0 'empty' "$hub"/traefik_base-http-scenario/*.log
set_ 'Caddy' caddy 0 'empty' "$hub"/caddy-basic-auth-bf/*.log
set_ 'MongoDB' mongodb 0 'empty' "$hub"/mongodb-bf/*.log
set_ 'Teleport' teleport 0 'empty' "$hub"/teleport-bf/*.log
set_ 'SFTPGo' sftpgo 0 'empty' "$hub"/sftpgo-bf/*.log

# matched NAME WANT FILE: so many lines did a rule want, all of private space
matched() {
  local n
  n=$("$onus" extract -v "${settings[@]}" "$3" 2>&1 >/dev/null | sed -n 's/^ *\([0-9]*\)  matched, but private or reserved space$/\1/p')
  [ "${n:-0}" = "$2" ] || fail "$1: ${n:-0} lines matched, not $2"
}
matched Traefik "$(jq -r 'select(.DownstreamStatus >= 400 and .DownstreamStatus < 500) | .RequestPath' "$hub"/traefik_base-http-scenario/*.log |
  grep -cE '^/(\.env|\.git/|cgi-bin/|wp-)|/\.\./|/etc/passwd')" "$hub"/traefik_base-http-scenario/*.log
matched MongoDB 12 "$hub"/mongodb-bf/mongodb-bf.log
matched Teleport 6 "$hub"/teleport-bf/teleport-bf.log
matched SFTPGo 4 "$hub"/sftpgo-bf/sftpgo-bf.log

# what the other parser's authors expect: the same addresses, no others
for s in suricata-eve-detect authentik-bf gitlab-bf authelia-bf; do
  grep -h '^{' "$hub/$s"/*.log >"$dir/lines"
  grep -hoE 'Sources\["[^"]*"\]\.IP == "[^"]*"' "$hub/$s"/scenario.assert | sed 's/.*== "\(.*\)"/\1/' |
    grep -vE '^(10|127)\.' | sort -u | while read -r a; do grep -qF "\"$a\"" "$dir/lines" && echo "$a"; done >"$dir/expected"
  "$onus" extract "${settings[@]}" "$dir/lines" 2>/dev/null | grep -v '^#' | cut -f2 | sort -u >"$dir/ours"
  [ -s "$dir/expected" ] || fail "$s: nothing is expected"
  cmp -s "$dir/ours" "$dir/expected" || fail "$s: expected and found: $(diff "$dir/expected" "$dir/ours" | grep '^[<>]' | tr '\n' ' ')"
done

# packed, through a pipe, by name: the same events
cat "$cowrie_logs"/cowrie.json.* >"$dir/all"
gzip -k "$dir/all"
"$onus" extract "${settings[@]}" "$dir/all" >"$dir/plain"
"$onus" extract "${settings[@]}" "$dir/all.gz" | cmp - "$dir/plain" || fail 'packed: other events'
"$onus" extract "${settings[@]}" --json-map cowrie - <"$dir/all" | cmp - "$dir/plain" || fail 'by name through a pipe: other events'

# memory does not grow with the log
memory() { python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$onus" extract "${settings[@]}" "$1"; }
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do cat "$dir/all"; done >"$dir/long"
small=$(memory "$dir/all") large=$(memory "$dir/long")
[ "$large" -lt $((small + 2048)) ] || fail "$small KiB for $(stat -c %s "$dir/all") bytes, $large KiB for $(stat -c %s "$dir/long")"
echo "json-logs: $small KiB for $(stat -c %s "$dir/all") bytes, $large KiB for $(stat -c %s "$dir/long")"
echo "json-logs: $sets sets"
exit "$failed"
