#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of bench/latency.sh, on the empty hub ONUS_TEST_HUB. Seconds from the last of a probe's log lines on; stages one
after the other: the batch in the spool, in the hub, the decision in the hub, in the published file.

latency_step.py DEFAULTS KNOWN ADDRESSES REGISTRY
"""
import math
import os
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import batches  # noqa: E402
import latency_road as lr  # noqa: E402
import overload_step  # noqa: E402

BOUND_S = 60  # doc/design.md
LINES = 8000  # in a batch, most of what one can hold
KINDS = 50  # of different batches
PROBES = 1000  # at the end of KNOWN
SECONDS = float(os.environ.get("BENCH_LATENCY_S", 60))
GAP_S = float(os.environ.get("BENCH_LATENCY_GAP_S", 3))
MORE_S = float(os.environ.get("BENCH_LATENCY_MORE_S", 90))
LOADS = [float(x) for x in os.environ.get("BENCH_LATENCY_LOADS", "0 1 10").split()]
INTERVALS = {
    "host": "",
    "run": "collect_interval_s = 2\nload_interval_s = 1\nscore_interval_s = 5\npublish_interval_s = 2\n",
}
CONF = """registry_file = {registry}
filter_path = {source}/etc/filter.d
spool_max_mib = 100000
{intervals}
[source known]
type = events
path = {dir}/events
anchor = no
trust = 0.5
[source bench]
type = sensor
anchor = yes
"""
shared = {}


def pack(sequence):
    at = sequence % KINDS * LINES
    with open(os.path.join(shared["tmp"], batches.name("bench", sequence)), "wb") as f:
        f.write(batches.pack("bench", sequence, shared["lines"][at:at + LINES]))


class Offer(threading.Thread):
    """Batches into new/ at a rate of lines a second, from the next sequence on."""

    def __init__(self, road, first, n, rate):
        super().__init__(daemon=True)
        self.road, self.first, self.n, self.rate = road, first, n, rate
        self.tmp, self.new = road.path("spool/bench/tmp"), road.path("spool/bench/new")
        self.offered, self.ended, self.own = 0, threading.Event(), []

    def put(self, k):
        name, probe = batches.name("bench", self.first + k), None
        if self.own:
            probe = self.own.pop(0)
            now = int(time.time())
            line = f"{now}\t{probe.address}\tbrute-force\t1\tfull\tbench\tsshd\t\n".encode()
            with open(os.path.join(self.tmp, name), "wb") as f:
                f.write(batches.pack("bench", self.first + k, [line] * lr.HITS))
            probe.batch = os.path.join("bench", "new", name)
        os.rename(os.path.join(self.tmp, name), os.path.join(self.new, name))
        if probe:
            probe.mark("spool", time.time())

    def run(self):
        t0 = time.monotonic()
        while self.offered < self.n and not self.ended.wait(0.05):
            due = min(self.n, int(self.rate * (time.monotonic() - t0) / LINES) + 1) if self.rate else 0
            for k in range(self.offered, due):
                self.put(k)
            self.offered = max(self.offered, due)
        self.took = time.monotonic() - t0


def history(path, known):
    """When each was seen, in the 30 days before today."""
    r, now = random.Random(1), int(time.time())
    with open(path, "w", encoding="ascii") as f:
        f.write("#onus-events 1\n")
        for a in known:
            for _ in range(1 + int(r.expovariate(1.4))):
                f.write(f"{now - 86400 - r.randrange(30 * 86400)}\t{a}\tbrute-force\t{r.randrange(1, 4)}\tfull\t\tsshd\t\n")


def make(road, first, n):
    shared["tmp"] = road.path("spool/bench/tmp")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(pack, range(first, first + n), chunksize=50):
            pass
    os.sync()


def capacity(road, first):
    """Lines a second that onus-load carries when everything waits, between the first and the last commit seen."""
    n = 2500
    make(road, first, n)
    for k in range(n):
        name = batches.name("bench", first + k)
        os.rename(road.path("spool/bench/tmp", name), road.path("spool/bench/new", name))
    seen = []
    road.start("onus-load")
    while (left := len(road.waiting("bench"))) and (not seen or seen[-1][0] - seen[0][0] < 15):
        if left < n and (not seen or left != seen[-1][1]):
            seen.append((time.monotonic(), left))
        time.sleep(0.05)
    road.stop("onus-load")
    clear(road)
    return (seen[0][1] - seen[-1][1]) * LINES / (seen[-1][0] - seen[0][0]), first + n


def clear(road):
    for room in ("tmp", "new"):
        for name in os.listdir(road.path("spool/bench", room)):
            os.unlink(road.path("spool/bench", room, name))


def at(values, share):
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else math.nan


def row(label, probes, carried):
    total = sorted(p.at["published"] for p in probes if p.at["published"] is not None)
    line = f"{label:12s} {carried:>10s} {len(total):>4d}/{len(probes):<3d} {at(total, .5):6.1f} {at(total, .9):6.1f} {at(total, 1):6.1f} " \
           f"{sum(x <= BOUND_S for x in total) / len(probes):5.0%} "
    before = None
    for stage in lr.STAGES:
        own = sorted(p.at[stage] - (p.at[before] if before else 0) for p in probes
                     if p.at[stage] is not None and (not before or p.at[before] is not None))
        line += f" {at(own, .5):6.1f} {at(own, 1):6.1f}"
        before = stage
    print(line, flush=True)


def rounds(road, was):
    words = []
    for name in ("onus-score", "onus-publish"):
        took = sorted(road.took(name, was[name]))
        words.append(f"{name} {len(took)} rounds of {at(took, .5):.1f} s, {at(took, 1):.1f} at most")
    print("             " + "; ".join(words), flush=True)


def batch_lines(road):
    return int(road.hub("SELECT coalesce(sum(lines), 0) FROM batch WHERE producer = 'bench'")[0][0])


def one(road, times, carries, first, fresh):
    n = int(times * carries * (SECONDS + (MORE_S if times <= 1 else 0)) / LINES) + 1 if times else 0
    make(road, first, n)
    was = {name: len(road.said(name)) for name in lr.ROAD}
    road.start(*lr.ROAD)
    road.wait(lambda: road.took("onus-publish", was["onus-publish"]), "the first publication")
    offer, watch = Offer(road, first, n, times * carries), lr.Watch(road, 0.5)
    others, own = [], []
    began, lines = time.monotonic(), batch_lines(road)
    offer.start()
    watch.start()
    while time.monotonic() - began < SECONDS:
        others.append(road.probe(fresh.pop()))
        watch.probes.append(others[-1])
        if times > 1:
            own.append(lr.Probe(fresh.pop()))
            watch.probes.append(own[-1])
            offer.own.append(own[-1])
        time.sleep(GAP_S * random.uniform(0.7, 1.3))
    until = time.monotonic() + MORE_S
    while not watch.done() and time.monotonic() < until:
        time.sleep(0.1)
    took, carried = time.monotonic() - began, batch_lines(road) - lines
    offer.ended.set()
    watch.ended.set()
    offer.join()
    watch.join()
    row(f"{times:g}x", others, f"{carried / took:.0f}")
    if own:
        row("  behind it", own, "")
    rounds(road, was)
    road.stop()
    clear(road)
    return first + n


def main():
    defaults, known, addresses, registry = sys.argv[1:]
    with open(known, encoding="ascii") as f:
        known = f.read().split()
    fresh, known = known[-PROBES:], known[:-PROBES]
    with tempfile.TemporaryDirectory(prefix="latency", dir=os.environ.get("ONUS_BENCH"), ignore_cleanup_errors=True) as where:
        road = lr.Road(where, os.environ["ONUS_TEST_HUB"], CONF.format(registry=registry, dir=where, intervals=INTERVALS[defaults],
                                                                      source=os.environ["ONUS_SOURCE"]))
        try:
            for room in ("tmp", "new", "done", "bad"):
                os.makedirs(road.path("spool/bench", room))
            history(road.path("events"), known)
            open(road.log, "w", encoding="ascii").close()
            took = road.once(*lr.ROAD)
            print(f"{len(known)} addresses: " + ", ".join(f"{name} {s:.1f} s" for name, s in zip(lr.ROAD, took)), flush=True)
            shared["lines"] = list(overload_step.pool(addresses, KINDS * LINES))
            carries, first = capacity(road, 1)
            print(f"onus-load alone carries {carries:.0f} event lines a second", flush=True)
            road.once("onus-score", "onus-publish")
            print(f"{'offered':12s} {'carried/s':>10s}  probes median   90 %    max <={BOUND_S} s "
                  + "".join(f" {stage + ' max':>13s}" for stage in lr.STAGES), flush=True)
            for times in LOADS:
                first = one(road, times, carries, first, fresh)
        finally:
            road.kill()


main()
