#!/bin/bash
# Tables in MRT are read by bgpdump: what is said when it is missing, complains without end, is killed, fails, or
# prints what is no table; and that a reading which ends early leaves no child behind.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir bin
fail() { echo "not ok: $*" >&2; [ ! -s err ] || tail -n 5 err >&2; exit 1; }
# run CODE COMMAND…: its output is in out and err
run() {
  local want=$1 code=0
  shift
  PATH=$dir/bin:$path "$onus" "$@" >out 2>err || code=$?
  [ "$code" = "$want" ] || fail "onus $*: exit code $code, not $want"
}
path=$PATH
# fake: bgpdump is the shell script on stdin
fake() { { echo '#!/bin/sh'; cat; } >bin/bgpdump && chmod +x bin/bgpdump; }
printf 'V\216S\253\0\15\0\1\0\0\0\65\12\0\20\1\0\6master\0\3\2\0\0' >table

# missing
path=$dir/none run 2 registry read table
grep -q 'table: a table in MRT.*apt-get install bgpdump' err || fail 'bgpdump is missing, and nobody says how to get it'
path=$dir/none run 2 registry build -o registry table
grep -q 'apt-get install bgpdump' err || fail 'build: bgpdump is missing'

# it gets the bytes, and what it prints is read
fake <<'SH'
[ "$*" = '-v -m -' ] || exit 9
cat >got
echo 'TABLE_DUMP2|1|B|192.0.2.1|1|1.0.0.0/24|1 13335|IGP|x'
SH
{ cat table; head -c 3000000 /dev/urandom; } >large
gzip -c large >large.gz
for large in large large.gz -; do
  run 0 registry read --facts "$large" <large
  grep -qx '{"line":1,"kind":"route","source":"BGP","range":"1.0.0.0/24","asn":13335,"seen":1}' out || fail 'a line'
  cmp large got || fail "$large: other bytes than there were"
done
head -c 2000000 large.gz >cut.gz
run 2 registry read cut.gz
grep -q 'cut.gz: gzip data ends too early' err || fail 'a cut archive'

# it complains, and goes on
fake <<'SH'
echo '2026-01-01 00:00:00 [error] a record is cut' >&2
echo 'TABLE_DUMP2|1|B|192.0.2.1|1|1.0.0.0/24|1 13335|IGP|x'
SH
run 0 registry read table
grep -q 'refused *1 bgpdump: \[error\] a record is cut (first' out || fail 'a complaint is lost'
# without end: neither memory nor time is without end
fake <<'SH'
i=0
while [ $i -lt 20000 ]; do echo "[error] number $i of many that fill the pipe many times over" >&2; i=$((i + 1)); done
echo 'TABLE_DUMP2|1|B|192.0.2.1|1|1.0.0.0/24|1 13335|IGP|x'
SH
run 0 registry read --json table
[ "$(jq -c '[.taken.route, .refused]' out)" = '[1,8]' ] || fail 'complaints without end'

# it fails, is killed, prints nothing, prints nonsense
fake <<'SH'
echo 'TABLE_DUMP2|1|B|192.0.2.1|1|1.0.0.0/24|1 13335|IGP|x'
exit 3
SH
run 2 registry read table
grep -q 'table: bgpdump ended with exit code 3' err || fail 'exit code'
fake <<'SH'
echo 'TABLE_DUMP2|1|B|192.0.2.1|1|1.0.0.0/24|1 13335|IGP|x'
kill -SEGV $$
SH
run 2 registry read table
grep -q 'table: bgpdump ended with signal 11' err || fail 'signal'
echo true | fake
run 2 registry read table
grep -q 'bgpdump finds no table in it' err || fail 'nothing'
fake <<'SH'
head -c 3000000 /dev/zero
echo
echo '[x'
SH
run 1 registry read table
grep -q 'not a line of a table' err || fail 'nonsense'

# the reading ends early: a child that would write on for ever is gone
fake <<'SH'
echo $$ >pid
exec yes 'TABLE_DUMP2|1|B|192.0.2.1|1|1.0.0.0/24|1 13335|IGP|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
SH
ulimit -c 0
code=0
PATH=$dir/bin:$path timeout -s KILL 2 "$onus" registry read table >out 2>err || code=$?
[ "$code" = 137 ] || fail 'it ended by itself'
for _ in $(seq 2400); do
  kill -0 "$(cat pid)" 2>/dev/null || break
  sleep 0.05
done
kill -0 "$(cat pid)" 2>/dev/null && fail 'a child is left behind'
echo ok
