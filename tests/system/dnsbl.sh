#!/bin/bash
# One publication, two servers: onus-dnsbl answers by it, rbldnsd serves the zone that was exported with it, and both say the
# same of every listed address and of 100,000 others. From the road (warrants, own networks, allow list, somebody known good)
# and from 120,000 real addresses. What drill reads is what was published. Under dnsperf, with a new publication every second,
# no query is lost and no answer wrong.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
command -v rbldnsd >/dev/null || [ -x /usr/sbin/rbldnsd ] || { echo 'skipped: no rbldnsd here' >&2; exit 77; }
need_data blocklists
export HOME=$dir/home
mkdir "$HOME"
zone=bl.example
compare=$ONUS_SOURCE/tests/system/dnsbl.py

# --- the road
cat >"$dir/asn.csv" <<'CSV'
45.0.0.0,45.0.255.255,64496,Example Hosting
46.0.0.0,46.0.255.255,64497,Own Network
47.0.0.0,47.0.15.255,64499,Another
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Six Net
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
now=$(date +%s)
# sighting ADDRESS: on each of the last 20 days
sighting() {
  for day in $(seq 0 19); do
    printf '%s\t%s\tbrute-force\t3\tfull\ta\tsshd\ttest\n' $((now - 60 - day * 86400)) "$1"
  done
}
{
  echo '#onus-events 1'
  for a in 45.0.1.1 45.0.1.9 46.0.9.9 47.0.3.3 2a00:1:2:3::4; do sighting "$a"; done
} >"$dir/a.events"
conf() {
  road_conf "$dir" <<CONF
own_networks = 46.0.9.0/24
site_url = https://rep.example
operator_keys = $1
dnsbl_zone = $zone
$(events_source a)
CONF
}
conf ''
stages "$dir/conf" -o own_networks= collect load
"$onus" warrant key --by alice -c "$dir/conf" >"$dir/out"
conf "alice:$(grep -oE '[0-9a-f]{64}' "$dir/out" | head -1)"
"$onus" warrant add as:64499 --for 3d --why 'ticket $17; all of it' --by alice -c "$dir/conf" >"$dir/out" 2>&1 ||
  fail "no warrant: $(cat "$dir/out")"
why=$(printf 'x%.0s' {1..200}) # with what stands behind it more than there is room for
"$onus" warrant add block:2a00:1:7::/48 --for 3d --why "$why" --by alice -c "$dir/conf" >"$dir/out" 2>&1 ||
  fail "no warrant: $(cat "$dir/out")"
"$onus" allow add 45.0.1.9 --why 'a partner' -c "$dir/conf" >"$dir/out" 2>&1 || fail "allow: $(cat "$dir/out")"
stages "$dir/conf" score publish
python3 "$compare" road "$dir" "$zone" || fail 'the road'

# --- real addresses, reloads
find "$data" -name ipsum.txt -exec grep -ohE '^[0-9.]+' {} + | sort -u >"$dir/addresses"
[ "$(wc -l <"$dir/addresses")" -gt 100000 ] || fail 'no real addresses'
python3 "$compare" real "$dir" "$zone" || fail 'real addresses'
if ! command -v dnsperf >/dev/null; then
  echo 'ok, but there is no dnsperf here: nothing was asked under load'
  exit 0
fi
python3 "$compare" load "$dir" "$zone" || fail 'under load'
echo ok
