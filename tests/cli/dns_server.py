#!/usr/bin/env python3
"""dns_server.py ZONE DIR: a name server on loopback, UDP alone. ZONE has a line a record: "NAME TYPE DATA", types A,
AAAA, MX ("10 host", "0 ." for none), and "NAME FAIL -" (SERVFAIL), "NAME SILENT -", "NAME JUNK -" for all its types. A
name without records does not exist, unless it is in front of one that does. DIR/dns.port says where it is, DIR/dns.log has a line a question."""
import ipaddress
import os
import socket
import struct
import sys

TYPES = {"A": 1, "MX": 15, "AAAA": 28}
zone = {}
for line in open(sys.argv[1]):
    name, kind, data = line.rstrip("\n").split(" ", 2)
    zone.setdefault(name, []).append((kind, data))


def wire(name):
    return b"".join(bytes([len(l)]) + l.encode() for l in name.split(".") if l) + b"\0"


def data_of(kind, data):
    if kind == "MX":
        preference, host = data.split(" ")
        return struct.pack(">H", int(preference)) + wire(host)
    return ipaddress.ip_address(data).packed


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
with open(os.path.join(sys.argv[2], "dns.port.new"), "w") as f:
    f.write(str(sock.getsockname()[1]))
os.rename(os.path.join(sys.argv[2], "dns.port.new"), os.path.join(sys.argv[2], "dns.port"))
while True:
    query, peer = sock.recvfrom(4096)
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
        at += 1 + query[at]
    question = query[12 : at + 5]
    name, (kind,) = ".".join(labels).lower(), struct.unpack(">H", query[at + 1 : at + 3])
    with open(os.path.join(sys.argv[2], "dns.log"), "a") as log:
        log.write("%s %d\n" % (name, kind))
    records = zone.get(name, [])
    kinds = [k for k, _ in records]
    answers = [(TYPES[k], data_of(k, d)) for k, d in records if TYPES.get(k) == kind]
    code = 0 if records or any(n.endswith("." + name) for n in zone) else 3
    if "SILENT" in kinds:
        continue
    if "FAIL" in kinds:
        code = 2
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(answers), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", k, 1, 300, len(d)) + d for k, d in answers)
    answer = head + question + body
    if "JUNK" in kinds:
        answer = head[:6] + b"\xff\xff" + head[8:] + question + b"\xc0\x0c\xff"
    sock.sendto(answer, peer)
