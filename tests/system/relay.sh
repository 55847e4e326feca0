#!/bin/bash
# relay: who handed over each of the 3,000 real mails of the shared data, by onus and by a reader of another kind
# (relay_reader.py), for those who received them and once more as if they believed the hosts of their lists too; and
# beside what was read by eye in 100 of them. doc/mail.md explains every difference.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data spamassassin-spam-1_easy-ham-1
fail() { echo "not ok: $*" >&2; exit 1; }

corpus=$(dirname "$(find "$data" -type d -name spam-1)")
cd "$corpus"
own=193.120.211.219
lists=64.161.22.236,216.136.171.252,66.187.233.211,193.172.5.4,194.125.145.45,64.28.67.73
declare -A trusted=([own]="$own" [lists]="$own,$lists")
declare -A allowed=([own]=0 [lists]=3) found_least=([own]=2231 [lists]=2178)
for who in own lists; do
  "$onus" relay -c /dev/null --json --trusted "${trusted[$who]}" spam-1 easy-ham-1 |
    jq -r '[.file, .relay // "-", .state] | @tsv' | sort >"$dir/ours.$who"
  find spam-1 easy-ham-1 -type f -print0 | xargs -0 python3 "$ONUS_SOURCE/tests/system/relay_reader.py" "$who" | sort >"$dir/theirs.$who"
  all=$(wc -l <"$dir/theirs.$who")
  [ "$all" = 3000 ] && [ "$(wc -l <"$dir/ours.$who")" = 3000 ] || fail "$all mails, not 3,000"
  same=$(comm -12 "$dir/ours.$who" "$dir/theirs.$who" | wc -l)
  named=$(grep -c '	found$' "$dir/ours.$who")
  join -t '	' "$dir/ours.$who" "$dir/theirs.$who" | awk -F '\t' '$2 != "-" && $4 != "-" && $2 != $4' >"$dir/conflict"
  echo "$who: $same of $all alike; onus names a relay in $named, the other reader in $(grep -c '	found$' "$dir/theirs.$who")"
  comm -23 "$dir/ours.$who" "$dir/theirs.$who"
  [ -s "$dir/conflict" ] && fail "two relays of one mail: $(cat "$dir/conflict")"
  [ $((all - same)) -le "${allowed[$who]}" ] || fail "$((all - same)) differ, ${allowed[$who]} are explained"
  [ "$named" -ge "${found_least[$who]}" ] || fail "only $named are found"
done
grep -v '^#' "$ONUS_SOURCE/tests/system/relay_labels.tsv" | sort >"$dir/labels"
alike=$(join -t '	' "$dir/labels" "$dir/ours.own" | awk -F '\t' '$2 == $3' | wc -l)
echo "of $(wc -l <"$dir/labels") mails read by eye, $alike alike"
[ "$alike" = 100 ] || fail "$(join -t '	' "$dir/labels" "$dir/ours.own" | awk -F '\t' '$2 != $3')"
