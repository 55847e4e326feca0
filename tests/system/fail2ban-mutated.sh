#!/bin/bash
# The lines of fail2ban's test logs, changed at random, through fail2ban itself and through onus: onus finds
# nothing that fail2ban does not, and both agree about nearly all lines. The share may only grow.
set -euo pipefail
floor=99.7 # percent of the lines
fail() { echo "not ok: $*" >&2; exit 1; }
tests=/usr/lib/python3/dist-packages/fail2ban/tests # of Debian, as its Python is
[ -d "$tests/files/logs" ] || fail "no test logs in $tests: install fail2ban (tools/install-packages)"

got=$(mktemp)
trap 'rm -f "$got"' EXIT
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$ONUS_SOURCE/tests/system/fail2ban_mutated.py" "$ONUS_BUILD/src/prog/onus/onus" \
  "$tests" /etc/fail2ban "${ONUS_SEED:-7}" "${ONUS_COPIES:-2}" >"$got" || { grep '^!' "$got"; fail "onus finds others than fail2ban"; }
cat "$got"
share=$(sed -n 's/^share agreed: \(.*\) % of.*/\1/p' "$got")
awk -v share="$share" -v floor="$floor" 'BEGIN { exit !(share >= floor) }' || fail "agreed about $share %, less than $floor %"
echo "ok: agreed about $share %"
