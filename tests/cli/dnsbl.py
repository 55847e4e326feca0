#!/usr/bin/env python3
"""dnsbl.py DIR: starts onus-dnsbl over DIR/serve, again and again, and asks it. Exits 1 with the first thing that is wrong."""
import atexit
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import dns  # noqa: E402
import publication  # noqa: E402

DIR = sys.argv[1]
BUILD = os.environ["ONUS_BUILD"]
PROGRAM = os.path.join(BUILD, "src/prog/dnsbl/onus-dnsbl")
SERVE, STATE = os.path.join(DIR, "serve"), os.path.join(DIR, "state")
ZONE = "bl.example"
IDLE = 10  # seconds that a connection may be silent
LONG = 120  # seconds until something that must happen is given up
BAD = "addr:45.0.0.7 - block drop @4000000000 F 3 attack brute-force\n"
OTHER = "addr:45.0.0.8 - block drop @4000000000 F 3 mail spam\n"


def fail(text):
    print("not ok:", text, file=sys.stderr)
    sys.exit(1)


def publish(generation, lines, life_s=86400, key="state"):
    publication.make(SERVE, os.path.join(DIR, key), generation, lines, life_s)


class Server:
    def __init__(self, *options, listen="127.0.0.1:0, [::1]:0", conf="/dev/null", files=None):
        self.log_name = os.path.join(DIR, "log")
        self.log = open(self.log_name, "wb")
        fixed = [f"serve_dir={SERVE}", f"state_dir={STATE}"]
        if conf == "/dev/null":
            fixed += [f"dnsbl_listen={listen}", f"dnsbl_zone={ZONE}"]
        args = [x for o in fixed + list(options) for x in ("-o", o)]
        few = ["prlimit", f"--nofile={files}"] if files else []
        self.process = subprocess.Popen([*few, PROGRAM, "-c", conf, *args], stdout=subprocess.PIPE, stderr=self.log)
        atexit.register(self.process.kill)  # whatever goes wrong, it ends with the test
        self.places = []
        for _ in listen.split(","):
            line = self.process.stdout.readline().decode()
            if not line:
                fail("it does not start: " + self.said())
            host, port = line.split(" on ")[1].strip().rsplit(":", 1)
            self.places.append((host.strip("[]"), int(port)))

    def said(self):
        return open(self.log_name, encoding="utf-8").read()

    def status(self):
        try:
            with open(os.path.join(STATE, "status", "onus-dnsbl.status"), encoding="utf-8") as f:
                told = json.load(f)
        except FileNotFoundError:
            told = {"pid": 0}
        return told if told["pid"] == self.process.pid else {"message": "", "counters": {}, "gauges": {}}

    def until(self, what, text):
        end = time.monotonic() + LONG
        while not what():
            if time.monotonic() > end or self.process.poll() is not None:
                fail(f"never: {text}; {self.status()}; {self.said()}")
            time.sleep(0.02)

    def until_said(self, text):
        self.until(lambda: text in self.status()["message"], text)

    def stop(self):
        self.process.terminate()
        if self.process.wait(LONG) != 0:
            fail(f"it exits {self.process.returncode}: {self.said()}")
        self.log.close()


def udp(place):
    s = socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LONG)
    s.connect(place)  # answers from elsewhere are not taken
    return s


def ask(place, name, kind="A", edns=0):
    with udp(place) as s:
        s.send(dns.query(name, kind, 77, edns))
        a = dns.Answer(s.recv(65535))
    if a.id != 77 or a.question != name:
        fail(f"{name}: an answer to something else")
    return a


def tcp(place):
    s = socket.create_connection(place, LONG)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def framed(message):
    return struct.pack(">H", len(message)) + message


def read_framed(s):
    def exactly(n):
        got = b""
        while len(got) < n:
            more = s.recv(n - len(got))
            if not more:
                return None
            got += more
        return got
    head = exactly(2)
    return None if head is None else dns.Answer(exactly(struct.unpack(">H", head)[0]))


def listed(place, address="45.0.0.7"):
    a = ask(place, dns.reverse(address, ZONE))
    if a.addresses() not in ([], ["127.0.0.3"], ["127.0.0.4"]) or a.rcode != (0 if a.answer else 3):
        fail(f"{address}: {a.addresses()}, rcode {a.rcode}")
    return bool(a.answer)


def publications():
    """Missing, there, cut, forged, older, replaced, stale: whatever cannot be believed changes nothing."""
    s = Server()
    place = s.places[0]
    s.until_said("nothing is listed: nothing is published")
    if listed(place) or ask(place, dns.reverse("127.0.0.2", ZONE)).addresses() != ["127.0.0.2"]:
        fail("without a publication somebody is listed, or the test entry is not")
    publish(1, BAD)
    s.until(lambda: listed(place), "listed by the first publication")
    s.until_said("answers by generation 1")
    text = ask(place, dns.reverse("45.0.0.7", ZONE), "TXT").texts()
    if text != ["brute-force; scope=addr until=2096-10-02T07:06:40Z"]:
        fail(f"TXT {text}")

    # cut: a whole publication is made current, of which a byte is missing
    publish(2, OTHER)
    s.until(lambda: listed(place, "45.0.0.8") and not listed(place), "replaced")
    shutil.copytree(os.path.join(SERVE, "2"), os.path.join(SERVE, "3"))
    os.truncate(os.path.join(SERVE, "3", "reputation"), os.path.getsize(os.path.join(SERVE, "3", "reputation")) - 1)
    os.symlink("3", os.path.join(SERVE, "new"))
    os.rename(os.path.join(SERVE, "new"), os.path.join(SERVE, "current"))
    s.until_said("answers by generation 2; the newest publication is not used: ")
    publish(4, BAD, key="mallory")
    s.until(lambda: "another key" in s.status()["message"], "a forged one is told of")
    if listed(place) or not listed(place, "45.0.0.8"):
        fail("it answers by a publication that is cut or forged")
    os.symlink("1", os.path.join(SERVE, "new"))
    os.rename(os.path.join(SERVE, "new"), os.path.join(SERVE, "current"))
    s.until(lambda: "lower" in s.status()["message"], "an older one is told of")
    for text in ("another key", "lower"):
        if s.said().count(text) != 1:
            fail(f"{text}: it is logged never, or again and again: " + s.said())
    if s.status()["counters"].get("publications_refused") != 3 or listed(place):
        fail(f"refused: {s.status()}")
    publish(5, BAD, life_s=3)
    s.until(lambda: listed(place) or "ended" in s.status()["message"], "the next good one")
    s.until(lambda: not listed(place), "what is stale lists nobody")
    s.until_said("nothing is listed: the publication of generation 5 ended at ")
    if s.said().count("nothing is listed: the publication") != 1:
        fail("stale: it is logged never, or again and again: " + s.said())
    # ended: what is decided about somebody is over before the publication is
    ends = int(time.time()) + 3
    publish(6, BAD.replace("4000000000", str(ends)))
    s.until_said("answers by generation 6")
    s.until(lambda: not listed(place), "whose time is over is listed no more")
    if time.time() < ends or ask(place, dns.reverse("45.0.0.7", ZONE), "TXT").texts():
        fail("he was not listed to his end, or a TXT has outlived it")
    s.until_said("answers by generation 6")
    publish(7, BAD)
    s.until(lambda: listed(place), "listed again")
    s.stop()
    if s.status()["state"] != "stopped":
        fail(f"stopped: {s.status()}")


def transports():
    s = Server(listen="127.0.0.1:0, [::1]:0, 0.0.0.0:0, [::]:0")
    for host, port in s.places:
        for at in {"0.0.0.0": ["127.0.0.1", "127.0.0.2", "127.9.9.9"], "::": ["::1"]}.get(host, [host]):
            a = ask((at, port), dns.reverse("45.0.0.7", ZONE))
            with tcp((at, port)) as c:
                c.sendall(framed(dns.query(dns.reverse("45.0.0.7", ZONE), "A", 5)))
                b = read_framed(c)
            if a.addresses() != ["127.0.0.3"] or b.addresses() != ["127.0.0.3"] or b.id != 5:
                fail(f"{at}: {a.addresses()}, {b.addresses()}")
    place = s.places[0]
    # garbage is answered, or not, and is survived
    with udp(place) as c:
        for junk in (b"", b"x", b"\0" * 11, b"\0" * 12, b"\xff" * 512, os.urandom(1400), dns.query(ZONE)[:-1]):
            c.send(junk)
    if not listed(place):
        fail("after garbage")
    s.until(lambda: s.status()["counters"].get("malformed", 0) >= 6, "garbage is counted")
    with tcp(place) as c:  # byte by byte, then two at once, then half of one and the rest
        one = framed(dns.query(dns.reverse("45.0.0.7", ZONE), "A", 1))
        two = framed(dns.query(dns.reverse("45.0.0.9", ZONE), "TXT", 2))
        for b in one:
            c.sendall(bytes([b]))
        if read_framed(c).addresses() != ["127.0.0.3"]:
            fail("byte by byte")
        c.sendall(one + two + one[:7])
        got = [read_framed(c), read_framed(c)]
        c.sendall(one[7:])
        got.append(read_framed(c))
        if [(a.id, a.rcode) for a in got] != [(1, 0), (2, 3), (1, 0)]:
            fail("two at once")
        for _ in range(3):
            c.sendall(one * 200)
            if any(read_framed(c).id != 1 for _ in range(200)):
                fail("many at once")
    for bad in (b"\0\0", b"\xff\xff", framed(b"x" * 11)):
        with tcp(place) as c:
            c.sendall(bad)
            if read_framed(c) is not None:
                fail("a connection with no question is kept")
    s.stop()


def stay(server, connections, question, spoke):
    """Who speaks stays, until the status tells of so many. A machine that stops for seconds makes them silent: no fault then.

    spoke: when all of them had not spoken yet
    """
    end = time.monotonic() + LONG
    while server.status()["gauges"].get("connections") != len(connections):
        before = time.monotonic()
        try:
            for c in connections:
                c.sendall(question)
            there = all(read_framed(c) is not None for c in connections)
        except ConnectionError:
            there = False
        if not there and time.monotonic() - spoke < IDLE / 2:
            fail("those that speak are closed")
        spoke = before
        if not there:
            return
        if before > end:
            fail(f"never told of: {server.status()}")
        time.sleep(0.02)


def crowd():
    """More connections than there may be: the newest ones are served, and those that are silent have to go."""
    s = Server("dnsbl_connections=4", "dnsbl_threads=1")
    one = framed(dns.query(dns.reverse("45.0.0.7", ZONE)))
    all_of_them, begun = [], time.monotonic()
    for _ in range(20):
        c = tcp(s.places[0])
        c.sendall(one)
        if read_framed(c).addresses() != ["127.0.0.3"]:
            fail("a connection in the crowd")
        all_of_them.append(c)
    gone = sum(bool(select.select([c], [], [], LONG)[0]) and c.recv(1) == b"" for c in all_of_them[:16])
    if gone != 16:
        fail(f"{gone} of 16 were closed")
    stay(s, all_of_them[16:], one, begun)
    s.stop()


def few_files():
    """The limit of open files is less than the connections want: there are fewer, and publications are still read."""
    publish(11, BAD)
    s = Server("dnsbl_connections=4096", "dnsbl_threads=1", listen="127.0.0.1:0", files=100)
    if s.said().count("dnsbl_connections = 4096 wants 4163 open files, and 100 are allowed") != 1:
        fail("few files: it is not told of: " + s.said())
    one, them = framed(dns.query(dns.reverse("45.0.0.7", ZONE))), []
    for _ in range(120):
        c = tcp(s.places[0])
        c.sendall(one)
        if read_framed(c).addresses() != ["127.0.0.3"]:
            fail("few files: a connection")
        them.append(c)
    publish(12, OTHER)
    s.until(lambda: listed(s.places[0], "45.0.0.8"), "few files: the next publication")
    if s.status()["counters"].get("publications_refused"):
        fail(f"few files: {s.status()}")
    s.stop()


def neighbours():
    """One network with more connections than there may be pushes out its own ones, and nobody else."""
    s = Server("dnsbl_connections=4", "dnsbl_threads=1", listen="127.0.0.1:0")
    one = framed(dns.query(dns.reverse("45.0.0.7", ZONE)))
    crowd_, begun = [], time.monotonic()
    with socket.create_connection(s.places[0], LONG, source_address=("127.7.7.7", 0)) as quiet:
        quiet.sendall(one)
        there = read_framed(quiet) is not None
        for _ in range(20):
            c = tcp(s.places[0])
            c.sendall(one)
            if read_framed(c).addresses() != ["127.0.0.3"]:
                fail("a connection of the crowd")
            crowd_.append(c)
        try:
            quiet.sendall(one)
            there = there and read_framed(quiet) is not None
        except ConnectionError:
            there = False
    if not there and time.monotonic() - begun < IDLE / 2:
        fail("one network pushes out another")
    s.stop()


def who_may():
    s = Server("dnsbl_allow=192.0.2.0/24, ::1")
    a, b = ask(s.places[0], dns.reverse("45.0.0.7", ZONE)), ask(s.places[1], dns.reverse("45.0.0.7", ZONE))
    if a.rcode != 5 or a.answer or b.addresses() != ["127.0.0.3"]:
        fail(f"allowed: {a.rcode}, {b.rcode}")
    with tcp(s.places[0]) as c:  # whatever it would have asked
        if c.recv(1) != b"":
            fail("over TCP somebody else is let in")
    with tcp(s.places[1]) as c:
        c.sendall(framed(dns.query(dns.reverse("45.0.0.7", ZONE))))
        if read_framed(c).addresses() != ["127.0.0.3"]:
            fail("over TCP who may is not let in")
    s.until(lambda: s.status()["counters"].get("refused") == 2, "both are counted")
    s.stop()


def how_often():
    s = Server("dnsbl_rate=5", "dnsbl_slip=2", "dnsbl_unlimited=")
    n, full, brief = 200, 0, 0
    q = dns.query(dns.reverse("45.0.0.7", ZONE))
    with udp(s.places[0]) as c:
        begun = int(time.time())
        for _ in range(n):
            c.send(q)
        s.until(lambda: s.status()["counters"].get("queries", 0) >= n, "all have come")
        seconds = int(time.time()) - begun + 2  # the server's clock may be a tick behind
        s.until(lambda: s.status()["counters"].get("queries", 0) >= n, "all are counted")
        dropped = s.status()["counters"]["dropped"]
        while True:
            if full == n - dropped and brief >= (dropped - seconds) // 2:
                c.settimeout(0)  # as many as there have to be; are there more?
            try:
                a = dns.Answer(c.recv(4096))
            except BlockingIOError:
                break
            full += bool(a.answer)
            brief += a.tc
            if a.tc and (a.answer or a.authority):
                fail("a brief answer is none")
    if not 5 <= full <= 5 * seconds or full + dropped != n or brief > (dropped + seconds) // 2:
        fail(f"{full} answers, {brief} brief ones, {dropped} dropped in {seconds} s")
    with tcp(s.places[0]) as c:
        for _ in range(50):
            c.sendall(framed(q))
            if read_framed(c).addresses() != ["127.0.0.3"]:
                fail("over TCP nobody is made up")
    s.stop()


def reloads():
    """Questions without pause while it reloads: each is answered; and what the configuration says then counts. Neither what is
    in force nor who is believed is forgotten."""
    conf = os.path.join(DIR, "conf")

    def write(zone, more="", listen="127.0.0.1:0, [::1]:0"):
        with open(conf + ".new", "w", encoding="utf-8") as f:
            f.write(f"dnsbl_zone = {zone}\ndnsbl_listen = {listen}\n{more}")
        os.rename(conf + ".new", conf)
    write(ZONE)
    publish(8, BAD)
    s = Server(conf=conf)
    place, done, asked, wrong = s.places[0], threading.Event(), [0], []
    s.until(lambda: listed(place), "listed")

    def client(window):
        with udp(place) as c:
            c.settimeout(LONG)
            sent = got = 0
            while got < sent or not done.is_set():
                while sent < got + window and not done.is_set():
                    c.send(dns.query(dns.reverse("45.0.0.7", ZONE), "A", sent & 0xffff))
                    sent += 1
                try:
                    a = dns.Answer(c.recv(4096))
                except TimeoutError:
                    wrong.append(f"{sent - got} lost")
                    return
                if a.addresses() != ["127.0.0.3"]:
                    wrong.append(f"{a.rcode}")
                got += 1
                asked[0] += 1

    def reload():
        before, logged = asked[0], s.said().count("reloading")
        s.process.send_signal(signal.SIGHUP)
        s.until(lambda: s.said().count("reloading") > logged and asked[0] > before + 50 or wrong, "a reload")
    clients = [threading.Thread(target=client, args=(n,), daemon=True) for n in (1, 16)]
    for t in clients:
        t.start()
    for _ in range(6):
        reload()
    publish(9, OTHER, key="mallory")
    for _ in range(2):
        reload()
    write(ZONE, "dnsbl_ttl_s = 60\n")
    reload()
    done.set()
    for t in clients:
        t.join()
    if wrong:
        fail(f"{wrong[:5]} while it reloads, after {asked[0]}")
    s.until(lambda: "another key" in s.status()["message"], "a forged one is told of")
    write(ZONE, "own_networks = 192.0.2.0/24\n")  # all is read anew, but the key is not forgotten
    s.process.send_signal(signal.SIGHUP)
    s.until(lambda: not listed(place), "nobody is listed by what cannot be believed")
    if listed(place, "45.0.0.8"):
        fail("after a reload it believes whom it did not believe before")
    write(ZONE, "own_networks = 192.0.2.0/25\n")
    told = s.said().count("reloading")
    s.process.send_signal(signal.SIGHUP)
    s.until(lambda: s.said().count("reloading") > told and "another key" in s.status()["message"], "once more")
    if listed(place, "45.0.0.8"):
        fail("after another reload it believes whom it did not believe before")
    publish(10, BAD)
    s.until(lambda: listed(place), "the next good one")
    s.stop()

    write(ZONE)
    s = Server(conf=conf)
    place = s.places[0]
    write("other.example")
    s.process.send_signal(signal.SIGHUP)
    s.until(lambda: ask(place, dns.reverse("45.0.0.7", "other.example")).addresses() == ["127.0.0.3"], "the other zone")
    if ask(place, dns.reverse("45.0.0.7", ZONE)).rcode != 5:
        fail("the zone before answers")
    write("no zone")
    s.process.send_signal(signal.SIGHUP)
    s.until(lambda: "not reloaded" in s.said(), "a bad configuration is told of")
    write("other.example", listen="192.0.2.1:0")
    told = s.said().count("not reloaded")
    s.process.send_signal(signal.SIGHUP)
    s.until(lambda: s.said().count("not reloaded") > told, "an address that is nobody's here is told of")
    if ask(place, dns.reverse("45.0.0.7", "other.example")).addresses() != ["127.0.0.3"]:
        fail("a bad configuration counts")
    s.stop()
    print(f"{asked[0]} questions through 9 reloads")


def refusals():
    for option in ("dnsbl_zone=a b", "dnsbl_zone=", "dnsbl_listen=127.0.0.1", "dnsbl_listen=", "dnsbl_mask=bits",
                   "dnsbl_ns=a..b", "dnsbl_ns=ns1.example, ns.DNSBL.internal.",
                   "dnsbl_ns=dnsbl.internal", "dnsbl_allow=x", "dnsbl_unlimited=x", "publication_key=12"):
        r = subprocess.run([PROGRAM, "-c", "/dev/null", "-t", "-o", option], capture_output=True, text=True, check=False)
        if r.returncode != 3 or option.split("=")[0] not in r.stderr:
            fail(f"{option}: {r.returncode}, {r.stderr}")


refusals()
publications()
transports()
crowd()
neighbours()
who_may()
how_often()
reloads()
few_files()
