#!/bin/bash
# `onus run`: from files, and from nothing, to its ready line; pages answer; Ctrl-C ends it cleanly and
# leaves no process behind.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
pid=
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$dir"; }
trap cleanup EXIT
fail() { echo "not ok: $*" >&2; tail -n 20 "$dir"/*/*/onus.log "$dir/out" >&2 || true; exit 1; }

cat >"$dir/asn.csv" <<'CSV'
8.8.8.0,8.8.8.255,15169,Google LLC
1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."
45.0.0.0,45.0.255.255,64496,Example Hosting
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv"

# start NAME ARGUMENT…: sets pid and url
start() {
  local name=$1
  shift
  "$onus" run --dir "$dir/$name" --registry "$dir/registry" --listen 127.0.0.1:0 \
    --program-dir "$ONUS_BUILD/src/prog" --data-dir "$ONUS_SOURCE" "$@" >"$dir/out" 2>&1 &
  pid=$!
  for _ in $(seq 2400); do
    if grep -q '^onus: ready' "$dir/out"; then break; fi
    kill -0 "$pid" 2>/dev/null || fail "$name ended before it was ready"
    sleep 0.1
  done
  [ "$(grep -c '^onus: ready' "$dir/out")" = 1 ] || fail "$name: no ready line, or several"
  url=$(grep -o 'http://[^ /]*' "$dir/out" | head -1)
}
stop() { # [HOW-MANY]
  local children
  children=$(pgrep -P "$pid" | tr '\n' ' ')
  [ "$(wc -w <<<"$children")" = "${1:-6}" ] || fail "${1:-6} programs should run, not: $children"
  kill -INT "$pid"
  wait "$pid" || fail "exit code $? after Ctrl-C"
  for child in $children; do
    kill -0 "$child" 2>/dev/null && fail "process $child is left behind"
  done
  pid=
}

now=$(date +%s)
{ echo '#onus-events 1'
  for i in $(seq 40); do printf '%s\t45.0.%d.7\tbrute-force\t2\tfull\tsshd\tsshd\ttest\n' $((now - 3600)) "$i"; done
} >"$dir/events.tsv"
printf '# list\n45.0.3.9\n45.0.4.9\n192.168.1.1\n' >"$dir/bad.list"
LC_ALL=C TZ=UTC date -d "@$((now - 600))" '+%b %e %H:%M:%S host sshd[4711]: Failed password for root from 45.0.9.9 port 4242 ssh2' >"$dir/auth.log"

printf '{"eventid":"cowrie.login.failed","session":"a","src_ip":"45.0.10.9","timestamp":"%s"}\n' "$(date -u -d "@$((now - 600))" +%FT%TZ)" >"$dir/pot.json"

start files "$dir/events.tsv" "$dir/bad.list" "$dir/auth.log" "$dir/pot.json"
curl -sf "$url/" >"$dir/home" || fail 'no home page'
grep -qi 'Example Hosting' "$dir/home" || fail 'the organisation is not on the home page'
grep -qi simulat "$dir/home" && fail 'real input is called simulated'
[ "$(curl -sf "$url/api/v1/lookup?q=8.8.8.8" | jq -r .asn)" = 15169 ] || fail '8.8.8.8 is not AS15169'
[ "$(curl -sf "$url/api/v1/lookup?q=45.0.3.9" | jq -r .asn)" = 64496 ] || fail 'wrong AS'
[ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 44 ] || fail 'not 44 hosts'
# followed: a new line shows on the page without a restart
LC_ALL=C TZ=UTC date -d "@$now" '+%b %e %H:%M:%S host sshd[4712]: Failed password for root from 45.0.99.99 port 4242 ssh2' >>"$dir/auth.log"
for _ in $(seq 2400); do
  [ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 45 ] && break
  sleep 0.2
done
[ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 45 ] || fail 'the new line did not arrive'
# all six tell how they are, and their flows are drawn
conf=$(find "$dir/files" -name onus.conf)
for _ in $(seq 2400); do
  "$onus" status -c "$conf" --json >"$dir/status" || true
  jq -e '([.programs[] | select(.state == "up")] | length) == 6 and .publication.generation > 0' "$dir/status" >/dev/null &&
    [ "$(curl -sf "$url/flows" | grep -c '<img src="/flows/')" = 6 ] && break
  sleep 0.2
done
jq -e '([.programs[] | select(.state == "up")] | length) == 6 and .verdict == "OK"' "$dir/status" >/dev/null || fail "the status: $(cat "$dir/status")"
[ "$(curl -sf "$url/flows" | grep -c '<img src="/flows/')" = 6 ] || fail 'no pictures of flows'
# a program that dies is started again, and the road goes on where it was
victim=$(pgrep -P "$pid" -f onus-load)
kill -9 "$victim"
LC_ALL=C TZ=UTC date -d "@$now" '+%b %e %H:%M:%S host sshd[4713]: Failed password for root from 45.0.98.98 port 4242 ssh2' >>"$dir/auth.log"
for _ in $(seq 2400); do
  [ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 46 ] && break
  sleep 0.2
done
[ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 46 ] || fail 'nothing arrives after onus-load was killed'
[ "$(pgrep -P "$pid" -f onus-load)" != "$victim" ] || fail 'onus-load was not started again'
stop

page() { curl -sf "$url$1" >"$dir/page"; }
start sim --simulate
page / && grep -qi simulated "$dir/page" || fail 'a simulation is not labelled on the home page'
page /as/64496 && grep -qi simulated "$dir/page" || fail 'a simulation is not labelled on an entity page'
curl -sf "$url/nothing-here" >/dev/null && fail 'an unknown page is found'
# a second one on the same port says so and ends, and takes nothing of the first one with it
code=0
"$onus" run --dir "$dir/second" --registry "$dir/registry" --listen "${url#http://}" --program-dir "$ONUS_BUILD/src/prog" \
  --data-dir "$ONUS_SOURCE" "$dir/bad.list" >"$dir/out2" 2>&1 || code=$?
[ "$code" = 2 ] || fail "a port that is taken: exit code $code"
grep -qi 'in use' "$dir/out2" || fail "a port that is taken: $(cat "$dir/out2")"
curl -sf "$url/" >/dev/null || fail 'the first one is gone'
stop

# what was made up for one run never shows with another in the same directory
start sim "$dir/events.tsv"
page / || fail 'no home page'
grep -qi simulated "$dir/page" && fail 'real input beside a simulation is called simulated'
[ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 40 ] || fail 'made-up hosts among the real ones'
stop

# an analysis in conf.d is run, too, and what it says arrives
conf_d=$(dirname "$(find "$dir/sim" -path '*/files-*/onus.conf')")/conf.d
mkdir "$conf_d"
printf '#!/bin/sh\nexec sed "/^#/d; s/\\\\.7\\t/.8\\t/"\n' >"$dir/shifted"
chmod +x "$dir/shifted"
printf '[source shifted]\ntype = analysis\nanchor = no\ninterval_s = 1\ncommand = %s/shifted\n' "$dir" >"$conf_d/analysis.conf"
start sim "$dir/events.tsv"
for _ in $(seq 2400); do
  [ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 80 ] && break
  sleep 0.2
done
[ "$(curl -sf "$url/api/v1/lookup?q=AS64496" | jq -r .hosts)" = 80 ] || fail 'what the analysis says did not arrive'
stop 7
echo ok
