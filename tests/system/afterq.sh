#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# afterq.sh ENGINE [_door]: mail behind the queue, in a Postfix of the test's own with a real engine: tests/system/afterq.py, or
# afterq_door.py.
set -euo pipefail
engine=$1
if [ "$(id -u)" != 0 ]; then
  echo "Postfix changes users, which only root can: not tried"
  exit 77
fi
declare -A program=([spamassassin]=/usr/sbin/spampd [rspamd]=/usr/bin/rspamd)
for p in /usr/lib/postfix/sbin/master "${program[$engine]}"; do
  [ -x "$p" ] || { echo "no $p here: not tried"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data spamassassin-spam-1_easy-ham-1
chmod 755 "$dir"
mkdir "$dir/run"
python3 "$ONUS_SOURCE/tests/system/afterq${2:-}.py" "$engine" "$dir/run" "$data"
