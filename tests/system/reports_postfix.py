#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Abuse reports by SMTP into a real Postfix, with a queue and a configuration of the test's own, through pipe(8) and
onus-deliver into the collector's maildir. The delivering program is killed before it wrote anything, while it writes, and
after all is written but before Postfix hears of it: Postfix tries again, and each report is one event. A milter writes
results as OpenDKIM does; senders type results of their own, which are not believed."""
import collections
import json
import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
from postfix import Postfix  # noqa: E402

build = os.environ["ONUS_BUILD"] + "/src/prog"
dir_ = sys.argv[1]
MAILS = 48
bad = 0


def fail(*words):
    global bad
    bad += 1
    print("not ok:", *words)


# --- a milter -----------------------------------------------------------------------------------------------------


def read_full(c, n):
    data = b""
    while len(data) < n:
        more = c.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def send_milter(c, data):
    c.sendall(struct.pack(">I", len(data)) + data)


def filter_mails(c):
    """X-Signed: DOMAIN stands for a signature that is good. What the sender typed in our name is left where it is."""
    signed = None
    try:
        while True:
            data = read_full(c, struct.unpack(">I", read_full(c, 4))[0])
            what = data[:1]
            if what == b"O":
                send_milter(c, b"O" + struct.pack(">III", 6, 1, 0))
                continue
            if what in b"DA":  # macros; the mail is given up
                continue
            if what == b"Q":
                return
            if what == b"M":
                signed = None
            if what == b"L" and data[1:].startswith(b"X-Signed\0"):
                signed = data[1:].split(b"\0")[1].strip().decode()
            if what == b"E":
                result = "dkim=pass (2048-bit key) header.d=%s header.i=@%s" % (signed, signed) if signed else "dkim=none"
                send_milter(c, b"i" + struct.pack(">I", 1) +
                            ("Authentication-Results\0mx.onus.example;\n\t%s\0" % result).encode())
            send_milter(c, b"c")
    except (EOFError, OSError):
        pass


milter = socket.socket()
milter.bind(("127.0.0.1", 0))
milter.listen(20)


def milter_loop():
    while True:
        c, _ = milter.accept()
        threading.Thread(target=filter_mails, args=(c,), daemon=True).start()


threading.Thread(target=milter_loop, daemon=True).start()

# --- Postfix ------------------------------------------------------------------------------------------------------

postfix = Postfix(dir_, {
    "virtual_mailbox_domains": "reports.example",
    "virtual_mailbox_maps": "static:all",
    "virtual_transport": "onus",
    "onus_destination_recipient_limit": "1",
    "queue_run_delay": "1s",
    "minimal_backoff_time": "3s",
    "maximal_backoff_time": "3s",
    "smtpd_milters": "inet:127.0.0.1:%d" % milter.getsockname()[1],
    "milter_default_action": "tempfail",
}, services="onus unix - n n - 4 pipe flags=Rq user=nobody argv=@/bin/deliver\n")
for name in ("bin", "kills"):
    os.mkdir(os.path.join(dir_, name))
shutil.chown(dir_ + "/kills", "nobody")
shutil.copy(build + "/deliver/onus-deliver", dir_ + "/bin")
# The delivering program, and what happens to it: the first tries of a mail end in a kill. Which kind is up to the mail.
with open(dir_ + "/bin/deliver", "w") as f:
    f.write(r'''#!/usr/bin/python3
import hashlib, os, random, signal, subprocess, sys, time
mail = sys.stdin.buffer.read()
key = hashlib.sha256(mail).hexdigest()
at = "@/kills/" + key
tries = os.path.getsize(at) if os.path.exists(at) else 0
with open(at, "a") as f:
    f.write("x")
kind = int(key[:4], 16) % 4
if tries >= (0, 1, 1, 2)[kind]:
    sys.exit(subprocess.run(["@/bin/onus-deliver", "--maildir", "@/mail"], input=mail).returncode)
p = subprocess.Popen(["@/bin/onus-deliver", "--maildir", "@/mail"], stdin=subprocess.PIPE)
if kind == 1:  # it has read half
    p.stdin.write(mail[:len(mail) // 2])
    p.stdin.flush()
    p.kill()
elif kind == 2:  # all is on the disk, and Postfix does not hear of it
    p.communicate(mail)
    if p.returncode != 0:
        sys.exit(p.returncode)
else:  # somewhere
    p.stdin.write(mail)
    p.stdin.close()
    time.sleep(random.random() * 0.004)
    p.kill()
p.wait()
os.kill(os.getpid(), signal.SIGKILL)
'''.replace("@", dir_))
os.chmod(dir_ + "/bin/deliver", 0o755)
postfix.start()


def report(address, head):
    return (head + "From: Loop <fbl@example.net>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report;"
            " report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n"
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x\r\nVersion: 1\r\n"
            "Source-IP: %s\r\n\r\n--b--\r\n" % address).encode()


TYPED = "Authentication-Results: mx.onus.example; dkim=pass header.d=example.net\r\n"
HOP = "Received: from x (x [8.8.8.8])\r\n\tby y (Postfix) with ESMTP id 3; Thu, 27 Nov 2025 11:00:00 +0100\r\n"
# what stands above From, and whether it is believed
HEADS = [("X-Signed: example.net\r\n", True), (TYPED, False), (HOP + TYPED, False), ("X-Signed: evil.example\r\n" + TYPED, False),
         (TYPED + "X-Signed: example.net\r\n", True), (" ; dkim=pass header.d=example.net\r\n" + TYPED, None)]
want = {}
try:
    smtp = postfix.connect()
    postfix.become(smtp, "9.9.9.9")
    for n in range(MAILS):
        head, believed = HEADS[n % len(HEADS)]
        address = "46.50.%d.%d" % (n // 200, n % 200 + 1)
        if believed is not None:  # else Postfix makes a body of all of it, and it is no report
            want[address] = ("reports", 0) if believed else ("reports-unverified", 1)
        smtp.sendmail("bounces@example.org", ["abuse@reports.example"], report(address, head))
    smtp.quit()
    # Each mail is removed from the queue once it is delivered. One that pipe(8) still has open when it is to be tried again
    # waits for a minute.
    for _ in range(3000):
        if postfix.log().count(": removed\n") >= MAILS or not postfix.runs():
            break
        time.sleep(0.1)
finally:
    postfix.stop()
text = postfix.log()
tries = collections.Counter(os.path.getsize(dir_ + "/kills/" + name) for name in os.listdir(dir_ + "/kills"))
killed = sum((n - 1) * k for n, k in tries.items())
if text.count(": removed\n") != MAILS or "status=bounced" in text:
    fail("not delivered:", text[-3000:])
if text.count("Command died with signal 9") != killed or killed < MAILS // 4:
    fail("%d kills, of which Postfix has seen %d" % (killed, text.count("Command died with signal 9")), tries)

# --- what became of them --------------------------------------------------------------------------------------------

with open(dir_ + "/conf", "w") as f:
    f.write("""state_dir = @/state
spool_dir = @/spool
hub = sqlite:@/hub.sqlite
[source reports]
type = reports
path = @/mail
anchor = no
trust = 0.5
reporters = example.net
authserv = mx.onus.example
""".replace("@", dir_))
for program in ("collect", "load"):
    subprocess.run([build + "/%s/onus-%s" % (program, program), "-c", dir_ + "/conf", "--once"], check=True,
                   stderr=subprocess.DEVNULL)
rows = sqlite3.connect(dir_ + "/hub.sqlite").execute(
    "SELECT substr(l.addr, 13), s.name, l.proof, l.count FROM ledger l JOIN source s ON s.id = l.source").fetchall()
got = {".".join(str(b) for b in a): (name, proof) for a, name, proof, _ in rows}
if got != want:
    fail("believed:", {a: (got.get(a), want.get(a)) for a in set(got) | set(want) if got.get(a) != want.get(a)})
if len(rows) != len(want) or any(count != 1 for *_, count in rows):
    fail("not once each:", rows)
with open(dir_ + "/state/status/onus-collect.status") as f:
    counters = json.load(f)["counters"]
if counters["reports"] != MAILS:
    fail("%d mails in the maildir, not %d" % (counters["reports"], MAILS))
print("%d reports by SMTP, %d deliveries killed: each counted once" % (MAILS, killed))
sys.exit(bad > 0)
