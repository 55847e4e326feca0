# SPDX-License-Identifier: GPL-3.0-or-later
"""One place to run in: a spool, a hub, the loader with or without a fault, and what must have come of it."""
import collections
import mmap
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

import inputs
import proxy
from databases import Shared, Sqlite
from kinds import ERRORS, FOR_GOOD, HELD, NEW, OLD, REQUEST_KINDS, SENSOR, Fault, Wrong

BUILD = os.environ["ONUS_BUILD"]
LOAD = os.path.join(BUILD, "src/prog/load/onus-load")
CLOCK = os.path.join(BUILD, "tests/faults/libfault-clock.so")
SENDS = f"host_name = {inputs.SENSOR}\nload_into = inbox\n"
HANGS_S = 600  # nobody waits that long for a reason, on however busy a machine
HOUR_S = 3600


def tree(where):
    """Every file below, by its path."""
    return sorted(os.path.relpath(os.path.join(d, f), where) for d, _, files in os.walk(where) for f in files)


class Arena:
    def __init__(self, where, engine, made, server=None, name="w"):
        os.makedirs(where)
        self.dir, self.engine, self.made = where, engine, made
        clock = os.path.join(where, "clock")
        with open(clock, "wb") as f:
            f.write(bytes(8))
        with open(clock, "r+b") as f:
            self.clock = mmap.mmap(f.fileno(), 8)
        self.env = {**os.environ, "TZ": "UTC", "ONUS_FAULT_CLOCK": clock}
        self.pid = None
        self.db = Sqlite(self) if engine == "sqlite" else Shared(self, server, name)
        self.scenario = OLD
        into_ledger = self.configure("conf", self.db.hub), self.configure("direct", self.db.direct)
        self.confs = {OLD: into_ledger, NEW: into_ledger}  # through the proxy, and past it
        if engine != "sqlite":
            self.confs[SENSOR] = (self.configure("sensor", self.db.sensor_hub, SENDS),
                                  self.configure("sensor-direct", self.db.sensor_direct, SENDS))
            self.of_inbox = self.configure("of-inbox", self.db.direct, f"spool_dir = {where}/none\nbatch_archive =\n")
        self.log = os.path.join(where, "log")
        self.trace = os.path.join(where, "trace")
        self.want = {}

    def slept_s(self):
        return struct.unpack("q", self.clock[:8])[0] / 1e6

    def configure(self, name, hub, more=""):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="ascii") as f:
            f.write(f"""state_dir = {self.dir}/state
status_dir = {self.dir}/status
spool_dir = {self.dir}/spool
batch_archive = {self.dir}/archive
hub = {hub}
load_interval_s = 1
retention_days = 3650
{more}{inputs.SOURCES}""")
        return path

    @property
    def conf(self):
        return self.confs[self.scenario][0]

    @property
    def direct(self):
        return self.confs[self.scenario][1]

    def restore(self, scenario):
        self.scenario = scenario
        for name in ("state", "status", "spool", "archive", "none"):
            shutil.rmtree(os.path.join(self.dir, name), ignore_errors=True)
        self.db.restore(scenario)
        shutil.copytree(self.made, os.path.join(self.dir, "spool"), ignore=inputs.of_others if scenario == SENSOR else None)
        self.clock[:8] = bytes(8)
        with open(self.log, "w", encoding="ascii"):
            pass

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return " / ".join(f.read().splitlines()[-3:])

    def waiting(self):
        spool = os.path.join(self.dir, "spool")
        for d in os.listdir(spool):
            if os.listdir(os.path.join(spool, d, "new")):
                return True
        return False

    def start(self, argv, **more):
        with open(self.log, "a", encoding="ascii") as log:
            return subprocess.Popen(argv, stdout=log, stderr=log, env={**self.env, **more})

    def wait(self, p, what):
        try:
            return p.wait(HANGS_S)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise Wrong(f"{what} does not end: {self.said()}") from None

    def load_clean(self, conf=None):
        """Without faults, and in real time: works off what waits."""
        p = self.start([LOAD, "-c", conf or self.direct, "--once"])
        code = self.wait(p, "onus-load --once")
        if code != 0:
            raise Wrong(f"onus-load --once ends with {code}: {self.said()}")

    def arrive(self):
        """What a sensor has sent, folded by the hub's loader."""
        if self.scenario == SENSOR:
            self.load_clean(self.of_inbox)

    def traced(self, options):
        p = self.start(self.strace(options) + [LOAD, "-c", self.direct, "--once"])
        return self.wait(p, "onus-load among faults")

    def traced_text(self):
        with open(self.trace, encoding="utf-8", errors="replace") as f:
            return f.read()

    def strace(self, options):
        with open(self.trace, "w", encoding="ascii"):
            pass
        return ["strace", "-q", "-o", self.trace, "-E", f"LD_PRELOAD={CLOCK}", *options]

    def work_off(self, p):
        """Until nothing waits and it was told to end, or it was killed; its exit code."""
        until = time.monotonic() + HANGS_S
        while p.poll() is None and self.waiting():
            if time.monotonic() > until:
                p.kill()
                p.wait()
                raise Wrong(f"the spool is not worked off: {self.said()}")
            time.sleep(0.002)
        if p.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
            os.kill(self.pid, signal.SIGCONT)  # where it came to its stop only now
        return self.wait(p, "onus-load after SIGTERM")

    def daemon(self):
        p = self.start([LOAD, "-c", self.conf], LD_PRELOAD=CLOCK)
        self.pid = p.pid
        return self.work_off(p)

    def held(self, k):
        """SQLite, whose server is a lock: as onus-load comes to its k-th, another takes it for an hour. Whether he could."""
        p = self.start(self.strace(["-e", "trace=fcntl", "-e", f"inject=fcntl:signal=SIGSTOP:when={k}"]) + [LOAD, "-c", self.conf])
        until = time.monotonic() + HANGS_S
        while p.poll() is None and "stopped by SIGSTOP" not in self.traced_text():
            if time.monotonic() > until:
                p.kill()
                raise Wrong("onus-load does not come to its lock")
            with open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii") as f:
                self.pid = int(f.read() or 0)
            if self.pid and not self.waiting():  # then as it closes, or not at all
                os.kill(self.pid, signal.SIGTERM)
            time.sleep(0.002)
        if p.poll() is not None:
            return False
        other = sqlite3.connect(self.db.path, timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            taken = self.waiting()
        except sqlite3.OperationalError:
            taken = False
        os.kill(self.pid, signal.SIGCONT)
        while taken and self.slept_s() < HOUR_S and p.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        stayed = self.waiting()
        other.close()
        code = self.work_off(p)
        if code != 0 or taken and not stayed:
            raise Wrong(f"onus-load does not wait for another's lock ({code}): {self.said()}")
        return taken

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def look(self):
        return {**self.db.state(), "spool": tree(os.path.join(self.dir, "spool")),
                "archive": tree(os.path.join(self.dir, "archive"))}

    def check(self, scenario):
        got, want = self.look(), self.want[scenario]
        for k, w in want.items():
            g = got[k]
            if k == "spool":  # older ones leave done/ when the next one comes
                extra = {f for f in g if "/done/" in f and os.path.basename(f) in self.names}
                g = sorted(set(g) - extra | set(f for f in w if f in extra))
            if g != w:
                raise Wrong(f"{k}: lost {[r for r in w if r not in g][:4]}, too many {[r for r in g if r not in w][:4]}")

    def prepare(self):
        """The hub with some batches, and what must come of both scenarios."""
        self.names = {os.path.basename(f) for f in tree(self.made)}
        self.restore(NEW)
        for f in tree(self.made):
            if os.path.basename(f) not in inputs.loaded_before(self.made):
                os.unlink(os.path.join(self.dir, "spool", f))
        self.load_clean()
        self.db.keep()
        for scenario in self.confs:
            self.restore(scenario)
            self.load_clean()
            self.arrive()
            self.want[scenario] = self.look()
            if self.waiting():
                raise Wrong("a clean run leaves batches")
            inputs.check(self.want[scenario], scenario == SENSOR)

    def calls(self, scenario):
        """[(name, which of that name, its arguments)] of a clean run, from the configuration on."""
        self.restore(scenario)
        if self.traced([]) != 0:
            raise Wrong(f"a traced run fails: {self.said()}")
        self.arrive()
        self.check(scenario)
        seen, found, begun = collections.Counter(), [], False
        for line in self.traced_text().splitlines():
            m = re.match(r"(\w+)\((.*)", line)
            if not m:
                continue
            seen[m[1]] += 1
            begun = begun or self.direct in m[2]
            if begun:
                found.append((m[1], seen[m[1]], m[2]))
        return found

    def requests(self, scenario):
        self.restore(scenario)
        self.db.proxy.arm()
        if self.daemon() != 0:
            raise Wrong(f"a run through the proxy fails: {self.said()}")
        n = self.db.proxy.count
        self.arrive()
        self.check(scenario)
        return n

    def call_faults(self, scenario):
        found, first, before = [], {}, collections.Counter()
        calls = self.calls(scenario)
        for name, k, _ in calls:
            first.setdefault(name, k)
        for name, k, args in calls:
            def add(kind, inject, at=f"{name} {k}"):
                found.append(Fault(self.engine, scenario, kind, at, inject))
            add("kill", [f"{name}:signal=KILL:when={k}"])
            for word, error in ERRORS.get(name, []):
                if word in args:
                    add(error, [f"{name}:error={error}:when={k}"])
            for error, names in FOR_GOOD.items():
                if name in names:
                    add(f"{error} from then on", [f"{n}:error={error}:when={first[n] + before[n]}+" for n in names if n in first])
            if self.engine == "sqlite" and scenario == OLD and name == "fcntl" and "F_WRLCK" in args:
                add(HELD, k)
            before[name] += 1
        return found

    def request_faults(self, scenario):
        return [Fault(self.engine, scenario, kind, f"request {n}", n) for n in range(1, self.requests(scenario) + 1)
                for kind in REQUEST_KINDS + (proxy.RESTART,)]

    def faults(self):
        """All that there are, of this engine."""
        found = []
        for scenario in self.confs:
            found += self.call_faults(scenario)
            if self.engine != "sqlite":
                found += self.request_faults(scenario)
        return found

    def attempt_call(self, fault):
        options = ["-e", "trace=" + ",".join(i.split(":")[0] for i in fault.inject)]
        for i in fault.inject:
            options += ["-e", f"inject={i}"]
        code = self.traced(options)
        if code < 0 and code != -signal.SIGKILL and (code, fault.kind) != (-signal.SIGABRT, "ENOMEM") or code > 3:
            raise Wrong(f"onus-load ends with {code}: {self.said()}")
        return code, code == -signal.SIGKILL if fault.kind == "kill" else "(INJECTED)" in self.traced_text()

    def attempt_request(self, fault):
        restart = self.db.server.restart if fault.kind == proxy.RESTART else None
        self.db.proxy.arm(fault.kind, fault.inject, self.kill, restart)
        code = self.daemon()
        fired = self.db.proxy.fired
        self.db.proxy.arm()
        if fault.kind == proxy.RESTART:
            self.db.again()
        if code != 0 and (code != -signal.SIGKILL or fault.kind not in (proxy.KILL, proxy.KILLED)):
            raise Wrong(f"onus-load ends with {code}: {self.said()}")
        if code == 0 and self.waiting():
            raise Wrong(f"onus-load does not come back by itself: {self.said()}")
        # gone when nothing was left to do: nobody waited for an hour
        return code, fired and (fault.kind != proxy.GONE or self.slept_s() >= HOUR_S)

    def attempt(self, fault):
        """Whether it came to the fault."""
        self.restore(fault.scenario)
        if fault.kind == HELD:
            code, fired = 0, self.held(fault.inject)
        elif isinstance(fault.inject, list):
            code, fired = self.attempt_call(fault)
        else:
            code, fired = self.attempt_request(fault)
        if code != 0 or self.waiting():
            self.load_clean()
        self.arrive()
        self.check(fault.scenario)
        return fired
