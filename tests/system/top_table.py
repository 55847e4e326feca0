#!/usr/bin/env python3
"""top_table.py ASN-CSV (--sshd LOG… | --list FILE…): what `onus top --by as --json` must say, computed
another way: Python's own regular expressions, ipaddress and a plain interval search, no code of ours.

Writes one JSON object a line: asn, as_name, org, addresses, events, announced, share.
"""
import bisect
import csv
import ipaddress
import json
import re
import sys
from collections import defaultdict

ATTEMPTS = [
    re.compile(r"^Failed (?:password|keyboard-interactive\S*|challenge-response|hostbased) for .* from (\S+) port \d+(?: ssh2?)?$"),
    re.compile(r"^Invalid user .* from (\S+?)(?: port \d+)?$"),
    re.compile(r"^User .* from (\S+) not allowed because .*$"),
    re.compile(r"^ROOT LOGIN REFUSED FROM (\S+?)(?: port \d+)?$"),
]
REPEATED = re.compile(r"^message repeated (\d+) times: \[ (.*)\]$")
HEADER = re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ sshd(?:-session|-auth)?\[\d+\]: (?:error: )?(.*)$")


def sshd(path):
    """address, times, of every failed attempt"""
    for line in open(path, encoding="latin-1"):
        found = HEADER.match(line.rstrip("\r\n"))
        if not found:
            continue
        message, times = found[1], 1
        again = REPEATED.match(message)
        if again:
            times, message = int(again[1]), again[2]
        for attempt in ATTEMPTS:
            hit = attempt.match(message)
            if hit:
                yield hit[1], times
                break


def plain_list(path):
    """address, times, of a list: address, or address<TAB>count; # comments"""
    for line in open(path, encoding="latin-1"):
        words = line.split("#")[0].split()
        if words:
            yield words[0], int(words[1]) if len(words) > 1 else 1


class Table:
    """IPv4 ranges to AS; where ranges overlap the narrower one holds."""

    def __init__(self, path):
        rows = []
        for first, last, asn, name in csv.reader(open(path, encoding="utf-8", newline="")):
            first, last = (int(ipaddress.ip_address(x)) for x in (first, last))
            rows.append((last - first, first, last, int(asn), name))
        self.name, self.announced = {}, defaultdict(int)
        # Paint the widest first; cut what is there. Real tables overlap in a handful of places.
        self.starts, self.ranges = [], []
        for _, first, last, asn, name in sorted(rows, key=lambda r: -r[0]):
            self.name.setdefault(asn, name)
            self.paint(first, last, asn)
        for first, last, asn in self.ranges:
            self.announced[asn] += last - first + 1

    def paint(self, first, last, asn):
        i = bisect.bisect_right(self.starts, first) - 1
        if i < 0 or self.ranges[i][1] < first:
            i += 1
        j = i
        pieces = []
        while j < len(self.ranges) and self.ranges[j][0] <= last:
            a, b, old = self.ranges[j]
            if a < first:
                pieces.append((a, first - 1, old))
            if b > last:
                pieces.append((last + 1, b, old))
            j += 1
        pieces = sorted(pieces + [(first, last, asn)])
        self.ranges[i:j] = pieces
        self.starts[i:j] = [p[0] for p in pieces]

    def find(self, number):
        i = bisect.bisect_right(self.starts, number) - 1
        if i >= 0 and self.ranges[i][1] >= number:
            return self.ranges[i][2]
        return None


def main():
    table = Table(sys.argv[1])
    read = {"--sshd": sshd, "--list": plain_list}[sys.argv[2]]
    hosts = defaultdict(int)
    for path in sys.argv[3:]:
        for word, times in read(path):
            try:
                address = ipaddress.ip_address(word)
            except ValueError:
                continue
            if address.version == 4 and address.is_global and not address.is_multicast:
                hosts[int(address)] += times
    addresses, events = defaultdict(int), defaultdict(int)
    for address, times in hosts.items():
        asn = table.find(address)
        addresses[asn] += 1
        events[asn] += times
    order = sorted(addresses, key=lambda a: (a is None, -addresses[a], -events[a], a or 0))
    for asn in order:
        name = table.name.get(asn)
        announced = table.announced[asn] if asn else None
        print(json.dumps({"asn": asn, "as_name": name, "addresses": addresses[asn], "events": events[asn],
                          "announced": announced,
                          "share": round(addresses[asn] / announced, 9) if announced else None},
                         ensure_ascii=False))


main()
