#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One publication, one answer: `onus lookup --standing`, onus-dnsbl, onus-policy, onus-milter and the pages say the same of every
# address, of the publication that each says it answers by; and of the next one, when somebody was allowed, a warrant was
# removed, evidence is disputed and an address has attacked meanwhile. From the road: tests/system/agree.py asks.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
export HOME=$dir/home
mkdir "$HOME"
cat >"$dir/asn.csv" <<'CSV'
45.0.0.0,45.0.255.255,64496,Example Hosting
46.0.0.0,46.0.255.255,64497,Own Network
47.0.0.0,47.0.15.255,64499,Another
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Six Net
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
now=$(date +%s)
# seen ADDRESS DAYS: on each of the last of them
seen() {
  for day in $(seq 0 $(($2 - 1))); do
    printf '%s\t%s\tbrute-force\t3\tfull\ta\tsshd\ttest\n' $((now - 60 - day * 86400)) "$1"
  done
}
{
  echo '#onus-events 1'
  for a in 45.0.1.1 45.0.1.9 46.0.9.9 47.0.3.3 2a00:1:2:3::4; do seen "$a" 20; done
  for a in 45.0.7.{1..40}; do seen "$a" 3; done
  seen 45.0.2.2 1
} >"$dir/a.events"
{ echo '#onus-events 1'; seen 45.0.4.4 20; } >"$dir/theirs.events"
conf() {
  road_conf "$dir" <<CONF
own_networks = 46.0.9.0/24
site_url = https://rep.example
operator_keys = $1
dnsbl_zone = bl.example
greylist_delay_s = 60
$(events_source a 'anchor = yes')
$(events_source theirs 'anchor = no' 'trust = 0.9')
CONF
}
set_() { "$onus" "$@" -c "$dir/conf" >"$dir/out" 2>&1 || fail "onus $*: $(cat "$dir/out")"; }
conf ''
stages "$dir/conf" -o own_networks= collect load
set_ warrant key --by alice
conf "alice:$(grep -oE '[0-9a-f]{64}' "$dir/out" | head -1)"
set_ warrant add as:64499 --for 3d --why 'ticket 17; all of it' --by alice
set_ allow add 45.0.1.9 --why 'a partner'
stages "$dir/conf" score publish
cat >"$dir/next" <<NEXT
set -e
printf '%s\t45.0.3.3\tbrute-force\t40\tfull\ta\tsshd\ttest\n' $now >>"$dir/a.events"
"$onus" allow add 45.0.1.1 --why 'has cleaned up' -c "$dir/conf"
"$onus" allow remove 45.0.1.9 --why 'no partner any more' -c "$dir/conf"
"$onus" warrant remove as:64499 --why 'answers again' -c "$dir/conf"
sqlite3 "$dir/hub.sqlite" "INSERT INTO dispute SELECT randomblob(16), day, addr, plen, category, source, 0, $now, $now + 259200, NULL
  FROM (SELECT DISTINCT day, addr, plen, category, source FROM ledger WHERE hex(addr) LIKE '%2D000404')"
for p in collect load score publish; do "$ONUS_BUILD/src/prog/\$p/onus-\$p" -c "$dir/conf" --once; done
NEXT
python3 "$ONUS_SOURCE/tests/system/agree.py" "$dir"
