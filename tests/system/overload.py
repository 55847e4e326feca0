#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""More is sent than the hub takes: the spool fills (1 MiB, emptied only when it is full), and
1. over syslog/TCP, a socket in the file system and a file comes a steady load, then ten times as much, twice:
   senders wait, nothing is lost or counted twice, and the second burst needs no more memory than the first;
2. over UDP comes more than anybody keeps: what arrived and what is counted as lost are what was sent, and a
   warning says so.
Prints events and lines per second of the collector's own time, for the steady load and the bursts.

overload.py [--events N] [--keep]; needs ONUS_BUILD and ONUS_SOURCE.
"""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ["ONUS_BUILD"]
SOURCE = os.environ["ONUS_SOURCE"]
SOURCES = ("tcp", "socket", "file")
# What a burst may need more than the one before it: pages that an allocator keeps, not lines that somebody hoards.
SLACK_KIB = 8192

CONF = """filter_path = {source}/etc/filter.d
state_dir = {dir}/state
spool_dir = {dir}/spool
hub = sqlite:{dir}/hub.sqlite
spool_max_mib = 1
collect_interval_s = 1
collect_good = no
[source tcp]
type = syslog
listen = tcp:127.0.0.1:{tcp}
filter = sshd
[source socket]
type = syslog
listen = unix-stream:{dir}/socket
filter = sshd
[source file]
path = {dir}/auth.log
filter = sshd
[source udp]
type = syslog
listen = udp:127.0.0.1:{udp}
filter = sshd
"""


def program(name):
    return os.path.join(BUILD, "src/prog", name.removeprefix("onus-"), name)


def fail(text):
    sys.exit("not ok - " + text)


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lines:
    """Failed log-ins: as many as asked for, none like the other, so that they pack badly and fill the spool."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, pri):
        r = self.random
        address = f"46.{r.randrange(32)}.{r.randrange(200)}.{r.randrange(1, 255)}"
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if pri:
            date = "<38>1 " + date
            return f"{date} mx sshd 7 - - Failed password for {r.getrandbits(160):040x} from {address} port 22 ssh2\n"
        return f"{date} mx sshd[7]: Failed password for {r.getrandbits(160):040x} from {address} port 22 ssh2\n"


COUNTERS, GAUGES = ["events", "datagrams_lost"], ["spool_full"]


class Sender(threading.Thread):
    """Sends n lines to where the source listens, as fast as it is taken."""

    def __init__(self, site, name, n):
        super().__init__(daemon=True)
        self.site, self.source, self.n = site, name, n

    def run(self):
        lines = Lines(f"{self.source}{self.n}")
        if self.source == "file":
            with open(self.site.path("auth.log"), "a", encoding="ascii") as f:
                for _ in range(self.n):
                    f.write(lines.one(False))
            return
        if self.source == "tcp":
            s = socket.create_connection(("127.0.0.1", self.site.tcp))
        else:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect(self.site.path("socket"))
        with s:
            for i in range(0, self.n, 100):
                s.sendall("".join(lines.one(True) for _ in range(min(100, self.n - i))).encode())


class Site:
    def __init__(self, where):
        self.dir = where
        self.tcp, self.udp = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        with open(self.path("conf"), "w", encoding="utf-8") as f:
            f.write(CONF.format(source=SOURCE, dir=where, tcp=self.tcp, udp=self.udp))
        self.log = open(self.path("log"), "wb")
        self.collect = subprocess.Popen([program("onus-collect"), "-c", self.path("conf")], stderr=self.log)
        self.full = 0
        self.wait(lambda: os.path.exists(self.status_file), "onus-collect to start")

    @property
    def status_file(self):
        return self.path("state/status/onus-collect.status")

    def path(self, name):
        return os.path.join(self.dir, name)

    def counter(self, name):
        """A counter or gauge of the collector; 0 before its first turn has told of any."""
        with open(self.status_file, encoding="utf-8") as f:
            status = json.load(f)
        if name not in COUNTERS + GAUGES:
            fail(f"no {name} is told of")
        return status["counters" if name in COUNTERS else "gauges"].get(name, 0)

    def wait(self, what, words):
        """Until it is so; ten minutes is when a test hangs, and no measure of speed."""
        until = time.monotonic() + 600
        while not what():
            if self.collect.poll() is not None:
                fail(f"onus-collect ended with {self.collect.returncode}: {open(self.path('log')).read()[-2000:]}")
            if time.monotonic() > until:
                fail(f"waited for {words}: {open(self.status_file).read()}")
            time.sleep(0.05)

    def load(self):
        subprocess.run([program("onus-load"), "-c", self.path("conf"), "--once"], check=True, stderr=self.log)

    def ledger(self):
        with sqlite3.connect(self.path("hub.sqlite")) as db:
            return dict(db.execute("SELECT s.name, sum(l.count) FROM ledger l JOIN source s ON s.id = l.source GROUP BY 1"))

    def peak_kib(self):
        with open(f"/proc/{self.collect.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))

    def own_s(self):
        with open(f"/proc/{self.collect.pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def phase(site, label, n, sent):
    """n lines to each source at once; the hub takes what there is only when the spool is full, or all is there."""
    began_s, events = site.own_s(), sum(sent.values())
    senders = [Sender(site, name, n) for name in SOURCES]
    for s in senders:
        s.start()
        sent[s.source] += n
    waited = 0

    def all_in():
        return site.counter("events") >= sum(sent.values())

    while not all_in():
        site.wait(lambda: site.counter("spool_full") or all_in(), "a full spool, or the last event")
        if site.counter("spool_full"):
            waited += any(s.is_alive() for s in senders)
            site.full += 1
        site.load()
    for s in senders:
        s.join()
    site.load()
    if site.ledger() != sent:
        fail(f"{label}: the ledger holds {site.ledger()}, sent were {sent}")
    own_s = site.own_s() - began_s
    print(f"ok - {label}: {sum(sent.values()) - events} events, none lost; {(sum(sent.values()) - events) / own_s:.0f} per second of "
          f"the collector's own time; peak memory {site.peak_kib()} KiB; senders waited for a full spool {waited} times",
          flush=True)
    return waited


def udp(site, n, before):
    """The spool is full and stays so until all is sent."""
    filler = Sender(site, "tcp", 4 * n)  # more than the spool holds
    filler.start()
    site.wait(lambda: site.counter("spool_full"), "a full spool")
    lines = Lines("udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", site.udp))
        for _ in range(n):
            s.send(lines.one(True).encode())
    while filler.is_alive() or site.counter("spool_full"):
        site.load()
        time.sleep(0.05)
    filler.join()
    want = sum(before.values()) + filler.n

    def settled():
        site.load()
        got = site.ledger()
        return sum(got.get(x, 0) for x in SOURCES) == want and got.get("udp", 0) + site.counter("datagrams_lost") == n

    site.wait(settled, f"{n} datagrams, counted or lost")
    lost = site.counter("datagrams_lost")
    if not lost:
        fail("nothing of the datagrams was lost: the spool was never full for them")
    site.wait(lambda: b"source=udp listen=" in open(site.path("log"), "rb").read(), "the warning")
    print(f"ok - udp: of {n} datagrams {n - lost} in the ledger, {lost} counted as lost, and told")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--events", type=int, default=6000, help="to each source, of the steady load")
    p.add_argument("--keep", action="store_true", help="keep the directory")
    args = p.parse_args()
    where = tempfile.mkdtemp(prefix="overload")
    site = Site(where)
    sent = dict.fromkeys(SOURCES, 0)
    try:
        phase(site, "steady", args.events, sent)
        waited = phase(site, "ten times as much", 10 * args.events, sent)
        peak = site.peak_kib()
        waited += phase(site, "ten times as much, again", 10 * args.events, sent)
        if site.peak_kib() > peak + SLACK_KIB:
            fail(f"memory grows: {peak} KiB in the first burst, {site.peak_kib()} in the second")
        if not waited:
            fail("no sender ever waited: the spool was not full")
        udp(site, 5 * args.events, sent)
        site.collect.send_signal(signal.SIGTERM)
        if site.collect.wait() != 0:
            fail(f"onus-collect ended with {site.collect.returncode}")
    finally:
        site.collect.kill()
        site.collect.wait()
        if args.keep:
            print(where)
        else:
            shutil.rmtree(where)


main()
