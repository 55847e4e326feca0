#!/bin/bash
# From evidence to a wall that stands: decisions are made, published, exported and loaded into a real
# nftables; own networks are never in them, and what is not ours to give away is not in open_dir.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

cat >"$dir/asn.csv" <<'CSV'
45.0.0.0,45.0.255.255,64496,Example Hosting
46.0.0.0,46.0.255.255,64497,Own Network
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Six Net
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null

now=$(date +%s)
# sighting SOURCE ADDRESS: on each of the last 20 days
sighting() {
  for day in $(seq 0 19); do
    printf '%s\t%s\tbrute-force\t3\tfull\t%s\tsshd\ttest\n' $((now - 60 - day * 86400)) "$2" "$1"
  done
}
{ echo '#onus-events 1'; sighting a 45.0.1.1; sighting a 46.0.9.9; sighting a 2a00:1:2:3::4; } >"$dir/a.events"
{ echo '#onus-events 1'; sighting b 45.0.2.2; } >"$dir/b.events"
road_conf "$dir" <<CONF
own_networks = 46.0.9.0/24
$(events_source a)
$(events_source b 'redistribute = no')
CONF
# own networks may change after the evidence was taken in: every stage heeds them by itself
stages "$dir/conf" -o own_networks= collect load score
stages "$dir/conf" -o own_networks=46.0.9.0/24 publish

walls() { grep -v '^#' "$1" | sort | tr '\n' ' '; }
[ "$(sqlite3 "$dir/hub.sqlite" "SELECT count(*) FROM decision WHERE entity = 'addr:46.0.9.9'")" = 1 ] ||
  fail 'no decision about 46.0.9.9: the test shows nothing'
grep -q 'addr:46.0.9.9' "$dir/serve/current/decisions" && fail 'own space is under a decision that is published'
[ "$(walls "$dir/serve/current/plain.txt")" = '2a00:1:2:3::/64 45.0.1.1 45.0.2.2 ' ] ||
  fail "served: $(walls "$dir/serve/current/plain.txt")"
[ "$(walls "$dir/open/current/plain.txt")" = '2a00:1:2:3::/64 45.0.1.1 ' ] ||
  fail "open to all: $(walls "$dir/open/current/plain.txt")"
grep -q '45\.0\.2\.2' "$dir"/open/current/* && fail 'what b says is given away'
"$onus" export plain -c "$dir/conf" >"$dir/plain" || fail 'onus export fails'
[ "$(walls "$dir/plain")" = '2a00:1:2:3::/64 45.0.1.1 45.0.2.2 ' ] || fail "exported: $(walls "$dir/plain")"
"$onus" export nft -c "$dir/conf" -f "$dir/onus.nft"
"$onus" export plain -c "$dir/conf" -o own_networks=45.0.0.0/8 | grep '^45' >/dev/null && fail 'own space is on the wall'

# a real firewall in a network namespace of its own
if ! unshare --net true 2>/dev/null; then
  echo 'ok, but no network namespace can be made here: the wall was not loaded'
  exit 0
fi
# shellcheck disable=SC2016
unshare --net bash -c 'nft -f "$1" && nft -f "$1" && nft -j list table inet onus' - "$dir/onus.nft" >"$dir/loaded" ||
  fail 'nft refuses the wall'
for address in 45.0.1.1 45.0.2.2 2a00:1:2:3::; do
  grep -q "\"$address\"" "$dir/loaded" || fail "$address is not behind the wall"
done
grep -q '46\.0\.9\.9' "$dir/loaded" && fail 'own space is walled off'
echo ok
