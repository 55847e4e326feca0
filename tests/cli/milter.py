#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-milter as a mail server meets it: what each client and recipient is answered, headers, macros, older protocols, garbage,
too many connections, reloads under load, publications that are missing, ended, forged or replaced, restarts."""
import atexit
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from milter_mta import Milter, dial, text

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import publication  # noqa: E402
from expect import MINUTES, Expect, read, status_of  # noqa: E402

build = os.environ["ONUS_BUILD"]
dir_ = sys.argv[1]
where = "unix:" + dir_ + "/socket"

STANDINGS = """\
addr:45.0.0.1 - block reject 3600 F 25 - 100% of its mails were spam
addr:45.0.0.2 - block drop 3600 F 25 - attacked on 9 days
addr:45.0.0.3 - friction greylist 3600 E 40 - seen here and there
addr:45.0.0.4 - watch tag 3600 C 70 - seen once
addr:45.0.0.5 - clear tag 0 E 40 - -
addr:45.0.0.6 - clear tag 0 A 100 - -
addr:45.0.0.7 - block reject 1 F 25 - over soon
addr:45.0.9.1 - block reject 3600 F 25 - of our own
block:45.0.1.0/24 - block reject 3600 F 25 - a bad block
addr:2a00:45:0:1::/64 - block reject 3600 F 25 - a bad network
"""


def log():
    return read(dir_ + "/log")


def status():
    return status_of(dir_ + "/state", "onus-milter")


expect = Expect(lambda: log()[-3000:])
check, until = expect.check, expect.until


def publish(generation, lasts_s=86400, standings=STANDINGS, key="key", serve="serve"):
    publication.make(dir_ + "/" + serve, dir_ + "/" + key, generation, standings, lasts_s)


def configure(more=""):
    with open(dir_ + "/conf.tmp", "w") as f:
        f.write("""state_dir = @/state
serve_dir = @/serve
site_url = https://onus.example/
own_networks = 45.0.9.0/24
milter_listen = unix:@/socket
greylist_delay_s = 1
""".replace("@", dir_) + more + """
[rule open]
recipient = open@example.net
action = tag
[rule friends]
verified = yes
action = exempt
""")
    os.rename(dir_ + "/conf.tmp", dir_ + "/conf")


program = build + "/src/prog/milter/onus-milter"
daemon = policy = None


@atexit.register
def leave():
    for p in daemon, policy:
        if p and p.poll() is None:
            p.kill()


def start():
    global daemon
    daemon = subprocess.Popen([program, "-c", dir_ + "/conf", "-v"], stdout=subprocess.DEVNULL, stderr=open(dir_ + "/log", "a"))

    def up():
        check(daemon.poll() is None, "onus-milter has ended with", daemon.returncode)
        try:
            dial(where).close()
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    until(up, "it listens")


def end(how=signal.SIGTERM, code=0):
    daemon.send_signal(how)
    check(daemon.wait(MINUTES) == code, "exit code", daemon.returncode)


def ask(address, recipient="b@example.net", sender="a@example.org", macros=None, **how):
    """One mail's way to its recipient."""
    m = Milter(where, **how)
    reply = m.connect(address)
    if reply[0] == b"c":
        if macros:
            m.macros(b"M", **macros)
        m.mail(sender)
        reply = m.rcpt(recipient)
    m.close()
    return reply[0].decode(), reply[1].rstrip(b"\0").decode()


def is_refused(reply):
    return reply[0] == "y" and reply[1].startswith("550 5.7.1 ")


def is_put_off(reply):
    return reply[0] == "y" and reply[1].startswith("450 4.7.1 greylisted")


# --- without a publication everybody passes; one that comes is in force at once

configure()
start()
check(ask("45.0.0.1")[0] == "c", "nothing is published, and somebody is refused")
until(lambda: "no publication" in status()["message"], "the status says that nothing is published")
publish(1)
until(lambda: is_refused(ask("45.0.0.1")), "a publication comes into force")
until(lambda: status()["gauges"].get("generation") == 1, "the status names the generation")

# --- who is answered what

reply = ask("45.0.0.1")
check(is_refused(reply) and "100%% of its mails" in reply[1] and "scope addr:45.0.0.1" in reply[1] and
      "https://onus.example/addr/45.0.0.1" in reply[1], "refused with", reply)
for address, good in (("45.0.0.2", is_refused), ("45.0.0.3", is_put_off), ("45.0.1.77", is_refused),
                      ("2a00:45:0:1::25", is_refused), ("IPv6:2a00:45:0:1::26", is_refused)):
    reply = ask(address)
    check(good(reply), address, "is answered", reply)
for address in ("45.0.0.4", "45.0.0.5", "45.0.0.6", "45.0.2.1", "45.0.9.1", "2a00:45:0:2::1", "127.0.0.1", "::1", "10.0.0.1"):
    reply = ask(address)
    check(reply == ("c", ""), address, "is answered", reply)
for address in (None, "/run/x"):
    reply = ask(address)
    check(reply == ("a", ""), "a client without an address is answered", reply)
until(lambda: ask("45.0.0.7")[0] == "c", "a wall ends by itself")

# --- recipients and macros

m = Milter(where)
m.connect("45.0.0.1")
m.mail()
check(is_refused((lambda r: (r[0].decode(), r[1].decode()))(m.rcpt())), "the first recipient")
check(m.rcpt("open@example.net") == (b"c", b""), "a recipient with a rule of his own")
check(m.rcpt("postmaster@example.net")[0] == b"c", "postmaster")
check(m.rcpt("c@example.net")[0] == b"y", "the fourth recipient")
check(m.data() == (b"c", b"") and m.changes[0][1].startswith(struct.pack(">I", 0) + b"X-Onus-Client\0" + b"45.0.0.1; grade=F"),
      "the header of who is tagged", m.changes)
check(b"rule=open" in m.changes[0][1], "the header does not name the rule", m.changes)
m.mail()
check(m.rcpt()[0] == b"y", "the second mail of a connection")
m.abort()
m.mail()
check(m.rcpt("postmaster@example.net")[0] == b"c" and m.data()[0] == b"c" and not m.changes, "what was aborted is forgotten")
m.send(b"K")
m.macros(b"C", v="Postfix 3.9")
check(m.connect("45.0.0.6")[0] == b"c" and m.mail() is None and m.rcpt()[0] == b"c", "another client on the same connection")
m.close()
for macros, passes in (({"auth_authen": "joe"}, True), ({"auth_authen": ""}, False), ({"verify": "OK"}, True), ({"verify": "NO"}, False),
                       ({"verify": "FAIL", "cert_subject": "x"}, False), ({"cert_subject": "x"}, False),
                       ({"v": "Postfix 3.7.11", "cert_subject": "x"}, True), ({"v": "Postfix 3.7.11"}, False)):
    reply = ask("45.0.0.1", macros=macros)
    check((reply[0] == "c") == passes, macros, "is answered", reply)

# --- the greylist: put off, and back

check(is_put_off(ask("45.0.0.3", "grey@example.net")), "the first try")
until(lambda: ask("45.0.0.3", "grey@example.net")[0] == "c", "who comes again passes")
m = Milter(where)
m.connect("45.0.0.3")
m.mail()
check(m.rcpt("grey@example.net")[0] == b"c" and m.data()[0] == b"c" and b"level=friction" in m.changes[0][1], "the header after it",
      m.changes)
m.close()

# --- headers that clients bring along

OURS = "x-onus-CLIENT"


def headers(address, n, macros=None, **how):
    m = Milter(where, **how)
    m.connect(address)
    if macros:
        m.macros(b"M", **macros)
    m.mail()
    m.rcpt("open@example.net")
    reply = m.data([("X-Other", "1")] + [(OURS, "forged %d" % i) for i in range(n)] + [("Subject", OURS)])
    m.close()
    return reply[0], [(letter, struct.unpack(">I", data[:4])[0], data[4:].split(b"\0")[1] != b"") for letter, data in m.changes]


TAKEN = [(b"m", 3, False), (b"m", 2, False), (b"m", 1, False)]
check(headers("45.0.2.1", 3) == (b"c", TAKEN), "forged headers stay", headers("45.0.2.1", 3))
check(headers("45.0.0.4", 3) == (b"c", TAKEN + [(b"i", 0, True)]), "forged headers beside ours")
check(headers("45.0.0.4", 0) == (b"c", [(b"i", 0, True)]), "a header")
check(headers("45.0.9.1", 3) == (b"c", []), "what one's own servers write is taken off")
check(headers("45.0.2.1", 3, {"auth_authen": "joe"}) == (b"c", []), "what users write is taken off")
check(headers("45.0.2.1", 100)[0] == b"c" and headers("45.0.2.1", 101)[0] == b"y", "no bound")

# --- onus-policy says the same in its own words

policy = subprocess.Popen([build + "/src/prog/policy/onus-policy", "-c", dir_ + "/conf", "-o", "policy_listen=unix-stream:%s/policy" % dir_],
                          stdout=open(dir_ + "/policy.out", "w"), stderr=subprocess.DEVNULL)
until(lambda: "ready" in open(dir_ + "/policy.out").read(), "onus-policy listens")


def asked_policy(address, recipient):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(MINUTES)
        s.connect(dir_ + "/policy")
        s.sendall(("request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\nsender=a@example.org\nrecipient=%s\n\n" %
                   (address, recipient)).encode())
        got = b""
        while not got.endswith(b"\n\n"):
            more = s.recv(4096)
            check(more, "onus-policy closes the connection")
            got += more
    return got.decode()[7:-2]


def asked_milter(address, recipient):
    m = Milter(where)
    m.connect(address)
    m.mail()
    letter, words = m.rcpt(recipient)
    words = words.rstrip(b"\0").decode().replace("%%", "%")
    if letter == b"c":
        m.data()
        words = "PREPEND X-Onus-Client: " + m.changes[0][1][4:].split(b"\0")[1].decode() if m.changes else "DUNNO"
    m.close()
    return words.replace("550 5.7.1 ", "REJECT 5.7.1 ").replace("450 4.7.1 ", "DEFER_IF_PERMIT 4.7.1 ")


kinds = set()
until(lambda: asked_policy("45.0.0.1", "b@example.net").startswith("REJECT"), "onus-policy has the publication")
for address in ["45.0.%d.%d" % (a, b) for a in (0, 1, 2, 9) for b in range(8)] + ["2a00:45:0:1::1", "2a00:45:0:2::1", "127.0.0.1"]:
    for recipient in "same@example.net", "open@example.net", "abuse@example.net":
        both = asked_policy(address, recipient), asked_milter(address, recipient)
        check(both[0] == both[1], "policy and milter differ", address, recipient, both)
        kinds.add(both[0].split()[0])
check(kinds == {"DUNNO", "PREPEND", "REJECT", "DEFER_IF_PERMIT"}, "answers compared", kinds)
policy.terminate()
check(policy.wait(MINUTES) == 0, "onus-policy ends")

# --- what is agreed upon

m = Milter(where)
check(m.version == 6 and m.actions == 0x111, "version and actions", m.version, hex(m.actions))
check(m.steps == 0x2 | 0x10 | 0x40 | 0x100 | 0x200 | 0x4000 | 0x80, "steps", hex(m.steps))
check(b"{auth_authen}" in m.macros_wanted and b"{verify}" in m.macros_wanted, "macros", m.macros_wanted)
m.close()
for how in ({"version": 2, "actions": 0x3F, "steps": 0x3F}, {"version": 2, "actions": 0, "steps": 0}, {"version": 4, "steps": 0xFF}):
    check(is_refused(ask("45.0.0.1", **how)) and ask("45.0.0.6", **how)[0] == "c", "an older mail server", how)
    check(headers("45.0.0.4", 0, **how)[0] == b"c", "a message of an older mail server", how)
check(headers("45.0.0.4", 2, version=2, actions=0, steps=0)[0] == b"c", "a mail server that lets nothing be changed")

# --- garbage

pick = random.Random(8)
good = [b"O" + struct.pack(">III", 6, 0x1FF, 0x1FFFFF), b"C" + text("x") + b"4" + struct.pack(">H", 25) + text("45.0.0.1"),
        b"DM" + text("{auth_authen}", "joe"), b"DM" + text("{auth_authen}"), b"DC" + text("v", "x", "{verify}"), b"M" + text("<a@b>"), b"R" + text("<c@d>"), b"L" + text("X-Onus-Client", "y"), b"N", b"E", b"A",
        b"Q", b"K", b"T", b"U" + text("x"), b"H" + text("x"), b"B" + b"x" * 99]
for n in range(400):
    with dial(where) as s:
        data = b""
        for packet in good[:pick.randrange(len(good))] if n % 2 else [pick.choice(good) for _ in range(8)]:
            how = pick.randrange(6)
            if how == 0:
                packet = bytes(pick.randrange(256) for _ in range(pick.randrange(40)))
            elif how == 1:
                at = pick.randrange(len(packet))
                packet = packet[:at] + bytes([pick.randrange(256)]) + packet[at + 1:]
            if pick.randrange(20):
                data += struct.pack(">I", len(packet)) + packet
            else:
                data += struct.pack(">I", pick.choice((0, 65535, 65536, 2**31, 2**32 - 1))) + packet
                break
        try:
            s.sendall(data[:pick.randrange(len(data) + 1)] if n % 3 == 0 else data)
            if n % 5 == 0:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass


cut = []
for half in b"", struct.pack(">I", 50) + b"O\0\0", b"\0\0":  # who says half a word and then nothing holds up nobody
    for n in range(20):
        s = dial(where)
        s.sendall(half)
        cut.append(s)
check(is_refused(ask("45.0.0.1")), "beside halves")
deaf = Milter(where, version=2, actions=0, steps=0)  # neither does who reads nothing of what he is told
deaf.s.settimeout(1)
try:
    while True:
        deaf.s.send((struct.pack(">I", 1) + b"N") * 10000)
except TimeoutError:
    pass
check(is_refused(ask("45.0.0.1")), "beside one that reads nothing")
deaf.s.close()
for s in cut:
    s.close()

m = Milter(where)  # macros without a value, and a header of any size
m.connect("45.0.0.1")
m.send(b"D", b"M" + text("{auth_authen}"))
m.mail()
check(m.rcpt()[0] == b"y" and m.rcpt("open@example.net")[0] == b"c", "macros without a value")
m.command(b"L", text(OURS, "x" * 200000))
m.command(b"L", text("X-Long", "x" * 2000000))
check(m.command(b"E") == (b"c", b"") and m.changes[0][0] == b"m" and m.changes[1][0] == b"i", "headers of any size", len(m.changes))
m.close()
malformed = status()["counters"]["malformed"]
for packet in (b"z", b"O" + struct.pack(">III", 6, 0, 0), b"M" + text("<a@b>")[:-1], b"DM{x", b"C" + text("x") + b"4\0"):
    m = Milter(where)
    m.send(packet[:1], packet[1:])
    try:
        m.read(1)
        check(False, packet, "is answered")
    except (EOFError, ConnectionResetError):
        m.s.close()
until(lambda: status()["counters"]["malformed"] >= malformed + 5, "what is malformed is counted")
check("a request is malformed: " in log(), "it is logged")
check(daemon.poll() is None, "garbage has ended it")
until(lambda: status()["gauges"].get("sessions") == 0, "sessions end with their connections")

# --- more connections than it is to have, and a reload

configure("milter_connections = 2\n")
daemon.send_signal(signal.SIGHUP)


def third():
    held = [Milter(where) for _ in range(3)]
    got = [m.connect("45.0.0.1")[0] for m in held]
    for m in held:
        m.close()
    return got == [b"c", b"c", b"a"]


until(third, "the third one passes unasked")
until(lambda: status()["counters"]["shed"] >= 1, "it is counted")
configure("milter_listen = unix:%s/other\n" % dir_)
daemon.send_signal(signal.SIGHUP)
until(lambda: "until a restart" in log(), "another place wants a restart")
configure("milter_connections = nonsense\n")
daemon.send_signal(signal.SIGHUP)
until(lambda: "not reloaded" in log(), "a configuration that is wrong")
configure()

# --- reloads while clients ask

asking = threading.Event()
asked = []


def client(address, good):
    while not asking.is_set():
        asked.append(good(ask(address)))


threads = [threading.Thread(target=client, args=a, daemon=True) for a in (("45.0.0.1", is_refused), ("45.0.0.6", lambda r: r == ("c", "")))]
for t in threads:
    t.start()
for n in range(5):
    before = len(asked)
    with open(dir_ + "/log") as f:
        reloads = f.read().count("reloading")
    daemon.send_signal(signal.SIGHUP)
    publish(2 + n)
    until(lambda: "generation=%d" % (2 + n) in log() and log().count("reloading") > reloads, "a reload")
    until(lambda: len(asked) > before + 4, "clients go on")
asking.set()
for t in threads:
    t.join()
check(all(asked), asked.count(False), "of", len(asked), "answers during reloads were wrong")

# --- publications that must not come into force

publish(20, standings="addr:45.0.3.1 - block reject 3600 F 25 - new\n", serve="spoilt")
with open(dir_ + "/spoilt/20/reputation", "r+b") as f:
    f.seek(-9, 2)
    f.write(b"!")
os.rename(dir_ + "/spoilt/20", dir_ + "/serve/20")
os.symlink("20", dir_ + "/serve/next")
os.rename(dir_ + "/serve/next", dir_ + "/serve/current")
until(lambda: "cannot be read" in status()["message"], "a forged publication is told of")
check(is_refused(ask("45.0.0.1")) and ask("45.0.3.1")[0] == "c", "a forged publication is in force")
publish(21, standings="addr:45.0.3.1 - block reject 3600 F 25 - new\n", key="other")
until(lambda: "key" in status()["message"], "another one's publication is told of")
reloads = log().count("reloading")
daemon.send_signal(signal.SIGHUP)  # whom it trusts it knows over a reload
until(lambda: log().count("reloading") > reloads, "a reload with another one's publication")
check(is_refused(ask("45.0.0.1")) and ask("45.0.3.1")[0] == "c", "another one's publication is in force")
publish(22, lasts_s=1)
until(lambda: "has ended" in status()["message"], "one that ends is told of")
check(ask("45.0.0.1")[0] == "c" and ask("45.0.0.3")[0] == "c", "a publication that has ended refuses")
publish(23)
until(lambda: is_refused(ask("45.0.0.1")), "the next one")

# --- an end, and a new beginning: the greylist is kept

check(is_put_off(ask("45.0.0.3", "later@example.net")), "the first try")
end()
check(not os.path.exists(dir_ + "/socket"), "its socket is left")
check(os.stat(dir_ + "/state/onus-milter.greylist").st_mode & 0o77 == 0, "others may read the greylist")
time.sleep(1)
start()
m = Milter(where)
m.connect("45.0.0.3")
m.mail()
check(m.rcpt("later@example.net")[0] == b"c", "the greylist is lost")
second = subprocess.run([program, "-c", dir_ + "/conf"], stderr=subprocess.PIPE, timeout=MINUTES)
check(second.returncode == 2 and b"listens" in second.stderr, "a second one", second)
check(is_refused(ask("45.0.0.1")), "a second one harms the first")
end(signal.SIGKILL, -signal.SIGKILL)
start()  # over the socket that was left
check(is_refused(ask("45.0.0.1")), "after a kill")
counters = status()["counters"]
end(signal.SIGINT)
for listen in ("nonsense", "inet:0@127.0.0.1", "inet:25@localhost", "unix:relative", "inet6:25@127.0.0.1"):
    bad = subprocess.run([program, "-t", "-o", "milter_listen=" + listen, "-c", dir_ + "/conf"], stderr=subprocess.PIPE, timeout=MINUTES)
    check(bad.returncode == 3 and b"milter_listen" in bad.stderr, listen, bad)
print("ok: %d checks, %d answers during reloads" % (expect.checks, len(asked)))
