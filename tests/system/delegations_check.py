#!/usr/bin/env python3
"""delegations_check.py ONUS REGISTRY ANNOUNCED… -- STATISTICS…: what a registry file says of the networks in the
statistics of the registries, against the lines themselves: at both ends of every delegation and somewhere within
it `onus lookup` names that delegation, and every other around the place, with registry, country, day and state;
and `onus registry verify` counts the same announced space as a plain merging of ranges. Prints both for each registry
and family; ends with 1 and the first difference."""
import bisect
import csv
import datetime
import ipaddress
import json
import random
import subprocess
import sys

onus, registry = sys.argv[1:3]
cut = sys.argv.index("--")
announced_files, statistics = sys.argv[3:cut], sys.argv[cut + 1:]
SOURCE = {"afrinic": "AFRINIC", "apnic": "APNIC", "arin": "ARIN", "lacnic": "LACNIC", "ripencc": "RIPE"}
MAKE = {"ipv4": ipaddress.IPv4Address, "ipv6": ipaddress.IPv6Address}


def day(text):
    return "%s-%s-%s" % (text[:4], text[4:6], text[6:8]) if text.strip("0") and text >= "19700102" else None


def delegations():
    for path in statistics:
        for line in open(path, encoding="ascii"):
            f = line.strip().split("|")
            if len(f) < 7 or f[2] not in MAKE or f[0] not in SOURCE or f[6] not in ("allocated", "assigned"):
                continue
            first = int(ipaddress.ip_address(f[3]))
            last = first + (int(f[4]) if f[2] == "ipv4" else 1 << 128 - int(f[4])) - 1
            yield f[2], first, last, (SOURCE[f[0]], "" if f[1] == "ZZ" else f[1], day(f[5]), f[6])


def range_text(family, first, last):
    parts = list(ipaddress.summarize_address_range(MAKE[family](first), MAKE[family](last)))
    if len(parts) > 1:
        return "%s-%s" % (MAKE[family](first), MAKE[family](last))
    return str(parts[0][0]) if parts[0].num_addresses == 1 else str(parts[0])


class Around:
    """All ranges around a place, the narrowest first."""

    def __init__(self, rows):
        self.rows, self.reach, top = sorted(rows), [], -1
        self.starts = [r[0] for r in self.rows]
        for row in self.rows:
            top = max(top, row[1])
            self.reach.append(top)

    def at(self, place):
        found, i = [], bisect.bisect_right(self.starts, place) - 1
        while i >= 0 and self.reach[i] >= place:
            if self.rows[i][1] >= place:
                found.append(self.rows[i])
            i -= 1
        return sorted(found, key=lambda r: r[1] - r[0])


def union(ranges):
    merged = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return merged


def common(a, b):
    i = k = 0
    while i < len(a) and k < len(b):
        first, last = max(a[i][0], b[k][0]), min(a[i][1], b[k][1])
        if first <= last:
            yield first, last
        if a[i][1] < b[k][1]:
            i += 1
        else:
            k += 1


def units(family, ranges):
    """Addresses, or /48s, each once; ranges ascend."""
    n, following = 0, 0
    for first, last in ranges:
        if family == "ipv6":
            first, last = max(first >> 80, following), last >> 80
        n += max(0, last - first + 1)
        following = last + 1
    return n


random.seed(20261126)
rows = {f: [] for f in MAKE}
for family, first, last, what in delegations():
    rows[family].append((first, last, what))
around = {f: Around(rows[f]) for f in MAKE}
asked = []
for family in MAKE:
    for first, last, _ in rows[family]:
        asked += [(family, n) for n in {first, last, random.randint(first, last)}]
answers = subprocess.run([onus, "lookup", "-c", "/dev/null", "--registry", registry, "--json", "-"],
                         input="".join("%s\n" % MAKE[f](n) for f, n in asked), capture_output=True, text=True)
agreed = {}
for (family, n), line in zip(asked, answers.stdout.splitlines()):
    said = json.loads(line)
    ours = [(x["range"], (x["source"], x["country"] or "", x["created"], x["status"]))
            for network in said["networks"] for x in [network] + network.get("also", [])]
    theirs = [(range_text(family, r[0], r[1]), r[2]) for r in around[family].at(n)]
    if ours != theirs:
        sys.exit("%s:\n  onus says    %r\n  it should be %r" % (said["address"], ours, theirs))
    key = (theirs[0][1][0], family)
    agreed[key] = agreed.get(key, 0) + 1
if len(answers.stdout.splitlines()) != len(asked):
    sys.exit("%d answers to %d questions: %s" % (len(answers.stdout.splitlines()), len(asked), answers.stderr[-500:]))

announced = {f: [] for f in MAKE}
for path in announced_files:
    for a, b, *_ in csv.reader(open(path, encoding="utf-8", newline="")):
        family = "ipv6" if ":" in a else "ipv4"
        announced[family].append((int(ipaddress.ip_address(a)), int(ipaddress.ip_address(b))))
announced = {f: union(announced[f]) for f in MAKE}
said = json.loads(subprocess.run([onus, "registry", "verify", "--json", registry], capture_output=True, text=True,
                                 check=True).stdout)
key = {"ipv4": "v4_addresses", "ipv6": "v6_blocks"}
for family in MAKE:
    for what, wanted in (("network", lambda r: True), ("country", lambda r: r[2][1])):
        space = union([r[:2] for r in rows[family] if wanted(r)])
        theirs, ours = units(family, common(announced[family], space)), said["has"][what][key[family]]
        if ours != theirs:
            sys.exit("announced %s with a %s:\n  onus says    %d\n  it should be %d" % (family, what, ours, theirs))
for source in sorted(SOURCE.values()):
    for family in MAKE:
        mine = [r for r in rows[family] if r[2][0] == source]
        space = units(family, common(announced[family], union([r[:2] for r in mine])))
        print("%-8s %s  %6d delegations, %6d places agree; of announced space %11d %s, %5.2f %%" % (
            source, family, len(mine), agreed.get((source, family), 0), space,
            "addresses" if family == "ipv4" else "/48s", 100 * space / units(family, announced[family])))
        if not mine or not agreed.get((source, family)):
            sys.exit("nothing of %s in %s" % (source, family))
