#!/bin/bash
# Log lines in all forms of dates, and many datepatterns, read by fail2ban's own detector and by ours: the same
# time, and the same bytes cut out of the line.
set -euo pipefail
fail() { echo "not ok: $*" >&2; exit 1; }
[ -d /usr/lib/python3/dist-packages/fail2ban ] || fail "no fail2ban here: install it (tools/install-packages)"

got=$(mktemp)
trap 'rm -f "$got"' EXIT
TZ=Europe/Zurich PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$ONUS_SOURCE/tests/system/fail2ban_dates.py" \
  "$ONUS_BUILD/tests/unit/intake/dates_tool" >"$got" 2>&1 || { grep -v '^ ' "$got"; fail "fail2ban reads dates otherwise"; }
lines=$(sed -n 's/^\([0-9]*\) lines, 0 .*/\1/p' "$got")
[ "${lines:-0}" -gt 3000 ] || fail "only ${lines:-0} lines were compared"
cat "$got"
echo "ok: $lines lines"
