#!/bin/bash
# shellcheck disable=SC2034 # they are for who sources this
# What tests of hubs on real servers share. Sourced, with $ONUS_BUILD and $ONUS_SOURCE set; brings own.sh, engines.sh and
# clock.sh. At the end of the test the server is gone, too.
#   hub_registry                $dir/registry: four networks of three holders
#   hub_conf NAME HOURS EVENTS  $dir/NAME/conf for the hub of $hub, with hours_days and one source, an anchor

# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
chmod 755 "$dir"
# shellcheck source=tests/clock.sh
. "$ONUS_SOURCE/tests/clock.sh"
# shellcheck source=tests/engines.sh
. "$ONUS_SOURCE/tests/engines.sh"
cleanup() {
  stop
  engine_stop || true
  rm -rf "$dir"
}
fail() { echo "not ok: ${engine:-}: $*" >&2; exit 1; }

hub_registry() {
  printf '20.0.0.0,20.0.255.255,64496,Quiet\n20.1.0.0,20.1.255.255,64497,Loud\n45.0.0.0,45.15.255.255,64498,Large\n2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Large\n' >"$dir/asn.csv"
  "$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null 2>&1
}
hub_conf() {
  mkdir -p "$dir/$1/state"
  cat >"$dir/$1/conf" <<CONF
registry_file = $dir/registry
state_dir = $dir/$1/state
status_dir = $dir/$1/status
spool_dir = $dir/$1/spool
hub = $hub
serve_dir = $dir/$1/serve
open_dir = $dir/$1/open
load_interval_s = 1
hours_days = $2
[source own]
type = events
path = $3
anchor = yes
CONF
}
