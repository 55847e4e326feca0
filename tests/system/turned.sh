#!/bin/bash
# A source that turns, through the whole road: for ten weeks a list says what is seen here too, and for three weeks
# other addresses. Its word loses its weight, onus-score names it in its log and check_onus warns; beside it a list that
# stays right, one that copies that, and one that lists whole neighbourhoods. None of these is called turned.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 120

echo '20.0.0.0,20.255.255.255,64496,Example' >"$dir/asn.csv"
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null 2>&1
# Hosts come and go over 100 days, three to a /24; own sees a third of them.
awk -v today="$today" -v dir="$dir" '
  function say(source, block, last, lag, what) {
    printf "%d\t20.%d.%d.%d\t%s\t1\tfull\n", today - lag * 86400 + 60, block / 256, block % 256, last, what > dir "/" source
  }
  BEGIN {
    n = split("own right copy turned whole", names, " ")
    for (i = 1; i <= n; i++) print "#onus-events 1" > dir "/" names[i]
    for (i = 0; i < 12000; i++) {
      lag = i * 7919 % 100; block = int(i / 3); last = i % 3 * 80 + 1
      if (i % 3 == 0) say("own", block, last, lag, "brute-force")
      if (i % 4) say("right", block, last, lag, "brute-force")
      if (i % 4 && i % 5) say("copy", block, last, lag > 2 ? lag - 2 : 0, "brute-force")
      say("turned", block, lag > 20 ? last : last + 11, lag, "brute-force")
      if (i % 3 == 0) for (k = 0; k < 10; k++) say("whole", block, k * 20 + 5, block % 80, "brute-force")
    }
  }'
{
  printf '[source own]\ntype = events\npath = %s/own\nanchor = yes\n' "$dir"
  for name in right copy turned whole; do
    printf '[source %s]\ntype = events\npath = %s/%s\nanchor = no\ntrust = 0.5\ngroup = %s\n' $name "$dir" $name $name
  done
} | road_conf "$dir"
stages "$dir/conf" collect load
# whom they were given to is a month and more ago: all of them are no newcomers
sqlite3 "$dir/hub.sqlite" "UPDATE source_rev SET day = $((today / 86400 - 120))"

"$ONUS_BUILD/src/prog/score/onus-score" -c "$dir/conf" -o score_interval_s=1 >"$dir/log" 2>&1 &
pid=$!
pids+=("$pid")
check() { "$ONUS_BUILD/src/prog/check/check_onus" -C "$dir/conf" "$@"; }
for _ in $(seq 2400); do
  kill -0 "$pid" 2>/dev/null || fail "onus-score ended: $(tail -n 3 "$dir/log")"
  check sources >"$dir/out" || true
  grep -q UNKNOWN "$dir/out" || break
  sleep 0.2
done
code=0
check sources >"$dir/out" || code=$?
[ "$code" = 1 ] && grep -q "^ONUS SOURCES WARNING - 1 sources have turned: .* | 'sources'=1;0;;0$" "$dir/out" || fail "check_onus: $code: $(cat "$dir/out")"
code=0
check status >"$dir/out" || code=$?
[ "$code" -ge 1 ] && grep -q 'sources: 1 sources have turned' "$dir/out" || fail "check_onus status: $code: $(cat "$dir/out")"
grep -q 'source=turned has turned: of what it said 7 to 20 days ago, ' "$dir/log" || fail "not named: $(cat "$dir/log")"
[ "$(grep -c 'has turned' "$dir/log")" = 1 ] || fail "others have, too: $(grep 'has turned' "$dir/log")"
grep -q 'source=copy copies right: ' "$dir/log" || fail "the copy is not told of: $(cat "$dir/log")"

# its influence: what each is worth, by the words of `onus explain`, which names those whose word counts for anything
"$onus" explain -c "$dir/conf" --json --all as:64496 >"$dir/json" 2>/dev/null
worth() { jq -r ".sources[] | select(.group == \"$1\") | .trust" "$dir/json"; }
awk -v turned="$(worth turned)" -v right="$(worth right)" 'BEGIN { exit !(turned != "" && turned < 0.1 && right > 0.8) }' ||
  fail "turned is worth $(worth turned), right $(worth right)"
[ -z "$(worth whole)" ] || fail "who lists whole neighbourhoods is worth $(worth whole)"
"$onus" explain -c "$dir/conf" as:64496 >"$dir/out" 2>/dev/null
grep -q '^  turned: trust 0.0.*; it has turned: far less than before$' "$dir/out" || fail 'the explanation does not tell'
echo "ok: of 0.5 that were given turned is worth $(worth turned), right $(worth right)"
