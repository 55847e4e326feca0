#!/bin/bash
# json-source: a JSON log through a source of the collector into the ledger, and by hand: own networks,
# private space, lines that are refused with file, line and reason; what the messages say of a map that is
# not there, is not needed, or is wrong.
set -u
bin=$ONUS_BUILD/src/prog
onus=$bin/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "json-source: $*"; cat err; exit 1; }
: >err
line() { printf '{"eventid":"cowrie.login.failed","session":"s","timestamp":"2025-11-0%dT10:00:00Z","src_ip":"%s","username":"%s"}\n' "$@"; }
{
  line 1 46.0.0.1 root
  line 2 46.0.0.1 'from 46.0.9.9'
  line 3 2a00:0:1:2:3::4 root
  line 4 3.0.0.9 'one of ours'
  line 4 10.0.0.1 'inside'
  line 5 '46.0.9.9 ' 'no address'
  line 5 '46.0.9.9","src_ip":"46.0.9.8' 'told twice'
  line 5 46.0.9.9 "$(head -c 70000 /dev/zero | tr '\0' x)"
  echo '{"eventid":"cowrie.login.failed","src_ip":"46.0.9.9"'
  line 6 ::ffff:46.0.0.2 root
} >cowrie.json
cat >conf <<CONF
own_networks = 3.0.0.0/24
json_path = $ONUS_SOURCE/etc/json.d
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
[source pot]
type = json
map = cowrie
path = $dir/cowrie.json
group = own
[source portal]
type = json
map = authentik
path = $dir/authentik.json
group = own
CONF
for row in 'login 46.0.1.1' 'login_failed 46.0.1.2' 'login 46.0.1.1' 'login 10.0.0.7' 'logout 46.0.1.3'; do
  printf '{"action":"%s","client_ip":"%s","logger":"authentik.events.models","timestamp":"2025-11-07T10:00:00.1","user":{"username":"joe"}}\n' $row
done >authentik.json
for p in collect load; do
  "$bin/$p/onus-$p" -c conf --once 2>err || fail "onus-$p: exit code $?"
  [ $p = load ] || grep -q 'source=pot file=.*cowrie.json line=[68] refused: ' err || fail 'no word of the refused lines'
done
sqlite3 -separator ' ' hub.sqlite "SELECT s.name, hex(l.addr), sum(l.count) FROM ledger l
  JOIN source s ON s.id = l.source GROUP BY 1, 2 ORDER BY 1, 2" >got
cat >expected <<'OUT'
portal 00000000000000000000FFFF2E000102 1
pot 00000000000000000000FFFF2E000001 2
pot 00000000000000000000FFFF2E000002 1
pot 2A000000000100020000000000000000 1
OUT
diff expected got || fail 'the ledger holds something else'
refused=$(sqlite3 hub.sqlite 'SELECT sum(refused) FROM batch')
good=$(sqlite3 -separator ' ' hub.sqlite 'SELECT hex(addr), kind, count FROM good')
[ "$good" = '00000000000000000000FFFF2E000101 2 2' ] || fail "good observations: $good"
[ "$refused" = 6 ] || fail "$refused refused, not 6"

by=(-c conf)
"$onus" extract "${by[@]}" cowrie.json >out 2>err || fail 'extract'
grep -q 'cowrie.json:6: what stands where the address should be is none (4 refused)' err || fail 'not the first refused line'
[ "$(grep -vc '^#' out)" = 4 ] || fail "$(cat out)"
! grep -q '46\.0\.9' <(cut -f2 out) || fail 'the victim is punished'

says() { # EXIT-CODE WORDS COMMAND…
  local want=$1 words=$2 code
  shift 2
  "$@" >out 2>err
  code=$?
  [ "$code" = "$want" ] || fail "$*: exit code $code, not $want"
  grep -qF "$words" err || fail "$*: does not say: $words"
}
says 3 'no map "nosuch" for JSON logs in' "$onus" extract "${by[@]}" --json-map nosuch cowrie.json
says 3 'no map "nosuch" for JSON logs in' "$onus" top "${by[@]}" --json-map nosuch cowrie.json
says 3 'filters are for text' "$onus" extract "${by[@]}" --json-map cowrie --filter sshd cowrie.json
echo '{"a":1}' >other.json
says 2 'other.json: JSON, but neither events' "$onus" extract "${by[@]}" other.json
printf '[map]\ntime = t\naddress = ip\n[rule a]\nwhen = x equals y\n' >mine.conf
says 3 'mine.conf:5: when = …: a condition is' "$onus" extract "${by[@]}" --json-map ./mine.conf other.json
printf '[map]\ntime = t\naddress = ip\n[rule a]\nwhen = x is y\ncategory = spam\nproof = full\n' >mine.conf
echo '{"t":1764540000,"ip":"46.0.0.7","x":"y"}' | "$onus" extract "${by[@]}" --json-map ./mine.conf - 2>err | grep -q '^1764540000	46.0.0.7	spam	1	full	mine	mine	$' || fail 'a map of one'\''s own'
# one's own: the first directory wins, NAME.local over NAME.conf, and what is there is tried without being named
mkdir mine
cp "$ONUS_SOURCE/etc/json.d/cowrie.conf" mine
printf '[rule log-in]\ncategory = scanner\n' >mine/cowrie.local
printf '[map]\nrecognise = door is given\ntime = t\naddress = ip\n[rule a]\ncategory = proxy\n' >mine/door.conf
sed -i "s,^json_path = ,&$dir/mine:," conf
[ "$("$onus" extract "${by[@]}" cowrie.json 2>err | cut -f3 | sort -u | tail -1)" = scanner ] || fail 'cowrie.local says nothing'
echo '{"t":1764540000,"ip":"46.0.0.8","door":1}' >door.json
[ "$("$onus" extract "${by[@]}" door.json 2>err | cut -f3,6 | tail -1)" = 'proxy	door' ] || fail 'a map of one'\''s own is not tried'
printf '[map]\nrecognise = x\n' >mine/wrong.conf
says 2 'mine/wrong.conf:2: recognise = …: a condition is' "$onus" extract "${by[@]}" door.json
"$onus" extract "${by[@]}" --json-map door door.json >out 2>err || fail 'a broken map hinders another that was named'

sed -i '/^map = cowrie/d' conf
says 3 'source pot: which map?' "$onus" extract "${by[@]}" cowrie.json
sed -i '0,/^type.*/s//&\nmap = nosuch/' conf
"$bin/collect/onus-collect" -c conf --once 2>err && fail 'a source without its map'
grep -q 'source pot: no map "nosuch"' err || fail 'no word of the missing map'
echo ok
