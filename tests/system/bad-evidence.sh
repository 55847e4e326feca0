#!/bin/bash
# Evidence as it should not be, through the whole road: impossible dates, lines in any order, days that nobody
# collected, a source that changes its group, addresses without holder, a registry file that is replaced, or
# written over, while onus-score judges. What is refused is named with file, line and reason, and counted; what
# is good is kept, and judged as if the rest had never been there.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

table() { printf '20.0.0.0,20.0.255.255,64496,Quiet\n20.1.0.0,20.1.255.255,%s,Loud\n' "$1"; }
table 64497 >"$dir/a.csv"
table 64597 >"$dir/b.csv"
for k in a b; do "$onus" registry build -o "$dir/registry-$k" "$dir/$k.csv" >/dev/null 2>&1; done
cp "$dir/registry-a" "$dir/registry"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 600
day() { date -u -d "@$((today - $1 * 86400))" +%F; }
# Forty days, but nothing from the 19th to the 10th before today.
{ echo '#onus-events 1'
  for d in $(seq 40 -1 1); do
    if [ "$d" -ge 10 ] && [ "$d" -le 19 ]; then continue; fi
    for k in 1 2 3; do printf '%d\t20.1.%d.%d\tbrute-force\t1\tfull\n' $((today - d * 86400 + k)) "$d" "$k"; done
  done
  printf '%d\t46.0.0.1\tspam\t2\tfull\n' $((today - 86400)); } >"$dir/good"

# conf NAME GROUP FILE: a hub of that name whose source `own` reads the file; then road NAME PROGRAM…
conf() {
  road_conf "$dir/h-$1" <<CONF
hours_days = 3650
[source own]
type = events
path = $dir/$3
anchor = yes
group = $2
CONF
}
road() { stages "$dir/h-$1/conf" "${@:2}"; }
sql() { sqlite3 "$dir/h-$1/hub.sqlite" "$2"; }
scores() { sql "$1" "SELECT entity, family, m, low, high, score, grade, reason, hosts, events, first_day, last_day FROM score_day
  WHERE run = (SELECT max(id) FROM run) ORDER BY 1, 2"; }
conf good own good
road good collect load score publish
scores good >"$dir/want"
[ "$(wc -l <"$dir/want")" -gt 100 ] || fail 'no scores'

# --- dates that cannot be -------------------------------------------------------------------------------
{ cat "$dir/good"
  printf '86400\t20.1.0.1\tspam\n631000000\t20.1.0.2\tspam\n%d\t20.1.0.3\tspam\n-5\t20.1.0.4\tspam\n' $((today + 3 * 86400))
  printf 'never\t20.1.0.5\tspam\n2026-02-30\t20.1.0.6\tspam\n99999999999999\t20.1.0.9\tspam\n'; } >"$dir/odd"
first=$(($(wc -l <"$dir/good") + 1))
conf odd own odd
road odd collect
grep -q "source=own file=$dir/odd line=$first refused: dated before 1990; refused since last told: 7" "$dir/h-odd/collect.log" ||
  fail "the collector says $(cat "$dir/h-odd/collect.log")"
road odd load score publish
[ "$(sql odd 'SELECT sum(lines), sum(refused) FROM batch')" = "$((first - 2))|7" ] || fail "counts: $(sql odd 'SELECT * FROM batch')"
scores odd | cmp -s - "$dir/want" || fail 'impossible dates move scores'
meta() { sqlite3 "$dir/h-$1/serve/current/reputation.sqlite" "SELECT key, value FROM meta WHERE key IN ('days', 'first_day', 'provisional', 'hosts')"; }
[ "$(meta odd)" = "$(meta good)" ] || fail "impossible dates make it look old: $(meta odd)"
explain() { "$onus" explain --registry "$dir/registry" "$@" 2>"$dir/err"; }
explain as:64497 "$dir/odd" >"$dir/out"
grep -q "$dir/odd:$first: dated before 1990; left out" "$dir/err" && grep -q ": 7 of $((first + 6)) lines left out" "$dir/err" || fail "explain: $(cat "$dir/err")"
explain as:64497 "$dir/good" | cmp -s - "$dir/out" || fail 'impossible dates move the explanation'
eval_() { "$onus" eval --registry "$dir/registry" "$@" 2>"$dir/err"; }
figures() { sed 's/"lines":[0-9]*,"refused":[0-9]*//'; }
eval_ --json --days "$(day 22)" "$dir/odd" | figures >"$dir/out"
grep -q "$dir/odd:$first: dated before 1990" "$dir/err" && grep -q "7 of $((first + 6)) lines left out" "$dir/err" || fail "eval: $(cat "$dir/err")"
eval_ --json --days "$(day 22)" "$dir/good" | figures | cmp -s - "$dir/out" || fail 'impossible dates move the figures'
top() { "$onus" top --json --registry "$dir/registry" "$@" 2>"$dir/err"; }
top "$dir/odd" >"$dir/out"
grep -q "$dir/odd: 7 of .* lines refused, the first in line $first" "$dir/err" || fail "top: $(cat "$dir/err")"
top "$dir/good" | cmp -s - "$dir/out" || fail 'impossible dates move the table'
# what a clock that is ahead dates tomorrow waits, and is not lost
{ cat "$dir/good"; printf '%d\t20.1.0.7\tspam\t1\tfull\n' $((today + 86400 + 30)); } >"$dir/ahead"
conf ahead own ahead
road ahead collect load score
scores ahead | cmp -s - "$dir/want" || fail 'what is dated later counts already'
[ "$(sql ahead "SELECT count(*) FROM ledger WHERE hex(addr) LIKE '%14010007'")" = 1 ] || fail 'what is dated tomorrow is lost'
echo 'ok: dates that cannot be'

# --- out of order ---------------------------------------------------------------------------------------
{ head -1 "$dir/good"; tail -n +2 "$dir/good" | tac | awk 'NR % 2 { keep[++n] = $0; next } 1; END { while (n) print keep[n--] }'; } >"$dir/order"
conf order own order
road order collect load score
scores order | cmp -s - "$dir/want" || fail 'the order of lines moves scores'
ledger() { sql "$1" 'SELECT day, hex(addr), plen, category, source, proof, service, hour, count FROM ledger ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'; }
[ "$(ledger order)" = "$(ledger good)" ] || fail 'the order of lines changes the ledger'
explain as:64497 "$dir/order" >"$dir/out"
explain as:64497 "$dir/good" | cmp -s - "$dir/out" || fail 'the order of lines moves the explanation'
eval_ --json --days "$(day 22)" "$dir/order" >"$dir/out"
eval_ --json --days "$(day 22)" "$dir/good" | cmp -s - "$dir/out" || fail 'the order of lines moves the figures'
echo 'ok: out of order'

# --- days that are missing ------------------------------------------------------------------------------
grep -q "says nothing of 10 of its 40 days, the first $(day 19); days that were not collected" "$dir/err" || fail "missing days: $(cat "$dir/err")"
code=0
eval_ --days "$(day 19)" "$dir/good" >"$dir/out" || code=$?
[ "$code" = 2 ] && [ ! -s "$dir/out" ] && grep -q "nobody came in the 7 days after $(day 19): nothing to measure by" "$dir/err" || fail "a test day without an answer: $code"
eval_ --json --days "$(day 22)" "$dir/good" >"$dir/out"
! grep -qi nan "$dir/out" || fail 'a figure that is none'
explain --at "$(day 14)" as:64497 "$dir/good" >"$dir/out"
grep -q "^as:64497 on $(day 14): score" "$dir/out" || fail 'a missing day cannot be explained'
road good score
"$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/h-good/conf" --once --at "$(day 14)" 2>/dev/null || fail 'a missing day cannot be judged'
echo 'ok: missing days'

# --- a source that changes its group --------------------------------------------------------------------
conf move first good
road move collect load
sql move "UPDATE source_rev SET day = $((today / 86400 - 30))" # it was told a month ago
conf move second good
road move load score
[ "$(sql move "SELECT group_concat(grp, ' ') FROM (SELECT grp FROM source_rev ORDER BY rev)")" = 'first second' ] || fail 'the history of groups'
[ "$(ledger move)" = "$(ledger good)" ] || fail 'evidence is lost when a group changes'
scores move | cmp -s - "$dir/want" || fail 'the name of a group moves scores'
whose() { "$onus" explain -c "$dir/h-move/conf" "$@" 2>/dev/null | sed -n '/^Sources:/{n;p}'; }
[ "$(whose as:64497)" = '  second: trust 1' ] || fail "today it is $(whose as:64497)"
[ "$(whose --at "$(day 5)" as:64497)" = '  first: trust 1' ] || fail "then it was $(whose --at "$(day 5)" as:64497)"
"$onus" eval -c "$dir/h-move/conf" --json --days "$(day 22)" 2>/dev/null | figures >"$dir/out"
eval_ --json --days "$(day 22)" "$dir/good" | figures | cmp -s - "$dir/out" || fail 'eval: the change of a group moves the figures'
echo 'ok: a source that changes its group'

# --- an address without holder --------------------------------------------------------------------------
for name in addr:46.0.0.1 block:46.0.0.0/24; do
  grep -q "^$name|255|" "$dir/want" || fail "$name has no score"
  "$onus" explain -c "$dir/h-good/conf" "$name" >"$dir/out" 2>/dev/null
  grep -q '^score [0-9]' "$dir/out" || fail "$name cannot be explained"
done
site() { sqlite3 "$dir/h-good/serve/current/reputation.sqlite" "$1"; }
[ "$(site "SELECT hosts, events, asn IS NULL, org IS NULL FROM entity WHERE name = 'addr:46.0.0.1'")" = '1|2|1|1' ] || fail 'it is not on the pages'
[ "$(site "SELECT sum(hosts) FROM entity WHERE kind = 'as'")" = "$(($(site "SELECT value FROM meta WHERE key = 'hosts'") - 1))" ] ||
  fail 'it is counted for somebody'
echo 'ok: an address without holder'

# --- the registry is replaced, and written over, while onus-score judges --------------------------------
awk -v t="$today" 'BEGIN { OFS = "\t"; srand(3); print "#onus-events 1"
  for (i = 0; i < 30000; i++) print t - 86400 * int(1 + rand() * 40), "20.1." int(rand() * 256) "." int(rand() * 256), "brute-force", 1, "full" }' >"$dir/many"
conf many own many
road many collect load
"$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/h-many/conf" -o score_interval_s=1 >"$dir/score.log" 2>&1 &
pid=$!
pids+=("$pid")
i=0
while [ "$i" -lt 40 ] || { [ "$i" -lt 2400 ] && [ "$(sql many 'SELECT coalesce(max(id), 0) FROM run')" -lt 6 ]; }; do
  i=$((i + 1))
  k=$([ $((i % 2)) = 0 ] && echo a || echo b)
  if [ $((i % 4)) -lt 2 ]; then
    cp "$dir/registry-$k" "$dir/next" && mv "$dir/next" "$dir/registry" # another file in its place
  else
    cp "$dir/registry-$k" "$dir/registry" # the same file, written over
  fi
  sleep 0.25
  kill -0 "$pid" 2>/dev/null || fail "onus-score ended: $(tail -n 3 "$dir/score.log")"
done
head -c 4096 "$dir/registry-b" >"$dir/registry" # half a copy: what was read before serves on
for i in $(seq 2400); do grep -q 'the registry read before serves on' "$dir/score.log" && break; sleep 0.1; done
grep -q 'the registry read before serves on' "$dir/score.log" || fail 'a broken registry goes unnoticed'
runs=$(sql many 'SELECT max(id) FROM run')
cp "$dir/registry-b" "$dir/next" && mv "$dir/next" "$dir/registry"
sha_b=$(sha256sum <"$dir/registry-b") # a run may be under way with the one before
for i in $(seq 1200); do
  [ "$(sql many "SELECT registry_sha FROM run WHERE id > $runs ORDER BY id DESC LIMIT 1")" = "${sha_b%% *}" ] && break
  sleep 0.2
done
kill -INT "$pid"
wait "$pid" || fail "onus-score ends with $?: $(tail -n 3 "$dir/score.log")"
pids=()
[ "$runs" -ge 4 ] || fail "only $runs runs"
# every run speaks of one registry, the one that it names
sha_a=$(sha256sum <"$dir/registry-a")
wrong=$(sql many "SELECT r.id, r.registry_sha, s.entity FROM run r JOIN score_day s ON s.run = r.id AND s.entity LIKE 'as:64_97'
  WHERE s.entity <> CASE r.registry_sha WHEN '${sha_a%% *}' THEN 'as:64497' WHEN '${sha_b%% *}' THEN 'as:64597' ELSE '' END")
[ -z "$wrong" ] || fail "a run of two registries: $wrong"
[ "$(sql many "SELECT registry_sha FROM run ORDER BY id DESC LIMIT 1")" = "${sha_b%% *}" ] || fail 'the newest registry is not used'
echo "ok: a registry that is replaced, in $runs runs"
