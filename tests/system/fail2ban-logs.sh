#!/bin/bash
# The test logs of Debian's fail2ban, every one through its own filter as it is: what must match does, with
# the right address and time, and nothing else does. The share may only grow.
set -euo pipefail
floor=99.8 # percent of the expectations
fail() { echo "not ok: $*" >&2; exit 1; }
tests=/usr/lib/python3/dist-packages/fail2ban/tests # of Debian
[ -d "$tests/files/logs" ] || fail "no test logs in $tests: install fail2ban (tools/install-packages)"

got=$(mktemp)
trap 'rm -f "$got"' EXIT
python3 "$ONUS_SOURCE/tests/system/fail2ban_logs.py" "$ONUS_BUILD/src/prog/onus/onus" "$tests" /etc/fail2ban \
  "$ONUS_SOURCE/doc/filters.md" >"$got" || { cat "$got"; fail "an address or a time is wrong, or a difference is not in doc/filters.md"; }
cat "$got"
share=$(sed -n 's/^share met: \(.*\) %$/\1/p' "$got")
awk -v share="$share" -v floor=99.8 'BEGIN { exit !(share >= floor) }' || fail "$share % met, less than $floor %"
echo "ok: $share % met"
