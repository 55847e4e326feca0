#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What walls would have refused, out of the log of a Postfix of the test's own: tests/system/replay_postfix.py.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then
  echo "Postfix changes users, which only root can: not tried"
  exit 77
fi
if [ ! -x /usr/lib/postfix/sbin/master ]; then
  echo "no Postfix here (another mail server is): not tried"
  exit 77
fi
fail() { echo "not ok: $*" >&2; exit 1; }
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
TZ=UTC python3 "$(dirname "$0")/replay_postfix.py" "$dir"
