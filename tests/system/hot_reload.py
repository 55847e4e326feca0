#!/usr/bin/env python3
"""Clients of onus-web while somebody replaces what it serves: hot_reload.py URL PID DIR

DIR has build-A and build-B (registry files), site-A and site-B (reputation.sqlite, whose site_name is that letter);
publication 1, of A, is shown. Publications of one and the other become current in turn, between them spoilt ones and older
ones, and the registry file beside them is written over all the time. Clients ask without pause; each answer must be 200
and all of one build. Prints what was seen; exits 1 with the first thing that was wrong.
"""
import http.client
import json
import os
import random
import shutil
import sqlite3
import sys
import threading
import time
from urllib.parse import urlsplit

url, pid, where = urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3]
CLIENTS, SWITCHES = 6, 24
serve = os.path.join(where, "serve")
stop = threading.Event()
wrong = []
lock = threading.Lock()
seen = {}
asked = [0]
slowest = [0.0]


def fail(text):
    with lock:
        wrong.append(text)
    stop.set()


def ask(connection, path):
    begun = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    with lock:
        asked[0] += 1
        slowest[0] = max(slowest[0], time.monotonic() - begun)
    if answer.status != 200:
        raise ValueError(f"{path} is {answer.status}")
    if answer.will_close:
        connection.close()
    return body


def check(body):
    a = json.loads(body)
    letters = {a["site"], a["as_name"][-1], a["networks"][0]["name"][-1], a["abuse"][0].upper()}
    if len(letters) != 1:
        raise ValueError(f"an answer of two builds: {letters}")
    with lock:
        key = (a["generation"], letters.pop())
        seen[key] = seen.get(key, 0) + 1


def client(number):
    pick = random.Random(number)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    try:
        while not stop.is_set():
            host = f"45.0.{pick.randrange(256)}.{pick.randrange(256)}"
            if pick.random() < 0.1:
                ask(connection, f"/addr/{host}")
            else:
                check(ask(connection, f"/api/v1/lookup?q={host}"))
            if pick.random() < 0.05:
                connection.close()
    except Exception as e:  # whatever it is, a client did not get what it asked for
        fail(f"client {number}: {type(e).__name__}: {e}")


def publish(generation, letter, registry):
    to = os.path.join(serve, str(generation))
    shutil.rmtree(to, ignore_errors=True)
    os.mkdir(to)
    shutil.copy(os.path.join(where, f"site-{letter}"), os.path.join(to, "reputation.sqlite"))
    db = sqlite3.connect(os.path.join(to, "reputation.sqlite"))
    db.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(generation),))
    db.commit()
    db.close()
    if registry:
        shutil.copy(registry, os.path.join(to, "registry"))
    make_current(generation)
    return to


def make_current(generation):
    link = os.path.join(serve, "new")
    os.symlink(str(generation), link)
    os.rename(link, os.path.join(serve, "current"))


def spoil(path, how):
    with open(path, "r+b") as f:
        if how == 0:
            f.truncate(os.path.getsize(path) // 2)
        elif how == 1:
            f.seek(os.path.getsize(path) // 3)
            f.write(b"\xff\x00\xff\x00")
        else:
            f.truncate(0)


def write_over():
    """The registry file beside the publications: both builds, rubbish and nothing, in place and by renaming."""
    target = os.path.join(where, "registry_file")
    files = [os.path.join(where, f"build-{x}") for x in "AB"]
    n = 0
    while not stop.is_set():
        n += 1
        if n % 4 == 0:
            with open(target, "r+b") as f:
                f.truncate(1000 * (n % 8))
        elif n % 4 == 1:
            shutil.copyfile(files[n // 4 % 2], target)
        elif n % 4 == 2:
            with open(target, "r+b") as f:
                f.write(b"rubbish" * 100)
        else:
            shutil.copyfile(files[n // 4 % 2], target + ".new")
            os.rename(target + ".new", target)
        time.sleep(0.01)


def held():
    """What the program holds on to: descriptors that are no connections, mappings of registries, memory."""
    fds = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            name = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if not name.startswith("socket:"):
            fds.append(name)
    with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
        maps = sum("/registry" in line for line in f)
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        status = dict(line.split(":", 1) for line in f)
    return len(fds), maps, int(status["VmRSS"].split()[0]), int(status["VmSize"].split()[0])


def until_shown(generation):
    """Until an answer is of that generation."""
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    for _ in range(400):
        if stop.is_set():
            return
        if json.loads(ask(connection, "/api/v1/lookup?q=45.0.0.1"))["generation"] == generation:
            return
        time.sleep(0.05)
    fail(f"generation {generation} is never shown")


def switch(step, generation):
    """A good publication, after something that must not be shown; returns the next free generation."""
    letter = "AB"[step % 2]
    if step % 4 == 1:
        spoil(os.path.join(publish(generation, letter, os.path.join(where, f"build-{letter}")), "registry"), step // 4 % 3)
        time.sleep(1.3)
    elif step % 4 == 2:
        spoil(os.path.join(publish(generation, letter, None), "reputation.sqlite"), 0)
        time.sleep(1.3)
    elif step % 4 == 3:
        make_current(1)  # older than what is shown
        time.sleep(1.3)
    publish(generation + 1, letter, os.path.join(where, f"build-{letter}"))
    until_shown(generation + 1)
    return generation + 2


def main():
    until_shown(1)
    threads = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)] + [threading.Thread(target=write_over)]
    for t in threads:
        t.start()
    generation, before, after = 2, None, None
    for step in range(SWITCHES):
        if stop.is_set():
            break
        generation = switch(step, generation)
        if step == 4:
            before = held()
        after = held()
    stop.set()
    for t in threads:
        t.join()
    if wrong:
        print(wrong[0])
        return 1
    shown = {g for g, _ in seen}
    print(f"{asked[0]} answers of {len(shown)} publications, the slowest after {slowest[0] * 1000:.0f} ms; held before and "
          f"after: {before}, {after}")
    if len({b for _, b in seen}) != 2 or len(shown) < SWITCHES:
        print(f"not all were shown: {sorted(seen)}")
        return 1
    if after[0] > before[0] or after[1] > 1:
        print("descriptors or mappings of old publications stay")
        return 1
    if after[2] > before[2] + 4096 or after[3] > before[3] + 16384:
        print("memory grows")
        return 1
    return 0


sys.exit(main())
