#!/usr/bin/env python3
"""lookup_check.py ONUS REGISTRY ASN-V4 ASN-V6 ATTACKERS: compare `onus lookup --json -` with a naive
search: of all source ranges around an address the narrowest holds. A table that gives private or reserved space
to somebody (one of the real ones does) is not believed: there the answer must be null."""
import bisect
import csv
import ipaddress
import json
import random
import subprocess
import sys

onus, registry, v4, v6, attackers = sys.argv[1:]


def load(path):
    rows = []
    for first, last, asn, name in csv.reader(open(path, encoding="utf-8", newline="")):
        rows.append((int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last)), int(asn)))
    rows.sort()
    starts = [r[0] for r in rows]
    # how far back a range around an address can begin: the running maximum of the ends tells
    reach, top = [], -1
    for row in rows:
        top = max(top, row[1])
        reach.append(top)
    return rows, starts, reach


def naive(table, number):
    rows, starts, reach = table
    i = bisect.bisect_right(starts, number) - 1
    best = None
    while i >= 0 and reach[i] >= number:
        first, last, asn = rows[i]
        if last >= number and (best is None or last - first < best[0]):
            best = (last - first, asn)
        i -= 1
    return best[1] if best else None


def nobody(address):
    return not address.is_global or address.is_multicast or address.is_reserved


random.seed(20261123)
tables = {4: load(v4), 6: load(v6)}
asked = [ipaddress.IPv4Address(random.getrandbits(32)) for _ in range(500000)]
for _ in range(300000):  # a random host inside a random real range
    first, last, _asn = random.choice(tables[6][0])
    asked.append(ipaddress.IPv6Address(random.randint(first, last)))
for _ in range(100000):
    asked.append(ipaddress.IPv6Address((1 << 125) | random.getrandbits(125)))
for version in (4, 6):  # both ends of ranges and their neighbours
    make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    for first, last, _asn in random.sample(tables[version][0], 25000):
        for number in (first, last, max(first - 1, 0), last + 1 if last + 1 < 2 ** (32 if version == 4 else 128) else last):
            asked.append(make(number))
for line in open(attackers, encoding="latin-1"):
    word = line.split("#")[0].split()
    if word:
        asked.append(ipaddress.ip_address(word[0]))

answers = subprocess.run([onus, "lookup", "-c", "/dev/null", "--registry", registry, "--json", "-"],
                         input="\n".join(map(str, asked)) + "\n", capture_output=True, text=True)
lines = answers.stdout.splitlines()
if len(lines) != len(asked):
    sys.exit(f"asked {len(asked)}, got {len(lines)} answers: {answers.stderr[:500]}")
found = wrong = 0
for address, line in zip(asked, lines):
    got = json.loads(line)["asn"]
    want = naive(tables[address.version], int(address))
    found += want is not None
    if got != want and not (got is None and nobody(address)):
        wrong += 1
        if wrong <= 10:
            print(f"{address}: onus says {got}, the table {want}")
print(f"{len(asked)} addresses, {found} announced, {wrong} wrong")
sys.exit(1 if wrong or found < 500000 else 0)
