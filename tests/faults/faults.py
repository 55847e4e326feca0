#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults at every system call and every SQL request of the road from the spool into the hub, on all three engines.

A run without faults is traced first: it says which system calls and requests there are. Then onus-load runs again and
again from the same start, each time with one fault at one of them; it is started once more without faults where it did
not come to an end; and then the hub must hold exactly what was in the spool, and the spool nothing.

faults.py [--count N] [--seed N] [--workers N] [--only WORDS] [--keep]; needs ONUS_BUILD and ONUS_SOURCE.
Without --count every fault is tried, else a sample with some of every kind. --only: faults whose name has all the words.
"""
import argparse
import collections
import mmap
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # beside the sources
import inputs
import proxy

BUILD, SOURCE = os.environ["ONUS_BUILD"], os.environ["ONUS_SOURCE"]
LOAD = os.path.join(BUILD, "src/prog/load/onus-load")
CLOCK = os.path.join(BUILD, "tests/faults/libfault-clock.so")
ENGINES = ("sqlite", "postgresql", "mariadb")
HANGS_S = 60
HOUR_S = 3600
OLD, NEW = "old hub", "new hub"  # with some of the batches in it, and not yet made
PER_SERVER = 2  # workers of one engine

# What a system call may come back with; (word of its arguments, error).
ERRORS = {
    "openat": [("", "EIO"), ("", "EMFILE"), ("O_CREAT", "ENOSPC")],
    "read": [("", "EIO"), ("", "EINTR")],
    "pread64": [("", "EIO"), ("", "EINTR")],
    "write": [("", "EIO"), ("", "ENOSPC"), ("", "EINTR")],
    "pwrite64": [("", "EIO"), ("", "ENOSPC"), ("", "EINTR")],
    "fsync": [("", "EIO"), ("", "ENOSPC")],
    "fdatasync": [("", "EIO"), ("", "ENOSPC")],
    "ftruncate": [("", "EIO"), ("", "ENOSPC")],
    "fallocate": [("", "EIO"), ("", "ENOSPC")],
    "mkdir": [("", "EIO"), ("", "ENOSPC")],
    "rename": [("", "EIO"), ("", "ENOSPC")],
    "link": [("", "EIO"), ("", "ENOSPC")],
    "unlink": [("", "EIO")],
    "utimensat": [("", "EIO")],
    "getdents64": [("", "EIO")],
    "newfstatat": [("", "EIO")],
    "access": [("", "EIO")],
    "flock": [("", "EIO")],
    "fcntl": [("F_SETLK", "EIO"), ("F_SETLK", "EAGAIN")],
    "mmap": [("", "ENOMEM")],
    "socket": [("", "EMFILE")],
    "connect": [("", "ECONNREFUSED")],
    "sendto": [("", "EINTR")],  # that nothing can be sent on a connection that is there does not happen; it is cut elsewhere
    "recvfrom": [("", "ECONNRESET"), ("", "EINTR")],
    "poll": [("", "EINTR")],
}
# From one call on all of these fail, until the program is started anew.
FOR_GOOD = {
    "ENOSPC": ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "mkdir", "rename", "link"),
    "EIO": ("read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "ftruncate"),
}
HELD = "held"
NAMES = {"kill": "kill -9 at a system call", proxy.CUT: "connection cut before a request",
         proxy.LOST: "connection cut before its answer", proxy.KILL: "kill -9 before a request",
         proxy.KILLED: "kill -9 before its answer", proxy.LATE: "no answer until it gives up",
         HELD: "database held for an hour",
         proxy.GONE: "server gone for an hour", proxy.RESTART: "server killed, started again"}
REQUEST_KINDS = (proxy.CUT, proxy.LOST, proxy.KILL, proxy.KILLED, proxy.LATE, proxy.GONE)
SLOW = (HELD, proxy.RESTART)

Fault = collections.namedtuple("Fault", "engine scenario kind at inject")


class Wrong(Exception):
    pass


# --- databases --------------------------------------------------------------------------------------

TABLES = ("source", "source_rev", "batch", "ledger", "evidence", "good", "change")
STATE = {
    "ledger": "SELECT l.day, hex(l.addr), l.plen, l.category, s.name, l.proof, l.service, l.hour, l.count "
              "FROM ledger l JOIN source s ON s.id = l.source",
    "batch": 'SELECT host, producer, seq, "lines", refused, events FROM batch',
    "numbers": "SELECT count(*), count(DISTINCT n), max(n) FROM batch",
    "evidence": "SELECT e.day, hex(e.addr), e.plen, e.category, s.name, count(*) FROM evidence e "
                "JOIN source s ON s.id = e.source GROUP BY e.day, hex(e.addr), e.plen, e.category, s.name",
    "good": "SELECT g.day, hex(g.addr), g.kind, s.name, g.count FROM good g JOIN source s ON s.id = g.source",
    "change": 'SELECT c.day, hex(c.addr), c.plen, c.category, s.name, c.proof, sum(c.count) FROM "change" c '
              "JOIN source s ON s.id = c.source GROUP BY c.day, hex(c.addr), c.plen, c.category, s.name, c.proof",
    "source": "SELECT name, kind, anchor FROM source",
    "source_rev": "SELECT s.name, r.grp, r.trust FROM source_rev r JOIN source s ON s.id = r.source",
}


class Client:
    """A client of the engine's own, kept open."""

    def __init__(self, argv, log, quirks):
        self.quirks = quirks
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.n = 0  # questions

    def ask(self, sql):
        self.n += 1
        for a, b in self.quirks:
            sql = sql.replace(a, b)
        self.p.stdin.write(f"{sql};\nSELECT 'mark{self.n}';\n")
        self.p.stdin.flush()
        rows = []
        for line in self.p.stdout:
            line = line.rstrip("\n")
            if line == f"mark{self.n}":
                return rows
            rows.append(tuple(line.split("\t")))
        raise Wrong("the database's client has ended")

    def close(self):
        self.p.stdin.close()
        self.p.wait()


class Server:
    def __init__(self, engine, where):
        os.mkdir(where)
        self.engine, self.dir = engine, where
        self.p = subprocess.Popen([os.path.join(SOURCE, "tests/faults/server.sh"), engine, where],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.path = os.path.join(where, ".s.PGSQL.5432" if engine == "postgresql" else "socket")

    def ready(self):
        if not self.p.stdout.readline():
            sys.exit(f"faults.py: no {self.engine}")

    def restart(self):
        self.p.stdin.write("again\n")
        self.p.stdin.flush()
        self.ready()

    def client(self, name, log):
        if self.engine == "postgresql":
            return Client(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-h", self.dir, "-U", "onus", "-d", name], log,
                          [("hex(", "public.hex(")])
        return Client(["mariadb", "--no-defaults", "-N", "-B", "--unbuffered", "-S", self.path,
                       "-u", user(), name], log, [('"', "`")])

    def stop(self):
        self.p.stdin.close()
        self.p.wait()


def user():
    return subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


class Sqlite:
    def __init__(self, arena):
        self.arena = arena
        self.path = os.path.join(arena.dir, "hub/hub.sqlite")
        self.hub = self.direct = f"sqlite:{self.path}"
        self.kept = os.path.join(arena.dir, "kept.sqlite")

    def keep(self):
        with sqlite3.connect(self.path) as c, sqlite3.connect(self.kept) as to:
            c.backup(to)

    def restore(self, scenario):
        shutil.rmtree(os.path.dirname(self.path), ignore_errors=True)
        os.mkdir(os.path.dirname(self.path))
        if scenario == OLD:
            shutil.copy(self.kept, self.path)

    def state(self):
        c = sqlite3.connect(self.path)
        try:
            if c.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise Wrong("SQLite says the file is damaged")
            return {k: sorted(tuple(map(str, r)) for r in c.execute(q)) for k, q in STATE.items()}
        finally:
            c.close()

    def again(self):
        pass


class Shared:
    """A database of one worker on the server of all, and the proxy before it."""

    def __init__(self, arena, server, name):
        self.arena, self.server, self.name = arena, server, name
        self.log = open(os.path.join(arena.dir, "client.log"), "a", encoding="utf-8")
        first = server.client("postgres" if server.engine == "postgresql" else "mysql", self.log)
        first.ask(f"CREATE DATABASE {name}")
        if server.engine == "mariadb":
            first.ask(f"CREATE DATABASE {name}_kept")
        first.close()
        listen = os.path.join(arena.dir, os.path.basename(server.path))
        if server.engine == "postgresql":
            self.hub = f"postgresql:host={arena.dir} user=onus dbname={name}"
            self.direct = f"postgresql:host={server.dir} user=onus dbname={name}"
            protocol = proxy.Postgres
        else:
            self.hub = f"mysql:socket={listen} user={user()} database={name}"
            self.direct = f"mysql:socket={server.path} user={user()} database={name}"
            protocol = proxy.MariaDb
        self.proxy = proxy.Proxy(protocol, listen, server.path, arena.slept_s)
        self.proxy.start()
        self.c = None
        self.again()

    def again(self):
        if self.c:
            self.c.close()
        self.c = self.server.client(self.name, self.log)
        if self.server.engine == "postgresql":
            self.c.ask("CREATE SCHEMA IF NOT EXISTS kept")

    def kept(self, table):
        return f'kept."{table}"' if self.server.engine == "postgresql" else f'{self.name}_kept."{table}"'

    def keep(self):
        for t in TABLES:
            self.c.ask(f'CREATE TABLE {self.kept(t)} AS SELECT * FROM "{t}"')

    def restore(self, scenario):
        if scenario == NEW:
            if self.server.engine == "postgresql":
                self.c.ask("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            else:
                self.c.ask(f"DROP DATABASE {self.name}; CREATE DATABASE {self.name}; USE {self.name}")
            return
        if not self.c.ask("SELECT 1 FROM information_schema.tables WHERE table_name = 'writer' AND table_schema = " +
                          ("'public'" if self.server.engine == "postgresql" else "database()")):
            self.arena.load_clean()  # a new hub went before
        self.c.ask("; ".join(["BEGIN"] + [f'DELETE FROM "{t}"' for t in TABLES] +
                             [f'INSERT INTO "{t}" SELECT * FROM {self.kept(t)}' for t in TABLES] + ["COMMIT"]))

    def state(self):
        if self.server.engine == "postgresql":
            self.c.ask("CREATE OR REPLACE FUNCTION public.hex (bytea) RETURNS text LANGUAGE sql IMMUTABLE AS "
                       "$$SELECT upper(encode($1, 'hex'))$$")
        return {k: sorted(self.c.ask(q)) for k, q in STATE.items()}


# --- one place to run in ----------------------------------------------------------------------------

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
        self.conf, self.direct = self.configure("conf", self.db.hub), self.configure("direct", self.db.direct)
        self.log = os.path.join(where, "log")
        self.trace = os.path.join(where, "trace")
        self.want = {}

    def slept_s(self):
        return struct.unpack("q", self.clock[:8])[0] / 1e6

    def configure(self, name, hub):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="ascii") as f:
            f.write(f"""state_dir = {self.dir}/state
status_dir = {self.dir}/status
spool_dir = {self.dir}/spool
batch_archive = {self.dir}/archive
hub = {hub}
load_interval_s = 1
retention_days = 3650
{inputs.SOURCES}""")
        return path

    def restore(self, scenario):
        for name in ("state", "status", "spool", "archive"):
            shutil.rmtree(os.path.join(self.dir, name), ignore_errors=True)
        self.db.restore(scenario)
        shutil.copytree(self.made, os.path.join(self.dir, "spool"))
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

    def load_clean(self):
        """Without faults, and in real time: works off what waits."""
        p = self.start([LOAD, "-c", self.direct, "--once"])
        code = self.wait(p, "onus-load --once")
        if code != 0:
            raise Wrong(f"onus-load --once ends with {code}: {self.said()}")

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
        for scenario in (OLD, NEW):
            self.restore(scenario)
            self.load_clean()
            self.want[scenario] = self.look()
            if self.waiting():
                raise Wrong("a clean run leaves batches")
            inputs.check(self.want[scenario])

    def calls(self, scenario):
        """[(name, which of that name, its arguments)] of a clean run, from the configuration on."""
        self.restore(scenario)
        if self.traced([]) != 0:
            raise Wrong(f"a traced run fails: {self.said()}")
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
        self.check(scenario)
        return self.db.proxy.count

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
        for scenario in (OLD, NEW):
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
        self.check(fault.scenario)
        return fired


# --- all of it --------------------------------------------------------------------------------------

def name_of(fault):
    return f"{fault.engine}, {fault.scenario}, {NAMES.get(fault.kind, fault.kind)}, {fault.at}"


def worker(where, engine, made, server, index, plan, todo, restarts, results):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
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
        kinds[f.engine, f.kind].append(f)
    chosen = [f[0] for f in kinds.values()]
    rest = [f for k, v in kinds.items() for f in v[1:1 + count // 100 if k[1] in SLOW else None]]
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
            print(f"# {engine}: {len(faults)} faults, at {len({f.at for f in faults if f.scenario == OLD})} calls and requests "
                  f"of an old hub, {len({f.at for f in faults if f.scenario == NEW})} of a new one", flush=True)
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
    p.add_argument("--keep", action="store_true", help="leave the directory")
    o = p.parse_args()
    if o.count is not None:
        print(f"# seed {o.seed}", flush=True)
    where = tempfile.mkdtemp(prefix="onus-faults-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    os.chmod(where, 0o755)
    run, patience_s = Run(o, where), 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
