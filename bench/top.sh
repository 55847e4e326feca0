#!/bin/bash
# onus top over a gigabyte of mixed sshd lines: against fail2ban-regex with the same filter (which is so
# slow that it gets the first lines of the same log), and against counting line ends.
# BENCH_BYTES (1000000000) is the size of the log, BENCH_F2B_LINES (200000) the peer's share of it.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_registry
need_addresses
build bench/make_sshd_log bench/time_scan
template=$(find "$ONUS_BENCH" -name OpenSSH_2k.log | head -1)
if [ -z "$template" ]; then
  raw=$ONUS_SOURCE/../shared/data/logs-raw-real.tar.xz
  [ -e "$raw" ] || { echo 'no real sshd log beside this checkout to take templates from' >&2; exit 1; }
  tar xJf "$raw" -C "$ONUS_BENCH"
  template=$(find "$ONUS_BENCH" -name OpenSSH_2k.log | head -1)
fi
bytes=${BENCH_BYTES:-1000000000} log=$ONUS_BENCH/sshd.log
[ -s "$log" ] && [ "$(stat -c %s "$log")" -ge "$bytes" ] ||
  "$ONUS_BUILD/bench/make_sshd_log" "$template" "$addresses" "$bytes" >"$log"
head -n "${BENCH_F2B_LINES:-200000}" "$log" >"$ONUS_BENCH/sshd.part"
lines=$(wc -l <"$log") part=$(wc -l <"$ONUS_BENCH/sshd.part")
cat "$log" >/dev/null # into the page cache

top=$(best 3 "$onus" top --registry "$registry" -o "filter_path=$filters" --filter sshd "$log")
theirs=$(best 1 fail2ban-regex "$ONUS_BENCH/sshd.part" "$filters/sshd.conf")
export ONUS_FILTERS=$filters
scan() { "$ONUS_BUILD/bench/time_scan" "$1" "$log" sshd | awk '{for (i = 1; i < NF; i++) if ($(i + 1) == "lines/s") print $i}'; }
newlines=$(scan newlines)
one=$(scan fast)
awk -v n="$lines" -v p="$part" -v top="$top" -v f="$theirs" -v nl="$newlines" -v one="$one" 'BEGIN {
  peer = p / f
  printf "%d lines: onus top %.2f M lines/s; the filter alone, one thread %.2f M; line ends alone %.1f M; fail2ban-regex %.1f k\n", n, n / top / 1e6, one / 1e6, nl / 1e6, peer / 1e3
  printf "onus top is %.0fx fail2ban-regex with the same filter, mark 300x: %s; %.2f of a newline scan\n", n / top / peer, (n / top / peer >= 300 ? "met" : "NOT MET"), n / top / nl
  printf "the filter on one thread is %.0fx\n", one / peer }'
