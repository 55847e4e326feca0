"""What changed between two files of RIR statistics, read a second time, against `onus registry diff --json --all`.

tenure_check.py OLD NEW <diff.json       compares; the number of transfers is printed
tenure_check.py --sell N OLD NEW         NEW becomes OLD in which every Nth network has another real holder's id
"""
import collections
import ipaddress
import json
import sys


def networks(name):
    """(first, last) -> (id, country, status) of what is delegated"""
    found = {}
    for line in open(name, encoding="ascii"):
        f = line.rstrip("\n").split("|")
        if len(f) < 7 or f[2] not in ("ipv4", "ipv6") or f[6] not in ("allocated", "assigned"):
            continue
        first = ipaddress.ip_address(f[3])
        size = int(f[4]) if f[2] == "ipv4" else 1 << (128 - int(f[4]))
        found[first, first + (size - 1)] = (f[7] if len(f) > 7 else "", f[1], f[6])
    return found


def ends(text):
    if "-" in text:
        return tuple(ipaddress.ip_address(t) for t in text.split("-"))
    net = ipaddress.ip_network(text)
    return net[0], net[-1]


def expected(was, now):
    for key in was.keys() | now.keys():
        if key not in was:
            yield "appeared", key
        elif key not in now:
            yield "vanished", key
        else:
            a, b = was[key], now[key]
            if a[0] != b[0]:
                yield ("transfer" if a[0] and b[0] else "holder"), key
            if a[1] != b[1]:
                yield "country", key
            if a[2] != b[2]:
                yield "status", key


def compare(old, new):
    was, now = networks(old), networks(new)
    want = collections.Counter(expected(was, now))
    said = json.load(sys.stdin)
    got = collections.Counter((c["kind"], ends(c["range"])) for c in said["changes"])
    for what in (want - got):
        sys.exit("%s %s-%s is not told" % (what[0], *what[1]))
    for what in (got - want):
        sys.exit("%s %s-%s is told and did not happen" % (what[0], *what[1]))
    for c in said["changes"]:
        if c["kind"] == "transfer":
            key = ends(c["range"])
            assert c["was"].split("/")[1] == was[key][0].upper(), c
            assert c["is"].split("/")[1] == now[key][0].upper(), c
    assert [(s["was"], s["is"]) for s in said["sources"]] == [(len(was), len(now))], said["sources"]
    print(sum(n for (kind, _), n in want.items() if kind == "transfer"))


def sell(every, old, new):
    lines, n, before = [], 0, None
    for line in open(old, encoding="ascii"):
        f = line.rstrip("\n").split("|")
        if len(f) > 7 and f[2] in ("ipv4", "ipv6") and f[6] in ("allocated", "assigned"):
            n += 1
            mine = f[7]
            if n % every == 0 and before != mine:
                f[7] = before
            before = mine
        lines.append("|".join(f))
    with open(new, "w", encoding="ascii") as out:
        out.write("\n".join(lines) + "\n")


if sys.argv[1] == "--sell":
    sell(int(sys.argv[2]), *sys.argv[3:])
else:
    compare(*sys.argv[1:])
