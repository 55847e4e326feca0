# SPDX-License-Identifier: GPL-3.0-or-later
"""The three engines: servers, a hub of each worker's own on them, and what is in it."""
import os
import shutil
import sqlite3
import subprocess
import sys

import inputs
import proxy
from kinds import NEW, OLD, SENSOR, Wrong

SOURCE = os.environ["ONUS_SOURCE"]
TABLES = ("source", "source_rev", "inbox", "batch", "ledger", "evidence", "good", "change")
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
    "inbox": "SELECT host, producer, seq FROM inbox",
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

    def add_sensor(self):
        """The user of a sensor, who may nothing yet."""
        c = self.client("postgres" if self.engine == "postgresql" else "mysql", None)
        c.ask(f"CREATE ROLE {inputs.SENSOR} LOGIN" if self.engine == "postgresql" else f"CREATE USER {inputs.SENSOR}@localhost")
        c.close()

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
            self.sensor_hub, self.sensor_direct = (h.replace("user=onus", f"user={inputs.SENSOR}") for h in (self.hub, self.direct))
            protocol = proxy.Postgres
        else:
            self.hub = f"mysql:socket={listen} user={user()} database={name}"
            self.direct = f"mysql:socket={server.path} user={user()} database={name}"
            self.sensor_hub, self.sensor_direct = (h.replace(f"user={user()}", f"user={inputs.SENSOR}") for h in (self.hub, self.direct))
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
                             [f'INSERT INTO "{t}" SELECT * FROM {self.kept(t)}' for t in TABLES if scenario == OLD] + ["COMMIT"]))
        if scenario == SENSOR:
            self.grant()

    def grant(self):
        """A sensor's rights, as `onus sensor grants` has them, but for TLS: this is a socket."""
        if self.server.engine == "postgresql":
            self.c.ask(f"GRANT USAGE ON SCHEMA public TO {inputs.SENSOR}; "
                       f"GRANT INSERT (producer, seq, sent, bytes) ON inbox TO {inputs.SENSOR}; "
                       f"GRANT SELECT ON inbox_mine TO {inputs.SENSOR}")
        else:
            self.c.ask(f"GRANT INSERT (producer, seq, sent, bytes) ON {self.name}.inbox TO {inputs.SENSOR}@localhost; "
                       f"GRANT SELECT ON {self.name}.inbox_mine TO {inputs.SENSOR}@localhost")

    def state(self):
        if self.server.engine == "postgresql":
            self.c.ask("CREATE OR REPLACE FUNCTION public.hex (bytea) RETURNS text LANGUAGE sql IMMUTABLE AS "
                       "$$SELECT upper(encode($1, 'hex'))$$")
        return {k: sorted(self.c.ask(q)) for k, q in STATE.items()}
