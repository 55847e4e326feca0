#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What faults.py and others have found, each by itself: a batch that cannot be read stays and holds up nobody; one that has a
# second name in done/ or bad/ leaves new/; a hub that is damaged is no reason to refuse batches; a batch that is
# refused leaves no half of its reason behind, nor does it disturb those that are kept. And faults.py itself leaves nothing
# running.
set -euo pipefail
load=$ONUS_BUILD/src/prog/load/onus-load
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; sed 's/^/  /' "$dir/log" >&2 || true; exit 1; }
cd "$dir"
printf 'state_dir = %s/state\nspool_dir = %s/spool\nhub = sqlite:%s/hub.sqlite\nhost_name = mx\n' "$dir" "$dir" "$dir" >conf
{ cat conf; printf '[source a]\ntype = events\npath = %s/in\n' "$dir"; } >collect.conf
for i in 1 2 3; do
  printf '2026-05-01T10:00:00Z\t20.0.0.%d\tscanner\t1\tfull\t\tsmtp\n' "$i" >>in
  "$ONUS_BUILD/src/prog/collect/onus-collect" -c collect.conf --once 2>log || fail 'no batches'
done
cp -a spool made
: >clock.0
truncate -s 8 clock.0
fresh() { rm -rf spool hub.sqlite* kept; cp -a made spool; first=$(find spool/collect/new -type f | sort | sed -n 2p); }
quick() { cp clock.0 clock; ONUS_FAULT_CLOCK=$dir/clock LD_PRELOAD=$ONUS_BUILD/tests/faults/libfault-clock.so "$@" 2>log; } # its waits take no time
hosts() { sqlite3 hub.sqlite 'SELECT count(DISTINCT addr), sum(count) FROM ledger'; }
in_room() { find "spool/collect/$1" -type f | wc -l; }

fresh
code=0
cp clock.0 clock
strace -qq -o trace -E ONUS_FAULT_CLOCK="$dir/clock" -E LD_PRELOAD="$ONUS_BUILD/tests/faults/libfault-clock.so" \
  -P "$dir/$first" -e trace=read -e inject=read:error=EIO "$load" -c conf --once 2>log || code=$?
grep -q INJECTED trace || fail 'no batch was unreadable'
[ "$code" = 2 ] || fail "a batch that cannot be read is no trouble: $code"
[ "$(find spool/collect/new -type f)" = "$first" ] || fail 'it does not wait, or others do'
[ "$(in_room bad)" = 0 ] || fail 'it was refused'
"$load" -c conf --once 2>log || fail 'it cannot be read later'
[ "$(in_room new) $(hosts)" = '0 3|3' ] || fail 'it was not loaded later'
echo 'ok: a batch that cannot be read waits, and holds up nobody'

for room in 'done' bad; do
  fresh
  [ "$room" = bad ] || first=$(find spool/collect/new -type f | sort | tail -n 1) # no later one cleans up behind it
  [ "$room" != bad ] || printf 'no batch' >"$first"
  ln "$first" "spool/collect/$room/"
  timeout 60 "$load" -c conf --once 2>log || fail "a batch with another name in $room/ does not leave new/"
  [ "$(in_room new)" = 0 ] || fail "a batch with another name in $room/ waits"
done
echo 'ok: a batch with two names leaves new/'

fresh
"$load" -c conf --once 2>log || fail 'not loaded'
size=$(sqlite3 hub.sqlite 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA page_size' | tail -n 1)
for page in $(sqlite3 hub.sqlite "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'batch' AND rootpage > 0"); do
  dd if=/dev/zero of=hub.sqlite bs="$size" seek=$((page - 1)) count=1 conv=notrunc status=none
done
rm -rf spool
cp -a made spool
code=0
quick "$load" -c conf --once || code=$?
[ "$code" = 2 ] || fail "a damaged hub is no trouble: $code"
[ "$(in_room new) $(in_room bad)" = "$(find made/collect/new -type f | wc -l) 0" ] || fail 'a damaged hub has batches refused'
echo 'ok: a damaged hub leaves the spool as it is'

fresh
printf 'no batch' >"$first"
mkdir -p spool/other/new
cp "$first" spool/other/new/
"$load" -c conf -o batch_archive="$dir/kept" --once 2>log || fail 'not loaded'
! grep -q 'trying again' log || fail 'what was refused disturbs what is kept'
[ "$(find kept -type f | wc -l)" = $(($(find made/collect/new -type f | wc -l) - 1)) ] || fail 'other batches are kept'
echo 'ok: refused batches and kept ones'

# faults.py itself, ended while its loaders work: nothing of it goes on.
below() { local p; for p in $(pgrep -P "$1"); do echo "$p"; below "$p"; done; }
for signal in TERM KILL; do
  TMPDIR=$dir "$ONUS_SOURCE/tests/faults/faults.py" --engines sqlite --dir "$dir" >log 2>&1 &
  run=$!
  loader=
  for ((i = 0; i < 1200; i++)); do
    mapfile -t family < <(below "$run")
    for p in "${family[@]}"; do
      [ "$(cat "/proc/$p/comm" 2>/dev/null)" != onus-load ] || loader=$p
    done
    if [ -n "$loader" ] && grep -q '# sqlite' log; then break; fi
    kill -0 "$run" 2>/dev/null || break
    sleep 0.05
  done
  [ -n "$loader" ] || fail 'no loader among faults'
  kill -"$signal" "$run"
  wait "$run" 2>/dev/null || true
  left=
  for ((i = 0; i < 1200; i++)); do
    left=
    for p in "${family[@]}"; do
      [ ! -e "/proc/$p" ] || left="$left $p"
    done
    [ -n "$left" ] || break
    sleep 0.05
  done
  [ -z "$left" ] || fail "after SIG$signal still there:$left"
done
echo 'ok: faults.py, ended by a signal, leaves nothing running'
