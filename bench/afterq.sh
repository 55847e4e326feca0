#!/bin/bash
# The loop behind the queue under load (bench/afterq.py, doc/queue.md), with each engine: its capacity, then 0.5, 1, 2 and 10 times as
# many mails. What is carried stays within a tenth of the capacity from 1x on, and a mail takes no longer at the door than at half
# load; what waits, waits in the queue.
# BENCH_S (30): seconds of each. BENCH_ENGINES (spamassassin rspamd); BENCH_SPAMASSASSIN_AT_ONCE (2), BENCH_RSPAMD_AT_ONCE (1): mails.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
dir=$(mktemp -d)
python=
end() {
  [ -z "$python" ] || kill "$python" 2>/dev/null || true
  rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
[ "$(id -u)" = 0 ] || { echo 'Postfix changes users, which only root can: not tried'; exit 0; }
build
need_data spamassassin-spam-1_easy-ham-1
chmod 755 "$dir"
at_once() {
  case $1 in
    spamassassin) echo "${BENCH_SPAMASSASSIN_AT_ONCE:-2}" ;;
    *) echo "${BENCH_RSPAMD_AT_ONCE:-1}" ;;
  esac
}
for engine in ${BENCH_ENGINES:-spamassassin rspamd}; do
  echo "load average $(cut -d ' ' -f 1 /proc/loadavg)"
  mkdir "$dir/$engine"
  python3 "$ONUS_SOURCE/bench/afterq.py" "$engine" "$dir/$engine" "$data" "$(at_once "$engine")" "${BENCH_S:-30}" &
  python=$!
  wait "$python"
  python=
done
