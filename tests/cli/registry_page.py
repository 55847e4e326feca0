#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the golden registry file with nothing but doc/contracts/registry-file.md in hand."""
import ipaddress
import struct
import sys

NONE = 2**32 - 1
data = open(sys.argv[1], "rb").read()
magic, version, head, size, _sum, date, v4, v6, said, said_n = struct.unpack_from("<8sIIQQqQQII", data)
assert (magic, version, head, size) == (b"ONUSREG\n", 4, 608, len(data))
sections, end = [], head
for i in range(34):
    at, rows, width = struct.unpack_from("<QII", data, 64 + 16 * i)
    assert at == -(-end // 64) * 64 and not any(data[end:at]), i
    sections.append([data[at + k * width : at + (k + 1) * width] for k in range(rows)])
    end = at + rows * width
assert end == len(data)
table, text = b"".join(sections[0]), b"".join(sections[29])


def rows(i, form):
    return [struct.unpack(form, row) for row in sections[i]]


def say(at, n):
    return text[at : at + n].decode()


def country(c):
    return bytes([c & 255, c >> 8]).decode() if c else ""


places, prefix4, prefix6 = rows(1, "<4I"), rows(4, "<4I"), rows(5, "<4QII")
ases, orgs = rows(6, "<4I2Q6I"), rows(7, "<4I2Q8I")

# the address tables


def opened(table):
    lpm, line4, tail4, node6, list6, deep6 = struct.unpack_from("<4s5I", table)
    assert lpm == b"lpm1"
    arrays, at = {"": table}, 64
    for name, n, width in (("top4", 2**20, 4), ("line4", line4, 64), ("tail4", tail4, 1024), ("top6", 2**16, 4),
                           ("node6", node6, 1024), ("list6", list6, 128), ("deep6", deep6, 16)):
        arrays[name] = at
        at += -(-n * width // 64) * 64
    assert at == len(table)
    return arrays


def value(arrays, address):
    def u32(name, i):
        return struct.unpack_from("<I", arrays[""], arrays[name] + 4 * i)[0]

    a = int(address)
    if address.version == 4:
        e = u32("top4", a >> 12)
        if e >> 31:
            e = u32("line4", (e & 2**31 - 1) * 16 + (a >> 8 & 15))
        if e >> 31:
            e = u32("tail4", (e & 2**31 - 1) * 256 + (a & 255))
    else:
        upper, lower = a >> 64, a & 2**64 - 1
        e, shift = u32("top6", upper >> 48), 48
        while e >> 30 == 2:
            shift -= 8
            e = u32("node6", (e & 2**30 - 1) * 256 + (upper >> shift & 255))
        if e >> 30 == 1:
            key = (upper << (64 - shift) & 2**64 - 1) >> 32
            base = (e & 2**30 - 1) * 32
            e = u32("list6", base + 16 + max(i for i in range(16) if u32("list6", base + i) <= key))
        elif e >> 30 == 3:
            base = arrays["deep6"] + 16 * (e & 2**30 - 1)
            n = struct.unpack_from("<QII", arrays[""], base)[2]
            pieces = (struct.unpack_from("<QII", arrays[""], base + 16 * i) for i in range(n))
            e = [p for f, p, _ in pieces if f <= lower][-1]
    return None if e == 2**30 - 1 else e


place_table, net6_table = opened(table), opened(b"".join(sections[18]))


def find(text_form):
    e = value(place_table, ipaddress.ip_address(text_form))
    if e is None:
        return None, ""
    prefix, as_row, org, cc = places[e]
    if prefix == NONE:
        return None, country(cc)
    whole = prefix4[prefix] if prefix < len(prefix4) else prefix6[prefix - len(prefix4)]
    assert whole[-2] == as_row and ases[as_row][1] == org
    return ases[as_row][0], country(cc)


for address, want in (
    ("0.255.255.255", (None, "")), ("1.0.0.0", (64496, "NL")), ("1.0.1.7", (64496, "DE")), ("1.0.2.99", (64497, "DE")),
    ("1.0.2.100", (None, "DE")), ("1.0.3.255", (None, "DE")), ("1.0.4.0", (None, "")), ("45.0.255.255", (64498, "US")),
    ("45.1.0.0", (None, "")), ("2a00:1:8000::", (64498, "FR")), ("2a00:2::7fff:0:0:1", (64499, "")),
    ("2a00:2::8000:0:0:0", (None, "")), ("2a00:3::", (None, "")), ("200.0.0.9", (4199999998, "")),
):
    assert find(address) == want, (address, find(address), want)
assert (v4, v6, date) == (512 + 100 + 65536 + 256, 65536 + 1, 1781654400)
assert say(said, said_n).startswith("IP to AS data: RouteViews")
assert [(a[0], say(a[2], a[3]), a[4], a[5]) for a in ases] == [
    (64496, "First, Inc.", 512, 0), (64497, "Not A Prefix", 100, 0), (64498, "Large", 65536, 65536),
    (64499, "Half A Host", 0, 1), (4199999998, "", 256, 0)]
assert [(say(o[0], o[1]), say(o[2], o[3]), o[7], o[9], o[11]) for o in orgs] == [
    ("ASNAME/half-a-host", "Half A Host", 1, 0, 0), ("ASNAME/large", "Large", 1, 0, 0),
    ("ASNAME/not-a-prefix", "Not A Prefix", 1, 0, 0), ("RIPE/ORG-F1-RIPE", "First, Inc.", 1, 2, 2)]
inputs = rows(14, "<6IqQQQ64s")
assert [(say(i[0], i[1]), say(i[2], i[3]), i[7], i[8], i[9]) for i in inputs] == [
    ("registry-4.csv", "range-asn", 6, 0, 0), ("registry-4-country.csv", "range-country", 4, 0, 0), ("rir-stats", "rir-stats", 2, 0, 0),
    ("rpsl", "rpsl", 7, 2, 1), ("rdap", "rdap", 4, 0, 0), ("ris-whois", "ris-whois", 2, 0, 0)]

# networks
top4, cut4, cut4_at = (rows(i, "<I") for i in (15, 16, 17))
networks = [a + b for a, b in zip(rows(21, "<3I2H"), rows(22, "<4I4H"))]
holders, contacts = rows(24, "<7I2H2I"), rows(26, "<7I")
labels = [say(*t) for t in rows(28, "<2I")]
ranges = rows(19, "<2I") + [(a << 64 | b, c << 64 | d) for a, b, c, d in rows(20, "<4Q")]


def chain(text_form):
    """SOURCE name, the narrowest first, those of one range joined by "="; and whom to write to."""
    address = ipaddress.ip_address(text_form)
    if address.version == 4:
        first, last = top4[int(address) >> 12][0], top4[(int(address) >> 12) + 1][0]
        at = cut4_at[max(i for i in range(first, last + 1) if cut4[i][0] <= int(address))][0]
    else:
        at = value(net6_table, address)
        at = NONE if at is None else at
    said, mail = [], ""
    while at != NONE:
        same = [k for k in range(at, len(networks)) if ranges[k] == ranges[at] and (k < len(rows(19, "<2I"))) == (address.version == 4)]
        for k in same:
            n = networks[k]
            said.append(("=" if k > at else "") + labels[n[11]] + " " + say(n[7], n[8]))
            if not mail and n[2] != NONE:
                mail = say(*contacts[n[2]][2:4])
        at = networks[at][0]
    return said, mail


assert chain("1.0.1.99") == (["RIPE CUSTOMER", "RIPE FIRST-NET", "=RIPE "], "abuse@first.example"), chain("1.0.1.99")
assert chain("1.0.1.100") == (["RIPE FIRST-NET", "=RIPE "], "abuse@first.example")
assert chain("2a00:1::8") == (["ARIN FEW", "ARIN SIX"], "abuse@six.example")
assert chain("1.0.4.0") == chain("2a00:2::") == ([], "")
first = next(n for n in networks if say(n[7], n[8]) == "FIRST-NET")
assert (country(first[3]), first[9], first[10], labels[first[12]], first[4]) == ("NL", 0, 19500, "ALLOCATED PA", 0)
holder = holders[first[1]]
assert (say(*holder[0:2]), say(*holder[2:4]), say(*holder[4:6])) == ("ORG-F1-RIPE", "First, Inc.", "Street 1\n1000 Town")
assert (country(holder[7]), labels[holder[8]], holder[9], ases[0][10]) == ("NL", "RIPE", 1, first[1])
assert [(k, say(*networks[i][7:9]), say(at, n)) for k, i, at, n in rows(27, "<4I")] == [(1, "CUSTOMER", "AR-GONE-RIPE")]
assert [k for k, in rows(10, "<I")] == [0, 1] and [h[10] for h in holders] == [3, 3] and holders[1][9] == 2
assert [(a, b, rule, say(at, n)) for a, b, rule, at, n in rows(11, "<5I")] == [
    (0, 5, 1, "ORG-F1-RIPE"), (6, 5, 3, "0F3A")]
assert [(say(at, n), org) for at, n, org in rows(12, "<3I")] == [("ASNAME/first-inc", 3)]
assert [say(*holders[k & NONE][0:2]) for k, in rows(25, "<Q")] in (["ORG-F1-RIPE", "0F3A"], ["0F3A", "ORG-F1-RIPE"])
geofeed = [(ipaddress.ip_address(b & 0xFFFFFFFF), ipaddress.ip_address(d & 0xFFFFFFFF), country(cc), zero)
           for a, b, c, d, cc, zero in rows(30, "<4Q2I")]
assert [(str(a), str(b), cc, zero) for a, b, cc, zero in geofeed] == [("1.0.3.128", "1.0.3.191", "AT", 0)]
assert [(str(ipaddress.ip_address(b & 0xFFFFFFFF)), str(ipaddress.ip_address(d & 0xFFFFFFFF)), asn, seen, say(*inputs[i][2:4]), zero)
        for _, b, _, d, asn, seen, i, zero in rows(31, "<4Q4I")] == [
    ("200.0.0.0", "200.0.0.255", 4199999999, 5, "ris-whois", 0)]
said = [[(of, field, labels[source], say(*inputs[at][2:4]), say(text_at, n)) for of, field, source, at, text_at, n in rows(i, "<I2H3I")]
        for i in (32, 33)]
assert said == [
    [(0, 0, "RIPE", "rpsl", "FIRST-AS"), (0, 1, "RIPE", "rir-stats", "FR"), (0, 2, "ARIN", "rdap", "OTHER")],
    [(0, 0, "RIPE", "rpsl", "First Holding"), (0, 1, "RIPE", "rpsl", "DE"), (0, 3, "RIPE", "rpsl", "Street 2\n1000 Town")]], said
keys = [k for k, in rows(23, "<Q")]
assert keys == sorted(keys) and sorted(say(*networks[k & NONE][5:7]) for k in keys) == ["NET-CUST", "NET6-45"]
print("ok: the registry file, read by its page")
