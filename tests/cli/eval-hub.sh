#!/bin/bash
# onus eval out of the hub: a series of one's own that went through onus-collect and onus-load gives the very
# figures of the event lines; a foreign source has the trust that the ledger says it had on each test day.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }

cat >"$dir/asn.csv" <<'CSV'
20.0.0.0,20.0.255.255,64496,Quiet
20.1.0.0,20.1.255.255,64497,Loud
20.16.0.0,20.31.255.255,64498,Large
2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Large
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null 2>&1
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
begin=$((today - 110 * 86400))
day() { date -u -d "@$((begin + $1 * 86400))" +%F; }
# 100 days at odd hours, several times a day, two proofs, IPv6, a listed prefix; none in private space.
awk -v t="$begin" 'BEGIN { OFS = "\t"; srand(7)
  print "#onus-events 1"
  for (d = 0; d < 100; d++) {
    at = t + d * 86400
    for (k = 0; k < 5; k++) {
      host = "20.1." int(rand() * 256) "." int(rand() * 256)
      print at + 3600 * int(rand() * 24), host, "brute-force", 1 + int(rand() * 3), k ? "full" : "weak", "own"
      print at + 3600 * int(rand() * 24), host, (k > 2 ? "scanner" : "exploit"), 1, "full", "own"
    }
    print at + 7, "20." 16 + int(rand() * 16) "." int(rand() * 256) "." int(rand() * 256), "spam", 1, "full", "own"
    print at + 9, "2a00:1::" d ":1", "spam", 1, "full", "own"
    if (d % 9 == 0) print at, "20.1.0.0/20", "spam", 1, "full", "own"
  } }' >"$dir/own"
awk -v t="$begin" 'BEGIN { OFS = "\t"; srand(9)
  print "#onus-events 1"
  for (d = 0; d < 100; d++) for (k = 0; k < 4; k++)
    print t + d * 86400, "20.0." int(rand() * 256) "." int(rand() * 256), "brute-force", 1, "full", "list"
  }' >"$dir/list"
# hub NAME TRUST FILE…: loads them into a hub of that name
hub() {
  local name=$1 trust=$2 source
  shift 2
  { printf 'registry_file = %s\nstate_dir = %s\nspool_dir = %s\nhub = sqlite:%s\n' \
      "$dir/registry" "$dir/h-$name/state" "$dir/h-$name/spool" "$dir/h-$name/hub.sqlite"
    for source; do
      printf '[source %s]\ntype = events\npath = %s\n' "$source" "$dir/$source"
      [ "$source" = own ] && echo 'anchor = yes' || printf 'anchor = no\ntrust = %s\n' "$trust"
    done; } >"$dir/$name.conf"
  mkdir -p "$dir/h-$name"
  stages "$dir/$name.conf" collect load
}
figures() { sed 's/"lines":[0-9]*,"refused":[0-9]*//'; }
of_hub() { local name=$1; shift; "$onus" eval -c "$dir/$name.conf" --json "$@" 2>"$dir/err" | figures; }

hub own 1 own
"$onus" eval --registry "$dir/registry" --json "$dir/own" 2>/dev/null | figures >"$dir/lines.json"
of_hub own >"$dir/hub.json" || fail "$(cat "$dir/err")"
[ "$(wc -c <"$dir/lines.json")" -gt 1000 ] || fail 'no figures'
cmp "$dir/lines.json" "$dir/hub.json" || fail 'the hub gives other figures than the lines'
"$onus" eval --registry "$dir/registry" --json --since "$(day 20)" "$dir/own" 2>/dev/null | figures >"$dir/lines.json"
of_hub own --since "$(day 20)" | cmp "$dir/lines.json" - || fail '--since'
"$onus" eval -o "hub=sqlite:$dir/h-own/hub.sqlite" --registry "$dir/registry" --json 2>/dev/null | figures | cmp "$dir/hub.json" - || fail 'the hub by its option'
echo 'ok: the same figures'

# The policy played over the hub: one /64 comes daily, all others once. With what is set there beside the rest, and
# nothing around one's own networks.
walls() { "$onus" eval -c "$dir/own.conf" --walls --json --days "$(day 80),$(day 90)" "$@" 2>"$dir/err" || fail "$(cat "$dir/err")"; }
put_up() { python3 -c 'import json, sys; print(*(x["name"] + " %d" % (x["addr"]["put_up"] + x["block"]["put_up"]) for x in json.load(sys.stdin)["levels"]), sep=";")'; }
before=$(walls | put_up)
grep -qE '^addresses alone [0-9]+;mild 1;standard ([0-9]+);strict [1-9][0-9]+;as set \1$' <<<"$before" || fail "$before"
"$onus" level set -c "$dir/own.conf" --why test addr.p7=0.9 >/dev/null
[ "$(walls | put_up | sed 's/.*;as set //')" -lt "${before##* }" ] || fail 'what is set is not played'
[ "$(walls -o own_networks=20.0.0.0/8,2a00:1::/32 | put_up)" = 'addresses alone 0;mild 0;standard 0;strict 0;as set 0' ] || fail 'walls around own networks'
echo 'ok: walls'

# A list of one's own trust: what it says depends on it, on the day of the change and not before.
hub high 0.9 own list
hub low 0.05 own list
early=$(day 50) late=$(day 92)
for name in high low; do for at in early late; do of_hub "$name" --days "${!at}" >"$dir/$name.$at"; done; done
for at in early late; do
  cmp -s "$dir/high.$at" "$dir/low.$at" && fail "trust changes nothing ($at)"
done
mkdir "$dir/h-change"
cp "$dir/h-high/hub.sqlite" "$dir/h-change/hub.sqlite"
sed "s|$dir/h-high|$dir/h-change|" "$dir/high.conf" >"$dir/change.conf"
sqlite3 "$dir/h-change/hub.sqlite" "INSERT INTO source_rev SELECT source, rev + 1, $((begin / 86400 + 60)), grp, 0.05 FROM source_rev
  WHERE source = (SELECT id FROM source WHERE name = 'list') AND rev = 1"
of_hub change --days "$early" | cmp "$dir/high.early" - || fail 'trust of later days is known before them'
of_hub change --days "$late" | cmp "$dir/low.late" - || fail 'the change of trust is not heeded'
# In the group of an anchor the list is not believed more than weak proof.
sqlite3 "$dir/h-change/hub.sqlite" "UPDATE source_rev SET grp = 'own'"
of_hub change --days "$early" >"$dir/grouped"
cmp -s "$dir/grouped" "$dir/high.early" && fail 'groups change nothing'
echo 'ok: trust and groups as of the day'

code=0
"$onus" eval -o "hub=sqlite:$dir/none" --registry "$dir/registry" >/dev/null 2>"$dir/err" || code=$?
[ "$code" = 2 ] || fail "no hub: $code"
grep -q 'onus-load makes it; or name files' "$dir/err" || fail "$(cat "$dir/err")"
code=0
of_hub own --foreign >/dev/null || code=$?
grep -q 'foreign is for files' "$dir/err" || fail "$(cat "$dir/err")"
# Rows that no clock can have written are told of and left out.
sqlite3 "$dir/h-own/hub.sqlite" "INSERT INTO ledger SELECT 5, addr, plen, category, source, proof, service, hour, 1 FROM ledger LIMIT 1;
  INSERT INTO ledger SELECT 40000, addr, plen, category, source, proof, service, hour, 1 FROM ledger LIMIT 1"
of_hub own | cmp "$dir/hub.json" - || fail 'impossible dates change the figures'
grep -q '1 rows are dated before 1990, 1 in the future' "$dir/err" || fail "$(cat "$dir/err")"
echo 'ok'
