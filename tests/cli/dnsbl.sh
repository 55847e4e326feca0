#!/bin/bash
# onus-dnsbl over its sockets: UDP and TCP, IPv4 and IPv6, who may ask and how often, and what becomes of its answers when
# publications are missing, cut, forged, older, replaced or stale; reloads while questions come.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
python3 "$ONUS_SOURCE/tests/cli/dnsbl.py" "$dir"
"$onus" status -c /dev/null -o state_dir="$dir/state" -o serve_dir="$dir/serve" -o spool_dir="$dir/spool" >"$dir/status" || true
grep -q '^DNS queries  *onus-dnsbl ' "$dir/status" || fail "onus status does not tell of it: $(cat "$dir/status")"
echo ok
