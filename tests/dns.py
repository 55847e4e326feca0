"""DNS on the wire for tests: just enough, written apart from ours. Whatever is no whole message raises ValueError."""
import ipaddress
import struct

TYPES = {"A": 1, "NS": 2, "SOA": 6, "HINFO": 13, "TXT": 16, "AAAA": 28, "ANY": 255}


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def query(name, kind="A", number=1, edns=0):
    out = struct.pack(">6H", number, 0x0100, 1, 0, 0, 1 if edns else 0) + wire_name(name) + struct.pack(">2H", TYPES[kind], 1)
    return out + (b"\0" + struct.pack(">HHIH", 41, edns, 0, 0) if edns else b"")


def read_name(m, at):
    labels, end, jumps = [], None, 0
    while True:
        if at >= len(m):
            raise ValueError("a name runs out of the message")
        n = m[at]
        if n >= 0xc0:
            if end is None:
                end = at + 2
            at, jumps = (n & 0x3f) << 8 | m[at + 1], jumps + 1
            if jumps > 5:
                raise ValueError("pointers that lead nowhere")
        elif n == 0:
            return ".".join(labels), at + 1 if end is None else end
        else:
            labels.append(m[at + 1:at + 1 + n].decode("latin-1"))
            at += 1 + n


class Answer:
    """id, rcode, tc, aa, question; answer and authority: lists of (type, TTL, value)"""

    def __init__(self, m):
        if len(m) < 12:
            raise ValueError("no header")
        self.id, flags, questions, *counts = struct.unpack_from(">6H", m)
        if not flags & 0x8000:
            raise ValueError("no answer")
        self.rcode, self.tc, self.aa = flags & 15, bool(flags & 0x200), bool(flags & 0x400)
        self.question, at = None, 12
        if questions:
            self.question, at = read_name(m, at)
            at += 4
        sections = []
        for count in counts:
            records = []
            for _ in range(count):
                _, at = read_name(m, at)
                kind, _, ttl, size = struct.unpack_from(">HHIH", m, at)
                at += 10
                records.append((kind, ttl, self.value(m, kind, at, size)))
                at += size
            sections.append(records)
        if at != len(m):
            raise ValueError(f"{len(m) - at} bytes behind the message")
        self.answer, self.authority, _ = sections

    @staticmethod
    def value(m, kind, at, size):
        data = m[at:at + size]
        if len(data) != size:
            raise ValueError("a record that is cut")
        if kind == 1:
            return str(ipaddress.IPv4Address(data))
        if kind == 16:
            texts = []
            while data:
                texts.append(data[1:1 + data[0]].decode())
                data = data[1 + data[0]:]
            return "".join(texts)
        return data

    def addresses(self):
        return sorted(v for k, _, v in self.answer if k == 1)

    def texts(self):
        return sorted(v for k, _, v in self.answer if k == 16)


def reverse(address, zone):
    """The name of an address in a list's zone"""
    a = ipaddress.ip_address(address)
    if a.version == 4:
        return ".".join(reversed(str(a).split("."))) + "." + zone
    return ".".join(reversed(a.exploded.replace(":", ""))) + "." + zone
