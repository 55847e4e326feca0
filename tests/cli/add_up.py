"""Adds a printed explanation up, from its lines alone: add_up.py text|json FILE → the score."""
import json
import re
import sys


def text(lines):
    weighed = average = b0 = None
    terms = 0.0
    for line in lines:
        word = line.split()
        if word and word[0] in ("host", "hosts", "space", "spaces", "held"):
            terms += float(word[1].rstrip(":"))
        elif word and word[0] == "weighed":
            weighed = float(word[1])
        elif word and word[0] == "average":
            average, b0 = float(word[1]), float(word[3])
    assert abs(terms - weighed) <= 1e-7 * max(1, weighed), ("terms do not add up", terms, weighed)
    for line in lines:  # every stretch is what it says it is
        m = re.match(r"  space \S+ (\S+) = 7 x (\S+) x (\d+), ", line)
        if m:
            assert abs(float(m[1]) / (7 * float(m[2]) * int(m[3])) - 1) < 1e-4, line
    return 100 / (1 + (terms + b0) / average / 4)


def kernel(x):
    """A2 and A3 again: p7 out of the evidence, rates out of their steps."""
    from datetime import date
    today = date.fromisoformat(x["at"])
    m, scan = 0.0, 0.0
    for h in x["hosts"]:
        miss = {}
        for line in h["lines"]:
            day = (today - date.fromisoformat(line["day"])).days
            miss[day] = miss.get(day, 1) * (1 - line["weight"])
        days = sorted(d for d in miss if miss[d] < 1)
        k = sum((1 - miss[d]) * (1 + d / x["rhythm"]) ** -0.8 for d in days)
        silent = days[0]
        active = sum(d < silent + 28 for d in days)
        u = silent * active / 28
        p7 = {1: 0.5, 2: 0.8}.get(len(days), 1.0) * (1 - 2.718281828459045 ** (-0.55 * k * h["pace"])) / (1 + (u / 7) ** 2)
        assert abs(p7 - h["p7"]) < 1e-9, h
        m += x["severity"][h["family"]] * p7
        scan += p7 if h["scans_only"] else 0
    for s in x["stretches"]:
        rate = s["l0"]
        for step in s["steps"]:
            assert abs((step["shape"] + step["x"]) / (step["shape"] + step["e"]) / step["ratio"] - 1) < 1e-9, step
            rate *= step["ratio"]
        assert abs(rate / s["lambda"] - 1) < 1e-6, s
        assert abs(7 * s["pooled"] * s["units"] / s["arrivals"] - 1) < 1e-6, s
        m += x["severity"][s["family"]] * s["arrivals"]
        if s["family"] == "attack":
            scan += s["arrivals"] * x["scan_share"]
    m -= x["scan_off"] * scan + x["held"]
    average = x["b0"]
    for version, size in (("m0_v4", x["size_v4"]), ("m0_v6", x["size_v6"])):
        average += sum(x["severity"][f] * m0 * size for f, m0 in x[version].items())
    return 100 / (1 + (m + x["b0"]) / average / 4)


with open(sys.argv[2], encoding="utf-8") as f:
    if sys.argv[1] == "json":
        x = json.load(f)
        got = kernel(x) if x["other_hosts"]["n"] + x["other_stretches"]["n"] == 0 else None
        assert got is not None and abs(got - x["score"]) < 1e-6, (got, x["score"])
    else:
        got = text(f.read().split("\n"))
print("%.2f" % got)
