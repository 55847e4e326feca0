#!/bin/bash
# onus eval over a series whose future is known: one loud network whose new hosts keep coming must be found
# by the score, a flood of one day must not; dates that cannot be are refused with their line.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }

cat >"$dir/asn.csv" <<'CSV'
20.0.0.0,20.0.255.255,64496,Quiet
20.1.0.0,20.1.255.255,64497,Loud
20.16.0.0,20.31.255.255,64498,Large
CSV
"$onus" registry build -o "$dir/registry" "$dir/asn.csv" >/dev/null 2>&1
# 100 days: five new hosts a day all over the loud network, one somewhere in the large one.
awk 'BEGIN { OFS = "\t"; srand(7)
  print "#onus-events 1"
  for (d = 0; d < 100; d++) {
    for (k = 0; k < 5; k++) print 1700006400 + d * 86400, "20.1." int(rand() * 256) "." int(rand() * 256), "brute-force", 1, "full", "s"
    print 1700006400 + d * 86400, "20." 16 + int(rand() * 16) "." int(rand() * 256) "." int(rand() * 256), "spam", 1, "full", "s"
  } }' >"$dir/events"
eval_() { "$onus" eval --registry "$dir/registry" -o registry_max_age_days=3650 "$@"; }

eval_ --json "$dir/events" >"$dir/json" 2>"$dir/err" || fail "$(cat "$dir/err")"
python3 - "$dir/json" <<'PY' || fail 'the report is not what the series says'
import json, sys
r = json.load(open(sys.argv[1]))
assert len(r["days"]) >= 3 and r["horizon_days"] == 7, r["days"]
rows = {x["name"]: x for x in r["new"]}
assert rows["onus"]["auc"]["mean"] > 0.85, rows["onus"]
for name, row in rows.items():
    assert 0 <= row["auc"]["mean"] <= 1 and row["hit_100"]["mean"] <= row["hit_1k"]["mean"] + 1e-9, name
assert rows["onus"]["auc"]["mean"] > rows["distinct-30"]["auc"]["mean"], rows
walls = {x["policy"]: x for x in r["walls"]}
assert 100 < walls["addresses of 30 days"]["addresses"] <= 180 <= walls["+ onus, 16384"]["addresses"], walls
assert all(0 <= x["caught"]["mean"] <= 1 for x in r["walls"]) and len(r["equal_addresses"]) == 4, r["walls"]
assert [x["name"] for x in r["equal_addresses"][0]["rows"]] == list(rows), r["equal_addresses"]
PY
eval_ "$dir/events" >"$dir/text" 2>/dev/null
grep -q '^onus ' "$dir/text" && grep -q '^ewma ' "$dir/text" || fail 'no table'

# The order of lines changes nothing; neither do lines that cannot be, but they are told.
{ head -1 "$dir/events"; tail -n +2 "$dir/events" | shuf --random-source=<(yes); } >"$dir/shuffled"
eval_ --json "$dir/shuffled" 2>/dev/null | cmp - "$dir/json" || fail 'order matters'
{ cat "$dir/events"; printf '631000000\t20.1.0.1\tspam\n99999999999\t20.1.0.2\tspam\nnever\t20.1.0.3\tspam\n'; } >"$dir/odd"
eval_ --json "$dir/odd" 2>"$dir/err" >"$dir/odd.json" || fail 'hostile lines stop it'
grep -q "$dir/odd:602: dated before 1990" "$dir/err" || fail "$(cat "$dir/err")"
grep -q '3 of 604 lines left out' "$dir/err" || fail "$(cat "$dir/err")"
diff <(sed 's/"lines":[0-9]*,"refused":[0-9]*//' "$dir/json") <(sed 's/"lines":[0-9]*,"refused":[0-9]*//' "$dir/odd.json") >/dev/null ||
  fail 'refused lines change the figures'

# The picture is well-formed and names everybody.
eval_ --plot "$dir/plot.svg" "$dir/events" >/dev/null 2>&1 || fail 'no picture'
python3 -c 'import sys, xml.dom.minidom as d; t = d.parse(sys.argv[1]).toxml(); assert "onus, " in t and "ewma, " in t' "$dir/plot.svg" || fail 'no picture'
eval_ --plot "$dir/none/plot.svg" "$dir/events" >/dev/null 2>"$dir/err" && fail 'a picture nowhere'
grep -q 'none/plot.svg' "$dir/err" || fail "$(cat "$dir/err")"

# Classes of networks: nobody is treated otherwise here; where one goes silent on the test day, far fewer come than said.
eval_ --alarm "$dir/events" >"$dir/text" 2>/dev/null || fail 'an alarm without a reason'
grep -q '^AS up to 65536 addresses .*[0-9]$' "$dir/text" || fail 'no classes'
awk 'BEGIN { OFS = "\t"; srand(8)
  print "#onus-events 1"
  for (d = 0; d < 100; d++)
    for (k = 0; k < 60; k++) {
      if (k < 20 && d > 80) continue
      print 1700006400 + d * 86400, (k < 20 ? "20.1." : "20." 16 + k % 16 ".") int(rand() * 256) "." int(rand() * 256), "brute-force", 1, "full", "s"
    } }' >"$dir/silent"
r=0
eval_ --alarm --days 2024-02-03 --json "$dir/silent" >"$dir/json" 2>"$dir/err" || r=$?
[ "$r" = 1 ] || fail "no alarm: $r"
grep -q 'AS up to 65536 addresses: 0 new hosts came where [0-9]* were said' "$dir/err" || fail "$(cat "$dir/err")"
python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); assert [x["alarm"] for x in r["by_size"]][0] and r["by_country"][0]["country"] is None, r["by_size"]' "$dir/json" || fail 'the report knows of no alarm'
eval_ --days 2024-02-03 "$dir/silent" 2>/dev/null | grep -q 'ALARM: fewer than said' || fail 'no alarm in the text'

# The policy, played: three hosts that come daily meet their walls on every day, five new ones a day from everywhere do
# not; both counted apart, from the lines.
awk 'BEGIN { OFS = "\t"
  print "#onus-events 1"
  for (d = 0; d < 100; d++)
    for (k = 0; k < 8; k++)
      print 1700006400 + d * 86400, k < 3 ? "20.1.0." k + 1 : "20." 16 + k "." 2 * d "." d, "brute-force", 1, "full", "s" }' >"$dir/daily"
eval_ --walls --json --days 2024-02-01,2024-02-15 "$dir/daily" >"$dir/json" 2>"$dir/err" || fail "$(cat "$dir/err")"
python3 - "$dir/json" "$dir/daily" <<'PY' || fail 'walls are not where they must be'
import json, sys
from datetime import date, timedelta
start, begin = date(2023, 11, 15), date(2024, 2, 2)
came = {}
for line in open(sys.argv[2]):
    if line[0] != "#":
        at, host = line.split("\t")[:2]
        came.setdefault(start + timedelta((int(at) - 1700006400) // 86400), set()).add(host)
played = json.load(open(sys.argv[1]))
assert played["warm_days"] == 28, played["warm_days"]
levels = {x["name"]: x for x in played["levels"]}
assert list(levels) == ["addresses alone", "mild", "standard", "strict"], list(levels)
for name in ("addresses alone", "mild", "standard"):
    x = levels[name]
    assert len(x["days"]) == 21 and len(x["weeks"]) == 3, x
    for i, d in enumerate(x["days"]):
        day = begin + timedelta(i)
        assert d["day"] == str(day) and d["came"] == len(came[day]), d
        assert d["addr"]["met"] == 3 and d["block"] == {"walls": 0, "met": 0} and d["addresses"] == d["addr"]["walls"], d
        assert d["addr"]["walls"] == 3 if name == "mild" else d["addr"]["walls"] >= 3, d  # others slow down who came once
    for i, w in enumerate(x["weeks"]):
        hosts = set().union(*(came[begin + timedelta(7 * i + k)] for k in range(7)))
        assert w["came"] == len(hosts) and abs(w["caught"] - 3 / len(hosts)) < 1e-4, w
        assert abs(w["stopped"] - 3 / 8) < 1e-4, w
    assert x["addr"]["put_up"] - x["addr"]["met_nobody"] == 3, x["addr"]
    assert name != "mild" or x["addr"]["put_up"] == 3, x["addr"]
# Three hosts make no block that is slowed down, unless two are enough; and who came once is walled off for nothing.
assert all(d["block"]["walls"] == 1 and d["addresses"] >= 256 for d in levels["strict"]["days"]), levels["strict"]
assert levels["strict"]["addr"]["met_nobody"] >= 100, levels["strict"]
PY
eval_ --walls --days 2024-02-01,2024-02-15 --plot "$dir/walls.svg" "$dir/daily" >"$dir/text" 2>/dev/null || fail 'no text'
[ "$(grep -c '^2024-02-' "$dir/text")" = 3 ] && grep -q '^standard ' "$dir/text" || fail "$(cat "$dir/text")"
python3 -c 'import sys, xml.dom.minidom as d; t = d.parse(sys.argv[1]); assert len(t.getElementsByTagName("path")) == 8 and "strict" in t.toxml()' "$dir/walls.svg" ||
  fail 'no picture of walls'
# Cold, and as warm as the series allows: then more stands on the first day.
for warm in 0 300; do
  eval_ --walls --json --warm "$warm" --days 2024-02-01,2024-02-15 "$dir/daily" >"$dir/warm.$warm" 2>/dev/null || fail "--warm $warm"
done
python3 - "$dir/warm.0" "$dir/warm.300" <<'PY' || fail 'warm is as cold'
import json, sys
cold, warm = (json.load(open(x)) for x in sys.argv[1:])
assert (cold["warm_days"], warm["warm_days"]) == (0, 78), (cold["warm_days"], warm["warm_days"])
cold, warm = (x["levels"][2]["days"] for x in (cold, warm))
assert len(cold) == len(warm) == 21 and cold[0]["addr"]["met"] == warm[0]["addr"]["met"] == 3
assert warm[0]["addr"]["walls"] > cold[0]["addr"]["walls"], "nothing stood"
PY
eval_ --walls --warm 401 "$dir/daily" >/dev/null 2>"$dir/err" && fail '401 days are warm'
eval_ --walls --alarm "$dir/daily" >/dev/null 2>"$dir/err" && fail 'an alarm of walls'

# Too short a series, days out of order, beyond the end.
head -60 "$dir/events" >"$dir/short"
eval_ "$dir/short" >"$dir/out" 2>"$dir/err" && fail 'ten days are enough'
grep -q 'too few' "$dir/err" || fail "$(cat "$dir/err")"
eval_ --days 2024-02-20,2024-02-01 "$dir/events" >/dev/null 2>"$dir/err" && fail 'days may run backwards'
eval_ --days yesterday "$dir/events" >/dev/null 2>"$dir/err" && fail 'yesterday is a date'
grep -q 'no date' "$dir/err" || fail "$(cat "$dir/err")"
eval_ "$dir/none" 2>/dev/null && fail 'a missing file is read'
: >"$dir/empty"
eval_ "$dir/empty" >/dev/null 2>"$dir/err" && fail 'nothing is a series'
echo ok
