#!/bin/bash
# syslog: what logger(1) sends over UDP, TCP and sockets in the file system, in both forms and both framings,
# is in the ledger once, and of weak proof where anybody could have sent it; good observations are had of the
# same lines, but of no datagram that anybody could have sent; who is not allowed, messages too
# long, cut, forged or in no form count as refused and punish nobody; a reload ends no connection.
set -u
bin=$ONUS_BUILD/src/prog
here=$ONUS_SOURCE/tests/cli
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; wait; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "syslog: $*"; tail -20 err; cat state/status/*.status; exit 1; }
: >err
read -r p1 p2 p3 < <(python3 -c '
import socket
s = [socket.socket(socket.AF_INET, k) for k in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_STREAM)]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])')
cat >conf <<CONF
filter_path = $ONUS_SOURCE/etc/filter.d
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
collect_interval_s = 1
[source udp]
type = syslog
listen = udp:127.0.0.1:$p1
filter = sshd
[source tcp]
type = syslog
listen = tcp:127.0.0.1:$p2
filter = sshd
[source strangers]
type = syslog
listen = tcp:127.0.0.1:$p3
allow = 192.0.2.0/24
[source dgram]
type = syslog
listen = unix:$dir/log
filter = sshd
[source stream]
type = syslog
listen = unix-stream:$dir/stream
filter = sshd
CONF
start() {
  "$bin/collect/onus-collect" -c conf 2>>err &
  pid=$!
  for _ in $(seq 2400); do # until it listens
    [ -S stream ] && [ -S log ] && [ -s state/status/onus-collect.status ] && return
    kill -0 $pid 2>/dev/null || fail 'it ended'
    sleep 0.1
  done
  fail 'it does not listen'
}
counter() { jq "(.counters + .gauges).$1 // 0" state/status/onus-collect.status; } # not told yet: 0
reaches() { # COUNTER VALUE, however long it takes
  for _ in $(seq 2400); do
    [ "$(counter "$1")" -lt "$2" ] || return 0
    sleep 0.1
  done
  fail "$1 is $(counter "$1"), not $2"
}
says() { # WORDS SETTING…
  "$bin/collect/onus-collect" -t -c <(cat conf; printf '%s\n' '[source bad]' 'type = syslog' "${@:2}") >out 2>&1 && fail "$*: accepted"
  grep -q -- "$1" out || fail "$*: $(cat out)"
}
log() { logger -i -t sshd -p auth.info "${@:2}" "Failed password for root from $1 port 22 ssh2"; }

good() { logger -i -t sshd -p auth.info "${@:2}" "Accepted publickey for joe from $1 port 22 ssh2: ED25519 SHA256:abc"; }

says 'source bad: where? give it listen = '
says 'give udp:ADDRESS:PORT, tcp' 'listen = 514'
says 'give udp:ADDRESS:PORT, tcp' 'listen = udp:localhost:514'
says 'give udp:ADDRESS:PORT, tcp' 'listen = unix:log'
says 'source bad: ' 'listen = udp:127.0.0.1:514' 'allow = 1.2.3.0/8'
says 'connections' 'listen = udp:127.0.0.1:514' 'connections = 0'

python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("log")' # left behind
start
log 46.0.1.1 --server 127.0.0.1 --port "$p1" --udp --rfc3164
log 46.0.1.1 --server 127.0.0.1 --port "$p1" --udp --rfc5424
python3 "$here/syslog_send.py" forged "udp:127.0.0.1:$p1"
log 46.0.1.2 --server 127.0.0.1 --port "$p2" --tcp --rfc3164
log 46.0.1.2 --server 127.0.0.1 --port "$p2" --tcp --rfc5424
log 46.0.1.2 --server 127.0.0.1 --port "$p2" --tcp --rfc5424 --octet-count
log 46.0.9.8 --server 127.0.0.1 --port "$p3" --tcp
log 46.0.1.6 --socket log
log 46.0.1.6 --socket log --rfc5424
good 46.0.2.1 --server 127.0.0.1 --port "$p1" --udp # anybody could
good 46.0.2.2 --server 127.0.0.1 --port "$p2" --tcp
good 46.0.2.2 --server 127.0.0.1 --port "$p2" --tcp --octet-count
good 46.0.2.3 --server 127.0.0.1 --port "$p3" --tcp # a stranger
good 46.0.2.6 --socket log
python3 "$here/syslog_send.py" hostile "tcp:127.0.0.1:$p2"
python3 "$here/syslog_send.py" slow "tcp:127.0.0.1:$p2"
python3 "$here/syslog_send.py" slow "unix-stream:$dir/stream"
reaches events 12
reaches refused 5
reaches uninvited 2
reaches good 3
for _ in $(seq 2400); do [ "$(counter connections)" = 0 ] && break; sleep 0.1; done
[ "$(counter connections)" = 0 ] || fail 'connections that ended are kept'
# A reload keeps sockets and who is connected: half a message before it, the rest behind it.
sockets() { stat -c '%i %n' log stream; ss -Hlnuxt 2>/dev/null | awk '{ print $1, $2, $5, "" }' | grep -E ":($p1|$p2|$p3) " | sort; }
sockets >before
exec 5<>"/dev/tcp/127.0.0.1/$p2"
printf '<38>1 - mx sshd 7 - - Failed password for root ' >&5
reaches connections 1
sed -i 's/^allow = 192.0.2.0\/24/allow = 127.0.0.0\/8/; s/^\[source dgram\]/[source renamed]/' conf
kill -HUP $pid
for _ in $(seq 2400); do grep -q reloading err && [ "$(counter events)" = 0 ] && break; sleep 0.1; done
printf 'from 46.0.1.7 port 22 ssh2\n' >&5
reaches events 1
exec 5>&-
sockets | diff before - || fail 'a reload makes sockets anew'
log 46.0.1.9 --server 127.0.0.1 --port "$p3" --tcp # who is a stranger no more
log 46.0.1.8 --socket log
reaches events 3
for _ in $(seq 2400); do log 46.0.1.7 --server 127.0.0.1 --port "$p2" --tcp 2>>err && break; sleep 0.1; done
good 46.0.2.8 --server 127.0.0.1 --port "$p2" --tcp
reaches events 4
reaches good 1
kill $pid
wait $pid || fail "exit code $?"
pid=
"$bin/load/onus-load" -c conf --once 2>>err || fail 'onus-load'
sqlite3 -separator ' ' hub.sqlite "SELECT s.name, hex(substr(l.addr, 13)), l.proof, sum(l.count) FROM ledger l
  JOIN source s ON s.id = l.source GROUP BY 1, 2, 3 ORDER BY 1, 2" >got
cat >expected <<'OUT'
dgram 2E000106 0 2
renamed 2E000108 0 1
strangers 2E000109 0 1
stream 2E000104 0 2
tcp 2E000102 0 3
tcp 2E000103 0 1
tcp 2E000104 0 2
tcp 2E000107 0 2
udp 2E000101 1 2
OUT
sed -i 's/ proof / /' got
diff expected got || fail 'the ledger holds something else'
grep -q 'source=tcp listen=.* lines* refused\|source=tcp file=tcp:.* refused: ' err || fail 'no word of what was refused'
sqlite3 -separator ' ' hub.sqlite "SELECT s.name, hex(substr(g.addr, 13)), g.kind, sum(g.count) FROM good g
  JOIN source s ON s.id = g.source GROUP BY 1, 2, 3 ORDER BY 1, 2" >got
printf '%s\n' 'dgram 2E000206 2 1' 'tcp 2E000202 2 2' 'tcp 2E000208 2 1' | diff - got || fail 'other good observations'
zstd -qdc spool/good/*/*.zst | grep -w joe && fail 'a name is in the spool'
grep -q 'source=strangers listen=.*turned away [12] senders' err || fail 'no word of the stranger'
echo ok
