#!/bin/bash
# onus eval --walls, what walls cost of one's own good traffic: out of the hub, out of event lines and out of logs it is the
# same, and what a few lines of Python count in the log that all of them came from: on each day and in the week after it,
# by level, with who is doubtful, for whom there are holes, and what stays at tag.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
cd "$dir"
printf '20.0.0.0,20.0.255.255,64496,Quiet\n20.1.0.0,20.1.255.255,64497,Loud\n20.16.0.0,20.31.255.255,64498,Large\n2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64498,Large\n' >asn.csv
"$onus" registry build -o registry asn.csv >/dev/null 2>&1
begin=$((today - 110 * 86400))
day() { date -u -d "@$((begin + $1 * 86400))" +%F; }

# Four hosts attack daily, three of them in one /24; five new ones a day are of everywhere; one of that /24 once.
awk -v t="$begin" 'BEGIN { OFS = "\t"
  print "#onus-events 1"
  for (d = 0; d < 100; d++) {
    for (k = 0; k < 8; k++)
      print t + d * 86400, k < 3 ? "20.1.0." k + 1 : "20." 16 + k "." 2 * d "." d, "brute-force", 1, "full", "own"
    print t + d * 86400, "2a00:1:0:1::5", "brute-force", 1, "full", "own"
    if (d == 60) print t + d * 86400, "20.1.0.202", "spam", 1, "full", "own"
  } }' >own
# What was good meanwhile, from the 45th day on.
for d in $(seq 45 99); do
  awk -v day="$(day "$d")" -v d="$d" '
    function delivered(host, n) {
      while (n-- > 0) {
        id = sprintf("4ABC%06X", ++ids)
        printf "%sT00:00:06+00:00 mx postfix/smtpd[7]: %s: client=mx.example.net[%s]\n", day, id, host
        printf "%sT00:00:07+00:00 mx postfix/lmtp[9]: %s: to=<a@b.example>, relay=x, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Saved)\n", day, id
      } }
    function logged_in(host, n) {
      while (n-- > 0) printf "%sT00:00:08+00:00 mx sshd[7]: Accepted publickey for joe from %s port 4242 ssh2\n", day, host
    }
    BEGIN {
      delivered("20.0.5.5", 20); logged_in("20.0.5.5", 30)
      if (d >= 70) delivered("20.1.0.200", 2)
      if (d >= 86) logged_in("20.1.0.201", 1)
      if (d == 61 || d > 80) delivered("20.1.0.202", 1)
      if (d % 10 == 5 && d > 70) delivered("20.1.0.3", 20)
      if (d == 84) { delivered("2a00:1:0:1::99", 2); delivered("2a00:1:0:1::98", 1) }
      if (d == 85) delivered("20.1.0.2", 1)
    }'
done >log

# --- counted by hand
cat >count.py <<'PY'
import datetime, ipaddress, json, re, sys
report, begin, bound = json.load(open(sys.argv[1])), int(sys.argv[2]) // 86400, float(sys.argv[3])
host = lambda text: text if "." in text else str(ipaddress.ip_network(text + "/64", strict=False)[0])
good, attacks, client = {}, {}, {}
def add(to, day, who, kind, n=1):
    to.setdefault(day, []).append((host(who), kind, n))
for line in open("own"):
    if line[0] != "#":
        f = line.split("\t")
        add(attacks, int(f[0]) // 86400 - begin, f[1], "attack", int(f[3]))
for line in open("log"):
    day = (datetime.date.fromisoformat(line[:10]) - datetime.date(1970, 1, 1)).days - begin
    if m := re.search(r": (\w+): client=\S+\[(.*)\]", line):
        client[day, m[1]] = m[2]
    elif m := re.search(r": (\w+): to=.*status=sent", line):
        add(good, day, client[day, m[1]], "messages")
    elif m := re.search(r"Accepted publickey for joe from (\S+)", line):
        add(good, day, m[1], "logins")

def window(first, last):
    """What each host did."""
    hosts = {}
    for table in good, attacks:
        for day in range(first, last + 1):
            for who, kind, n in table.get(day, []):
                if table is good or who in hosts:
                    hosts.setdefault(who, {"messages": 0, "logins": 0, "attack": 0})[kind] += n
    return hosts
doubtful = lambda x: x["attack"] >= x["messages"] + x["logins"]
def total(hosts):
    return {"hosts": len(hosts), **{k: sum(x[k] for x in hosts) for k in ("messages", "logins")}}
def loss(part, of):
    return max([100 * total(part)[k] / total(of)[k] for k in ("messages", "logins") if total(of)[k]], default=0)

daily = {"20.1.0.1", "20.1.0.2", "20.1.0.3", "2a00:1:0:1::"}
of_block = lambda who: who.startswith("20.1.0.")
seen = set()
for level in report["levels"]:
    strict = level["name"] == "strict"
    assert len(level["days"]) == 17, len(level["days"])
    tags = []
    for i, got in enumerate(level["days"]):
        day = 81 + i
        before = window(day - 30, day - 1)
        known = {w: x for w, x in before.items() if not doubtful(x)}
        addr, block = set(daily), strict
        if loss([x for w, x in known.items() if w in addr], known.values()) > bound:
            costly = {w for w in known if w in addr}
            assert len(costly) == 1, costly
            addr -= costly
        if block and loss([x for w, x in known.items() if of_block(w)], known.values()) > bound:
            block = False
        tag = len(daily - addr) + (strict and not block)
        assert got["at_tag"] == tag, (level["name"], day, got["at_tag"], tag)
        tags.append(tag)
        assert got["block"]["walls"] == block, (level["name"], day, got["block"])
        for name, last in ("day", day), ("week", day + 6):
            if last > 97:
                assert got["good"][name] is None, (day, name)
                continue
            hosts = window(day, last)
            fine = {w: x for w, x in hosts.items() if not doubtful(x)}
            met = {w: x for w, x in fine.items() if w in addr or (block and of_block(w))}
            holes = [x for w, x in met.items() if w not in addr and x["attack"] == 0 and w in before and before[w]["attack"] == 0]
            want = {"all": total(fine.values()), "doubtful": total([x for x in hosts.values() if doubtful(x)]), "met": total(met.values()),
                    "carved_out": total(holes)}
            for key in want:
                assert got["good"][name][key] == want[key], (level["name"], day, name, key, got["good"][name][key], want[key])
            above = max(loss([x for w, x in met.items() if w in addr], fine.values()),
                        loss([x for w, x in met.items() if block and of_block(w)], fine.values())) > bound
            assert got["good"][name]["above"] == above, (level["name"], day, name, above)
            seen |= {(k, strict) for k in want if want[k]["hosts"]} | {("above", above)}
    assert abs(level["good"]["at_tag"] - sum(tags) / 17) < 0.001, (level["good"], tags)
    seen |= {("tags", min(tags), max(tags))}
    for name, of in ("day", lambda w: [d["good"]["day"] for d in level["days"][7 * w:7 * w + 7]]), ("week", lambda w: [level["days"][7 * w]["good"]["week"]]):
        for figure, kind in ("messages_percent", "messages"), ("logins_percent", "logins"):
            mean = sum(100 * sum(g["met"][kind] for g in of(w)) / sum(g["all"][kind] for g in of(w)) for w in (0, 1)) / 2
            assert abs(level["good"][name][figure]["mean"] - mean) < 0.001, (level["name"], name, figure, mean)
        mean = sum(sum(g["met"]["hosts"] for g in of(w)) / len(of(w)) for w in (0, 1)) / 2
        assert abs(level["good"][name]["hosts"]["mean"] - mean) < 0.001, (level["name"], name, mean)
print(*sorted(map(str, seen)), sep="\n")
PY
counted() { python3 count.py "$1" "$begin" "$2" >seen || fail "$1: not what is in the log"; }
played="$(day 80),$(day 90)"

# --- event lines
"$onus" extract -f "$ONUS_SOURCE/etc/filter.d/postfix-good.conf" -f "$ONUS_SOURCE/etc/filter.d/sshd-good.conf" log >lines 2>err || fail "extract: $(cat err)"
eval_lines() { "$onus" eval --walls --registry registry --days "$played" "$@" own lines 2>err || fail "$(cat err)"; }
eval_lines --json -o max_good_loss=100 >lines.json
counted lines.json 100
grep -q "('tags', 0, 0)" seen && grep -q "('carved_out', True)" seen && grep -q "('doubtful', False)" seen || fail "the mix shows nothing: $(cat seen)"
eval_lines --json -o max_good_loss=7 >bound.json
counted bound.json 7
for words in "('tags', 0, 1)" "('tags', 0, 2)" "('above', True)" "('above', False)"; do grep -qF "$words" seen || fail "the bound shows nothing: $(cat seen)"; done
python3 -c 'import json, sys
strict = [x for x in json.load(open(sys.argv[1]))["levels"] if x["name"] == "strict"][0]["good"]
assert strict["max_good_loss_percent"] == 7
days = {kind: [sum(r[v] for r in strict["rules"] if r["kind"] == kind) for v in ("tag", "spared")] for kind in ("addr", "block")}
assert days == {"addr": [0, 2], "block": [12, 0]}, days' bound.json || fail 'verdicts'
eval_lines -o max_good_loss=7 --plot walls.svg >text
grep -q '^good traffic, on a day: .* hosts that attacked as often: in no share$' text || fail "$(cat text)"
grep -q '^  *block [a-z]* [a-z]* above 7 %: all at tag on [0-9]* of 17 days' text || fail "no word of what stays at tag: $(cat text)"
grep -q '^  *in the week after, what still stood cost more than 7 % on [0-9]* of 11 days$' text || fail "$(cat text)"
python3 -c 'import sys, xml.dom.minidom as d; t = d.parse(sys.argv[1]); assert len(t.getElementsByTagName("path")) == 12 and "Good hosts" in t.toxml()' walls.svg ||
  fail 'no picture of what is good'
echo 'ok: event lines'

# --- the hub, and logs beside its evidence
cat >conf <<CONF
registry_file = $dir/registry
filter_path = $ONUS_SOURCE/etc/filter.d
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
[source own]
type = events
path = $dir/own
anchor = yes
CONF
stages conf collect load
of_hub() { "$onus" eval --walls --json -c conf --days "$played" -o max_good_loss=7 "$@" 2>err || fail "$(cat err)"; }
of_hub --good log >logs.json
counted logs.json 7
of_hub | python3 -c 'import json, sys; assert "good" not in json.load(sys.stdin)["levels"][0]' || fail 'good, though nothing is known of it'
"$onus" eval --walls -c conf --days "$played" 2>/dev/null | grep -q '^no good traffic is known' || fail 'that is not said'
printf '[source mail]\npath = %s/log\n[source foreign]\ntype = events\nanchor = no\npath = %s/foreign\n' "$dir" "$dir" >>conf
echo '#onus-events 1' >foreign
stages conf collect load
of_hub >hub.json
counted hub.json 7
python3 -c 'import json, sys; assert len(json.load(open(sys.argv[1]))["levels"]) == 5' hub.json || fail 'not as set'
cmp -s logs.json hub.json || fail 'the hub and its log differ'
# What another source than an anchor saw is not one's own.
sqlite3 hub.sqlite "INSERT INTO good SELECT day, addr, kind, (SELECT id FROM source WHERE name = 'foreign'), 1000000 FROM good"
of_hub | cmp -s - hub.json || fail "others' good traffic counts"
echo 'ok: hub and logs'

# --- what does not go together, and what could be written by others
refused() { # WORDS ARGUMENT…
  local code=0
  "$onus" eval -c conf "${@:2}" >/dev/null 2>err || code=$?
  [ "$code" = 3 ] && grep -qF -- "$1" err || fail "${*:2}: $code, $(cat err)"
}
refused '--good goes with --walls' --good log
refused 'with logs to read' --walls --good
refused '--foreign is for files' --walls --good --foreign log
sed 's/full/weak/' lines >weak
"$onus" eval --walls --registry registry --days "$played" own weak >text 2>err || fail "$(cat err)"
grep -q '^no good traffic is known' text && grep -q 'good observations .* left out' err || fail 'what could be spoofed is good'
code=0
of_hub_logs() { "$onus" eval --walls --json -c conf --days "$played" -o max_good_loss=7 --good "$@" 2>err; }
of_hub_logs log none >out || code=$?
[ "$code" = 1 ] && cmp -s out logs.json && grep -q 'none' err || fail "a log that is not there: $code, $(cat err)"
echo ok
