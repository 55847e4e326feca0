#!/usr/bin/env python3
"""dnsbl.py road|real|load DIR ZONE: onus-dnsbl and rbldnsd over the same publication, asked the same (tests/system/dnsbl.sh).

road: DIR/conf and DIR/serve are there. real: DIR/addresses are published first. load: some of them, again every second while
dnsperf asks. Prints what was seen; exits 1 with the first thing that is wrong.
"""
import atexit
import ipaddress
import os
import random
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import dns  # noqa: E402
import publication  # noqa: E402

WHAT, DIR, ZONE = sys.argv[1:]
BUILD = os.environ["ONUS_BUILD"]
LONG = int(os.environ.get("LONG", "120"))
WINDOW = 32  # questions on their way to one server: no more than the buffers of rbldnsd hold
children = []


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)


@atexit.register
def end_children():
    for c in children:
        c.kill()
        c.wait()


def onus_dnsbl(serve, state, *options):
    log = open(os.path.join(DIR, "dnsbl.log"), "wb")
    args = ["-c", os.path.join(DIR, "conf"), "-o", "dnsbl_listen=127.0.0.1:0", "-o", f"serve_dir={serve}", "-o", f"state_dir={state}"]
    c = subprocess.Popen([os.path.join(BUILD, "src/prog/dnsbl/onus-dnsbl"), *args, *options], stdout=subprocess.PIPE, stderr=log)
    children.append(c)
    line = c.stdout.readline().decode()
    if " ready on " not in line:
        fail("onus-dnsbl does not start")
    return int(line.rsplit(":", 1)[1])


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def rbldnsd(file):
    """It cannot say which port it got: one that was free a moment ago, and another one if it was not any more. It is not to
    be root, and then must be let at its file."""
    program = shutil.which("rbldnsd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    zone = os.path.join(DIR, "zone")
    shutil.copy(file, zone)
    os.chmod(zone, 0o644)
    os.chmod(DIR, 0o711)
    for _ in range(20):
        port = free_port()
        log = open(os.path.join(DIR, "rbldnsd.log"), "wb")
        c = subprocess.Popen([program, "-n", "-b", f"127.0.0.1/{port}", *user, f"{ZONE}:combined:{zone}"], stdout=log, stderr=log)
        children.append(c)
        end = time.monotonic() + LONG
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", port))
            s.settimeout(0.2)
            while time.monotonic() < end and c.poll() is None:
                try:
                    s.send(dns.query(dns.reverse("127.0.0.2", ZONE)))
                    if dns.Answer(s.recv(4096)).addresses() == ["127.0.0.2"]:
                        return port
                except (TimeoutError, ConnectionRefusedError):
                    pass
        c.kill()
        c.wait()
    fail("rbldnsd does not start: " + open(os.path.join(DIR, "rbldnsd.log"), encoding="utf-8", errors="replace").read())
    return 0


def said(m, asked):
    """Addresses and texts of an answer, as bytes; None: neither"""
    count, at, found = m[7], len(asked), []
    if m[:2] != asked[:2] or m[3] & 15 not in (0, 3) or m[2] & 2:
        fail(f"answer {m[:12].hex()} to {asked.hex()}")
    for _ in range(count):
        kind, _, _, size = struct.unpack_from(">HHIH", m, at + 2)
        found.append((kind, m[at + 12:at + 12 + size]))
        at += 12 + size
    return tuple(sorted(set(found))) or None


class Asker:
    """Many questions to one server, so many at once; answers in their order"""

    def __init__(self, port):
        self.port = port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)

    def ask(self, names, kind):
        tail = struct.pack(">2H", dns.TYPES[kind], 1)
        questions = [struct.pack(">6H", i & 0xffff, 0x100, 1, 0, 0, 0) + dns.wire_name(n) + tail for i, n in enumerate(names)]
        answers = [False] * len(names)
        sent = got = low = 0
        while got < len(names):
            while sent < len(names) and sent - low < WINDOW:
                try:
                    self.socket.send(questions[sent])
                except BlockingIOError:
                    break
                sent += 1
            if not select.select([self.socket], [], [], LONG)[0]:
                fail(f"port {self.port}: no answer to {sent - got} questions, the first is {names[low]}")
            try:
                while True:
                    m = self.socket.recv(4096)
                    at = low - (low & 0xffff) + (m[0] << 8 | m[1])
                    at += 0x10000 if at < low else 0
                    answers[at] = said(m, questions[at])
                    got += 1
                    while low < sent and answers[low] is not False:
                        low += 1
            except BlockingIOError:
                pass
        return answers


def addresses_of(file):
    """Every listed IPv4 address, and one of every listed IPv6 name, of an export"""
    v4, v6 = set(), set()
    for line in open(file, encoding="utf-8"):
        word = line.split(" ")[0]
        if re.match(r"\d+\.\d+\.\d+\.\d+(-[\d.]+)?$", word):
            first, _, last = word.partition("-")
            for a in range(int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last or first)) + 1):
                v4.add(str(ipaddress.IPv4Address(a)))
        elif word.startswith("*."):
            v6.add("0." * (32 - len(word[2:].split("."))) + word[2:] + "." + ZONE)
    return sorted(v4), sorted(v6)


def agree(ours, theirs, names, kind, listed):
    a, b = ours.ask(names, kind), theirs.ask(names, kind)
    for n, x, y in zip(names, a, b):
        if x != y or bool(x) != listed:
            fail(f"{n} {kind}: onus-dnsbl says {x}, rbldnsd {y}")


def compare(serve, state, export, least, n_others):
    a, b = onus_dnsbl(serve, state), rbldnsd(export)
    ours, theirs = Asker(a), Asker(b)
    v4, v6 = addresses_of(export)
    if len(v4) < least:
        fail(f"only {len(v4)} addresses are listed: the test shows nothing")
    names = [dns.reverse(x, ZONE) for x in v4] + v6
    agree(ours, theirs, names, "A", True)
    agree(ours, theirs, names, "TXT", True)
    rng, there, others = random.Random(5), set(v4), []
    near = [int(ipaddress.IPv4Address(x)) for x in v4]
    while len(others) < n_others:  # half of them neighbours
        x = rng.choice(near) + rng.randint(-300, 300) if len(others) % 2 else rng.getrandbits(32)
        x = str(ipaddress.IPv4Address(x & 0xffffffff))
        if x not in there:
            others.append(dns.reverse(x, ZONE))
    agree(ours, theirs, others, "A", False)
    six = [dns.reverse(str(ipaddress.IPv6Address(rng.getrandbits(125) | 1 << 125)), ZONE) for _ in range(1000)]
    agree(ours, theirs, six, "A", False)
    print(f"{len(v4)} listed addresses of IPv4, {len(v6)} names of IPv6, {len(others) + len(six)} others: both say the same")
    return a


def drill(port, name, kind):
    program = shutil.which("drill")
    if not program:
        return None
    out = subprocess.run([program, "-p", str(port), "@127.0.0.1", f"{name}.{ZONE}", kind], capture_output=True, text=True, check=True).stdout
    rcode = re.search(r"rcode: (\w+)", out).group(1)
    answer = re.search(r"ANSWER SECTION:\n(.*?)\n?\n;;", out, re.S).group(1)
    return rcode, [line.split("\t")[4] for line in answer.split("\n") if line and not line.startswith(";;")]


def road():
    serve = os.path.join(DIR, "serve")
    port = compare(serve, os.path.join(DIR, "state"), os.path.join(serve, "current", "onus.rbldnsd"), 4096, 5000)
    made = os.path.join(DIR, "exported")
    subprocess.run([os.path.join(BUILD, "src/prog/onus/onus"), "export", "rbldnsd", "-c", os.path.join(DIR, "conf"), "-f", made], check=True)
    a, b = ([x for x in open(f, encoding="utf-8") if not x.startswith("#")] for f in (made, os.path.join(serve, "current", "onus.rbldnsd")))
    if a != b:
        fail("onus export and onus-publish say otherwise")
    for name, kind, want in (
            ("1.1.0.45", "A", ("NOERROR", ["127.0.0.3"])), ("9.1.0.45", "A", ("NXDOMAIN", [])),
            ("9.1.0.45.score", "TXT", ("NXDOMAIN", [])), ("9.9.0.46", "A", ("NXDOMAIN", [])),
            ("64499.as", "A", None), ("2.0.0.127", "A", ("NOERROR", ["127.0.0.2"])),
            ("2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20, "A", ("NOERROR", ["127.0.0.2"])),
            ("1.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20, "A", ("NXDOMAIN", [])), ("1.0.0.127", "A", ("NXDOMAIN", [])),
            ("TEST.as", "A", ("NOERROR", ["127.0.0.2"])), ("INVALID.as", "A", ("NXDOMAIN", []))):
        got = drill(port, name, kind)
        if got and want and got != want or got and not want and not got[1]:
            fail(f"drill {name} {kind}: {got}")
    got = drill(port, "77.5.0.47", "TXT")
    if got and (len(got[1]) != 1 or "ticket $17; all of it" not in got[1][0] or "scope=as until=" not in got[1][0] or
                "https://rep.example/as/64499" not in got[1][0]):
        fail(f"drill: {got}")


def publish(generation, addresses, until):
    lines = "".join(f"addr:{a} - block {'drop' if i % 2 else 'reject'} @{until} F {generation % 100} {'attack' if i % 3 else 'mail'} seen\n"
                    for i, a in enumerate(addresses))
    publication.make(os.path.join(DIR, "serve2"), os.path.join(DIR, "state2"), generation, lines)


def real():
    os.makedirs(os.path.join(DIR, "state2"), exist_ok=True)
    addresses = [a.strip() for a in open(os.path.join(DIR, "addresses"), encoding="utf-8")]
    addresses = [a for a in addresses if ipaddress.IPv4Address(a).is_global]
    publish(1, addresses, int(time.time()) + 86000)
    made, serve = os.path.join(DIR, "exported2"), os.path.join(DIR, "serve2")
    subprocess.run([os.path.join(BUILD, "src/prog/onus/onus"), "export", "rbldnsd", "-c", os.path.join(DIR, "conf"), "-o", f"serve_dir={serve}",
                    "-f", made], check=True)
    compare(serve, os.path.join(DIR, "state2"), made, len(addresses) // 2, 100000)


def load():
    """dnsperf, twice: of those who are always listed, and of those who never are. Besides, a client that looks at every answer,
    and somebody who is listed by every other publication."""
    addresses = [a.strip() for a in open(os.path.join(DIR, "addresses"), encoding="utf-8")]
    addresses = [a for a in addresses if ipaddress.IPv4Address(a).is_global][:20000]
    always, never, sometimes = addresses[:10000], addresses[10000:19999], addresses[19999]
    until, generation = int(time.time()) + 86000, 1000
    publish(generation, always, until)
    port = onus_dnsbl(os.path.join(DIR, "serve2"), os.path.join(DIR, "state2"))
    runs = []
    for name, some in (("always", always), ("never", never)):
        file = os.path.join(DIR, name)
        with open(file, "w", encoding="utf-8") as f:
            f.writelines(f"{dns.reverse(a, ZONE)} {'A' if i % 2 else 'TXT'}\n" for i, a in enumerate(some))
        runs.append(subprocess.Popen(["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", file, "-l", "6", "-t", "100", "-c", "4"], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True))
    asked, wrong, done, seen = [0], [], threading.Event(), set()

    def client():
        c = Asker(port)
        names = [dns.reverse(a, ZONE) for a in always[:50] + never[:50]]
        while not done.is_set():
            got = c.ask(names, "A")
            if not all(got[:50]) or any(got[50:]):
                wrong.append(got)
            asked[0] += len(names)
            seen.add(bool(c.ask([dns.reverse(sometimes, ZONE)], "A")[0]))
    t = threading.Thread(target=client, daemon=True)
    t.start()
    end = time.monotonic() + LONG
    while any(r.poll() is None for r in runs) or (seen != {True, False} and time.monotonic() < end):
        generation += 1
        publish(generation, always + [sometimes] * (generation % 2), until)
        time.sleep(1)
    done.set()
    t.join()
    for r, only in zip(runs, ("NOERROR", "NXDOMAIN")):
        out = r.stdout.read()
        codes = re.search(r"Response codes:\s+(.*)", out)
        if not re.search(r"Queries lost:\s+0 ", out) or not codes or not re.fullmatch(rf"{only} \d+ \(100\.00%\)", codes.group(1).strip()):
            fail(out)
        print(re.search(r"Queries per second:\s+\S+", out).group(0))
    if wrong or seen != {True, False}:
        fail(f"{len(wrong)} wrong answers, {seen}")
    print(f"{generation - 1000} publications meanwhile, {asked[0]} answers looked at")
    # what ends by itself is not listed any more, though nothing newer is published
    publish(generation + 1, always + [sometimes], int(time.time()) + 5)
    ask, end = Asker(port), time.monotonic() + LONG
    while any(ask.ask([dns.reverse(sometimes, ZONE), dns.reverse(always[0], ZONE)], "A")):
        if time.monotonic() > end:
            fail("what has ended is still listed")
        time.sleep(0.1)


{"road": road, "real": real, "load": load}[WHAT]()
