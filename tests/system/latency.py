#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a log line to the published decision while others send more than there is time for: no stage passes a probe over.

1. Batches of others wait before the attacker's batch comes: it is loaded in its turn, not after them.
2. Whatever state of the hub is looked at: where its newest run has seen the probe's batch, the decision is there, and not
   before; so it is the first run after the batch's commit that decides.
3. Every publication of a run after that has the decision, none of a run before it does; so it is the first publication
   that began after that run.
4. What pages show is made beside the publications, comes after them, and every manifest says what its files are.

Nothing is measured against a clock; what it took is printed. bench/latency.sh measures.
latency.py [--probes N] [--keep]; needs ONUS_BUILD and ONUS_SOURCE.
"""
import argparse
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import batches  # noqa: E402
import latency_road as lr  # noqa: E402

FLOODS = ("flood-a", "flood-b", "flood-c")
WAITING = 200  # batches of each before the first probe
LINES = 20
CONF = """registry_file = {dir}/registry
filter_path = {source}/etc/filter.d
collect_interval_s = 1
load_interval_s = 1
score_interval_s = 1
publish_interval_s = 1
publish_keep = 1000
pages_apart_mib = 0
[source hist]
type = events
path = {dir}/events
[source flood]
type = sensor
anchor = no
trust = 0.1
"""
SNAPSHOT = """SELECT r.batch_cursor, r.at, coalesce((SELECT n FROM batch WHERE producer = 'collect' AND seq = {seq}), 0),
(SELECT count(*) FROM decision WHERE entity = '{entity}' AND action = 'drop') FROM run r ORDER BY r.id DESC LIMIT 1"""


def fail(text):
    sys.exit("not ok - " + text)


class Flood(threading.Thread):
    """Others' batches: so many at once, then on and on while fewer than that wait."""

    def __init__(self, road):
        super().__init__(daemon=True)
        self.road, self.random, self.ended = road, random.Random(1), threading.Event()
        self.sequence = dict.fromkeys(FLOODS, 0)
        for name in FLOODS:
            for room in ("tmp", "new", "done", "bad"):
                os.makedirs(road.path("spool", name, room))
            self.put(name, WAITING)

    def put(self, name, n):
        r, now = self.random, int(time.time())
        for _ in range(n):
            self.sequence[name] += 1
            file = batches.name(name, self.sequence[name])
            lines = [f"{now - r.randrange(600)}\t45.0.{r.randrange(64)}.{r.randrange(256)}\tscanner\t1\tfull\tflood\tsshd\t\n".encode()
                     for _ in range(LINES)]
            with open(self.road.path("spool", name, "tmp", file), "wb") as f:
                f.write(batches.pack(name, self.sequence[name], lines))
            os.rename(self.road.path("spool", name, "tmp", file), self.road.path("spool", name, "new", file))

    def run(self):
        while not self.ended.wait(0.1):
            for name in FLOODS:
                self.put(name, min(20, max(0, WAITING - len(self.road.waiting(name)))))


def manifest(where):
    with open(os.path.join(where, "manifest"), encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    files = {row[1]: row[3] for row in rows if row[0] == "file"}
    return {row[0]: row[1] for row in rows if len(row) == 2}, files


class Order:
    """What is seen of one probe: at times (of runs) without the decision, and with it."""

    def __init__(self, road, probe):
        self.road, self.probe = road, probe
        self.seq = int(probe.batch.rsplit(".", 2)[1])
        self.without, self.with_it = 0, None
        self.looks = self.after = 0
        self.publications = set()

    def look(self):
        cursor, at, n, decided = map(int, self.road.hub(SNAPSHOT.format(seq=self.seq, entity=self.probe.entity))[0])
        seen = 0 < n <= cursor
        if seen != (decided > 0):
            fail(f"{self.probe.entity}: batch {n}, run up to {cursor}, decisions {decided}")
        self.looks += 1
        if not seen:
            self.without = at
        elif self.with_it is None:
            self.with_it = at
        self.published()

    def published(self):
        current = os.readlink(self.road.path("serve", "current"))
        if current in self.publications:
            return
        where = self.road.path("serve", current)
        as_of = int(manifest(where)[0]["as_of"])
        with open(os.path.join(where, "decisions"), "rb") as f:
            has = f"\t{self.probe.entity}\tdrop\t".encode() in f.read()
        if has and as_of < self.without:
            fail(f"generation {current} as of {as_of} has what the run of {self.without} had not")
        if not has and self.with_it is not None and as_of > self.with_it:
            fail(f"generation {current} as of {as_of} lacks what the run of {self.with_it} decided")
        self.publications.add(current)
        self.after += has and self.with_it is not None and as_of > self.with_it


def follow(road, watch, probe):
    """One probe to its publication, and one publication more."""
    road.wait(lambda: probe.at["spool"] is not None, f"a batch with {probe.address}")
    order = Order(road, probe)

    def shown():
        order.look()
        return probe.at["published"] is not None and order.after
    road.wait(shown, f"publications with {probe.entity}")
    took = ", ".join(f"{stage} {probe.at[stage]:.1f}" for stage in lr.STAGES)
    print(f"ok - {probe.entity}: {order.looks} looks at the hub, {len(order.publications)} publications; s from the log line: {took}",
          flush=True)


def loaded_in_turn(road, watch, probe):
    """The loader begins when everybody's batches wait, the probe's last of all."""
    road.wait(lambda: probe.at["spool"] is not None, "the first batch")
    name = os.path.basename(probe.batch)
    before = int(road.hub("SELECT coalesce(max(n), 0) FROM batch")[0][0])
    ahead = sorted(road.waiting("collect")).index(name)
    producers = sum(bool(road.waiting(p)) for p in os.listdir(road.path("spool")))
    others = sum(len(road.waiting(p)) for p in FLOODS)
    road.start("onus-load", "onus-score", "onus-publish")
    road.wait(lambda: probe.at["hub"] is not None, "the first batch in the hub")
    n = int(road.hub(f"SELECT n FROM batch WHERE producer = 'collect' AND seq = {int(name.rsplit('.', 2)[1])}")[0][0])
    if n - before > (ahead + 1) * producers:
        fail(f"{others} batches waited, and the probe's was loaded as number {n - before}, {ahead} of its own before it")
    print(f"ok - {others} batches of {producers} producers waited before the probe's: it was number {n - before} to be loaded", flush=True)


def pages(road, probe):
    """They come later, and all that is published is what its manifest says."""
    def shown():
        where = os.path.realpath(road.path("serve", "current"))
        db = sqlite3.connect(f"file:{where}/reputation.sqlite?immutable=1", uri=True)
        try:
            rows = db.execute("SELECT d.action FROM decision d JOIN entity e ON e.id = d.entity WHERE e.name = ?", (probe.entity,))
            return ("drop",) in rows.fetchall()
        finally:
            db.close()
    road.wait(shown, "pages that show the last decision")
    road.stop()
    if "pages were made apart" not in road.said("onus-publish"):
        fail("pages were not made apart")
    generations = sorted((int(x) for x in os.listdir(road.path("serve")) if x.isdigit()))
    older, taken = 0, 0
    for generation in generations:
        where = road.path("serve", str(generation))
        for name, digest in manifest(where)[1].items():
            with open(os.path.join(where, name), "rb") as f:
                if hashlib.sha256(f.read()).hexdigest() != digest:
                    fail(f"{where}/{name} is not what its manifest says")
        db = sqlite3.connect(f"file:{where}/reputation.sqlite?immutable=1", uri=True)
        has = int(db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])
        db.close()
        if not older <= has <= generation:
            fail(f"generation {generation} has pages of generation {has}, the one before it of {older}")
        taken += has != older
        older = has
    if taken < 2 or taken >= len(generations):
        fail(f"{len(generations)} publications have {taken} different pages")
    print(f"ok - {len(generations)} publications, their files as their manifests say, with {taken} different pages")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--probes", type=int, default=3)
    p.add_argument("--keep", action="store_true", help="keep the directory")
    args = p.parse_args()
    where = tempfile.mkdtemp(prefix="latency")
    road = lr.Road(where, f"sqlite:{where}/hub.sqlite", CONF.format(dir=where, source=os.environ["ONUS_SOURCE"]))
    try:
        with open(road.path("asn.csv"), "w", encoding="ascii") as f:
            f.write("45.0.0.0,45.0.255.255,64496,Example Hosting\n46.0.0.0,46.0.255.255,64497,Another\n")
        subprocess.run([lr.program("onus"), "registry", "build", "-o", road.path("registry"), road.path("asn.csv")], check=True,
                       stdout=subprocess.DEVNULL)
        with open(road.path("events"), "w", encoding="ascii") as f:
            f.write("#onus-events 1\n")
            for i in range(2000):
                f.write(f"{int(time.time()) - 86400 * (1 + i % 20)}\t45.0.{i // 250}.{i % 250}\tbrute-force\t2\tfull\t\tsshd\t\n")
        open(road.log, "w", encoding="ascii").close()
        road.once(*lr.ROAD)
        flood, watch = Flood(road), lr.Watch(road)
        road.start("onus-collect")
        watch.probes.append(road.probe("46.0.0.1"))
        watch.start()
        loaded_in_turn(road, watch, watch.probes[0])
        flood.start()
        follow(road, watch, watch.probes[0])
        for i in range(1, args.probes):
            watch.probes.append(road.probe(f"46.0.{i}.1"))
            follow(road, watch, watch.probes[-1])
        flood.ended.set()
        flood.join()
        pages(road, watch.probes[-1])
        watch.ended.set()
    finally:
        road.kill()
        if args.keep:
            print(where)
        else:
            shutil.rmtree(where, ignore_errors=True)


main()
