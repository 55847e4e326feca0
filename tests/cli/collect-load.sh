#!/bin/bash
# Logs, lists and event files through onus-collect, the spool and onus-load: what onus extract sees is in
# the ledger, each once, with its count; hostile input is counted and told; batches that were cut or
# forged go to bad/ and count nothing; a second run adds nothing.
set -euo pipefail
bin=$ONUS_BUILD/src/prog
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; [ ! -s err ] || tail -n 8 err >&2; exit 1; }

# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120
day=$(date -u -d "@$today" +%F)
line() { printf '%sT00:00:%02d+00:00 host sshd[%d]: Failed password for root from %s port 4242 ssh2' "$day" "$1" "$1" "$2"; }
{
  for i in $(seq 50); do line $((i % 60)) "45.0.$((i % 5)).$((i % 7 + 1))"; echo; done
  line 1 10.0.0.1; echo                             # private
  line 1 3.0.0.9; echo                              # one's own
  line 1 45.0.9.9; printf '\r\n'                    # CRLF
  printf '%sT00:00:01+00:00 host sshd[1]: Failed password for invalid user J\xf6rg from 45.0.9.8 port 1 ssh2\n' "$day"
  printf '%sT00:00:01+00:00 host sshd[1]: Failed password for a\0b from 45.0.9.7 port 1 ssh2\n' "$day"
  head -c 3000000 /dev/zero | tr '\0' x; echo       # far too long
  printf '\x01\x02\x7f rubbish\n'
  line 2 45.0.9.6; echo
} >auth.log
{
  printf '%s\n' 46.0.0.1 46.0.0.1 46.0.1.0/24 46.0.2.0-46.0.2.2 '46.0.3.1	9' 2a00::5 192.168.0.0/16 0.0.0.0/0 ::/0 \
    46.0.4.9-46.0.4.1 rubbish 46.0.5.9/24 3.0.0.0/25 3.0.0.7
} >list.txt
touch -d '10 minutes ago' list.txt
cat >conf <<CONF
own_networks = 3.0.0.0/24, 2a00:7::/32
filter_path = $ONUS_SOURCE/etc/filter.d
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
[source auth]
path = $dir/auth.log
group = own
anchor = yes
[source blocklist]
type = list
path = $dir/list.txt
category = spam
CONF
daemon() { "$bin/$1/onus-$1" -c conf --once "${@:2}" 2>err || fail "onus-$1: exit code $?"; }
ledger() { sqlite3 -separator ' ' hub.sqlite "SELECT s.name, hex(l.addr), l.plen, sum(l.count) FROM ledger l
  JOIN source s ON s.id = l.source GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"; }
daemon collect
daemon load
ledger >got
# the same, by onus extract and by hand
python3 - auth.log list.txt "$bin/onus/onus" >expected <<'PY'
import collections, ipaddress, subprocess, sys
log, lst, onus = sys.argv[1:]
out = collections.Counter()
def put(source, text, n):
    net = ipaddress.ip_network(text, strict=False)
    packed = net.network_address.packed
    if net.version == 4:
        packed = b"\0" * 10 + b"\xff\xff" + packed
    out[source, packed.hex().upper(), net.prefixlen + (96 if net.version == 4 else 0)] += n
for row in subprocess.run([onus, "extract", "-c", "conf", log], check=True, capture_output=True, text=True).stdout.splitlines():
    if not row.startswith("#"):
        f = row.split("\t")
        put("auth", f[1], int(f[3] or 1))
for text, n in (("46.0.0.1", 1), ("46.0.1.0/24", 1), ("46.0.2.0/31", 1), ("46.0.2.2", 1), ("46.0.3.1", 9), ("2a00::/64", 1)):
    put("blocklist", text, n)
for (source, packed, plen), n in sorted(out.items()):
    print(source, packed, plen, n)
PY
diff expected got >changes || fail "the ledger holds something else: $(cat changes)"
[ "$(awk '$1 == "auth" {n += $4} END {print n}' got)" = 53 ] || fail "not 53 log events: $(cat got)"
refused=$(sqlite3 hub.sqlite 'SELECT sum(refused) FROM batch')
# the log: private, one's own, NUL, too long; the list: 8, and an entry that is there twice is none
[ "$refused" = 12 ] || fail "$refused refused, not 12"
echo "ok: $(wc -l <got) addresses, $refused refused"

daemon collect
daemon load
ledger | cmp -s - got || fail 'a second run counts something again'
line 3 45.0.9.6 >>auth.log; echo >>auth.log
printf '46.0.9.9\n' >>list.txt
touch -d '5 minutes ago' list.txt
daemon collect
daemon load
ledger >got2
[ "$(diff got got2 | grep -c '^>')" = 2 ] && grep -q '^auth .*2D000906 128 2$' got2 && grep -q '^blocklist .*2E000909 128 1$' got2 ||
  fail "what was appended: $(diff got got2)"

# a batch that was cut, changed, or renamed counts nothing and is kept aside, with the reason
line 4 45.0.9.5 >>auth.log; echo >>auth.log
daemon collect
batch=$(echo spool/collect/new/*.zst)
[ -s "$batch" ] || fail "no batch: $batch"
cp "$batch" keep
name=${batch##*/}
stem=${name%.*.zst}
printf -v other '%s.%016d.zst' "$stem" 77
i=80
for damage in cut flip other; do
  printf -v bad '%s.%016d.zst' "$stem" $i
  case $damage in
  cut) head -c $(($(stat -c %s keep) / 2)) keep >"spool/collect/new/$bad" ;;
  flip)
    cp keep "spool/collect/new/$bad"
    printf '\xff' | dd of="spool/collect/new/$bad" bs=1 seek=40 conv=notrunc status=none
    ;;
  other) cp keep "spool/collect/new/$other" ;;
  esac
  i=$((i + 1))
done
printf 'not a batch' >spool/collect/new/nonsense
code=0
"$bin/load/onus-load" -c conf --once 2>err || code=$?
[ "$code" -le 2 ] || fail "onus-load exits $code"
[ "$(find spool/collect/bad -name '*.zst' | wc -l)" = 3 ] || fail "bad/ holds $(ls spool/collect/bad)"
[ "$(find spool/collect/bad -name '*.reason' -size +0 | wc -l)" -ge 3 ] || fail 'no reasons beside them'
ledger >got3
[ "$(diff got2 got3 | grep -c '^[<>]')" = 1 ] && grep -q '^auth .*2D000905 128 1$' got3 || fail "beside the bad ones: $(diff got2 got3)"
echo ok
