#!/bin/bash
# onus annotate (AS, organisation and country appended to every line) against grepcidr, which only picks
# lines: the same lines, the same prefixes.
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
need_registry
need_addresses
need_tables
lines=$ONUS_BENCH/lines
[ -s "$lines" ] || for i in $(seq 40); do
  shuf --random-source=<(yes "$i") "$addresses" | awk '{printf "2026-08-22T10:%02d:%02dZ mx1 smtpd[%d]: connect from %s port %d\n", NR % 60, NR % 59, NR % 32768, $1, (NR * 7919) % 65536}'
done >"$lines"
prefixes=$ONUS_BENCH/prefixes
[ -s "$prefixes" ] || cut -d, -f1,2 "$tables"/asn/*ipv4.csv | tr , - >"$prefixes"
size=$(stat -c %s "$lines")
rate() { awk -v s="$1" -v n="$size" 'BEGIN {printf "%.0f MB/s", n / (s > 0 ? s : 0.01) / 1e6}'; }
annotate() { "$onus" annotate --registry "$registry" <"$lines" >"$1" 2>/dev/null; }
export -f annotate
export onus registry lines
for to in "$ONUS_BENCH/annotated" /dev/null; do
  ours=$(best 5 bash -c 'annotate "$1"' - "$to")
  theirs=$(best 3 bash -c 'grepcidr -f "$2" "$3" >"$1"' - "$to" "$prefixes" "$lines")
  mark=3
  [ "$to" != /dev/null ] || mark=4
  printf 'to %-10s onus %s, grepcidr %s: %s\n' "${to##*/}" "$(rate "$ours")" "$(rate "$theirs")" "$(against "$ours" "$theirs" "$mark")"
done
rm -f "$ONUS_BENCH/annotated"
