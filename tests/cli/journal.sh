#!/bin/bash
# journal: entries of real journal files (systemd-journal-remote) become events, each once: when more are added, when
# the file is rotated, when the collector is killed at any instant; when the entry that was read last has vanished it
# says so and goes on; a corrupt file and one that is not there are told of and stop no other source.
set -u
bin=$ONUS_BUILD/src/prog
remote=/lib/systemd/systemd-journal-remote
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "journal: $*"; tail -20 err; exit 1; }
: >err
add() { # FILE FIRST COUNT [hostile]
  python3 "$ONUS_SOURCE/tests/cli/journal_export.py" "${@:2}" >entries || fail entries
  $remote -o "$1" entries >remote.out 2>&1 || fail "$(cat remote.out)"
}
cat >conf <<CONF
filter_path = $ONUS_SOURCE/etc/filter.d
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
[source journal]
type = journal
path = $dir/journal
match = _SYSTEMD_UNIT=ssh.service SYSLOG_IDENTIFIER=sshd + _SYSTEMD_UNIT=ssh.service SYSLOG_IDENTIFIER=sshd-session
filter = sshd
[source corrupt]
type = journal
path = $dir/corrupt.journal
[source missing]
type = journal
path = $dir/missing
CONF
collect() { "$bin/collect/onus-collect" -c conf --once 2>err || fail "exit code $?"; }
counted() { # EVENTS: of so many addresses, each once
  "$bin/load/onus-load" -c conf --once 2>>err || fail 'onus-load'
  got=$(sqlite3 -separator ' ' hub.sqlite "SELECT count(DISTINCT addr), sum(count) FROM ledger")
  [ "$got" = "$1 $1" ] || fail "addresses and events: $got, not $1 of each; $2"
  sqlite3 hub.sqlite 'SELECT hex(addr) FROM ledger' | grep -q FFFF2E09 && fail "an innocent is punished: $2"
}
says() { # WORDS SETTING…
  "$bin/collect/onus-collect" -t -c <(cat conf; printf '%s\n' '[source bad]' 'type = journal' "${@:2}") >out 2>&1 && fail "$*: accepted"
  grep -q -- "$1" out || fail "$*: $(cat out)"
}
says 'source bad: match: "ssh.service" is no FIELD=VALUE' 'match = ssh.service'
says 'source bad: match: "lower=x"' 'match = _COMM=sshd + lower=x'

mkdir journal
printf 'LPKSHHRH' >corrupt.journal # the signature, and a file full of nothing
head -c 100000 /dev/zero >>corrupt.journal
add journal/system.journal 0 5 hostile
collect
counted 6 'the first entries'
grep -q "source=corrupt cannot read the journal ($dir/corrupt.journal): " err || fail 'no word of the corrupt file'
grep -q "source=missing cannot read the journal ($dir/missing): No such file" err || fail 'no word of the missing one'
grep -q 'source=journal file=.*journal .*refused: longer than a message may be' err || fail 'no word of what was refused'
collect
counted 6 'nothing new'
add journal/system.journal 100 5
collect
counted 11 'entries were added'
mv journal/system.journal "journal/system@0000000000000001-0000000000000001.journal"
add journal/system.journal 200 5
collect
counted 16 'the file was rotated'
grep -q 'is gone' err && fail 'said to be gone: it was only renamed'
rm journal/*
add journal/system.journal 300 5
collect
counted 21 'the old files were removed'
grep -q 'source=journal the entry of the journal that was read last is gone' err || fail 'no word of what is gone'

# Killed at any instant, then to the end.
add journal/system.journal 1000 20000
for i in $(seq 20); do
  "$bin/collect/onus-collect" -c conf -o collect_interval_s=1 2>/dev/null &
  pid=$!
  sleep "0.0$((i * 7 % 97 + 1))"
  kill -9 $pid
  wait $pid 2>/dev/null
done
collect
counted 20021 'killed 20 times'
good=$(sqlite3 -separator ' ' hub.sqlite "SELECT count(DISTINCT addr), sum(count) FROM good WHERE kind = 2")
[ "$good" = '2004 2004' ] || fail "good addresses and observations: $good"
echo "ok ($(find spool/collect/done spool/collect/new -name '*.zst' | wc -l) batches left)"
