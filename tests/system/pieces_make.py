#!/usr/bin/env python3
"""pieces_make.py OUT TABLE…: tables of ranges (first,last,asn,name) written anew into the directory OUT: the same space
of the same ASes, announced in other pieces.

    halves.csv      every range of more than one address as its two halves
    beside.csv      every range, and beside it two parts of it: its first quarter and its last address
    ris             as a RIS whois dump: prefixes, as networks take them (no longer than /24 and /48)
    ris-halves      every prefix that can be cut as its two halves
    ris-beside      every prefix, beside it its halves (of a /24 too: nobody takes those), a longer one deep in it, and
                    the same prefix from another AS that nearly nobody sees
    asn.txt         the names of all ASes
    every           an address of every range
    taken.csv       the table with one /24 of one AS given to another: the test must see that

Ranges that overlap others stay as they are everywhere: what is cut out of them would be announced by two."""
import csv
import os
import socket
import sys

out, tables = sys.argv[1], sys.argv[2:]
LONGEST = {32: 24, 128: 48}


def number(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    packed = socket.inet_pton(family, text)
    return int.from_bytes(packed, "big"), 8 * len(packed)


def text(n, bits):
    return socket.inet_ntop(socket.AF_INET6 if bits == 128 else socket.AF_INET, n.to_bytes(bits // 8, "big"))


def prefixes(first, last, bits):
    """The prefixes that a range is made of: (address, length)."""
    while first <= last:
        size = min(first & -first or 1 << bits, 1 << (last - first + 1).bit_length() - 1)
        yield first, bits - size.bit_length() + 1
        first += size


def deep(first, length, bits):
    """A longer prefix within one, as networks take it."""
    at = first + (1 << bits - length) // 3
    return at & ~((1 << bits - LONGEST[bits]) - 1), LONGEST[bits]


def read(table):
    """Rows of a table: first, last, bits, number and name of the AS, whether it overlaps another."""
    rows = []
    for a, b, asn, of, *_ in csv.reader(open(table, encoding="utf-8", newline="")):
        (first, bits), (last, _) = number(a), number(b)
        rows.append([first, last, bits, asn, of, False])
    end = None  # the row that reaches furthest so far
    for row in sorted(rows):
        if end and row[0] <= end[1]:
            row[5] = end[5] = True
        if not end or row[1] > end[1]:
            end = row
    return rows


names, taken, overlaps = {}, False, 0
files = {n: open(os.path.join(out, n), "w", encoding="utf-8", newline="") for n in
         ("halves.csv", "beside.csv", "taken.csv", "ris", "ris-halves", "ris-beside", "asn.txt", "every")}
rows = {n: csv.writer(files[n], lineterminator="\n") for n in ("halves.csv", "beside.csv", "taken.csv")}


def put(name, first, last, bits, asn, of):
    rows[name].writerow([text(first, bits), text(last, bits), asn, of])


def route(name, asn, first, length, bits, seen=300):
    files[name].write("%s\t%s/%d\t%d\n" % (asn, text(first, bits), length, seen))


for table in tables:
    for first, last, bits, asn, of, overlap in read(table):
        names.setdefault(asn, of)
        files["every"].write(text((first + last) // 2, bits) + "\n")
        middle, whole = (first + last) // 2, overlap or first == last
        overlaps += overlap
        if not whole:
            put("halves.csv", first, middle, bits, asn, of)
            put("beside.csv", first, first + (last - first) // 4, bits, asn, of)
            put("beside.csv", last, last, bits, asn, of)
        put("halves.csv", first if whole else middle + 1, last, bits, asn, of)
        put("beside.csv", first, last, bits, asn, of)
        put("taken.csv", first, last, bits, asn, of)
        if asn == "14061" and not taken and bits == 32 and last - first > 1024:
            put("taken.csv", first, first + 255, bits, "16276", "OVH SAS")
            taken = True
        for p, length in prefixes(first, last, bits):
            if length > LONGEST[bits]:
                continue
            route("ris", asn, p, length, bits)
            route("ris-beside", asn, p, length, bits)
            if overlap:
                route("ris-halves", asn, p, length, bits)
                continue
            route("ris-beside", "3" if asn == "7" else "7", p, length, bits, 9)
            half = p + (1 << bits - length - 1)
            for at in (p, half):
                route("ris-beside", asn, at, length + 1, bits)
                if length < LONGEST[bits]:
                    route("ris-halves", asn, at, length + 1, bits)
            if length < LONGEST[bits]:
                route("ris-beside", asn, *deep(p, length, bits), bits)
            else:
                route("ris-halves", asn, p, length, bits)

for asn, of in names.items():
    files["asn.txt"].write("%s AS%s %s, ZZ\n" % (asn, asn, of.replace("\n", " ")))
for f in files.values():
    f.close()
print("%d ranges overlap others and stay as they are" % overlaps)
