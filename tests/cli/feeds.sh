#!/bin/bash
# Feeds: fetched from a server of ours, watched by the collector: each entry is an event once, in every layout; a copy
# that grew, shrank or lists a /8 is held back until it is accepted; publishers are not asked too often.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
bin=$ONUS_BUILD/src/prog
start_server
cd "$dir"

day=$(($(date +%s) - 86400))
cat >feeds <<FEEDS
[feed drop]
url = $http/file?drop&$day
format = json cidr
category = spam
group = spamhaus
terms = for everybody, with credit
[feed block]
url = $http/file?block&$day
format = columns tab 1 2
[feed urls]
url = $http/file?urls&$day
format = lines host
category = malware-distribution
[feed asked]
url = $http/file?asked
fetch = no
FEEDS
cat >conf <<CONF
feeds = $dir/feeds
feeds_dir = $dir/copies
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
own_networks = 45.9.0.0/24
[feed urls]
trust = 0.7
CONF
# feed CODE ARGUMENTS…: the exit code it must have
feed() {
  local want=$1 code=0
  shift
  "$bin/onus/onus" feed "$@" -c conf --program-dir "$bin" --json >json 2>err || code=$?
  [ "$code" = "$want" ] || fail "feed $*: exit code $code, not $want: $(cat json err)"
}
is() { jq -s -e "$1" json >/dev/null || fail "it is not $1: $(cat json err)"; }
collect() { stages "$dir/conf" collect load; }
status() { jq "(.counters + .gauges).$1" state/status/onus-collect.status; }
# of SOURCE: its subjects in the ledger, in order
ledger() { sqlite3 hub.sqlite "SELECT lower(hex(l.addr)) || '/' || l.plen || ' ' || l.category || ' ' || sum(l.count) FROM ledger l
  JOIN source s ON s.id = l.source WHERE s.name = '$1' GROUP BY l.addr, l.plen ORDER BY 1"; }
count() { sqlite3 hub.sqlite "SELECT ifnull(sum(l.count), 0) FROM ledger l JOIN source s ON s.id = l.source WHERE s.name = '$1'"; }

cat >drop <<'DROP'
{"cidr":"45.1.0.0/22","sblid":"SBL1","rir":"arin"}
{"cidr":"45.2.0.0/24","sblid":"SBL2","rir":"ripencc"}
{"cidr":"2a10:4::/48","sblid":"SBL3","rir":"ripencc"}
{"cidr":7}
{"type":"metadata","timestamp":1700000000,"records":3}
DROP
printf '# DShield\nStart\tEnd\tNetmask\n45.3.0.0\t45.3.0.255\t24\n45.3.1.0\t45.3.1.127\t25\n' >block
printf 'http://45.4.0.1/45.4.0.9.sh\nhttps://evil.example.org/45.4.0.8\n45.4.0.2:4444\nhttp://45.9.0.7/\n10.0.0.1:80\n' >urls

spam=5 scanner=1 malware=6 # src/core/category.h

feed 0 list
is 'length == 4 and all(.[]; has("file") | not) and .[0].group == "spamhaus" and .[3].fetch == false'
feed 0 fetch
is 'length == 3 and all(.[]; .outcome == "new" and .stale == false) and .[0].lines == 5'
[ "$(stat -c %Y copies/drop)" = "$day" ] || fail 'the copy has another date'
feed 0 fetch
is 'length == 0' # not more often than every_min
feed 0 fetch drop
is 'length == 1 and .[0].outcome == "unchanged"'
feed 3 fetch nosuch
grep -q 'no feed "nosuch"' err || fail "$(cat err)"
feed 0 fetch asked
is '.[0].outcome == "new"'
rm copies/asked*
echo 'ok: fetched, and not too often'

collect
[ "$(ledger drop)" = "$(printf "00000000000000000000ffff2d010000/118 $spam 1\n00000000000000000000ffff2d020000/120 $spam 1\n2a100004000000000000000000000000/48 $spam 1")" ] || fail "drop: $(ledger drop)"
[ "$(ledger block)" = "$(printf "00000000000000000000ffff2d030000/120 $scanner 1\n00000000000000000000ffff2d030100/121 $scanner 1")" ] || fail "block: $(ledger block)"
[ "$(ledger urls)" = "$(printf "00000000000000000000ffff2d040001/128 $malware 1\n00000000000000000000ffff2d040002/128 $malware 1")" ] || fail "urls: $(ledger urls)"
[ "$(status refused)" = 3 ] || fail "refused: $(status refused)"
"$bin/onus/onus" conf -c conf | sed -n '/^\[feed urls\]/,/^$/p' >shown
grep -q '^trust = 0.7$' shown && grep -q '^anchor = no$' shown && grep -q "^path = $dir/copies/urls$" shown || fail "$(cat shown)"
echo 'ok: each layout, refused entries counted, one file over the other'

# --- a copy that is not believed
many() { for i in $(seq "$1"); do echo "46.$((i / 65536)).$((i / 256 % 256)).$((i % 256))"; done; }
sed -i 's/format = columns tab 1 2/every_min = 5/' feeds
serve() { # what the feed says now, dated so many seconds after its first day
  cat >block
  sed -i "s|^url = .*file?block.*|url = $http/file?block\&$((day + $1))|" feeds
  feed 0 fetch block
  collect
}
many 2000 | serve 10 # five entries before, but fewer than the least that counts as an accident… it grew by more
grep -q 'held back, it grew from 2 to 2000 entries.*onus feed accept block' collect.log || fail "$(cat collect.log)"
[ "$(count block)" = 2 ] || fail "$(count block) entries of a held list"
[ "$(status lists_held)" = 1 ] || fail 'nothing is told as held'
collect
[ "$(count block)" = 2 ] || fail 'held, until the next start'
feed 0 accept block
collect
[ "$(count block)" = 2002 ] || fail "accepted, $(count block) entries"
[ "$(status lists_held)" = 0 ] || fail 'something is still told as held'
[ ! -e state/lists/block.accept ] || fail 'the word is not used up'
many 400 | serve 20
grep -q 'held back, it shrank from 2000 to 400' collect.log || fail "$(cat collect.log)"
many 2010 | serve 30 # the accident is over: ten are new
[ "$(count block)" = 2012 ] || fail "$(count block) entries after the accident"
{ many 2010; echo 47.0.0.0/8; echo 48.0.0.1; } | serve 40
grep -q 'held back, it lists an IPv4 /8' collect.log || fail "$(cat collect.log)"
[ "$(count block)" = 2012 ] || fail 'a /8 was believed'
# accepted, but another one came since
feed 0 accept block
touch -d '2001-01-01' state/lists/block.accept
{ many 2010; echo 47.0.0.0/8; echo 48.0.0.2; } | serve 50
[ "$(count block)" = 2012 ] || fail 'a copy was taken that nobody had seen'
feed 3 accept nosuch
echo 'ok: held back and accepted'

# --- known to be good: for what others say; for one's own sensors only where it says so
cat >>conf <<CONF
[source good]
type = known-good
anchor = no
path = $dir/resolvers.json
[source crawler]
type = known-good
path = $dir/crawler.txt
[source others]
type = list
anchor = no
path = $dir/others
[source own]
type = events
path = $dir/own
CONF
printf '{"name": "x", "type": "cidr", "list": ["48.0.0.0/24", 7, "48.0.1.1", "0.0.0.0/0"]}' >resolvers.json
echo 49.0.0.0/24 >crawler.txt
printf '48.0.0.0/25\n48.0.0.0/23\n48.0.0.9\n48.0.1.1\n48.0.1.2\n49.0.0.1\n' >others
for a in 48.0.0.1 49.0.0.2 50.0.0.1; do printf '%s\t%s\tscanner\t1\tfull\tx\t\t\n' "$day" $a; done >own
touch -d '1 hour ago' others
collect
[ "$(count others)" = 2 ] && [ "$(count own)" = 2 ] || fail "known good: $(ledger others) $(ledger own)"
[ "$(status known_good)" = 5 ] || fail "$(status known_good) known to be good"
[ "$(sqlite3 hub.sqlite "SELECT count(*) FROM source WHERE name IN ('good', 'crawler')")" = 0 ] || fail 'they are sources of evidence'
echo '{"list": ["10.0.0.1"]}' >resolvers.json
collect
grep -q 'good: .*resolvers.json: no address in it; what was known before stands' collect.log || fail "$(cat collect.log)"
echo 'ok: known to be good'

# --- a publisher who is away
sed -i "s/^checked_s = .*/checked_s = $((day - 100 * 3600))/" copies/drop.state
sed -i "s|file?drop|file?gone|" feeds
feed 1 list drop
is '.[0].stale'
feed 1 fetch drop
is '.[0] | .outcome == "failed" and (.why | contains("404")) and .stale and .lines == 5'
cmp -s drop copies/drop || fail 'the copy is another'
sed -i 's/json cidr/rows 1/' feeds
"$bin/collect/onus-collect" -c conf -t 2>err && fail 'a format that there is none of'
grep -q 'source drop: format is lines' err || fail "$(cat err)"
printf '[source a]\npath = x\n[feed a]\n' >clash
"$bin/onus/onus" conf -c clash >out 2>&1 && fail 'a source that is a feed'
grep -q 'clash:3: a is a source and a feed' out || fail "$(cat out)"
echo 'ok: away, stale, and what is wrong is told'
