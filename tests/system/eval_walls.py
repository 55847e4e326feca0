# eval_walls.py JSON EVENTS ASN.csv [SINCE DROP]: what walls catch by onus eval (T6), counted apart from the event lines
# alone where no model is needed: the list of 30 days, and /24s by their hosts of 7. Then against the table of
# doc/scoring.md B4, of which it is not said which days it took: the first, third and last of the five fit.
import json, re, sys
from datetime import date, timedelta

result, events, asn = sys.argv[1:4]
since, drop = (date.fromisoformat(sys.argv[4]), int(sys.argv[5])) if len(sys.argv) > 4 else (date.min, 1 << 32)
feed = "data-shield" if len(sys.argv) > 4 else "oxl"
B4 = {"oxl": [.380, .620, .652, .640, .654, .676, .586, .734], "data-shield": [.150, .224, .307, .274, .331, .384, .373, .466]}


def number(text):
    a, b, c, d = text.split(".")
    return int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)


announced = bytearray(1 << 24)
for line in open(asn):
    first, last = (number(x.strip('"')) >> 8 for x in line.split(",")[:2])
    announced[first:last + 1] = b"\1" * (last - first + 1)

seen = {}
for line in open(events):
    at, host = line.split("\t")[:2] if line[0] != "#" else ("", "")
    if not re.fullmatch(r"(\d+\.){3}\d+", host):  # IPv6, and what onus refuses
        continue
    day = date.fromisoformat(at) if "-" in at else date(1970, 1, 1) + timedelta(int(at) // 86400)
    if day >= since:
        seen.setdefault(day, set()).add(number(host))
seen = {d: v for d, v in seen.items() if len(v) <= drop}

r = json.load(open(result))
rows = r["walls"]
for i, day in enumerate(date.fromisoformat(d["day"]) for d in r["days"]):
    days = lambda a, b: set().union(*(seen.get(day + timedelta(k), ()) for k in range(a, b + 1)))
    listed, week, come = days(-29, 0), days(-6, 0), days(1, 7)
    hosts = {}
    for h in week:
        hosts[h >> 8] = hosts.get(h >> 8, 0) + 1
    for row, least in enumerate((257, 5, 2)):
        blocks = {b for b, n in hosts.items() if n >= least and announced[b]}
        caught = sum(h in listed or h >> 8 in blocks for h in come) / len(come)
        addresses = sum(h >> 8 not in blocks for h in listed) + 256 * len(blocks)
        got = rows[row]["days"][i]
        assert abs(got["caught"] - caught) < 1e-4 and got["addresses"] == addresses and got["blocks"] == len(blocks), \
            (day, least, got, caught, addresses, len(blocks))

three = [sum(x["days"][i]["caught"] for i in (0, 2, 4)) / 3 for x in rows]
for row, got, want in zip(rows, three, B4[feed]):
    assert abs(got / want - 1) <= .05, (row["policy"], got, want)
# At as many addresses nobody is ahead of onus beyond what days differ by.
for budget in r["equal_addresses"]:
    for x in budget["rows"][1:]:
        assert x["onus_more"]["mean"] > -.5 * x["onus_more"]["half_95"] - .002, (budget["addresses"], x)
best = max(x["caught"]["mean"] for x in r["equal_addresses"][-1]["rows"][1:])
assert r["equal_addresses"][-1]["rows"][0]["caught"]["mean"] >= best + .02, r["equal_addresses"][-1]
print("ok: %s, walls:" % feed, *("%.3f" % x for x in three))
