#!/bin/bash
# What an owner was told and what he disputes (the ledger's notice and dispute): a disputed line of a foreign
# source does not count while it is open or when it is upheld, what was seen here in full counts all the same,
# and everything is as before when the dispute is rejected; explain says so, and --at knows what was then.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"

cat >"$dir/asn.csv" <<'CSV'
20.0.0.0,20.0.255.255,64497,Medium
45.0.0.0,45.15.255.255,64498,Large
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null 2>&1
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 240
for d in 1 2 3 4 5 6; do
  for h in 1 2 3 4 5; do
    printf '%d\t20.0.7.%d\tspam\t1\tfull\ttheirs\n' $((today - d * 86400)) "$h" >>"$dir/theirs"
    [ "$h" -gt 2 ] || printf '%d\t20.0.7.%d\tspam\t1\tfull\tours\n' $((today - d * 86400)) "$h" >>"$dir/ours"
  done
done
for f in ours theirs; do { echo '#onus-events 1'; cat "$dir/$f"; } >"$dir/$f.events"; done
road_conf "$dir" <<CONF
$(events_source ours 'anchor = yes')
$(events_source theirs 'anchor = no' 'trust = 0.8')
CONF
run() { "$ONUS_BUILD/src/prog/$1/onus-$1" -c "$dir/conf" --once 2>"$dir/log" || fail "onus-$1: $(tail -n 3 "$dir/log")"; }
run collect; run load; run score
sql() { sqlite3 "$dir/hub.sqlite" "$1"; }
scored() { sql "SELECT hosts || ' ' || printf('%.6f', score) FROM score_day WHERE entity = '$1' AND family = 255 AND run = (SELECT max(id) FROM run)"; }
explain() { "$onus" explain -c "$dir/conf" "$@" 2>"$dir/err" || fail "explain $*: $(cat "$dir/err")"; }
field() { explain --json "$1" | jq -r "$2"; }
before=$(scored block:20.0.7.0/24)
[ "${before%% *}" = 5 ] || fail "hosts at first: $before"
theirs=$(sql "SELECT id FROM source WHERE name = 'theirs'")
[ "$(field block:20.0.7.0/24 .disputed)" = 0 ] || fail 'disputes out of nothing'

# All lines of .1 (seen here too) and of .5 (seen by them alone).
now=$(date +%s)
sql "INSERT INTO dispute SELECT randomblob(16), day, addr, plen, category, source, 0, $now - 10, $now + 259200, NULL
     FROM (SELECT DISTINCT day, addr, plen, category, source FROM ledger
           WHERE source IN ($theirs, (SELECT id FROM source WHERE name = 'ours')) AND (hex(addr) LIKE '%14000701' OR hex(addr) LIKE '%14000705'))"
[ "$(sql 'SELECT count(*) FROM dispute')" = 18 ] || fail "$(sql 'SELECT count(*) FROM dispute') disputes"
run score
open=$(scored block:20.0.7.0/24)
[ "${open%% *}" = 4 ] || fail "hosts while disputed: $open (before: $before)"
awk -v a="${before#* }" -v b="${open#* }" 'BEGIN { exit !(b > a) }' || fail "the score did not rise: $before, $open"
[ -z "$(scored addr:20.0.7.5)" ] || fail 'an address without evidence is judged'
[ -n "$(scored addr:20.0.7.1)" ] || fail 'what was seen here was silenced'
[ "$(field block:20.0.7.0/24 .disputed)" = 18 ] || fail "explain: $(field block:20.0.7.0/24 .disputed) disputed"
[ "$(field as:64497 .disputed)" = 18 ] || fail 'explain of the AS'
[ "$(field addr:20.0.7.1 .disputed)" = 12 ] || fail 'explain counts lines of others'
explain block:20.0.7.0/24 | grep -q '^18 lines of evidence are disputed and not counted' || fail 'explain does not say it'
same=$(field block:20.0.7.0/24 .score)
awk -v a="$same" -v b="${open#* }" 'BEGIN { exit !(a - b < 1e-5 && b - a < 1e-5) }' || fail "explain has $same, the hub $open"

# As it was yesterday, nobody had disputed anything.
yesterday=$(date -u -d "@$((today - 1))" +%FT%TZ)
[ "$(explain --at "$yesterday" --json block:20.0.7.0/24 | jq .disputed)" = 0 ] || fail 'a dispute counts before it was opened'

# From the state file, and from the ledger alone: the same.
run score
[ "$(scored block:20.0.7.0/24)" = "$open" ] || fail 'another score from the state file'
rm -r "$dir/state"; run score
[ "$(scored block:20.0.7.0/24)" = "$open" ] || fail 'another score from the ledger'

# The operator decides: every decision has a reason, is recorded, and can be undone.
dispute() { "$onus" dispute "$@" -c "$dir/conf" >"$dir/out" 2>"$dir/err"; }
[ "$("$onus" dispute list --open -c "$dir/conf" | wc -l)" = 18 ] || fail 'not all that is open is listed'
lines() { "$onus" dispute list --json -c "$dir/conf" | jq -r "select($1) | .line"; }
mapfile -t all < <(lines true)
if dispute reject "${all[0]}"; then fail 'rejected without a reason'; fi
grep -q 'say why' "$dir/err" || fail "$(cat "$dir/err")"
if dispute reject 12345 --why x; then fail 'rejected by too few digits'; fi
code=0; dispute reject zzzzzzzz --why x || code=$?
[ "$code" = 1 ] || fail "no such line, and exit code $code"
[ "$(sql 'SELECT count(*) FROM dispute WHERE state = 0')" = 18 ] || fail 'what was refused is decided'
dispute reject "${all[@]}" --why 'they showed their logs' || fail "$(cat "$dir/err")"
[ "$(sql 'SELECT count(*) FROM dispute WHERE state = 2 AND closed > opened')" = 18 ] || fail 'not rejected'
[ "$(sql "SELECT count(*) FROM audit WHERE new = 'rejected' AND why = 'they showed their logs'")" = 18 ] || fail 'not recorded'
run score
[ "$(scored block:20.0.7.0/24)" = "$before" ] || fail "rejected, and not as before: $before, $(scored block:20.0.7.0/24)"
mapfile -t foreign < <(lines '.source == "theirs"')
dispute uphold "${foreign[0]:0:12}" "${foreign[@]:1}" --why 'nothing was shown' || fail "$(cat "$dir/err")"
last=$(sql 'SELECT max(id) FROM audit')
"$onus" settings undo "$last" --why 'one too many' -c "$dir/conf" >/dev/null
[ "$(sql 'SELECT count(*) FROM dispute WHERE state = 1')" = 11 ] || fail 'the undo did not reach the dispute'
[ "$(sql 'SELECT count(*) FROM dispute WHERE state = 2')" = 7 ] || fail 'undone, and not rejected as before'
"$onus" settings undo $((last + 1)) --why 'no, it was right' -c "$dir/conf" >/dev/null
run score
[ -z "$(scored addr:20.0.7.5)" ] || fail 'upheld, and it counts'
trust=$(explain --json block:20.0.7.0/24 | jq '.sources[] | select(.group == "theirs") | .trust')
awk -v t="$trust" 'BEGIN { exit !(t > 0.36 && t < 0.37) }' || fail "12 upheld lines leave a trust of $trust, not .8 x 50 / 110"

# Notices: told six days ago; the window of the incident is a week from then, and who answers is told.
sql "DELETE FROM dispute"
sql "INSERT INTO notice VALUES (1, 'block:20.0.7.0/24', 'abuse@example.net', 1, $now - 518400, $now - 518400, NULL, 5),
     (2, 'as:64497', 'abuse@example.net', 3, $now - 8640000, $now - 8640000, $now - 8553600, 5),
     (3, 'as:64498', 'abuse@example.net', 1, $now - 8640000, $now - 8640000, NULL, 5),
     (4, 'block:20.0.7.0/24', 'abuse@example.net', 0, $now, NULL, NULL, 5)"
field as:64497 '.response | "\(.told) \(.cleaned) \(.median_days * 100 | round) \(.grade)"' >"$dir/response"
[ "$(cat "$dir/response")" = '2 1 485 C' ] || fail "response: $(cat "$dir/response")"
[ "$(field block:20.0.7.0/24 .response.told)" = 1 ] || fail 'the block has notices of others'
[ "$(field block:20.0.7.0/24 .response.cleaned)" = 0 ] || fail 'the block is clean'
explain as:64497 | grep -q '^Its owner was told 2 times, and cleaned up 1 of them' || fail 'explain does not tell the response'
sql "INSERT INTO dispute VALUES (x'00', 1, x'00', 1, 1, 1, 0, 1, 1, NULL)"
if "$onus" explain -c "$dir/conf" as:64497 >/dev/null 2>"$dir/err"; then fail 'a dispute nobody can have written was read'; fi
grep -q 'a dispute that onus never wrote' "$dir/err" || fail "$(cat "$dir/err")"
echo ok
