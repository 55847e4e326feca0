#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults at every system call and every SQL request of the road from the spool into the hub, on all three engines, and of
the road of a sensor's loader into the hub's inbox, on the two that have one.

A run without faults is traced first: it says which system calls and requests there are. Then onus-load runs again and
again from the same start, each time with one fault at one of them; it is started once more without faults where it did
not come to an end; and then the hub must hold exactly what was in the spool, and the spool nothing.

faults.py [--count N] [--seed N] [--workers N] [--only WORDS] [--dir DIR] [--keep]; needs ONUS_BUILD and ONUS_SOURCE.
Without --count every fault is tried, else a sample with some of every kind. --only: faults whose name has all the words.
"""
import argparse
import collections
import ctypes
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # beside the sources
import inputs
import proxy
from arena import Arena
from databases import Server
from kinds import NAMES, NEW, OLD, SENSOR, SLOW, Wrong, name_of

ENGINES = ("sqlite", "postgresql", "mariadb")
PER_SERVER = 2  # workers of one engine
PR_SET_PDEATHSIG = 1


def leave_nothing():
    """A worker who is told to end, or whose parent is gone, takes with him what he has started."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == 1:
        os.killpg(0, signal.SIGKILL)


def worker(where, engine, made, server, index, plan, todo, restarts, results):
    leave_nothing()
    try:
        arena = Arena(os.path.join(where, f"{engine}-{index}"), engine, made, server, f"w{index}")
        arena.prepare()
        if index == 0:
            plan.put((engine, arena.faults()))
    except (Wrong, SystemExit) as w:
        plan.put((engine, f"{engine}: without a fault: {w}"))
        return
    for jobs in (todo,) if restarts is None else (todo, restarts):
        while (fault := jobs.get()) is not None:
            began = time.monotonic()
            try:
                fired, why = arena.attempt(fault), None
            except Exception as w:  # pylint: disable=broad-except; what the test itself does wrong is told too
                fired, why = True, str(w) if isinstance(w, Wrong) else f"{type(w).__name__}: {w}"
            results.put((fault, fired, why, time.monotonic() - began))
        results.put(engine)  # the end of one queue


def sample(faults, count, seed):
    """Some of each kind, the rest at random; of those that take seconds one in a hundred at most."""
    r = random.Random(seed)
    r.shuffle(faults)
    kinds = collections.defaultdict(list)
    for f in faults:
        kinds[f.engine, f.scenario == SENSOR, f.kind].append(f)
    chosen = [f[0] for f in kinds.values()]
    rest = [f for k, v in kinds.items() for f in v[1:1 + count // 100 if k[2] in SLOW else None]]
    r.shuffle(rest)
    return chosen + rest[:max(0, count - len(chosen))]


def table(tried, missed, took):
    kinds = sorted({k for _, k in tried}, key=lambda k: (k in NAMES and k != "kill", NAMES.get(k, k)))
    print(f"{'tried':34}" + "".join(f"{e:>12}" for e in ENGINES) + f"{'all':>10}{'s each':>8}")
    for k in kinds:
        row = [tried[e, k] for e in ENGINES]
        print(f"{NAMES.get(k, k):34}" + "".join(f"{n or '–':>12}" for n in row) + f"{sum(row):>10}{took[k] / max(1, sum(row)):>8.2f}")
    row = [sum(n for (e, _), n in tried.items() if e == engine) for engine in ENGINES]
    print(f"{'all':34}" + "".join(f"{n:>12}" for n in row) + f"{sum(row):>10}")
    if missed:
        print(f"# {missed} not counted: the program did not come to that call this time")


class Run:
    def __init__(self, o, where):
        self.o, self.where = o, where
        self.made = inputs.make(where)
        self.home = tempfile.mkdtemp(prefix="onus-faults-servers-")
        os.chmod(self.home, 0o755)
        self.servers = {e: Server(e, os.path.join(self.home, e)) for e in o.engines if e != "sqlite"}
        self.plan, self.results = multiprocessing.Queue(), multiprocessing.Queue()
        self.todo = {e: multiprocessing.Queue() for e in o.engines}
        self.restarts = {e: multiprocessing.Queue() for e in o.engines}
        self.processes = []
        self.tried, self.missed, self.wrong = collections.Counter(), 0, []
        self.took = collections.Counter()

    def begin(self):
        for s in self.servers.values():
            s.ready()
            s.add_sensor()
        for e in self.o.engines:
            for i in range(self.o.workers):
                p = multiprocessing.Process(target=worker, args=(
                    self.where, e, self.made, self.servers.get(e), i, self.plan, self.todo[e],
                    self.restarts[e] if i == 0 else None, self.results))
                p.start()
                self.processes.append(p)
        found = []
        for _ in self.o.engines:
            engine, faults = self.plan.get()
            if isinstance(faults, str):
                sys.exit(f"not ok: {faults}")
            places = collections.Counter(scenario for scenario, _ in {(f.scenario, f.at) for f in faults})
            print(f"# {engine}: {len(faults)} faults, at " +
                  ", ".join(f"{places[s]} calls and requests ({s})" for s in (OLD, NEW, SENSOR) if places[s]), flush=True)
            found += faults
        return found

    def take(self, result):
        fault, fired, why, took = result
        self.took[fault.kind] += took
        if fired:
            self.tried[fault.engine, fault.kind] += 1
        else:
            self.missed += 1
        if why:
            self.wrong.append(fault)
            print(f"WRONG: {name_of(fault)}: {why}", flush=True)

    def all(self):
        words = self.o.only.split()
        faults = [f for f in self.begin() if all(w in name_of(f).replace(",", "").split() for w in words)]
        if self.o.count is not None:
            faults = sample(faults, self.o.count, self.o.seed)
        for f in sorted(faults, key=lambda f: f.scenario != OLD):
            if f.kind != proxy.RESTART:
                self.todo[f.engine].put(f)
        left, ended, told = len(faults), collections.Counter(), time.monotonic()
        for e in self.o.engines:
            for _ in range(self.o.workers):
                self.todo[e].put(None)
        while sum(ended.values()) < len(self.o.engines) * (self.o.workers + 1):
            r = self.results.get()
            if isinstance(r, str):
                ended[r] += 1
                if ended[r] == self.o.workers:  # the server is nobody else's now
                    for f in faults:
                        if f.engine == r and f.kind == proxy.RESTART:
                            self.restarts[r].put(f)
                    self.restarts[r].put(None)
                continue
            self.take(r)
            left -= 1
            if time.monotonic() > told + 30:
                told = time.monotonic()
                print(f"# {sum(self.tried.values())} faults tried, {left} to go", flush=True)

    def end(self, patience_s):
        for p in self.processes:
            p.join(patience_s)
            if p.is_alive():
                p.terminate()
        for q in (self.plan, self.results, *self.todo.values(), *self.restarts.values()):
            q.cancel_join_thread()  # nobody takes what is left in them
        for s in self.servers.values():
            s.stop()
        shutil.rmtree(self.home, ignore_errors=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--count", type=int, help="a sample of so many; without it, all")
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--workers", type=int, default=PER_SERVER, help="of each engine")
    p.add_argument("--only", default="", metavar="WORDS")
    p.add_argument("--engines", type=lambda s: s.split(","), default=ENGINES)
    p.add_argument("--dir", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else None, help="make the directory there")
    p.add_argument("--keep", action="store_true", help="leave the directory")
    o = p.parse_args()
    if o.count is not None:
        print(f"# seed {o.seed}", flush=True)
    where = tempfile.mkdtemp(prefix="onus-faults-", dir=o.dir)
    os.chmod(where, 0o755)
    run, patience_s = Run(o, where), 0
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, signal.default_int_handler)
    try:
        run.all()
        patience_s = 5
    except KeyboardInterrupt:
        print("# ended early")
    finally:
        run.end(patience_s)
        if o.keep:
            print(f"# left in {where}")
        else:
            shutil.rmtree(where, ignore_errors=True)
    table(run.tried, run.missed, run.took)
    total = sum(run.tried.values())
    if run.wrong or total == 0:
        sys.exit(f"not ok: {total} faults tried, {len(run.wrong)} went wrong")
    print(f"ok: {total} faults tried, 0 lost, 0 doubled")


if __name__ == "__main__":
    main()
