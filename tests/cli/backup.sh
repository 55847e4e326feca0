#!/bin/bash
# A hub into a file and back into another one: the same rows, bit for bit; never into one that holds something, never a
# part of a damaged file.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }

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
cat >"$dir/conf" <<CONF
registry_file = $dir/registry
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
[source a]
type = events
path = $dir/a.events
[source b]
type = events
path = $dir/b.events
anchor = no
trust = 0.5
CONF
stages "$dir/conf" collect load score
"$onus" allow add 45.0.1.0/24 --why 'a reason' -c "$dir/conf" >/dev/null
dump() { sqlite3 "$1" .dump | grep '^INSERT' | sort; }

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
grep -q 'saved: .* rows in 16 tables' "$dir/out" || fail "$(cat "$dir/out")"
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
echo ok
