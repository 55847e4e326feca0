#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""afterq.py ENGINE DIR DATA AT_ONCE [SECONDS]: the loop behind the queue (tests/system/afterq_site.py) under load, as in
doc/queue.md. First what it carries: a queue full of real mails, drained. Then mails come at 0.5, 1, 2 and 10 times that
rate: what the engine carries, how long the door takes for a mail, what waits, how large the engine's processes are and how
much of a processor they use for a mail; and at what rate the backlog drains when nobody sends any more. Root,
ONUS_SOURCE; nothing leaves loopback."""
import glob
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.environ["ONUS_SOURCE"] + "/tests/system")
from afterq_site import Site  # noqa: E402

engine, dir_, data, at_once = sys.argv[1:5]
seconds = int(sys.argv[5]) if len(sys.argv) > 5 else 30
SENDERS = 16
signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
random.seed(1)


def corpus():
    """One mail in five is spam."""
    mails = []
    for kind, n in (("easy-ham-1", 160), ("spam-1", 40)):
        paths = sorted(glob.glob(data + "/**/%s/*.txt" % kind, recursive=True))
        for path in paths:
            with open(path, "rb") as f:
                text = f.read()
            text = text.split(b"\n", 1)[1] if text.startswith(b"From ") else text
            if max(map(len, text.split(b"\n"))) < 990 and b"\0" not in text and len(text) < 20000:
                mails.append(text)
                n -= 1
            if n == 0:
                break
    random.shuffle(mails)
    return mails


class Senders:
    """Hand in so many mails a second, or as many as go (rate None), until stopped or n are sent."""

    def __init__(self, site, mails, rate, n=None):
        self.site, self.mails, self.rate, self.n = site, mails, rate, n
        self.lock, self.sent, self.taken, self.late = threading.Lock(), 0, [], 0
        self.begin, self.on = time.monotonic(), True
        self.threads = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(SENDERS)]
        for t in self.threads:
            t.start()

    def turn(self):
        with self.lock:
            if not self.on or (self.n and self.sent >= self.n):
                return None
            self.sent += 1
            return self.sent - 1

    def work(self, i):
        os.nice(10)  # this thread: the world has processors of its own
        s = self.site.connect("46.50.1.%d" % (i + 1))
        while (k := self.turn()) is not None:
            if self.rate:
                wait = self.begin + k / self.rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
            begin = time.monotonic()
            s.sendmail("a@sender.example", ["one@users.example"], self.mails[k % len(self.mails)])
            with self.lock:
                self.taken.append(time.monotonic() - begin)
        s.quit()

    def join(self):
        for t in self.threads:
            t.join()

    def stop(self):
        self.on = False
        self.join()


class Carried:
    """Mails that the engine has given back, by Postfix's log."""

    def __init__(self, path):
        self.path, self.at, self.n = path, 0, 0

    def count(self):
        with open(self.path, "rb") as f:
            f.seek(self.at)
            text = f.read()
        text = text[:text.rfind(b"\n") + 1]
        self.at += len(text)
        self.n += sum(b"postfix/engine/smtp[" in line and b" status=sent " in line for line in text.splitlines())
        return self.n


def engine_use(site):
    """KiB that the processes of the engine's session have in memory, what they share counted once (Pss), and seconds of a
    processor that they and those before them have used."""
    kib = ticks = 0
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            if int(fields[3]) in {p.pid for p in site.running}:
                ticks += sum(int(n) for n in fields[11:15])
                with open(stat.replace("/stat", "/smaps_rollup")) as f:
                    kib += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return kib, ticks / os.sysconf("SC_CLK_TCK")


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


mails = corpus()
site = Site(engine, dir_, at_once=int(at_once))
carried = Carried(dir_ + "/log")


def waiting():
    return len(site.queued("incoming", "active", "deferred"))


class Span:
    """What the engine did since."""

    def __init__(self):
        self.begin, self.before, self.used = time.monotonic(), carried.count(), engine_use(site)[1]

    def end(self):
        self.seconds, self.mails = time.monotonic() - self.begin, carried.count() - self.before
        self.kib, used = engine_use(site)
        self.rate, self.ms = self.mails / self.seconds, 1000 * (used - self.used) / max(self.mails, 1)
        return self


def empty():
    site.wait("an empty queue", lambda: waiting() == 0, 900)


site.wait("Postfix", lambda: "daemon started" in site.log())
site.start_engine()
Senders(site, mails, None, 20).join()  # warm
empty()
site.pause(True)
Senders(site, mails, None, 6 * seconds).join()
site.pause(False)
span = Span()
empty()
span.end()
capacity = span.rate
print("%s, %s at once: carries %.2f mails/s (%d mails, queue to queue), %.0f ms of a processor each, %d MiB" %
      (engine, at_once, capacity, span.mails, span.ms, span.kib // 1024), flush=True)
for times in 0.5, 1, 2, 10:
    empty()
    load = Senders(site, mails, times * capacity)
    time.sleep(5)
    span, at = Span(), len(load.taken)
    time.sleep(seconds)
    span.end()
    taken, backlog = load.taken[at:], waiting()
    load.stop()
    print("%4.1f times: offered %.2f/s, carried %.2f/s (%.0f %%), %.0f ms of a processor each, %d MiB; door %.0f ms median, %.0f ms "
          "at 99 %%; %d wait" % (times, len(taken) / span.seconds, span.rate, 100 * span.rate / capacity, span.ms, span.kib // 1024,
                                 1000 * quantile(taken, 0.5), 1000 * quantile(taken, 0.99), backlog), flush=True)
    if backlog > capacity * seconds / 2:
        span = Span()
        site.wait("less in the queue", lambda: waiting() == 0 or time.monotonic() - span.begin > seconds, 900)
        print("     nobody sends: drains %.2f/s" % span.end().rate, flush=True)
