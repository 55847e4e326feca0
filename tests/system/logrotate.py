#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's logrotate, in every usual way, during a write load, with the collector killed (SIGKILL) at random
instants in between: each line is counted exactly once.

The collector has run once before, and half of the logs were empty then. Each row of WAYS is a log with a configuration of logrotate. Writers stand still while a copy is made and truncated:
what copytruncate loses by itself, nobody can count.

logrotate.sh [--rotations N] [--seed N] [--keep]; needs ONUS_BUILD, ONUS_SOURCE, and of logrotate.sh CLOCK, the library that
sets the hour. Prints the seed.
"""
import argparse
import collections
import ipaddress
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
LOGROTATE = shutil.which("logrotate") or "/usr/sbin/logrotate"

# name: what logrotate is told; may the program go on writing into the file that was renamed, until it is told?
WAYS = {
    "create": ("create", True),
    "nocreate": ("nocreate", True),
    "create-compress": ("create compress", False),
    "create-delaycompress": ("create compress delaycompress", True),
    "dateext": ("create dateext", True),
    "dateext-compress": ("create dateext compress", False),
    "dateext-delaycompress": ("create dateext compress delaycompress", True),
    "copytruncate": ("copytruncate", False),
    "copytruncate-compress": ("copytruncate compress", False),
    "copytruncate-delaycompress": ("copytruncate compress delaycompress", False),
    "copytruncate-dateext": ("copytruncate dateext", False),
    "zstd": ("create compress compresscmd /usr/bin/zstd uncompresscmd /usr/bin/unzstd compressext .zst "
             "compressoptions --rm", False),
    "xz": ("create compress delaycompress compresscmd /usr/bin/xz uncompresscmd /usr/bin/unxz compressext .xz", True),
}


def program(name):
    return os.path.join(BUILD, "src/prog", name.removeprefix("onus-"), name)


class Log:
    """One log, its writer and its rotation."""

    def __init__(self, where, name, seed):
        self.name = name
        self.options, self.lingers = WAYS[name]
        self.random = random.Random(f"{seed}{name}")
        self.dir = os.path.join(where, name)
        os.mkdir(self.dir)
        self.path = os.path.join(self.dir, "auth.log")
        self.conf, self.state = os.path.join(self.dir, "conf"), os.path.join(self.dir, "state")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(f"{self.path} {{\n  rotate 1000\n  missingok\n" +
                    "".join(f"  {o}\n" for o in self.split()) + "}\n")
        os.chmod(self.conf, 0o644)
        self.want = collections.Counter()
        self.rotations = 0
        self.file = open(self.path, "a", encoding="ascii")

    def split(self):
        """Options one a line; those that take a value keep it."""
        words, out = self.options.split(), []
        while words:
            w = words.pop(0)
            out.append(f"{w} {words.pop(0)}" if w.startswith("compress") and w != "compress" or w == "uncompresscmd" else w)
        return out

    def write(self):
        for _ in range(self.random.randrange(1, 60)):
            address = f"46.{self.random.randrange(4)}.{self.random.randrange(8)}.{self.random.randrange(256)}"
            date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            pid = 1 + sum(self.want.values())
            self.file.write(f"{date} mx sshd[{pid}]: Failed password for root from {address} port 22 ssh2\n")
            self.want[address] += 1
        self.file.flush()

    def rotate(self):
        self.rotations += 1
        day = {"LD_PRELOAD": os.environ["CLOCK"], "FAKETIME": f"+{self.rotations}d", "NO_FAKE_STAT": "1"}  # packers keep dates
        r = subprocess.run([LOGROTATE, "-f", "-s", self.state, self.conf], capture_output=True, text=True, check=False,
                           env={**os.environ, **(day if "dateext" in self.options else {})})
        if r.returncode:
            sys.exit(f"not ok - {self.name}: logrotate: {r.stderr}")
        if self.lingers:
            self.write()  # the program was not told yet
        if "copytruncate" not in self.options:
            self.file.close()
            self.file = open(self.path, "a", encoding="ascii")


class Writer(threading.Thread):
    def __init__(self, logs, rotations, seed):
        super().__init__()
        self.logs, self.rotations, self.random = logs, rotations, random.Random(seed)

    def run(self):
        for _ in range(self.rotations):
            for log in self.random.sample(self.logs, len(self.logs)):
                for _ in range(self.random.randrange(4)):
                    self.random.choice(self.logs).write()
                    time.sleep(self.random.random() * 0.02)
                log.write()
                log.rotate()
        for log in self.logs:
            log.write()


def conf(where, logs):
    path = os.path.join(where, "onus.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"filter_path = {SOURCE}/etc/filter.d\nstate_dir = {where}/onus\nspool_dir = {where}/spool\n"
                f"hub = sqlite:{where}/hub.sqlite\ncollect_interval_s = 1\ncollect_good = no\n")
        for log in logs:
            f.write(f"[source {log.name}]\npath = {log.path}\nfilter = sshd\n")
    return path


def run(argv, err):
    if subprocess.run(argv, stderr=err, check=False).returncode:
        sys.exit(f"not ok - {argv} failed: {open(err.name).read()[-2000:]}")


def compare(log, db):
    got = {}
    for packed, n in db.execute("SELECT l.addr, sum(l.count) FROM ledger l JOIN source s ON s.id = l.source "
                                "WHERE s.name = ? GROUP BY 1", (log.name,)):
        got[str(ipaddress.ip_address(packed).ipv4_mapped)] = n
    lost = sum((log.want - collections.Counter(got)).values())
    twice = sum((collections.Counter(got) - log.want).values())
    total = sum(log.want.values())
    print(f"{'not ' if lost or twice else ''}ok - {log.name}: {total} lines, {log.rotations} rotations: {lost} lost, "
          f"{twice} counted twice", flush=True)
    return lost == twice == 0


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--rotations", type=int, default=12, help="of each log")
    p.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    p.add_argument("--keep", action="store_true", help="keep the directory")
    args = p.parse_args()
    print(f"# seed {args.seed}", flush=True)
    chance = random.Random(args.seed)
    where = tempfile.mkdtemp(prefix="logrotate")
    logs = [Log(where, name, args.seed) for name in WAYS]
    collect = [program("onus-collect"), "-c", conf(where, logs)]
    kills = 0
    for log in logs:
        if chance.random() < 0.5:
            log.write()
    with open(os.path.join(where, "log"), "wb") as err:
        run([*collect, "--once"], err)  # from here on it knows each log
        writer = Writer(logs, args.rotations, args.seed)
        writer.start()
        while writer.is_alive():
            victim = subprocess.Popen(collect, stderr=err)
            time.sleep(chance.choice((0.05, 0.3, 1.5)) * chance.random())
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            kills += 1
        writer.join()
        for _ in range(2):
            run([*collect, "--once"], err)
        run([program("onus-load"), "-c", collect[2], "--once"], err)
    with sqlite3.connect(os.path.join(where, "hub.sqlite")) as db:
        good = all([compare(log, db) for log in logs])
    print(f"# {kills} kills")
    if args.keep or not good:
        print(f"# kept: {where}")
    else:
        shutil.rmtree(where)
    sys.exit(not good)


main()
