# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server's side of the milter protocol, version 6, as Sendmail and Postfix speak it: one connection, one command at a
time. Source: the values of Sendmail 8.17, and what Postfix sends."""
import socket
import struct

VERSION = 6
ACTIONS = 0x1FF
STEPS = 0x1FFFFF
NO_REPLY = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000, b"L": 0x80, b"N": 0x40000, b"B": 0x80000}
NOT_SENT = {b"C": 1, b"H": 2, b"M": 4, b"R": 8, b"B": 0x10, b"L": 0x20, b"N": 0x40, b"T": 0x200}
FINAL = b"acdrsty"


def text(*parts):
    return b"".join(p.encode("latin-1") + b"\0" for p in parts)


def dial(where, timeout=300):
    """inet:PORT@ADDRESS, inet6:PORT@ADDRESS, unix:PATH"""
    kind, at = where.split(":", 1)
    if kind in ("unix", "local"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(at)
        return s
    port, address = at.split("@")
    return socket.create_connection((address.strip("[]"), int(port)), timeout)


class Milter:
    """Every command returns what the filter answered: (letter, data) of the final one; what it wants changed is in .changes"""

    def __init__(self, where, version=VERSION, actions=ACTIONS, steps=STEPS, timeout=300):
        self.s = dial(where, timeout)
        self.changes = []
        self.steps = 0
        self.send(b"O", struct.pack(">III", version, actions, steps))
        letter, data = self.packet()
        if letter != b"O":
            raise ValueError("OPTNEG is answered with %r" % letter)
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])
        self.macros_wanted = data[12:]

    def send(self, letter, data=b""):
        self.s.sendall(struct.pack(">I", 1 + len(data)) + letter + data)

    def read(self, n):
        got = b""
        while len(got) < n:
            more = self.s.recv(n - len(got))
            if not more:
                raise EOFError("the filter has closed the connection")
            got += more
        return got

    def packet(self):
        data = self.read(struct.unpack(">I", self.read(4))[0])
        return data[:1], data[1:]

    def command(self, letter, data=b""):
        if self.steps & NOT_SENT.get(letter, 0):
            return None
        self.send(letter, data)
        if self.steps & NO_REPLY.get(letter, 0):
            return None
        while True:
            reply = self.packet()
            if reply[0] in FINAL:
                return reply
            if reply[0] != b"p":
                self.changes.append(reply)

    def macros(self, letter, **values):
        self.send(b"D", letter + text(*[p for name, value in values.items()
                                        for p in (name if len(name) == 1 else "{%s}" % name, value)]))

    def connect(self, address, name="client.example", port=4711):
        if address is None:
            return self.command(b"C", text(name) + b"U")
        family = b"6" if ":" in address else b"4"
        if address.startswith("/"):
            family = b"L"
        return self.command(b"C", text(name) + family + struct.pack(">H", port) + text(address))

    def helo(self, name="client.example"):
        return self.command(b"H", text(name))

    def mail(self, sender="a@example.org", *more):
        self.changes = []
        return self.command(b"M", text("<%s>" % sender, *more))

    def rcpt(self, recipient="b@example.net", *more):
        return self.command(b"R", text("<%s>" % recipient, *more))

    def data(self, headers=(("Subject", "x"),)):
        """DATA to the end of the message; what is to be changed is in .changes"""
        reply = self.command(b"T")
        for name, value in headers:
            self.command(b"L", text(name, value))
        self.command(b"N")
        self.command(b"B", b"hello\r\n")
        reply = self.command(b"E")
        return reply

    def abort(self):
        self.send(b"A")

    def close(self):
        try:
            self.send(b"Q")
        except OSError:
            pass
        self.s.close()
