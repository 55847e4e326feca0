# SPDX-License-Identifier: GPL-3.0-or-later
"""Between a program and its database server, on Unix sockets: counts what the program asks, and at the n-th request does
what it was armed with. One program with one connection at a time."""
import os
import select
import socket
import threading
import time

# What a fault does, and when: before the request reaches the server, or when its answer is there and is not passed on.
CUT, LOST, KILL, KILLED, LATE, GONE, RESTART = "cut", "lost", "kill-before", "kill-after", "late", "gone", "restart"


class Postgres:
    """Requests are what the server answers, and data of a COPY: type, length, body; the first without a type."""
    HOLD_S = 0.1
    SILENT = b"dX"
    COUNTED = b"QScdX"

    def __init__(self):
        self.first = True

    def split(self, data):
        """The length of the first frame and its type, None while it is not whole."""
        head = 4 if self.first else 5
        if len(data) < head:
            return None
        n = int.from_bytes(data[head - 4:head], "big") + head - 4
        if len(data) < n:
            return None
        kind = b"Q" if self.first else data[:1]
        self.first = False
        return n, kind

    def counts(self, kind):
        return kind in self.COUNTED

    @staticmethod
    def answered(data):
        """Whether the server has done what was asked: ready for a query, for a COPY, or it asks for a password."""
        at, last = 0, b""
        while len(data) >= at + 5:
            last = data[at:at + 1]
            at += int.from_bytes(data[at + 1:at + 5], "big") + 1
        return at == len(data) and last in (b"Z", b"G")


class MariaDb:
    """Requests are packets with number 0: length of three bytes, number, command."""
    HOLD_S = 3  # libmariadb gives up before
    SILENT = b"\x01\x18\x19"  # quit, a long parameter, the end of a statement

    @staticmethod
    def split(data):
        if len(data) < 5:
            return None
        n = int.from_bytes(data[:3], "little") + 4
        if len(data) < n:
            return None
        return n, data[4:5] if data[3] == 0 else b""

    @staticmethod
    def counts(kind):
        return kind != b""

    @staticmethod
    def answered(data):
        return bool(data)


class Proxy(threading.Thread):
    def __init__(self, protocol, path, server, clock):
        """path: where the program finds it; server: the path of the real one; clock(): the program's time in seconds."""
        super().__init__(daemon=True)
        self.protocol, self.path, self.server, self.clock = protocol, path, server, clock
        self.listener = None
        self.client = self.upstream = None
        self.kind, self.at, self.victim, self.restart = None, 0, None, None
        self.count = 0
        self.fired = self.done = False
        self.since = 0.0
        self.lock = threading.Lock()
        self.listen()

    def listen(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.listener.setblocking(False)

    def arm(self, kind=None, at=0, victim=None, restart=None):
        """victim(): kills the program; restart(): kills the server and starts it again."""
        with self.lock:
            self.close()
            if self.listener is None:
                self.listen()
            self.kind, self.at, self.victim, self.restart = kind, at, victim, restart
            self.count, self.fired, self.done = 0, False, False

    def close(self):
        for s in (self.client, self.upstream):
            if s:
                s.close()
        self.client = self.upstream = None

    def accept(self):
        try:
            client, _ = self.listener.accept()
        except BlockingIOError:  # nobody is there any more: who waited here would keep the lock, and arm() waits for that
            return
        self.close()
        self.client = client
        self.talk, self.asked, self.answer = self.protocol(), b"", b""
        self.withheld = None
        self.upstream = socket.socket(socket.AF_UNIX)
        try:
            self.upstream.connect(self.server)
        except OSError:
            self.close()

    def strike(self, kind, frame):
        """The fault before the frame, or at least its beginning; whether the connection is still there."""
        self.fired = True
        if self.kind in (CUT, KILL, GONE):
            if self.kind == KILL:
                self.victim()
            if self.kind == GONE:
                self.listener.close()
                os.unlink(self.path)
                self.listener = None
                self.since = self.clock()
            self.close()
            return False
        self.upstream.sendall(frame)
        if self.kind == RESTART:
            self.restart()
            self.close()
            return False
        self.withheld, self.since = self.kind, time.monotonic()
        if kind in self.talk.SILENT:
            time.sleep(0.003)
            return self.give_up()
        return True

    def give_up(self):
        """The answer is there, or there is none."""
        if self.withheld == LATE:
            self.client.sendall(self.answer)
            self.withheld, self.answer = None, b""
            return True
        if self.withheld == KILLED:
            self.victim()
        self.close()
        return False

    def ask(self):
        data = self.client.recv(65536)
        if not data:
            return self.close()
        self.asked += data
        while True:
            found = self.talk.split(self.asked)
            if not found:
                return None
            frame, self.asked = self.asked[:found[0]], self.asked[found[0]:]
            if self.talk.counts(found[1]):
                self.count += 1
                if self.count == self.at and self.kind and not self.fired:
                    if not self.strike(found[1], frame):
                        return None
                    continue
            self.upstream.sendall(frame)

    def tell(self):
        data = self.upstream.recv(65536)
        if not data:
            return self.close()
        if not self.withheld:
            return self.client.sendall(data)
        self.answer += data
        if self.withheld != LATE and self.talk.answered(self.answer):
            self.give_up()
        return None

    def turn(self):
        if self.listener is None:
            if self.clock() < self.since + 3600:
                time.sleep(0.001)
                return
            with self.lock:  # arm() may have been first
                if self.listener is None:
                    self.listen()
        sockets = [s for s in (self.listener, self.client, self.upstream) if s]
        ready, _, _ = select.select(sockets, [], [], 0.01)
        with self.lock:
            if self.withheld and self.client and time.monotonic() > self.since + (self.talk.HOLD_S if self.withheld == LATE else 10):
                self.give_up()
            for s in ready:
                if s is self.client and self.client:
                    self.ask()
                elif s is self.upstream and self.upstream:
                    self.tell()
                elif s is self.listener:
                    self.accept()

    withheld = None

    def run(self):
        while True:
            try:
                self.turn()
            except (OSError, ValueError):
                with self.lock:
                    self.close()
