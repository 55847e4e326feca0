#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of bench/overload.sh: batches come into a spool at RATE events a second (0: all at once, more than can be
carried) for SECONDS, and onus-load carries them into the hub ONUS_TEST_HUB, which is empty. Batches are made before,
and are on the disk before it begins, so that they cost the loader nothing but a rename each. Prints, tab-separated:
offered and carried events a second, events that wait at the end, median and greatest seconds from offered to committed
of those that were, and KiB of the loader's memory, the greatest of each third of the time, and its seconds of processor.
A batch counts as carried when it left new/: that is after its commit. Hundreds of them are committed at once; so the rate is
that between the first and the last commit seen.

overload_step.py RATE SECONDS ADDRESSES BATCHES
"""
import bisect
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import batches  # noqa: E402

BUILD = os.environ["ONUS_BUILD"]
LINES = 2000  # in a batch: what a busy collector writes every few seconds
CONF = """state_dir = {dir}/state
status_dir = {dir}/status
spool_dir = {dir}/spool
hub = {hub}
load_interval_s = 1
"""


def pool(addresses, n):
    """Event lines, their addresses Zipf-distributed over the file's."""
    with open(addresses, encoding="ascii") as f:
        addrs = f.read().split()
    sums = list(itertools.accumulate(1 / (i + 1) for i in range(len(addrs))))
    r, now = random.Random(1), int(time.time())
    for _ in range(n):
        a = addrs[bisect.bisect(sums, r.random() * sums[-1])]
        yield f"{now - r.randrange(7200)}\t{a}\tbrute-force\t1\tfull\tbench\tsshd\tinvalid user {r.randrange(10000)}\n".encode()


def make(where, addresses, n):
    lines = list(pool(addresses, min(n, 200) * LINES))
    for i in range(n):
        at = i % 200 * LINES
        with open(os.path.join(where, batches.name("bench", i + 1)), "wb") as f:
            f.write(batches.pack("bench", i + 1, lines[at:at + LINES]))


def memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def own_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Look:
    """What left the directory, seen from time to time."""

    def __init__(self, new):
        self.new, self.waiting, self.delay, self.seen = new, {}, [], []

    def __call__(self, now):
        still = set(os.listdir(self.new))
        gone = [x for x in self.waiting if x not in still]
        self.delay += [now - self.waiting.pop(x) for x in gone]
        if gone:
            self.seen.append((now, len(self.delay)))

    def rate(self):
        (first, before), (last, after) = self.seen[0] if len(self.seen) > 1 else (0, 0), self.seen[-1]
        return (after - before) * LINES / (last - first)


def main():
    rate, seconds, n = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[4])
    if rate:
        n = int(rate * seconds / LINES) + 1
    with tempfile.TemporaryDirectory(prefix="overload", dir=os.environ.get("BENCH_OVERLOAD_DIR") or os.environ.get("ONUS_BENCH")) as where:
        spool = os.path.join(where, "spool/bench")
        made, new = os.path.join(spool, "tmp"), os.path.join(spool, "new")
        for d in ("tmp", "new", "done", "bad"):
            os.makedirs(os.path.join(spool, d))
        conf = os.path.join(where, "conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(CONF.format(dir=where, hub=os.environ["ONUS_TEST_HUB"]))
        load = [os.path.join(BUILD, "src/prog/load/onus-load"), "-c", conf]
        with open(os.path.join(where, "log"), "wb") as log:
            subprocess.run(load + ["--once"], check=True, stderr=log)  # makes the tables
            make(made, sys.argv[3], n)
            os.sync()
            names, look, offered, memory = sorted(os.listdir(made)), Look(new), 0, [0, 0, 0]
            p = subprocess.Popen(load, stderr=log)
            t0 = time.monotonic()
            while (now := time.monotonic() - t0) < seconds:
                due = min(n, int(rate * now / LINES) + 1) if rate else n
                for name in names[offered:due]:
                    os.rename(os.path.join(made, name), os.path.join(new, name))
                    look.waiting[name] = time.monotonic() - t0
                offered = max(offered, due)
                began = time.monotonic()
                look(began - t0)
                third = min(2, int(3 * now / seconds))
                memory[third] = max(memory[third], memory_kib(p.pid))
                if not rate and not look.waiting:
                    break  # all of it sooner than thought
                # looking costs the loader, too: a tenth of the time at most
                time.sleep(min(max(0.05, 9 * (time.monotonic() - began)), max(0, seconds - (began - t0))))
            took = time.monotonic() - t0
            look(took)
            cpu = own_s(p.pid)
            p.send_signal(signal.SIGTERM)
            p.wait()
        if os.listdir(os.path.join(spool, "bad")):
            sys.exit("batches are bad: " + open(os.path.join(where, "log"), encoding="utf-8").read()[-500:])
        delay = sorted(look.delay)
        print(f"{offered * LINES / took:.0f}", f"{look.rate():.0f}", len(look.waiting) * LINES,
              f"{delay[len(delay) // 2]:.2f}" if delay else "-", f"{delay[-1]:.2f}" if delay else "-", *memory, f"{cpu:.1f}", sep="\t")


if __name__ == "__main__":
    main()
