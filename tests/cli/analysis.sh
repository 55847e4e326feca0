#!/bin/bash
# onus-analyse: the shipped example on a ledger with a known answer; what is shown, what is taken and what is not; nothing
# is said twice; explain names it, and the score is moved by no more than one group's word may; programs that print for
# ever, print rubbish, hang, do not read, close what they print to or fail; what is configured wrongly; kill -9;
# check_onus says which fail, and which do not run.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
cd "$dir"
fail() { echo "not ok: $*" >&2; tail -n 20 err >&2; exit 1; }
: >err
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300

cat >asn.csv <<'CSV'
20.0.0.0,20.0.255.255,64497,Medium
45.0.0.0,45.15.255.255,64498,Large
46.0.0.0,46.0.255.255,64499,Framed
CSV
"$onus" registry build -o registry asn.csv >/dev/null 2>&1
yesterday=$((today - 86400))
# tries NET COUNT TIMES PROOF SOURCE [FIRST]: so many neighbours, so many times each, yesterday at 10
tries() {
  for i in $(seq "${6:-1}" "$2"); do printf '%d\t20.0.%d.%d\tbrute-force\t%d\t%s\t\tsshd\n' $((yesterday + 36000)) "$1" "$i" "$3" "$4"; done >>"$5.events"
}
tries 7 9 1 full ours
tries 8 5 1 full ours  # too few
tries 9 9 3 full ours  # too loud
tries 11 9 1 weak ours # could be spoofed
tries 10 9 1 full theirs
awk -v t=$((yesterday + 40000)) 'BEGIN { for (i = 0; i < 20000; i++) printf "%d\t45.%d.%d.%d\tspam\t1\tfull\t\tsmtp\n", t, i / 62500, i / 250 % 250, i % 250 + 1 }' >many.events
road_conf "$dir" <<CONF
own_networks = 45.1.2.0/24
$(events_source ours)
$(events_source many 'redistribute = no')
$(events_source theirs 'anchor = no' 'trust = 0.8')
CONF
# program NAME: what stands on stdin, as a shell script
program() { { printf '#!/bin/sh\n'; cat; } >"$1"; chmod +x "$1"; }
# analysis NAME PROGRAM LINE…: a section for it
analysis() { printf '%s\n' "[source $1]" 'type = analysis' 'anchor = no' "command = $2" 'interval_s = 1000' "${@:3}"; }
run() { "$ONUS_BUILD/src/prog/$1/onus-$1" -c "${2:-conf}" --once 2>err || fail "onus-$1: exit code $?"; }
counter() { jq ".counters.$1" state/status/onus-analyse.status; }
ledger() { # SOURCE: subjects, categories, proofs, sum of counts
  sqlite3 -separator ' ' hub.sqlite "SELECT count(DISTINCT hex(l.addr) || l.plen), count(DISTINCT l.category), group_concat(DISTINCT l.proof), sum(l.count)
    FROM ledger l JOIN source s ON s.id = l.source WHERE s.name = '$1'"
}
batches() { sqlite3 hub.sqlite "SELECT count(*) FROM batch WHERE producer = 'analyse'"; }
explain() { "$onus" explain -c conf "$@" 2>err || fail "explain $*"; }

# --- what is configured wrongly is told with file, line and remedy
refused() { # WORDS LINE…
  { cat conf; printf '%s\n' '[source bad]' 'type = analysis' "${@:2}"; } >conf.bad
  "$ONUS_BUILD/src/prog/analyse/onus-analyse" -t -c conf.bad >out 2>&1 && fail "$*: accepted"
  grep -qF -- "conf.bad:$(($(wc -l <conf) + 1)): source bad: $1" out || fail "$*: $(cat out)"
}
refused 'what is run? give it command' 'anchor = no'
refused 'what is concluded from what others saw was not seen: give it anchor = no' 'command = /bin/true'
refused 'what is concluded from what others saw was not seen: give it anchor = no' 'command = /bin/true' 'anchor = yes'

# --- the shipped example, on a ledger with a known answer
analysis neighbours "$ONUS_SOURCE/etc/analysis.d/neighbours" >>conf
"$ONUS_BUILD/src/prog/analyse/onus-analyse" -t -c conf -o load_into=inbox >out 2>&1 && fail 'an analysis on a sensor'
grep -q 'source neighbours: a sensor has no ledger to analyse' out || fail "$(cat out)"
"$ONUS_BUILD/src/prog/analyse/onus-analyse" -t -c conf 2>err || fail 'a good configuration is refused'
run collect
run load <(sed '/^\[source neighbours/,$d' conf)
before=$(explain --json as:64497)
run analyse
grep -q 'source=neighbours not run: the hub does not know it as an analysis yet' err || fail 'it runs before the hub knows it'
[ "$(counter failed)" = 1 ] || fail 'that is not counted'
run load
"$ONUS_BUILD/src/prog/analyse/onus-analyse" -c conf --once --show neighbours >shown 2>err || fail '--show'
[ "$(head -n 1 shown)" = '#onus-events 1' ] || fail "it is shown $(head -n 1 shown)"
[ "$(awk -F '\t' 'NR > 1 { n[$6 " " $5]++ } END { for (k in n) print n[k], k }' shown | sort | paste -sd,)" = '23 ours full' ] ||
  fail 'it is shown something else than what was verified and may be given away'
run analyse
[ "$(counter events)" = 9 ] || fail "$(counter events) events"
run analyse
grep -q 'batches wait to be loaded' err || fail 'it runs while what it said last is not loaded'
[ "$(counter runs)" = 0 ] || fail 'a run, though batches wait'
run load
[ "$(ledger neighbours)" = '9 1 0 9' ] || fail "the ledger has of it: $(ledger neighbours)"
[ "$(sqlite3 hub.sqlite "SELECT count(*) FROM ledger l JOIN source s ON s.id = l.source WHERE s.name = 'neighbours' AND hex(addr) LIKE '%140007__' AND day = $((yesterday / 86400))")" = 9 ] ||
  fail 'not the neighbours, or not on their day'
for _ in 1 2; do
  run analyse
  [ "$(counter runs) $(counter said_before) $(counter events)" = '1 9 0' ] || fail 'what was said before is new'
  run load
done
[ "$(batches) $(ledger neighbours)" = '1 9 1 0 9' ] || fail 'another run added something'
tries 7 12 1 full ours 10
run collect; run load; run analyse; run load
[ "$(counter events) $(ledger neighbours)" = '3 12 1 0 12' ] || fail 'what is new besides what was said'

# --- it is one voice among others
after=$(explain --json as:64497)
jq -en --argjson a "$after" --argjson b "$before" '$a.score <= $b.score + 1e-9 and $a.weighed <= 1 + 3 * $b.weighed' >/dev/null ||
  fail "the score: $(jq .score <<<"$before"), $(jq .score <<<"$after")"
jq -e '.sources[] | select(.group == "neighbours") | .kinds == ["analysis"] and .trust == 0.1 and (.measured | not)' <<<"$after" >/dev/null ||
  fail "explain: $(jq -c .sources <<<"$after")"
explain addr:20.0.7.3 >out
grep -q '^  neighbours: trust 0.1; an analysis: concluded from what others saw$' out || fail 'explain does not name it'
grep -q 'neighbours, full proof, 1 times, weight 0.1$' out || fail 'explain does not show its line'
"$onus" source list -c conf | grep -q '^neighbours  *analysis  *no  *neighbours  *0.1 ' || fail 'onus source list'

# --- those that do what they should not
sqlite3 hub.sqlite '.backup kill.sqlite'
program all <<SH
tee $dir/seen | grep '	20[.]'
SH
program liar <<SH
awk 'BEGIN { for (d = 1; d < 8; d++) for (i = 1; i < 250; i++) printf "%d\t46.0.0.%d\tbrute-force\t1000000000\tfull\tours\n", $today - d * 86400, i }'
SH
program endless <<<"while :; do echo '$yesterday	46.0.9.1'; done"
program rubbish <<<'head -c 300000 /dev/urandom; exit 1'
program hangs <<SH
echo '$yesterday	46.0.9.2'
sleep 1000 &
echo \$! >$dir/hangs.pid
sleep 1000
SH
program deaf <<<"echo '$yesterday	47.0.1.1'; echo 'tired' >&2"
program closes <<<'exec >&-; exec cat >/dev/null'
program critical <<<"echo '$yesterday	46.0.9.3'; exit 2"
program killed <<<"echo '$yesterday	46.0.9.4'; kill -9 \$\$"
program strange <<SH
printf '\t46.0.9.5\n%d\t46.0.9.6\n%d\t46.0.9.7\n%d\t45.1.2.3\n%d\t10.0.0.1\n%d\t47.0.1.2\n' $((today - 7 * 86400 - 1)) $((today + 86400)) $yesterday $yesterday $((today - 6 * 86400))
SH
cp conf conf.hostile
{
  analysis all "$dir/all" 'weak = yes' 'redistribute = no'
  analysis liar "$dir/liar" 'trust = 1'
  for p in endless rubbish hangs deaf closes critical killed strange; do
    case $p in hangs) limit=2 ;; *) limit=300 ;; esac
    analysis $p "$dir/$p" "timeout_s = $limit" 'redistribute = no'
  done
} >>conf.hostile
run load conf.hostile
run analyse conf.hostile
for words in 'endless killed: it printed too much; nothing' 'rubbish exit code 1 (WARNING)$' 'rubbish file=.*/rubbish line=[0-9]* refused: ' \
  'hangs killed: it took longer than timeout_s; nothing' 'deaf says: tired' 'critical exit code 2 (CRITICAL); nothing' \
  'killed ended by signal 9; nothing' 'strange file=.*/strange line=1 refused: no time: .*; refused in this run: 5$'; do
  grep -q "source=$words" err || fail "no word of: $words"
done
[ "$(counter failed) $(counter runs)" = '4 7' ] || fail "$(counter failed) runs failed, $(counter runs) did not"
! grep -q sleep "/proc/$(cat hangs.pid)/cmdline" 2>/dev/null || fail 'a child lives on'
run load conf.hostile
for p in endless rubbish hangs closes critical killed; do [ "$(ledger $p)" = '0 0  ' ] || fail "of $p: $(ledger $p)"; done
[ "$(ledger deaf)" = '1 1 1 1' ] || fail "of deaf: $(ledger deaf)"
[ "$(ledger strange)" = '1 1 1 1' ] || fail "of strange: $(ledger strange)"
[ "$(ledger liar)" = '249 1 0 1743000000000' ] || fail "of liar: $(ledger liar)"
[ "$(ledger all)" = '26 1 1 44' ] || fail "of all: $(ledger all)" # whatever it says of it, it is weak
run analyse conf.hostile
[ "$(counter events)" = 0 ] || fail 'they say the same again'
[ "$(awk -F '\t' 'NR > 1 { n[$6]++ } END { for (k in n) print n[k], k }' seen | sort | paste -sd,)" = '20000 many,26 ours' ] ||
  fail "analyses are shown to each other: $(cut -f 6 seen | sort | uniq -c)"
# believed in full, and alone
explain --json as:64499 | jq -e '.score >= 57 and .score < 100 and .held > 0 and .held_group == "liar"' >/dev/null ||
  fail "the liar's: $(explain --json as:64499 | jq -c '[.score, .held, .held_group]')"

# --- another hub than the one that has what was said
mv hub.sqlite aside.sqlite
sqlite3 kill.sqlite "DELETE FROM batch WHERE producer = 'analyse'" '.backup hub.sqlite'
code=0
"$ONUS_BUILD/src/prog/analyse/onus-analyse" -c conf --once 2>err || code=$?
[ "$code" = 2 ] || fail "another hub: exit code $code"
grep -q "the hub does not have batch .* another hub? Then remove $dir/spool/analyse/done" err || fail 'nothing is said of another hub'

# --- killed at any instant: what was said is said once, in two batches
program mirror <<<"grep '	many	'"
sed "s,/state\$,/state.kill,; s,/spool\$,/spool.kill,; s,hub.sqlite,kill.sqlite,; /^\[source neighbours/,\$d" conf >conf.kill
analysis mirror "$dir/mirror" 'redistribute = no' >>conf.kill
run load conf.kill
mirrored() { sqlite3 -separator ' ' kill.sqlite "SELECT count(*), coalesce(sum(l.count), 0), max(l.count) FROM ledger l JOIN source s ON s.id = l.source WHERE s.name = 'mirror'"; }
cut=0
for i in $(seq 12); do
  "$ONUS_BUILD/src/prog/analyse/onus-analyse" -c conf.kill --once 2>/dev/null &
  pid=$!
  sleep "0.$(printf %02d $((i * 37 % 60)))"
  kill -9 $pid 2>/dev/null && cut=$((cut + 1))
  wait $pid 2>/dev/null || true
  run load conf.kill
done
run analyse conf.kill; run load conf.kill
[ "$(mirrored)" = '20000 20000 1' ] || fail "after kills: $(mirrored)"
run analyse conf.kill; run load conf.kill
[ "$(mirrored)" = '20000 20000 1' ] || fail "once more: $(mirrored)"
[ "$(sqlite3 kill.sqlite "SELECT count(*) > 1 FROM batch WHERE host || producer LIKE '%analyse'")" = 1 ] || fail 'one batch is enough for that'

# --- while it runs: who fails, and who waits to be run
sed "s,/state\$,/state.watch,; s,/spool\$,/spool.watch,; /^\[source neighbours/,\$d" conf >conf.watch
program late <<<"echo '$yesterday	47.0.1.3'"
program moody <<<"exit \$(cat $dir/mood)"
analysis late "$dir/late" >>conf.watch
analysis moody "$dir/moody" >>conf.watch
sed -i 's/^interval_s = 1000/interval_s = 1\ntimeout_s = 2/' conf.watch
watch() { # CODE TEXT: check_onus says so, in the end
  local code
  for _ in $(seq 600); do
    code=0
    "$ONUS_BUILD/src/prog/check/check_onus" analyses -C conf.watch >out 2>&1 || code=$?
    # shellcheck disable=SC2053
    if [ "$code" = "$1" ] && [[ $(cat out) == $2 ]]; then return; fi
    kill -0 "${pids[0]}" 2>/dev/null || fail "onus-analyse has ended: $(tail -n 3 watch.log)"
    sleep 0.2
  done
  fail "check_onus does not say $2: $(cat out)"
}
watched() { "$ONUS_BUILD/src/prog/analyse/onus-analyse" -c conf.watch 2>>watch.log & pids=($!); }
unwatched() { kill "${pids[0]}"; wait "${pids[0]}" || true; pids=(); }
run load conf.watch
echo 2 >mood
watched
watch 1 'ONUS ANALYSES WARNING - of 2 analyses 1 fail and 0 do not run; *not well: moody fails; *'
echo 0 >mood
watch 0 'ONUS ANALYSES OK - none of 2 analyses fails *'
unwatched
watched # what was said before has to be loaded first, and nobody does
watch 1 'ONUS ANALYSES WARNING - of 2 analyses 0 fail and 2 do not run; waits for onus-load; not well: late waits; moody waits; *'
run load conf.watch
watch 0 'ONUS ANALYSES OK - none of 2 analyses fails *'
unwatched
echo "ok ($cut of 12 killed)"
