#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""agree.py DIR: everybody who answers by the publication in DIR/serve is asked about the same addresses (tests/system/agree.sh);
`sh DIR/next` makes the next one. Prints what was compared; exits 1 with the first two answers that differ."""
import atexit
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
SOURCE, BUILD, DIR = os.environ["ONUS_SOURCE"], os.environ["ONUS_BUILD"], sys.argv[1]
sys.path += [SOURCE + "/tests", SOURCE + "/tests/cli"]
import dns  # noqa: E402
from milter_mta import Milter  # noqa: E402

ZONE = "bl.example"
LONG = 300
CONF = DIR + "/conf"
children = []


def fail(*words):
    raise SystemExit("not ok: " + " ".join(str(w) for w in words))


@atexit.register
def leave():
    for c in children:
        c.kill()
        c.wait()


def start(name, *options):
    """A daemon, and what it says that it is ready on; "" where it says nothing."""
    log = open(f"{DIR}/{name}.log", "w", encoding="utf-8")
    c = subprocess.Popen([f"{BUILD}/src/prog/{name}/onus-{name}", "-c", CONF, *[x for o in options for x in ("-o", o)]],
                         stdout=subprocess.PIPE, stderr=log, text=True)
    children.append(c)
    return c.stdout.readline().strip() if name != "milter" else ""


def until(what, words):
    end = time.monotonic() + LONG
    while not what():
        if time.monotonic() > end:
            fail(words)
        time.sleep(0.05)


def generation(name):
    try:
        with open(f"{DIR}/state/status/onus-{name}.status", encoding="utf-8") as f:
            return json.load(f)["gauges"].get("generation")
    except (FileNotFoundError, ValueError):
        return None


def published():
    return int(os.readlink(DIR + "/serve/current"))


# --- each one's answer: (action, entity, until) of what refuses, or puts off; None where nothing is in force above a tag

def lookup(addresses):
    out = subprocess.run([BUILD + "/src/prog/onus/onus", "lookup", "--standing", "--json", "-c", CONF, "-"],
                         input="\n".join(addresses), text=True, capture_output=True, check=True).stdout
    said = {}
    for a, line in zip(addresses, out.splitlines(), strict=True):
        p = json.loads(line)["published"]
        if p["generation"] != published():
            fail("lookup answers by", p["generation"])
        d = p["decision"]
        said[a] = (d["level"], d["action"], d["entity"], d["until"]) if d else None
        grades[a] = (p["score"]["grade"], p["score"]["entity"]) if p["score"] else None
    return said


grades = {}  # of the same: (grade, entity) or None


def zone_grade(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LONG)
    s.connect(("127.0.0.1", dns_port))
    s.send(dns.query(dns.reverse(address, "score." + ZONE), "TXT", edns=1232))
    m = re.search(r"grade=(\w) .* entity=(\S+)", " ".join(dns.Answer(s.recv(4096)).texts()))
    return m.groups() if m else None


def api(address):
    url = f"{web}/api/v1/lookup?q={urllib.parse.quote(address)}"
    with urllib.request.urlopen(url, timeout=LONG) as r:
        p = json.load(r)["published"]
    if not p or p["generation"] != published():
        return "another generation"
    d = p["decision"]
    return (d["level"], d["action"], d["entity"], d["until"]) if d else None


def page(address):
    with urllib.request.urlopen(f"{web}/addr/{address}", timeout=LONG) as r:
        text = r.read().decode()
    m = re.search(r"<strong>(\w+)</strong> is in force over it, decided about <a href=\"[^\"]*\">([^<]+)</a>; ends by itself on ([^.]+)\.", text)
    return m.groups() if m else None


def list_(address):
    """(scope's kind, until) or None"""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LONG)
    s.connect(("127.0.0.1", dns_port))
    got = []
    for kind in "A", "TXT":
        s.send(dns.query(dns.reverse(address, ZONE), kind, edns=1232))
        got.append(dns.Answer(s.recv(4096)))
    a, txt = got
    if bool(a.addresses()) != bool(txt.texts()):
        fail(address, "has", a.addresses(), "and", txt.texts())
    if not a.addresses():
        return None
    m = re.search(r"scope=(\w+) until=(\S+)", txt.texts()[0])
    return m.groups()


def policy(address):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(LONG)
    s.connect(DIR + "/policy")
    s.sendall((f"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address={address}\nclient_name=x\n"
               f"helo_name=x\nsender=a@example.org\nrecipient={address.replace(':', '-')}@example.net\ninstance={random.random()}\n\n").encode())
    got = b""
    while not got.endswith(b"\n\n"):
        more = s.recv(4096)
        if not more:
            fail("onus-policy closes on", address)
        got += more
    return words(got.decode().strip().removeprefix("action="))


def milter(address):
    m = Milter("unix:" + DIR + "/milter")
    reply = m.connect(address)
    if reply[0] == b"c":
        m.mail()
        reply = m.rcpt(address.replace(":", "-") + "@example.net")
    m.close()
    return words(reply[0].decode() + " " + reply[1].decode().rstrip("\0").replace("%%", "%"))


def words(text):
    """("refused", entity, until) or ("put off",) or None"""
    m = re.search(r"refused: .*; scope (\S+) until (\S+?)[;\s]", text + " ")
    if m:
        return ("refused", *m.groups())
    return ("put off",) if "greylisted" in text else None


def instant(text):
    return re.sub(r"[^0-9]", "", text)[:12]  # to the minute: some say no seconds


def compare(addresses):
    counts = {}
    for a, said in lookup(addresses).items():
        refused = said is not None and said[0] == "block" and said[1] in ("reject", "drop")
        grey = said is not None and not refused and said[1] != "tag"
        if api(a) != said:
            fail(a, "lookup:", said, "API:", api(a))
        shown = page(a)
        over = said is not None and not said[2].startswith("addr:")
        if (shown is not None) != over or (over and (shown[0], shown[1], instant(shown[2])) != (said[1], said[2], instant(said[3]))):
            fail(a, "lookup:", said, "page:", shown)
        listed = list_(a)
        if (listed is not None) != refused or (refused and (listed[0], instant(listed[1])) != (said[2].split(":")[0], instant(said[3]))):
            fail(a, "lookup:", said, "DNS:", listed)
        if zone_grade(a) != grades[a]:
            fail(a, "lookup:", grades[a], "DNS:", zone_grade(a))
        for who, answer in ("policy", policy(a)), ("milter", milter(a)):
            want = ("refused", said[2]) if refused else ("put off",) if grey else None
            if (answer and answer[:2]) != want or (refused and instant(answer[2]) != instant(said[3])):
                fail(a, "lookup:", said, who + ":", answer)
        key = f"{said[1]} {said[2].split(':')[0]}" if said else "nothing"
        counts[key] = counts.get(key, 0) + 1
    counts["graded"] = sum(g is not None for g in grades.values())
    print(f"generation {published()}: " + ", ".join(f"{k} {n}" for k, n in sorted(counts.items())))
    return counts


web = start("web", "web_listen=127.0.0.1:0").rsplit(" ", 1)[-1].rstrip("/")
dns_port = int(start("dnsbl", "dnsbl_listen=127.0.0.1:0").rsplit(":", 1)[1])
start("policy", f"policy_listen=unix-stream:{DIR}/policy")
start("milter", f"milter_listen=unix:{DIR}/milter")
until(lambda: os.path.exists(DIR + "/milter"), "onus-milter does not listen")

r = random.Random(8)
ADDRESSES = ["45.0.1.1", "45.0.1.9", "45.0.1.2", "45.0.2.2", "45.0.3.3", "45.0.4.4", "46.0.9.9", "47.0.3.3", "2a00:1:2:3::4", "2a00:1:2:3:ffff::1",
             "2a00:1:2:4::4", "8.8.8.8", "10.0.0.1", "47.0.0.0", "47.0.15.255", "47.0.16.0", "46.255.255.255"]
ADDRESSES += [f"45.0.7.{i}" for i in range(1, 60)] + [f"47.0.{r.randrange(16)}.{r.randrange(256)}" for _ in range(40)]
ADDRESSES += [f"{r.randrange(11, 100)}.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(256)}" for _ in range(100)]


def all_follow():
    until(lambda: all(generation(n) == published() for n in ("dnsbl", "policy", "milter")) and api("8.8.8.8") is None,
          f"not all answer by {published()}: " + str([generation(n) for n in ("dnsbl", "policy", "milter")]))


all_follow()
before = compare(ADDRESSES)
if not lookup(["45.0.4.4"])["45.0.4.4"]:
    fail("nothing is decided on what others say alone")
for what in "reject as", "nothing", "graded":
    if before.get(what, 0) < 10:
        fail("too little is decided for this to be a test:", before)
if sum(n for k, n in before.items() if k.split()[-1] == "addr") < 3:
    fail("too few addresses are decided about:", before)
subprocess.run(["sh", DIR + "/next"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
all_follow()
after = compare(ADDRESSES)
said = lookup(["45.0.1.1", "45.0.1.9", "45.0.4.4", "47.0.0.0", "47.0.3.3"])
gone = [a for a in ("45.0.1.1", "45.0.4.4", "47.0.0.0") if said[a]]
if gone or not said["45.0.1.9"] or not said["47.0.3.3"] or "reject as" in after:
    fail("the next publication says", said, after)
print("ok")
