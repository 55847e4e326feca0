#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing accepted is lost, nothing is counted twice, whoever is killed at whichever instant.

1. onus-collect has run once: what was renamed before it wrote its first batch was never under its eyes.
   Then onus-collect and onus-load are killed (SIGKILL) at KILLS random instants each, while a log is written
   and rotated (renamed, later packed), another is rotated by copytruncate, and a list grows. Then all is
   worked off, and the ledger must hold exactly what was written, address by address.
2. Programs that compute from the ledger (rows of COMPUTED below) are killed at random instants; then one
   clean run must give what an undisturbed run gives.

kill.py [--kills N] [--seed N] [--keep]; needs ONUS_BUILD and ONUS_SOURCE. Prints the seed.
"""
import argparse
import collections
import gzip
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ["ONUS_BUILD"]
SOURCE = os.environ["ONUS_SOURCE"]
ENV = {**os.environ, "TZ": "UTC"}


def program(name):
    return os.path.join(BUILD, "src/prog", name.removeprefix("onus-"), name)


class Writer(threading.Thread):
    """Writes and rotates, and remembers what it wrote: Counter of (source, address)."""

    def __init__(self, where, seed):
        super().__init__()
        self.dir, self.random = where, random.Random(seed)
        self.stop = threading.Event()
        self.want = collections.Counter()
        self.lines = 0
        self.rotations = collections.Counter()
        self.listed = []

    def path(self, name):
        return os.path.join(self.dir, name)

    def address(self):
        r = self.random
        return f"11.{r.randrange(4)}.{r.randrange(8)}.{r.randrange(256)}"

    def write_log(self):
        with open(self.path("auth.log"), "a", encoding="ascii") as f:
            for _ in range(self.random.randrange(1, 400)):
                a, self.lines = self.address(), self.lines + 1
                t = time.strftime("%b %e %H:%M:%S", time.gmtime())
                f.write(f"{t} mx1 sshd[{self.lines}]: Failed password for root from {a} "
                        f"port {1024 + self.lines % 60000} ssh2\n")
                self.want["auth", a] += 1
                if self.random.random() < 0.3:
                    f.write(f"{t} mx1 sshd[{self.lines}]: Connection closed by {a} port 1 [preauth]\n")

    def write_events(self):
        with open(self.path("ev.log"), "a", encoding="ascii") as f:
            for _ in range(self.random.randrange(1, 400)):
                a, n, self.lines = self.address(), self.random.randrange(1, 9), self.lines + 1
                f.write(f"{int(time.time())}\t{a}\tspam\t{n}\tfull\tx\tsmtp\tline {self.lines}\n")
                self.want["ev", a] += n

    def write_list(self):
        # Long from the start: where the collector gets no turn for a while, a list that trebled would be held back.
        for _ in range(self.random.randrange(1, 300) if self.listed else 6000):
            self.listed.append(f"12.{len(self.listed) >> 16}.{len(self.listed) >> 8 & 255}."
                               f"{len(self.listed) & 255}")
            self.want["drop", self.listed[-1]] = 1
        with open(self.path("drop.new"), "w", encoding="ascii") as f:
            shuffled = list(self.listed)
            self.random.shuffle(shuffled)
            f.write("# a list\n" + "\n".join(shuffled) + "\n")
        old = time.time() - 60  # settled, and still another file than before
        os.utime(self.path("drop.new"), (old, old))
        os.rename(self.path("drop.new"), self.path("drop.txt"))

    def rotate(self):
        """As logrotate does: rename up, pack what is older than the first."""
        log = self.path("auth.log")
        if not os.path.exists(log):
            return
        n = 1
        while os.path.exists(f"{log}.{n}") or os.path.exists(f"{log}.{n}.gz"):
            n += 1
        for i in range(n - 1, 0, -1):
            for ext in ("", ".gz"):
                if os.path.exists(f"{log}.{i}{ext}"):
                    os.rename(f"{log}.{i}{ext}", f"{log}.{i + 1}{ext}")
        os.rename(log, f"{log}.1")
        if os.path.exists(f"{log}.2"):
            st = os.stat(f"{log}.2")
            with open(f"{log}.2", "rb") as f, gzip.open(f"{log}.2.gz.part", "wb", 1) as to:
                shutil.copyfileobj(f, to)
            os.utime(f"{log}.2.gz.part", ns=(st.st_atime_ns, st.st_mtime_ns))
            os.rename(f"{log}.2.gz.part", f"{log}.2.gz")
            os.unlink(f"{log}.2")
        self.rotations["rename"] += 1

    def copytruncate(self):
        log = self.path("ev.log")
        if not os.path.exists(log):
            return
        n = 1
        while os.path.exists(f"{log}.{n}"):
            n += 1
        for i in range(n - 1, 0, -1):
            os.rename(f"{log}.{i}", f"{log}.{i + 1}")
        shutil.copyfile(log, f"{log}.1")
        os.truncate(log, 0)
        self.rotations["copytruncate"] += 1

    def run(self):
        steps = [(self.write_log, 30), (self.write_events, 30), (self.write_list, 4),
                 (self.rotate, 2), (self.copytruncate, 2)]
        while not self.stop.is_set():
            step, = self.random.choices([s for s, _ in steps], [w for _, w in steps])
            step()
            time.sleep(self.random.random() * 0.02)


class Killer(threading.Thread):
    """Starts a program and kills it, again and again; sooner when it had ended by itself."""

    def __init__(self, argv, kills, longest_s, seed, log):
        super().__init__()
        self.argv, self.kills, self.longest_s = argv, kills, longest_s
        self.random, self.log, self.ended = random.Random(seed), log, collections.Counter()

    def run(self):
        for _ in range(self.kills):
            p = subprocess.Popen(self.argv, stdout=self.log, stderr=self.log, env=ENV)
            time.sleep(self.random.random() * self.longest_s)
            p.send_signal(signal.SIGKILL)
            self.ended[p.wait()] += 1
            if p.returncode != -signal.SIGKILL:
                self.longest_s *= 0.9


def must(argv, log):
    r = subprocess.run(argv, stdout=log, stderr=log, env=ENV, timeout=300, check=False)
    if r.returncode != 0:
        sys.exit(f"{' '.join(argv)}: ended with {r.returncode}")


def query(path, sql):
    with sqlite3.connect(path) as c:
        return list(c.execute(sql))


def text_of(addr):
    return ".".join(str(b) for b in addr[12:])


def batches(hub):
    try:
        return query(hub, "SELECT count(*) FROM batch")[0][0]
    except sqlite3.OperationalError:
        return 0  # nobody came to make the tables


def ledger_of(hub):
    got = collections.Counter()
    for name, addr, n in query(hub, "SELECT s.name, l.addr, sum(l.count) FROM ledger l "
                                    "JOIN source s ON s.id = l.source GROUP BY s.name, l.addr"):
        got[name, text_of(addr)] += n
    return got


def configure(where):
    conf = os.path.join(where, "onus.conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write(f"""state_dir = {where}/state
spool_dir = {where}/spool
hub = sqlite:{where}/hub.sqlite
serve_dir = {where}/serve
open_dir = {where}/open
registry_file = {where}/registry
filter_path = {SOURCE}/etc/filter.d
host_name = mx1.example.org
collect_interval_s = 1
load_interval_s = 1
[source auth]
type = log
path = {where}/log/auth.log
filter = sshd
[source ev]
type = events
path = {where}/log/ev.log
[source drop]
type = list
path = {where}/log/drop.txt
category = scanner
anchor = no
""")
    return conf


LOAD_PATH = ("onus-collect", "onus-load")


def kill_both(conf, kills, longest_s, seed, log):
    killers = [Killer([program(name), "-c", conf], kills, longest_s, seed + i, log) for i, name in enumerate(LOAD_PATH)]
    for k in killers:
        k.start()
    for k in killers:
        k.join()
    return [k.ended for k in killers]


def collect_and_load(where, conf, kills, seed, log):
    os.mkdir(os.path.join(where, "log"))
    writer = Writer(os.path.join(where, "log"), seed)
    for write in (writer.write_log, writer.write_events, writer.write_list):
        write()
    must([program("onus-collect"), "-c", conf, "--once"], log)
    hub = os.path.join(where, "hub.sqlite")
    writer.start()
    killed, longest_s = kill_both(conf, kills, 0.15, seed, log), 0.15
    while batches(hub) < 10:
        longest_s *= 1.5  # on a busy machine nobody came to do anything in that time
        for ended, more in zip(killed, kill_both(conf, max(10, kills // 10), longest_s, seed + writer.lines, log)):
            ended += more
    writer.stop.set()
    writer.join()
    before = sum(ledger_of(hub).values())
    for name in LOAD_PATH:
        must([program(name), "-c", conf, "--once"], log)
    got = ledger_of(hub)
    want = writer.want
    wrong = [(k, want[k], got[k]) for k in want.keys() | got.keys() if want[k] != got[k]]
    print(f"# kills: {', '.join(f'{name} {dict(ended)}' for name, ended in zip(LOAD_PATH, killed))}, "
          f"within {longest_s:.2f} s")
    print(f"# written: {sum(want.values())} events of {len(want)} addresses; "
          f"rotations {dict(writer.rotations)}; loaded before the end: {before}")
    print(f"# batches: {batches(hub)}; ledger: {sum(got.values())} events of {len(got)} addresses")
    for k, w, g in sorted(wrong)[:10]:
        print(f"# WRONG {k}: written {w}, in the ledger {g}")
    lost = sum(max(0, w - g) for _, w, g in wrong)
    twice = sum(max(0, g - w) for _, w, g in wrong)
    if wrong:
        sys.exit(f"not ok: {lost} events lost, {twice} counted twice")
    if before == sum(want.values()):
        sys.exit("not ok: the kills did not disturb anything; the test proves nothing")
    print(f"ok - collect, load: exact after {kills} kills each")


def newest_scores(where):
    rows = query(os.path.join(where, "hub.sqlite"),
                 "SELECT entity, family, m, low, high, score, grade, reason, size, hosts, events FROM "
                 "score_day WHERE run = (SELECT max(id) FROM run) ORDER BY entity, family")
    return len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()


def newest_publication(where):
    """What is published, without what every publication has anew (its number and its dates)."""
    path = os.path.join(where, "serve", "current", "reputation.sqlite")
    rows = []
    for name, in query(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        if name not in ("meta", "publication") and "_" not in name:
            rows.append((name, sorted(query(path, f"SELECT * FROM {name}"), key=repr)))
    return sum(len(r) for _, r in rows), hashlib.sha256(repr(rows).encode()).hexdigest()


# Programs that compute: name, its options, what it leaves behind, what must have run before.
COMPUTED = [
    ("onus-score", [], newest_scores, []),
    ("onus-publish", [], newest_publication, ["onus-score"]),
]


def computed(where, name, options, fingerprint, before, kills, seed, log):
    if not all(os.path.exists(program(n)) for n in [name, *before]):
        print(f"ok - {name} # SKIP not built")
        return
    results = []
    ready = tempfile.mkdtemp(dir=where)
    shutil.copytree(os.path.join(where, "base"), ready, dirs_exist_ok=True)
    for n in before:  # once: what they write has a time in it
        must([program(n), "-c", configure(ready), "--once"], log)
    for disturbed in (False, True):
        copy = tempfile.mkdtemp(dir=where)
        shutil.copytree(ready, copy, dirs_exist_ok=True)
        conf = configure(copy)
        argv = [program(name), "-c", conf, "--once", *options]
        if disturbed:
            k = Killer(argv, kills, took, seed, log)
            k.run()
            print(f"# kills: {name} {dict(k.ended)}, of runs that take {took:.3f} s")
            if k.ended[-signal.SIGKILL] < kills / 2:
                sys.exit(f"not ok: {name} had ended before most kills")
        began = time.monotonic()
        must(argv, log)
        took = time.monotonic() - began
        results.append(fingerprint(copy))
        shutil.rmtree(copy)
    if results[0] != results[1] or results[0][0] == 0:
        sys.exit(f"not ok: {name} gives {results[0]} undisturbed and {results[1]} after kills")
    print(f"ok - {name}: {results[0][0]} rows, the same after {kills} kills")


def base_for_computed(where, registry):
    """The hub of the first part, and a registry, to copy for every run."""
    base = os.path.join(where, "base")
    os.mkdir(base)
    with sqlite3.connect(os.path.join(where, "hub.sqlite")) as c, \
            sqlite3.connect(os.path.join(base, "hub.sqlite")) as to:
        c.backup(to)
    if registry:
        shutil.copy(registry, os.path.join(base, "registry"))


def make_registry(where, log):
    """A small one over the addresses that the writer uses."""
    table, out = os.path.join(where, "asn.csv"), os.path.join(where, "registry")
    with open(table, "w", encoding="ascii") as f:
        for i in range(8):
            f.write(f"11.{i}.0.0,11.{i}.255.255,{64600 + i},Network {i}\n")
        f.write("12.0.0.0,12.255.255.255,64700,Listed\n")
    onus = os.path.join(BUILD, "src/prog/onus/onus")
    r = subprocess.run([onus, "registry", "build", "-o", out, table], stdout=log, stderr=log, env=ENV,
                       check=False)
    return out if r.returncode == 0 else None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kills", type=int, default=200)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--keep", action="store_true", help="leave the directory")
    o = p.parse_args()
    print(f"# seed {o.seed}")
    where = tempfile.mkdtemp(prefix="onus-kill-")
    try:
        with open(os.path.join(where, "log.txt"), "w", encoding="utf-8") as log:
            collect_and_load(where, configure(where), o.kills, o.seed, log)
            base_for_computed(where, make_registry(where, log))
            for name, options, fingerprint, before in COMPUTED:
                computed(where, name, options, fingerprint, before, o.kills, o.seed, log)
    finally:
        if o.keep:
            print(f"# left in {where}")
        else:
            shutil.rmtree(where)


main()
