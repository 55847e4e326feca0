#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-policy over its sockets: what each client, recipient and rule is answered, many requests on a connection, requests that are
none, too many connections, a process that stood still, reloads, restarts, publications that are missing, ended, forged or
replaced."""
import atexit
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import publication  # noqa: E402
from expect import MINUTES, Expect, read, status_of  # noqa: E402

build = os.environ["ONUS_BUILD"]
program = build + "/src/prog/policy/onus-policy"
dir_ = sys.argv[1]

STANDINGS = """\
addr:45.0.0.1 - block reject 86400 F 25 - 100% of its mails were spam
addr:45.0.0.2 - block drop 86400 F 25 - attacked on 9 days
addr:45.0.0.3 - friction greylist 86400 E 40 - seen here and there
addr:45.0.0.4 - watch tag 86400 C 70 - seen once
addr:45.0.0.5 - clear tag 0 E 40 - -
addr:45.0.0.6 - clear tag 0 A 100 - -
addr:45.0.9.1 - block reject 86400 F 25 - of our own
block:45.0.1.0/24 - block reject 86400 F 25 - a bad block
addr:2a00:45:0:1::/64 - block reject 86400 F 25 - a bad network
"""
RULES = """
[rule partner]
sender = partner.example, boss@example.org
action = exempt
[rule trap]
recipient = trap@example.net
action = refuse
[rule open]
recipient = open@example.net
action = tag
[rule slow]
client = 45.0.8.0/24, 45.0.9.0/24, 127.0.0.0/8, 10.0.0.0/8
action = greylist
"""
DUNNO = "DUNNO"
REFUSED = ("REJECT 5.7.1 client 45.0.0.1 refused: 100% of its mails were spam; scope addr:45.0.0.1 until ",
           "; see https://onus.example/addr/45.0.0.1")


def log():
    return read(dir_ + "/log")


def status():
    return status_of(dir_ + "/state", "onus-policy")


expect = Expect(lambda: log()[-3000:])
check, until = expect.check, expect.until


def publish(generation, lasts_s=86400, standings=STANDINGS, key="key"):
    publication.make(dir_ + "/serve", dir_ + "/" + key, generation, standings, lasts_s)


def configure(more=""):
    with open(dir_ + "/conf.new", "w") as f:
        f.write("""state_dir = @/state
serve_dir = @/serve
site_url = https://onus.example/
own_networks = 45.0.9.0/24
policy_listen = unix-stream:@/socket, tcp:127.0.0.1:0
policy_wait_ms = 60000
greylist_delay_s = 1
greylist_known = 2
""".replace("@", dir_) + more + RULES)
    os.rename(dir_ + "/conf.new", dir_ + "/conf")


def ready(times):
    """Where it listens, once it has said so that often."""
    global tcp_port
    check(daemon.poll() is None, "onus-policy has ended with", daemon.returncode)
    said = re.findall(r"onus-policy: ready on unix-stream:\S+, tcp:127.0.0.1:(\d+)\n", read(dir_ + "/out"))
    tcp_port = int(said[-1]) if said else 0
    return len(said) >= times


def start():
    global daemon, readies
    with open(dir_ + "/out", "w") as out, open(dir_ + "/log", "a") as err:
        daemon = subprocess.Popen([program, "-c", dir_ + "/conf", "-v"], stdout=out, stderr=err)
    atexit.register(daemon.kill)  # whatever goes wrong, it ends with the test
    readies = 1
    until(lambda: ready(readies), "it listens")


def end(how=signal.SIGTERM, code=0):
    daemon.send_signal(how)
    check(daemon.wait(MINUTES) == code, "exit code", daemon.returncode)


def reload():
    global readies
    readies += 1
    daemon.send_signal(signal.SIGHUP)
    until(lambda: ready(readies), "it listens again")


def counter(name):
    return status()["counters"].get(name, 0)


# --- a Postfix

number = 0


def request(address, recipient="b@example.net", sender="a@example.org", **more):
    """As Postfix 3.12 writes one; each is a mail of its own unless it has an instance."""
    global number
    number += 1
    attributes = dict(request="smtpd_access_policy", protocol_state="RCPT", protocol_name="ESMTP", client_address=address,
                      client_name="m.example.org", client_port="4711", reverse_client_name="m.example.org",
                      server_address="198.51.100.1", server_port="25", helo_name="m.example.org", sender=sender,
                      recipient=recipient, recipient_count="0", queue_id="", instance="1f.%d.0" % number, size="0", etrn_domain="",
                      stress="", sasl_method="", sasl_username="", sasl_sender="", ccert_subject="", ccert_issuer="",
                      ccert_fingerprint="", ccert_pubkey_fingerprint="", encryption_protocol="", encryption_cipher="",
                      encryption_keysize="0", policy_context="", compatibility_level="3.12", mail_version="3.12.0")
    attributes.update(more)
    return ("".join("%s=%s\n" % a for a in attributes.items()) + "\n").encode()


class Connection:
    def __init__(self, tcp=False, receives=0):
        self.s = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        if receives:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.s.settimeout(MINUTES)
        self.s.connect(("127.0.0.1", tcp_port) if tcp else dir_ + "/socket")
        self.rest = b""

    def send(self, what):
        self.s.sendall(what)

    def answer(self):
        """The action, or None when it was closed."""
        while b"\n\n" not in self.rest:
            try:
                got = self.s.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                check(not self.rest, "half an answer", self.rest)
                return None
            self.rest += got
        line, _, self.rest = self.rest.partition(b"\n\n")
        check(line.startswith(b"action=") and b"\n" not in line, "an answer", line)
        return line[7:].decode("ascii")

    def ask(self, address, *where, **more):
        self.send(request(address, *where, **more))
        return self.answer()

    def close(self):
        self.s.close()


def ask(address, *where, **more):
    c = Connection()
    try:
        return c.ask(address, *where, **more)
    finally:
        c.close()


def refused(action):
    return action is not None and action.startswith(REFUSED[0]) and action.endswith(REFUSED[1])


def tag(action, *words):
    return action is not None and action.startswith("PREPEND X-Onus-Client: 45.0.") and all(w in action for w in words)


# --- what is answered

def no_publication():
    for address in ("45.0.0.1", "45.0.1.9", "2a00:45:0:1::1"):
        check(ask(address) == DUNNO, "nothing is published", address)
    check(ask("45.0.8.1").startswith("DEFER_IF_PERMIT"), "a rule holds without a publication")
    for address in ("45.0.9.1", "127.0.0.1", "10.1.2.3"):
        check(ask(address) == DUNNO, "who is spared without a publication", address)
    until(lambda: status()["message"] == "no publication: nobody is listed", "its status says so")


def decisions():
    for c in (Connection(), Connection(tcp=True)):
        check(refused(c.ask("45.0.0.1")), "who is listed")
        check(c.ask("45.0.0.2").startswith("REJECT 5.7.1 client 45.0.0.2 refused: attacked on 9 days; "), "who is dropped elsewhere")
        check(c.ask("45.0.1.200").endswith("see https://onus.example/block/45.0.1.0/24"), "a block")
        check("scope addr:2a00:45:0:1::/64" in c.ask("2a00:45:0:1::25"), "an IPv6 client")
        check(refused(c.ask("::ffff:45.0.0.1")), "an IPv4 client over IPv6")
        check(tag(c.ask("45.0.0.4"), "; level=watch; action=tag; scope=addr:45.0.0.4;", "page=", "reason=seen once"), "a tag")
        check(tag(c.ask("45.0.0.5"), "45.0.0.5; grade=E; score="), "a bad grade")
        for address in ("45.0.0.6", "45.0.2.1", "2a00:45:0:2::1", "45.0.9.1", "127.0.0.1", "unknown", "", "fe80::1%eth0"):
            check(c.ask(address) == DUNNO, "who is not listed", address)
        c.close()


def greylist():
    until(lambda: ask("45.0.0.3", "grey@example.net").startswith("PREPEND"), "who is grey comes back")
    c = Connection()
    first = c.ask("45.0.0.3", "c@example.net")
    check(first.startswith("DEFER_IF_PERMIT 4.7.1 greylisted, try again in 1 seconds: seen here and there; scope addr:45.0.0.3"),
          "who is grey", first)
    check(c.ask("45.0.0.3", "d@example.net").startswith("DEFER_IF_PERMIT"), "another recipient")
    check(c.ask("45.0.2.1", "c@example.net") == DUNNO, "another client")
    back = until(lambda: (a := c.ask("45.0.0.3", "c@example.net")) and a.startswith("PREPEND") and a, "he comes back")
    check(tag(back, "; level=friction; action=greylist;", "; waited="), "what he gets", back)
    again = c.ask("45.0.0.3", "c@example.net")
    check(tag(again) and "waited=" not in again, "and passes from then on", again)
    check(tag(c.ask("45.0.0.3", "new@example.net")), "two of his network came back: it is known")
    until(lambda: ask("45.0.8.1") == DUNNO, "a rule's greylist, for who is not listed")
    c.close()


def rules():
    c = Connection()
    check(c.ask("45.0.0.1", sasl_username="joe", sasl_method="PLAIN") == DUNNO, "a user")
    for recipient in ("postmaster@example.net", "Abuse@example.net", "postmaster"):
        check(c.ask("45.0.0.1", recipient) == DUNNO, "complaints", recipient)
    check(c.ask("45.0.0.1", sender="x@partner.example") == DUNNO, "a sender's domain")
    check(c.ask("45.0.0.1", sender="Boss@Example.Org") == DUNNO, "a sender")
    check(refused(c.ask("45.0.0.1", sender="boss@example.com")), "another sender")
    check(c.ask("45.0.2.1", "trap@example.net") == "REJECT 5.7.1 client 45.0.2.1 refused by a rule of this site, trap", "a trap")
    check(tag(c.ask("45.0.0.1", "open@example.net"), "action=reject", "; rule=open;"), "a rule that only tags")
    check(c.ask("45.0.2.1", "open@example.net") == DUNNO, "a rule that only tags, and nothing to say")
    c.close()


def once_a_mail():
    c = Connection()
    first = [c.ask("45.0.0.4", "%d@example.net" % i, instance="7.8.9") for i in range(3)]
    check(tag(first[0]) and first[1:] == [DUNNO, DUNNO], "recipients of one mail", first)
    check(tag(c.ask("45.0.0.4", instance="7.8.10")), "the next mail")
    check(tag(c.ask("45.0.0.4", instance="")) and tag(c.ask("45.0.0.4", instance="")), "mails that nobody tells apart")
    c.close()


# --- connections

def several():
    c = Connection()
    c.send(request("45.0.0.1") + request("45.0.2.1") + request("45.0.0.4") + request("45.0.0.1")[:-1])
    check(refused(c.answer()) and c.answer() == DUNNO and tag(c.answer()), "three in one write")
    c.send(b"\n" + request("45.0.2.1"))
    check(refused(c.answer()) and c.answer() == DUNNO, "the fourth, cut before its end")
    for byte in request("45.0.0.1"):
        c.send(bytes([byte]))
    check(refused(c.answer()), "byte by byte")
    c.s.shutdown(socket.SHUT_WR)
    check(c.answer() is None, "and its end")
    c.close()


def gone():
    """What a client is told who left before he heard it is no answer to anybody else."""
    pairs = [(Connection(), Connection()) for _ in range(20)]
    for c in sum(pairs, ()):
        check(c.ask("45.0.2.1") == DUNNO, "they are known")
    daemon.send_signal(signal.SIGSTOP)
    until(lambda: all(state == "T" for state in threads()), "no thread of it runs")
    for leaves, stays in pairs:
        leaves.send(request("45.0.0.1"))
        leaves.close()
        stays.send(request("45.0.2.1"))
    daemon.send_signal(signal.SIGCONT)
    for _, stays in pairs:
        answer = stays.answer()
        check(answer == DUNNO, "another's answer:", answer)
        check(stays.ask("45.0.2.1") == DUNNO, "nor the next one")
        stays.close()


def not_read():
    """Answers that nobody reads stop the questions, and nothing is lost, nor out of order."""
    for tcp in (False, True):
        c, n = Connection(tcp, receives=65536), 60000 if tcp else 10000  # more than all buffers hold
        what = b"".join(request("45.0.2.1" if i % 3 == 0 else "45.0.0.1") for i in range(n))
        writer = threading.Thread(target=lambda: c.send(what))
        writer.start()
        before = -1
        while before != (before := counter("requests")):
            time.sleep(2.5)  # until it has told twice that no more are taken
        check(writer.is_alive(), "all were written although nobody reads")
        other = Connection(tcp)
        check(refused(other.ask("45.0.0.1")), "others are answered meanwhile")
        other.close()
        for i in range(n):
            a = c.answer()
            check(a == DUNNO if i % 3 == 0 else refused(a), "answer", i, a)
        writer.join()
        c.close()


def malformed():
    before = counter("malformed")
    cases = [b"\n", b"GET / HTTP/1.1\r\nHost: x\r\n\n\n", b"request=smtpd_access_policy\nsender\n\n", b"request=x\n\n",
             b"request=smtpd_access_policy\nsender=a\0b\n\n", b"client_address=45.0.0.1\n\n", b"x" * 20000,
             b"request=smtpd_access_policy\nsender=" + b"x" * 17000 + b"\n\n"]
    for case in cases:
        c = Connection()
        c.send(request("45.0.0.1"))
        check(refused(c.answer()), "before it")
        try:
            c.send(case)
        except (BrokenPipeError, ConnectionResetError):
            pass
        check(c.answer() is None, "no answer, and the connection is closed", case[:60])
        c.close()
    until(lambda: counter("malformed") == before + len(cases), "they are counted")
    check("a request is malformed: " in log(), "it is logged")
    c = Connection()
    c.send(request("45.0.0.1") + b"nonsense\n\n" + request("45.0.0.1"))
    check(refused(c.answer()) and c.answer() is None, "what was asked before it is answered")
    c.close()
    until(lambda: counter("malformed") == before + len(cases) + 1, "all that was asked is counted")


def many():
    """20 are allowed, 16 more are let pass, and then the oldest one has to go."""
    configure("policy_connections = 20\n")
    reload()
    until(lambda: counter("requests") == 0, "and counts anew")
    all_ = [Connection() for i in range(20)]
    for c in all_:
        check(refused(c.ask("45.0.0.1")), "within the limit")
    over = [Connection() for i in range(16)]
    for c in over:
        check(c.ask("45.0.0.1") == DUNNO, "over the limit")
    until(lambda: counter("shed") == 16, "they are counted")
    newest = Connection()
    check(newest.ask("45.0.0.1") == DUNNO, "the newest")
    check(all_[0].answer() is None, "who was silent longest is closed for it")
    for c in all_ + over[:-1]:
        c.close()
    until(lambda: refused(over[-1].ask("45.0.0.1")), "one of these, when there is room again")
    for c in over, [newest]:
        c[-1].close()
    check(until(lambda: counter("closed_full"), "it is counted") == 1, "one was closed")


def threads():
    for path in glob.glob("/proc/%d/task/*/stat" % daemon.pid):
        with open(path) as f:
            yield f.read().rpartition(") ")[2][0]


def stood_still():
    """What waited while the process did not run passes at once."""
    configure("policy_wait_ms = 100\n")
    reload()
    until(lambda: counter("requests") == 0, "and counts anew")
    c = Connection()
    until(lambda: refused(c.ask("45.0.0.1")), "who is listed, in time")
    daemon.send_signal(signal.SIGSTOP)
    until(lambda: all(state == "T" for state in threads()), "no thread of it runs")
    c.send(request("45.0.0.1"))
    time.sleep(2)
    daemon.send_signal(signal.SIGCONT)
    check(c.answer() == DUNNO, "what waited")
    until(lambda: counter("shed"), "it is counted")
    until(lambda: refused(c.ask("45.0.0.1")), "and then as before")
    c.close()
    configure()
    reload()


# --- restarts and publications

def restart():
    c = Connection()
    until(lambda: tag(c.ask("45.0.0.3", "kept@example.net")), "one that is known")
    c.close()
    end()
    check(os.stat(dir_ + "/state/onus-policy.greylist").st_mode & 0o777 == 0o600, "its key is nobody's business")
    start()
    until(lambda: "generation=1" in log(), "the publication")
    check(tag(ask("45.0.0.3", "kept@example.net")), "it is known still")
    check(ask("45.0.8.1") == DUNNO, "and who came back before")
    end(signal.SIGKILL, -signal.SIGKILL)
    with open(dir_ + "/state/onus-policy.greylist", "r+b") as f:
        f.truncate(os.fstat(f.fileno()).st_size - 1)
    start()
    until(lambda: "the greylist begins anew: " in log(), "a greylist that was cut")
    check(os.path.exists(dir_ + "/state/onus-policy.greylist.bad"), "it is set aside")
    check(ask("45.0.8.1").startswith("DEFER_IF_PERMIT"), "and who came back before is not known")
    with open(dir_ + "/conf", "a") as f:
        f.write("[rule bad]\naction = maybe\n")
    t = subprocess.run([program, "-c", dir_ + "/conf", "-t"], capture_output=True, text=True)
    check(t.returncode == 3 and "rule bad: action is judge|exempt|tag|greylist|refuse, not \"maybe\"" in t.stderr, "-t", t)
    daemon.send_signal(signal.SIGHUP)
    until(lambda: "not reloaded, the old configuration stays: " in log(), "a bad configuration")
    check(refused(ask("45.0.0.1")), "and it goes on")
    configure()


def publications():
    c = Connection()
    publish(2, standings="addr:45.0.2.1 - block reject 86400 F 25 - new\naddr:45.0.2.2 - block reject 2 - 0 - over soon\n")
    until(lambda: "generation=2" in log(), "the next publication")
    check(c.ask("45.0.0.1") == DUNNO and c.ask("45.0.2.1").startswith("REJECT"), "on the same connection")
    until(lambda: c.ask("45.0.2.2") == DUNNO, "a decision that ends")
    with open(dir_ + "/serve/2/reputation", "rb") as f:
        whole = f.read()
    publish(3, key="other")
    until(lambda: "is not used" in log(), "one that somebody else signed")
    check(c.ask("45.0.2.1").startswith("REJECT") and c.ask("45.0.0.1") == DUNNO, "the one before it stays")
    until(lambda: "the newest cannot be read" in status()["message"], "its status says so")
    reload()
    check(ask("45.0.2.1").startswith("REJECT") and ask("45.0.0.1") == DUNNO, "a reload does not believe it")
    with open(dir_ + "/conf") as f:
        conf = f.read()
    with open(dir_ + "/conf", "w") as f:
        f.write(conf.replace("own_networks = ", "own_networks = 45.0.8.0/24, "))
    reload()
    check(ask("45.0.0.1") == DUNNO, "nor with other networks of one's own")
    with open(dir_ + "/conf", "w") as f:
        f.write(conf)
    reload()
    check(ask("45.0.0.1") == DUNNO, "nor once more")
    c = Connection()
    publish(4, lasts_s=3)
    until(lambda: "generation=4" in log(), "one that ends soon")
    until(lambda: c.ask("45.0.0.1") == DUNNO, "it ends")
    until(lambda: status()["message"].startswith("generation 4 has ended: nobody is listed"), "its status says so")
    check("the newest publication has ended, generation=4" in log(), "its log says so")
    end()
    shutil.rmtree(dir_ + "/serve/4")
    publish(5)
    with open(dir_ + "/serve/5/reputation", "r+b") as f:
        f.truncate(len(whole) // 2)
    start()
    until(lambda: "nobody is listed" in status()["message"] and "reputation" in status()["message"], "one that was cut")
    check(ask("45.0.0.1") == DUNNO, "nobody is listed")
    publish(6)
    until(lambda: "generation=6" in log(), "a whole one")
    check(refused(ask("45.0.0.1")), "as ever")


configure()
start()
no_publication()
publish(1)
until(lambda: "generation=1" in log(), "the publication")
for part in decisions, greylist, rules, once_a_mail, several, gone, not_read, malformed:
    part()
sums = until(lambda: (n := status()["counters"]) and
             n["requests"] == sum(n[k] for k in ("dunno", "prepended", "greylisted", "refused", "shed")) and n, "counters add up")
for key in "requests", "dunno", "prepended", "greylisted", "greylist_back", "refused", "exempt", "malformed":
    check(sums[key] > 0, key, "is 0")
check(sums["shed"] == 0 and sums["closed_full"] == 0, "none was shed", sums)
screen = subprocess.run([build + "/src/prog/onus/onus", "status", "-c", dir_ + "/conf"], capture_output=True, text=True).stdout
check(re.search(r"onus-policy +up .*answers by generation 1\n", screen) and
      re.search(r"mails refused +onus-policy +[0-9.]+ +%d\n" % sums["refused"], screen), "onus status", screen)
for part in many, stood_still, restart, publications:
    part()
end()
print("ok: %d requests, %d checks" % (number, expect.checks))
