# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loader finds: batches of two hosts and three sources by the real collector, one of them twice, one torn, and a
file that is no batch. And what has to come of them, added up from the lines that were written."""
import collections
import os
import shutil
import subprocess
import sys
import time

BUILD, SOURCE = os.environ["ONUS_BUILD"], os.environ["ONUS_SOURCE"]
COLLECT = os.path.join(BUILD, "src/prog/collect/onus-collect")

# The loader's own configuration names them too.
SOURCES = """[source ssh]
type = events
path = /nonexistent/ssh
anchor = yes
[source web]
type = events
path = /nonexistent/web
group = others
"""

SENSOR = "mx1"  # the host whose batches go by way of the inbox, too

want = collections.Counter()  # (day, address, source): events
goods = collections.Counter()  # host: log-ins


def lines(host, source, part):
    """More than three samples of some ledger lines, several hours, services and addresses."""
    text = []
    for i in range(9):
        day, hour = 20580 + part % 2, (3 * i + part) % 24
        addr = f"20.{host}.{i % 2}.{i % 3 + 1}"
        count = 1 + (i + part) % 3
        text.append(f"{day * 86400 + hour * 3600 + i}\t{addr}\tbrute-force\t{count}\tfull\t\t{'sshd' if i % 4 else 'smtp'}"
                    f"\tpart {part} of {source}, line {i}\n")
        want[str(day), "00000000000000000000FFFF" + bytes(map(int, addr.split("."))).hex().upper(), source] += count
    return "".join(text)


def collected(where, host):
    """The spool of one host, after two runs of its collector."""
    os.makedirs(where)
    conf = os.path.join(where, "conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write(f"state_dir = {where}/state\nspool_dir = {where}/spool\nhost_name = mx{host}\n"
                f"filter_path = {SOURCE}/etc/filter.d\nhub = sqlite:{where}/hub\n"
                f"[source ssh]\ntype = events\npath = {where}/ssh\n[source web]\ntype = events\npath = {where}/web\n"
                f"[source mail]\npath = {where}/mail\n")
    for part in range(2):
        for source in ("ssh", "web"):
            with open(os.path.join(where, source), "a", encoding="ascii") as f:
                f.write(lines(host, source, 2 * part + host))
        with open(os.path.join(where, "mail"), "a", encoding="ascii") as f:
            at = time.strftime("%Y-%m-%dT00:00:01+00:00", time.gmtime())
            for i in range(3):
                f.write(f"{at} mx sshd[{part}{i}]: Accepted password for joe from 45.{host}.{part}.{i % 2} port 4{i}42 ssh2\n")
                goods[f"mx{host}"] += 1
        r = subprocess.run([COLLECT, "-c", conf, "--once"], stderr=subprocess.PIPE, text=True, check=False,
                           env={**os.environ, "TZ": "UTC"})
        if r.returncode != 0:
            sys.exit(f"onus-collect: {r.stderr}")
    return os.path.join(where, "spool")


def make(where):
    """The spool, in where/made."""
    made = os.path.join(where, "made")
    for producer in ("collect", "good", "again", "torn"):
        for room in ("tmp", "new", "done", "bad"):
            os.makedirs(os.path.join(made, producer, room))
    for host in (1, 2):
        spool = collected(os.path.join(where, f"mx{host}"), host)
        for producer in ("collect", "good"):
            new = os.path.join(producer, "new")
            for name in os.listdir(os.path.join(spool, new)):
                shutil.copy(os.path.join(spool, new, name), os.path.join(made, new, name))
    names = sorted(os.listdir(os.path.join(made, "collect/new")))
    for name in (names[0], names[-1]):
        shutil.copy(os.path.join(made, "collect/new", name), os.path.join(made, "again/new", name))
    torn = os.path.join(made, "torn/new", names[1])
    shutil.copy(os.path.join(made, "collect/new", names[1]), torn)
    os.truncate(torn, os.path.getsize(torn) * 2 // 3)
    with open(os.path.join(made, "torn/new/README"), "w", encoding="ascii") as f:
        f.write("no batch\n")
    return made


def loaded_before(made):
    """Batches that an old hub has: the first of them, which wait once more."""
    return sorted(os.listdir(os.path.join(made, "collect/new")))[:2]


def of_others(where, names):
    """What is not the sensor's own: shutil.copytree's `ignore`."""
    return [n for n in names if n.startswith("mx") and not n.startswith(SENSOR + ".")]


def check(state, sensor):
    """A clean run against what was written; sensor: by that host alone, whose sources bear its name."""
    expected, expected_good = want, sum(goods.values())
    if sensor:
        expected = collections.Counter({(day, addr, f"{SENSOR}_{source}"): n for (day, addr, source), n in want.items()
                                        if addr.startswith("00000000000000000000FFFF1401")})
        expected_good = goods[SENSOR]
    got = collections.Counter()
    for day, addr, _, _, source, _, _, _, count in state["ledger"]:
        got[day, addr, source] += int(count)
    if got != expected:
        sys.exit(f"the ledger differs from what was written: {got - expected} {expected - got}")
    if sum(int(row[-1]) for row in state["good"]) != expected_good:
        sys.exit(f"good observations differ from what was written: {state['good']}")
    if len([f for f in state["spool"] if "/bad/" in f and not f.endswith(".reason")]) != 2:
        sys.exit(f"other files in bad/ than the torn one and the stranger: {state['spool']}")
