# SPDX-License-Identifier: GPL-3.0-or-later
"""The road from a log line to a published decision, watched from outside: who has a probe when.

A probe is a fresh address whose log-ins fail as often as it takes for a wall by the hits of one day. What is seen of it:
its batch in the spool, that batch in the hub (it left new/), its decision in the hub, and in serve/current/decisions.
"""
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time

import batches

BUILD = os.environ["ONUS_BUILD"]
HITS = 5  # doc/decide.md: of one day, that an anchor verified
HANGS_S = 600  # when something hangs; no measure of speed
ROAD = ("onus-collect", "onus-load", "onus-score", "onus-publish")
STAGES = ("spool", "hub", "scored", "published")


def program(name):
    return os.path.join(BUILD, "src/prog", name.removeprefix("onus-"), name)


class Hub:
    def __init__(self, url):
        self.kind, self.where = url.split(":", 1)

    def __call__(self, sql):
        """Rows of text, in one consistent view."""
        if self.kind == "sqlite":
            db = sqlite3.connect(f"file:{self.where}?mode=ro", uri=True, timeout=60)
            try:
                return [[str(v) for v in row] for row in db.execute(sql)]
            finally:
                db.close()
        if self.kind == "postgresql":
            argv = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.where, "-c", sql]
        else:
            has = dict(word.split("=", 1) for word in self.where.split())
            argv = ["mariadb", "--no-defaults", "-N", "-B", "-S", has["socket"], "-u", has["user"], has["database"], "-e", sql]
        out = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
        return [line.split("\t") for line in out.splitlines()]


class Probe:
    def __init__(self, address):
        self.address, self.entity = address, "addr:" + address
        self.written = time.time()
        self.batch = None  # its name
        self.at = dict.fromkeys(STAGES)  # seconds since the line was written

    def mark(self, stage, when):
        self.at[stage] = max(0.0, when - self.written)


class Road:
    """A site in a directory; conf is what its configuration has besides the paths."""

    def __init__(self, where, hub, conf):
        self.dir, self.hub, self.children = where, Hub(hub), {}
        self.log = self.path("auth.log")
        with open(self.path("conf"), "w", encoding="ascii") as f:
            f.write(f"state_dir = {where}/state\nspool_dir = {where}/spool\nserve_dir = {where}/serve\n"
                    f"open_dir = {where}/open\nhub = {hub}\n{conf}\n[source auth]\npath = {self.log}\nfilter = sshd\n")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def once(self, *names):
        """Each of them once; seconds of each."""
        took = []
        for name in names:
            began = time.monotonic()
            with open(self.path(name + ".log"), "ab") as log:
                done = subprocess.run([program(name), "-c", self.path("conf"), "--once"], stderr=log, check=False)
            if done.returncode:
                raise SystemExit(f"not ok - {name} fails: {self.said(name)[-1000:]}")
            took.append(time.monotonic() - began)
        return took

    def start(self, *names):
        for name in names:
            with open(self.path(name + ".log"), "ab") as log:
                self.children[name] = subprocess.Popen([program(name), "-c", self.path("conf")], stderr=log)

    def stop(self, *names):
        for name in names or list(self.children):
            child = self.children.pop(name)
            child.send_signal(signal.SIGTERM)
            if child.wait() != 0:
                raise SystemExit(f"not ok - {name} ended with {child.returncode}: {self.said(name)[-1000:]}")

    def kill(self):
        for child in self.children.values():
            child.kill()
            child.wait()
        self.children.clear()

    def said(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def took(self, name, offset=0):
        """Seconds of each of its rounds, by its log from an offset on."""
        return [float(x) for x in re.findall(r"(?:run|generation)=.* took=([0-9.]+)s", self.said(name)[offset:])]

    def wait(self, what, words):
        until = time.monotonic() + HANGS_S
        while not what():
            for name, child in self.children.items():
                if child.poll() is not None:
                    raise SystemExit(f"not ok - {name} ended with {child.returncode}: {self.said(name)[-1000:]}")
            if time.monotonic() > until:
                raise SystemExit(f"not ok - waited {HANGS_S} s for {words}")
            time.sleep(0.05)

    def waiting(self, producer):
        try:
            return [x for x in os.listdir(self.path("spool", producer, "new")) if not x.startswith(".")]
        except FileNotFoundError:
            return []

    def probe(self, address):
        """A fresh attacker in the log; its clock begins when the last of his lines is written."""
        stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
        lines = "".join(f"{stamp} mx1 sshd[{i}]: Failed password for root from {address} port {4000 + i} ssh2\n"
                        for i in range(1, HITS + 1))
        with open(self.log, "a", encoding="ascii") as f:
            f.write(lines)
        return Probe(address)

    def decisions(self):
        """The published file, and when it became current; None, 0 before there is one."""
        link = self.path("serve", "current")
        try:
            when = os.lstat(link).st_mtime
            with open(os.path.join(link, "decisions"), "rb") as f:
                return f.read(), when
        except FileNotFoundError:
            return None, 0


class Watch(threading.Thread):
    """Looks at where the probes are, twenty times a second; at the hub's decisions every look_s."""

    def __init__(self, road, look_s=0.25):
        super().__init__(daemon=True)
        self.road, self.look_s = road, look_s
        self.probes, self.ended = [], threading.Event()
        self.seen, self.shown, self.looked = set(), 0, 0.0

    def pending(self, stage):
        return [p for p in self.probes if p.at[stage] is None]

    def done(self):
        return not self.pending("published")

    def spooled(self):
        for room in ("new", "done"):
            where = self.road.path("spool", "collect", room)
            for name in os.listdir(where) if os.path.isdir(where) else []:
                if name in self.seen:
                    continue
                try:
                    with open(os.path.join(where, name), "rb") as f:
                        packed, when = f.read(), os.fstat(f.fileno()).st_mtime
                except FileNotFoundError:
                    continue  # loaded and gone: when it came is not known
                self.seen.add(name)
                text = batches.unpack(packed)
                for p in self.pending("spool"):
                    if f"\t{p.address}\t".encode() in text:
                        p.batch = os.path.join("collect", "new", name)
                        p.mark("spool", when)

    def loaded(self):
        now = time.time()
        for p in self.pending("hub"):
            if p.batch and not os.path.exists(self.road.path("spool", p.batch)):
                p.mark("hub", now)

    def scored(self):
        waiting = self.pending("scored")
        if not waiting or time.monotonic() - self.looked < self.look_s:
            return
        names = ", ".join(f"'{p.entity}'" for p in waiting)
        found = {row[0] for row in self.road.hub(f"SELECT entity FROM decision WHERE action = 'drop' AND entity IN ({names})")}
        now = time.time()
        for p in waiting:
            if p.entity in found:
                p.mark("scored", now)
        self.looked = time.monotonic()

    def published(self):
        waiting = self.pending("published")
        try:
            shown = os.lstat(self.road.path("serve", "current")).st_mtime_ns
        except FileNotFoundError:
            return
        if not waiting or shown == self.shown:
            return
        text, when = self.road.decisions()
        self.shown = shown
        for p in waiting:
            if text and f"\t{p.entity}\tdrop\t".encode() in text:
                p.mark("published", when)

    def run(self):
        while not self.ended.wait(0.05):
            self.spooled()
            self.loaded()
            self.scored()
            self.published()
