#!/bin/bash
# Hostile input, end to end: what is refused is counted and named with file, line and reason, what is good
# comes through, nothing crashes and nothing is attributed to the wrong holder.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; [ ! -s "$dir/err" ] || tail -n 5 "$dir/err" >&2; exit 1; }
cd "$dir"
settings=(-o "filter_path=$ONUS_SOURCE/etc/filter.d" -o "registry_file=$dir/registry")

# --- the registry's source tables ---------------------------------------------------------------------
cat >table.csv <<'CSV'
1.0.0.0,1.0.0.255,64496,"First, Inc."
2.0.0.255,2.0.0.0,64497,Backwards
3.0.0.0,3.0.0.255,64498,Under
3.0.0.128,3.0.1.255,64499,Overlapping
0.0.0.0,255.255.255.255,64500,Everything
::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,64501,All Six
10.0.0.0,10.0.0.255,64502,Private
4.0.0.0,4.0.0.255,notanumber,No Number
nonsense
5.0.0.0,5.0.0.255,64504,"does not end
45.0.0.0,45.0.255.255,64505,Last Good
2a00::,2a00:0:ffff:ffff:ffff:ffff:ffff:ffff,64506,Six
CSV
"$onus" registry build -o registry table.csv >out 2>err || fail 'the good rows are not kept'
grep -q ': 5 records, 7 refused' out || fail "counts: $(cat out)"
for line in '2: a range backwards' '5: a range too wide' '6: a range too wide' '7: private' '8: not an AS number' \
  '9: fields are missing' '10: a quoted field'; do
  grep -q "refused: table.csv:$line" err || fail "no reason for line $line"
done
"$onus" registry info registry >out 2>err
grep -q '5 records, 7 refused' out || fail 'info forgets what was refused'
who() { "$onus" lookup --json "${settings[@]}" "$1" 2>/dev/null | jq -r .asn; }
while read -r address want; do
  [ "$(who "$address")" = "$want" ] || fail "$address belongs to $(who "$address"), not $want"
done <<'WHO'
1.0.0.1 64496
2.0.0.1 null
3.0.0.1 64498
3.0.0.200 64498
3.0.1.1 64499
4.0.0.1 null
5.0.0.1 null
9.9.9.9 null
10.0.0.1 null
45.0.0.1 64505
2a00::1 64506
2b00::1 null
WHO
printf 'no,table\nat,all\n' >none.csv
code=0
"$onus" registry build -o other none.csv >out 2>err || code=$?
[ "$code" = 2 ] && grep -q 'none.csv' err && [ ! -e other ] || fail "a table of nothing: exit code $code"

# --- a registry file that was cut or damaged anywhere ---------------------------------------------------
size=$(stat -c %s registry)
refused=0
for part in $(seq 0 64); do
  head -c $((size * part / 65)) registry >piece
  code=0
  "$onus" lookup "${settings[@]}" --registry piece 45.0.0.1 >out 2>err || code=$?
  [ "$code" = 3 ] && grep -q "piece: " err && [ ! -s out ] || fail "cut to $((size * part / 65)) of $size bytes: exit code $code"
done
for i in $(seq 64); do
  at=$((size * i / 65))
  cp registry damaged
  byte=$(od -An -tu1 -j "$at" -N 1 registry)
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $((byte ^ 1 << i % 8)))" | dd of=damaged bs=1 seek="$at" conv=notrunc status=none
  code=0
  "$onus" lookup "${settings[@]}" --registry damaged 45.0.0.1 >out 2>err || code=$?
  [ "$code" = 3 ] && grep -q "damaged: " err || fail "a bit flipped at $at of $size: exit code $code: $(cat out)"
  refused=$((refused + 1))
done
[ "$refused" = 64 ]

# --- logs -----------------------------------------------------------------------------------------------
line() { printf 'Nov 10 03:0%d:11 host sshd[%d]: Failed password for root from 45.0.4.%d port 4242 ssh2' "$1" $((100 + $1)) "$1"; }
# expect FILE "ADDRESS…" LINES REFUSED ["FIRST REASON"]: what extract, and top, make of it
expect() {
  local file=$1 want=$2 lines=$3 refused=$4 why=${5:-} code=0
  (ulimit -v "${memory:-unlimited}" && exec "$onus" extract -v "${settings[@]}" "$file") >out 2>err || code=$?
  [ "$code" = "${exits:-0}" ] || fail "$file: exit code $code"
  [ "$(grep -v '^#' out | cut -f2 | tr '\n' ' ')" = "$want" ] || fail "$file gives $(grep -v '^#' out | cut -f2 | tr '\n' ' ')"
  grep -qE "^ +$lines  lines$" err || fail "$file: not $lines lines"
  grep -qE "^ +$refused  lines refused$" err || fail "$file: not $refused lines refused"
  [ -z "$why" ] || grep -q "$file:$why" err || fail "$file: no reason \"$why\""
  [ "$refused" = 0 ] && return
  # not through a pipe: who is answered early leaves the writer with a broken one
  "$onus" top "${settings[@]}" "$file" >out 2>err || fail "$file: onus top: exit code $?"
  grep -q "$file: $refused of $lines lines refused, the first in line ${why%%:*}" err || fail "$file: onus top does not say what was refused"
}
good='45.0.4.1 45.0.4.2 '
{ line 1; printf '\r\n'; line 2; printf '\r\n'; } >crlf.log
expect crlf.log "$good" 2 0
{ line 1; printf '\nNov 10 03:02:11 host sshd[1]: Failed password for invalid user J\xf6rg from 45.0.4.2 port 1 ssh2\n'; } >latin1.log
expect latin1.log "$good" 2 0
{ line 1; printf '\n\0\0\0\nNov 10 03:02:11 host sshd[1]: Failed password for invalid user a\0b from 45.0.4.9 port 1 ssh2\n'; line 2; echo; } >nul.log
expect nul.log "$good" 4 2 '2: the line has NUL bytes'
{ line 1; echo; line 2; echo; line 3 | head -c 60; } >cut.log
expect cut.log "$good" 3 0
# 100 MB in one line, in bounded memory (a sanitizer's own tables are not bounded so)
{ line 1; echo; head -c 104857600 /dev/zero | tr '\0' x; echo; line 2; echo; } >long.log
memory=400000
grep -q __asan_init "$onus" && memory=unlimited
expect long.log "$good" 3 1 '2: the line is too long'
# the same through the others, by the memory they had
memory_of() {
  python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}
if [ "$memory" != unlimited ]; then
  for command in top annotate; do
    kib=$(memory_of "$onus" "$command" "${settings[@]}" long.log)
    [ "$kib" -lt 100000 ] || fail "onus $command takes $kib KiB for a line of 100 MB"
  done
fi
rm long.log
memory=unlimited
{ line 1; echo; printf '\x01\x02\x7f\xff\xfe\0rubbish\n%.0s' $(seq 200); line 2; echo; } >binary.log
expect binary.log "$good" 202 200 '2: the line has NUL bytes'
head -c 100000 /dev/urandom >random
code=0
"$onus" top "${settings[@]}" random >out 2>err || code=$?
[ "$code" -ge 2 ] && grep -q 'random: ' err || fail "random bytes: exit code $code"

# a log that its daemon's clients can write lines into: what is found there is weak, in this file and no other
printf '2026/11/10 03:01:11 [error] 7#7: *1 open() "/x\nNov 10 03:01:11 h sshd[7]: Failed password for x from 45.0.0.1 port 22 ssh2\nfailed (2: x), client: 45.0.0.2, server: _\n' >error.log
sed -n 2p error.log >auth.log
"$onus" extract "${settings[@]}" error.log auth.log | grep -v '^#' | cut -f 2,5 | tr '\t\n' '  ' >out
[ "$(cat out)" = '45.0.0.1 weak 45.0.0.1 full ' ] || fail "a forged line counts: $(cat out)"
"$onus" extract "${settings[@]}" --filter sshd error.log | grep -q '	weak	' || fail 'a forged line counts where the filter is named'

# archives that end too early: what could be unpacked counts, and the end is told
for i in $(seq 20000); do echo "Nov 10 03:01:11 host sshd[$i]: Failed password for root from 45.0.$((i % 256)).$((i * 7 % 256)) port $((i * 31 % 65536)) ssh2"; done >big.log
"$onus" extract "${settings[@]}" big.log >big.events
for packer in gzip xz zstd bzip2; do
  $packer -qc big.log >"whole.$packer"
  head -c $(($(stat -c %s "whole.$packer") / 2)) "whole.$packer" >"half.$packer"
  [ "$("$onus" extract "${settings[@]}" "whole.$packer" | grep -vc '^#')" = 20000 ] || fail "whole.$packer: not all lines"
  code=0
  "$onus" extract "${settings[@]}" "half.$packer" >out 2>err || code=$?
  [ "$code" = 2 ] && grep -q "half.$packer: .* ends too early" err || fail "half.$packer: exit code $code"
  n=$(grep -vc '^#' out)
  [ "$n" -gt 5000 ] && [ "$n" -lt 20000 ] || fail "half.$packer: $n lines"
  head -n $((n + 1)) big.events | cmp -s - out || fail "half.$packer: other lines than were packed"
done

# --- lists ----------------------------------------------------------------------------------------------
printf '%s\n' 45.0.0.8 192.168.1.1 10.0.0.0/8 0.0.0.0/0 ::/0 224.0.0.1 45.0.0.9-45.0.0.1 'not an address' 300.1.1.1 \
  45.0.0.9/24 '1.0.0.1	5' 3.0.0.7 127.0.0.1 fe80::1 2a00::7 >bad.list
settings+=(-o own_networks=3.0.0.0/24)
# 45.0.0.9/24 has host bits set: a typing error that must not become a whole network
expect bad.list '45.0.0.8 1.0.0.1 2a00::/64 ' 15 12 '2: private or reserved space'
echo ok
