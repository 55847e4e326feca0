"""Adds the table `factor` up: add_up_factors.py reputation.sqlite EXPLAINED.json"""
import json
import sqlite3
import sys
from collections import defaultdict

SHAPE = {"as": 1.0, "/24": 0.3, "/48": 0.3}  # the levels between: 0.5
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
db.row_factory = sqlite3.Row
entities = {e["id"]: e for e in db.execute("SELECT * FROM entity")}
chains = defaultdict(lambda: defaultdict(list))
for f in db.execute("SELECT * FROM factor ORDER BY entity, family, step"):
    chains[f["entity"]][f["family"]].append(f)

world = {}  # (family, IP version) -> rate: one and the same behind every chain
unit = {}  # expected of an AS, by its size and the world's rate: one constant
for i, families in chains.items():
    e = entities[i]
    for family, steps in families.items():
        version = 6 if ":" in e["name"].split(":", 1)[1] or steps[-1]["level"] in ("/32", "/44", "/48") else 4
        first = steps[0]["rate"] / steps[0]["ratio"]
        if e["kind"] == "as":  # told in the IP version in which more was seen
            near = [v for v in (4, 6) if abs(world.get((family, v), -1) / first - 1) < 1e-9]
            version = near[0] if near else 4
            if version == 4 and not e["announced_v6"]:
                c = steps[0]["expected"] / (first * e["announced"])
                assert abs(unit.setdefault("as", c) / c - 1) < 1e-9, (e["name"], c, unit)
        assert abs(world.setdefault((family, version), first) / first - 1) < 1e-9, (e["name"], family, first, world)
        rate = first
        for n, s in enumerate(steps):
            assert s["step"] == n + 1
            a = SHAPE.get(s["level"], 0.5)
            assert abs((a + s["seen"]) / (a + s["expected"]) / s["ratio"] - 1) < 1e-9, (e["name"], s["level"])
            rate *= s["ratio"]
            assert abs(rate / s["rate"] - 1) < 1e-9, (e["name"], s["level"])

# A block's arrivals are 7 days x its addresses x the rates, each family taking a fifth of what the others show.
whole = 0
for i, families in chains.items():
    e = entities[i]
    if e["kind"] != "block":
        continue
    version = 6 if e["announced_v6"] else 4
    known = [f for f, v in world if v == version]
    if set(known) != set(families):
        continue
    times = {f: s[-1]["rate"] / world[f, version] for f, s in families.items()}
    arrivals = 0
    for f in known:
        others = sum(times[g] for g in known if g != f) / max(1, len(known) - 1)
        pooled = times[f] if len(known) < 2 else 0.8 * times[f] + 0.2 * others
        arrivals += 7 * (e["announced"] or e["announced_v6"]) * world[f, version] * pooled
    assert abs(arrivals / e["arrivals"] - 1) < 1e-6, (e["name"], arrivals, e["arrivals"])
    whole += 1
assert whole >= 5 and len({f for f, _ in world}) == 2 and len({v for _, v in world}) == 2, (whole, world)

told = 0
for s in json.load(open(sys.argv[2], encoding="utf-8"))["stretches"]:
    ids = [i for i, e in entities.items() if e["name"] == "block:%s/24" % s.get("block")]
    if not ids or s["family"] not in chains[ids[0]]:
        continue
    last = chains[ids[0]][s["family"]][-1]
    assert abs(last["rate"] / s["lambda"] - 1) < 1e-9 and abs(world[s["family"], 4] / s["l0"] - 1) < 1e-9, s
    told += 1
assert told >= 5, told
print("ok: %d entities, %d blocks to their arrivals, %d as explain says" % (len(chains), whole, told))
