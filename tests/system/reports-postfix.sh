#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Abuse reports by SMTP through a Postfix of the test's own: tests/system/reports_postfix.py.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then
  echo "Postfix changes users, which only root can: not tried"
  exit 77
fi
if [ ! -x /usr/lib/postfix/sbin/master ]; then
  echo "no Postfix here (another mail server is): not tried"
  exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 "$(dirname "$0")/reports_postfix.py" "$dir"
