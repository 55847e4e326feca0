#!/bin/bash
# A hub into a file and back into another one: the same rows, bit for bit; never into one that holds something, never a
# part of a damaged file. And a ledger made anew from the batches that were kept: the same rows as before.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

printf '45.0.0.0,45.0.255.255,64496,Example Hosting\n' >"$dir/asn.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null
now=$(date +%s)
for s in a b; do
  {
    echo '#onus-events 1'
    for h in $(seq 1 40); do
      for day in 0 1 2 3; do
        printf '%s\t45.0.%d.%d\tbrute-force\t%d\tfull\t%s\tsshd\tdetail %s %d\n' $((now - 60 - day * 86400)) "$((h % 3))" "$h" "$h" $s $s "$day"
      done
    done
  } >"$dir/$s.events"
done
road_conf "$dir" <<CONF
batch_archive = $dir/kept
$(events_source a)
$(events_source b 'anchor = no' 'trust = 0.5')
CONF
stages "$dir/conf" collect load
for h in 1 2 3; do # a batch at a time; the last line of each is too far in the future
  printf '%s\t45.0.7.%d\tspam\t2\tfull\ta\tsmtp\tmore\n%s\t45.0.8.8\tspam\t1\tfull\ta\tsmtp\tlater\n' "$now" "$h" $((now + 200000)) >>"$dir/a.events"
  stages "$dir/conf" collect load
done
stages "$dir/conf" score
"$onus" allow add 45.0.1.0/24 --why 'a reason' -c "$dir/conf" >/dev/null
# (which batch brought hours of a day last is not kept, but that the day has some)
dump() { sqlite3 "$1" .dump | grep '^INSERT' | sed -E 's/^(INSERT INTO hours VALUES\([0-9]+),[0-9]+/\1/' | sort; }

# rc WANTED COMMAND…
rc() {
  local want=$1 got=0
  shift
  "$onus" "$@" >"$dir/out" 2>"$dir/err" || got=$?
  [ "$got" = "$want" ] || fail "onus $*: $got, not $want: $(cat "$dir/out" "$dir/err")"
}
rc 2 backup -c "$dir/conf" -o "hub=sqlite:$dir/nothing.sqlite" "$dir/saved"
[ -e "$dir/saved" ] && fail 'a backup of nothing'
rc 3 backup -c "$dir/conf"
rc 0 backup -c "$dir/conf" "$dir/saved"
grep -q 'saved: .* rows in 17 tables' "$dir/out" || fail "$(cat "$dir/out")"
[ "$(stat -c %a "$dir/saved")" = 600 ] || fail "others may read it: $(stat -c %a "$dir/saved")"
"$onus" backup -c "$dir/conf" - >"$dir/piped" 2>/dev/null

rc 3 restore -c "$dir/conf" "$dir/saved"
grep -q 'not empty' "$dir/err" || fail "$(cat "$dir/err")"
rc 0 restore --json -c "$dir/conf" -o "hub=sqlite:$dir/other.sqlite" "$dir/saved"
[ "$(jq -r .tables.setting.rows "$dir/out")" = 1 ] || fail "$(cat "$dir/out")"
diff <(dump "$dir/hub.sqlite") <(dump "$dir/other.sqlite") >/dev/null || fail 'what came back is not what was saved'
rc 0 restore -c "$dir/conf" -o "hub=sqlite:$dir/third.sqlite" - <"$dir/piped"
diff <(dump "$dir/hub.sqlite") <(dump "$dir/third.sqlite") >/dev/null || fail 'through a pipe it is something else'
rc 0 allow list -c "$dir/conf" -o "hub=sqlite:$dir/other.sqlite"
grep -q 'a reason' "$dir/out" || fail 'settings did not come along'
# and it is a hub to go on with: the same scores follow
"$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/conf" -o "hub=sqlite:$dir/other.sqlite" -o "state_dir=$dir/state2" --once 2>"$dir/log" ||
  fail "$(cat "$dir/log")"

# Cut, or with a byte turned: nothing at all.
size=$(stat -c %s "$dir/saved")
for keep in 0 5 100 $((size / 2)) $((size - 1)); do
  head -c "$keep" "$dir/saved" >"$dir/cut"
  rc 2 restore -c "$dir/conf" -o "hub=sqlite:$dir/fourth.sqlite" "$dir/cut"
done
{ head -c $((size / 2)) "$dir/saved"; printf 'XXXX'; tail -c +$((size / 2 + 5)) "$dir/saved"; } >"$dir/turned"
rc 2 restore -c "$dir/conf" -o "hub=sqlite:$dir/fourth.sqlite" "$dir/turned"
[ -z "$(dump "$dir/fourth.sqlite" | grep -v '"*migration"*\|"*writer"*')" ] || fail 'a part of a damaged backup is there'

# What was kept makes the same ledger elsewhere: events, evidence, receipts, sources.
sums() { "$onus" backup --json -c "$dir/conf" -o "hub=sqlite:$1" "$dir/any" | jq -c '.tables | [.ledger, .evidence, .batch, .source, .source_rev, .good]'; }
rebuild() { # HUB: what is kept, into it
  "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/conf" -o "hub=sqlite:$1" -o "state_dir=$dir/state3" --once --rebuild "$dir/kept" 2>"$dir/log"
}
kept() { find "$dir/kept" -name '*.zst' | wc -l; }
[ "$(kept)" = "$(sqlite3 "$dir/hub.sqlite" 'SELECT count(*) FROM batch')" ] || fail "$(kept) batches are kept"
[ "$(sqlite3 "$dir/hub.sqlite" 'SELECT sum(refused) FROM batch')" = 3 ] || fail 'nothing was refused: the test shows nothing'
rebuild "$dir/anew.sqlite" || fail "$(cat "$dir/log")"
[ "$(sums "$dir/anew.sqlite")" = "$(sums "$dir/hub.sqlite")" ] || fail "made anew it is another one: $(sums "$dir/anew.sqlite") $(sums "$dir/hub.sqlite")"
rebuild "$dir/anew.sqlite" || fail "$(cat "$dir/log")"
grep -q "batches=0 known=$(kept)" "$dir/log" || fail "loaded again: $(cat "$dir/log")"
rebuild "$dir/hub.sqlite" || fail "$(cat "$dir/log")"
[ "$(sums "$dir/anew.sqlite")" = "$(sums "$dir/hub.sqlite")" ] || fail 'counted twice'

# A batch whose loader was killed between hub and archive is kept when it comes by again.
one=$(find "$dir/kept" -name '*.zst' | sort | tail -n 1)
cp -p "$one" "$dir/one"
rm "$one"
cp "$dir/one" "$dir/spool/collect/new/${one##*/}"
stages "$dir/conf" load
cmp "$one" "$dir/one" || fail 'it was not kept'
touch -r "$dir/one" "$one"

# The time of receipt decides what was too far in the future then.
find "$dir/kept" -name '*.zst' -exec touch -d '@1700000000' {} +
rebuild "$dir/early.sqlite" || fail "$(cat "$dir/log")"
[ "$(sqlite3 "$dir/early.sqlite" 'SELECT count(*) FROM ledger')" = 0 ] || fail 'the time of receipt is not heeded'

# What is damaged is left out and told, the others are there.
truncate -s -1 "$one"; touch -d @1700000000 "$one"
code=0; rebuild "$dir/less.sqlite" || code=$?
[ "$code" = 2 ] || fail "left out, and exit code $code"
grep -q 'left out' "$dir/log" || fail "$(cat "$dir/log")"
[ "$(sqlite3 "$dir/less.sqlite" 'SELECT count(*) FROM batch')" = $(($(kept) - 1)) ] || fail 'the others are not there'
[ -s "$one" ] || fail 'something was moved'

# Kept for retention_days, and no longer (they were received in 2023).
stages "$dir/conf" load
[ "$(kept)" = 0 ] || fail "$(kept) are kept for ever"
echo ok
