#!/bin/bash
# onus top over a gigabyte of mixed sshd lines: against fail2ban-regex with the same filter (which is so
# slow that it gets the first lines of the same log), and against counting line ends.
# BENCH_BYTES (1000000000) is the size of the log, BENCH_F2B_LINES (200000) the peer's share of it.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_registry
need_logs
build bench/time_scan
need_log sshd "${BENCH_BYTES:-1000000000}" "$sshd_log"
head -n "${BENCH_F2B_LINES:-200000}" "$log" >"$ONUS_BENCH/sshd.part"
lines=$(wc -l <"$log") part=$(wc -l <"$ONUS_BENCH/sshd.part")

export ONUS_FILTERS=$filters
run_top() { "$onus" top "$@" --registry "$registry" -o "filter_path=$filters" --filter sshd "$log" >/dev/null 2>&1; }
# seconds of the filter, or of the search for line ends, as the program itself has them
scan() { "$ONUS_BUILD/bench/time_scan" "$1" "$log" sshd | awk '{for (i = 1; i < NF; i++) if ($(i + 1) == "s") print $i}'; }
seconds() { local TIMEFORMAT=%R; { time "$@"; } 2>&1; }
peer() { fail2ban-regex "$ONUS_BENCH/sshd.part" "$filters/sshd.conf" >/dev/null 2>&1; }
least() { awk -v a="${1:-$2}" -v b="$2" 'BEGIN {print a < b ? a : b}'; }

# In turns, the best of each: what else the machine does is the same for all.
top='' top_one='' one='' newlines='' theirs=''
for ((i = 0; i < ${BENCH_ROUNDS:-4}; i++)); do
  theirs=$(least "$theirs" "$(seconds peer)")
  one=$(least "$one" "$(scan fast)")
  top_one=$(least "$top_one" "$(seconds run_top --threads 1)")
  top=$(least "$top" "$(seconds run_top)")
  newlines=$(least "$newlines" "$(scan newlines)")
done
awk -v n="$lines" -v p="$part" -v top="$top" -v top_one="$top_one" -v f="$theirs" -v nl="$newlines" -v one="$one" '
function against(what, s) { printf "%s is %.0fx fail2ban-regex with the same filter, mark 300x: %s\n", what, n / s / peer, (n / s / peer >= 300 ? "met" : "NOT MET") }
BEGIN {
  peer = p / f
  printf "%d lines: onus top %.2f M lines/s, on one thread %.2f M; the filter alone, one thread %.2f M; line ends alone %.1f M; fail2ban-regex %.1f k\n", n, n / top / 1e6, n / top_one / 1e6, n / one / 1e6, n / nl / 1e6, peer / 1e3
  against("onus top", top)
  against("onus top --threads 1", top_one)
  against("the filter on one thread", one)
  printf "onus top is %.2f of a newline scan\n", nl / top }'
