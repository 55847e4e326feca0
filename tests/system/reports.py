#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Abuse reports delivered into a maildir while the collector is killed with SIGKILL again and again: each counts once,
also where a mail reader renames messages meanwhile and the mail server delivers one twice. Then readers that crash,
hang, lie and never end: each costs the message that made it do so and no other."""
import collections
import fcntl
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

build = os.environ["ONUS_BUILD"] + "/src/prog"
dir_ = sys.argv[1]
seconds = float(os.environ.get("REPORTS_SECONDS", "20"))
random.seed(5)
bad = 0


def fail(*words):
    global bad
    bad += 1
    print("not ok:", *words)


def conf(name, extra=""):
    base = os.path.join(dir_, name)
    os.makedirs(base, exist_ok=True)
    with open(base + "/conf", "w") as f:
        f.write("""state_dir = %s/state
spool_dir = %s/spool
hub = sqlite:%s/hub.sqlite
own_networks = 46.99.0.0/16
collect_interval_s = 1
[source reports]
type = reports
path = %s/mail
anchor = no
%s
""" % (base, base, base, base, extra))
    return base


def ledger(base):
    subprocess.run([build + "/load/onus-load", "-c", base + "/conf", "--once"], check=True)
    db = sqlite3.connect(base + "/hub.sqlite")
    kinds = db.execute("SELECT DISTINCT s.kind FROM ledger l JOIN source s ON s.id = l.source").fetchall()
    if kinds not in ([(1,)], []):
        fail("the source is of kind", kinds)
    rows = db.execute("SELECT substr(addr, 13), sum(count) FROM ledger GROUP BY 1").fetchall()
    return {".".join(str(b) for b in a): n for a, n in rows}


def report(address):
    return ("From: fbl@example.net\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report;"
            " boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: message/feedback-report\n\n"
            "Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\nSource-IP: %s\n\n--b\nContent-Type: message/rfc822\n\n"
            "From: a@example.org\n\nbuy\n--b--\n" % address).encode()


def deliver(base, mail):
    return subprocess.run([build + "/deliver/onus-deliver", "--maildir", base + "/mail"], input=mail,
                          stderr=subprocess.PIPE).returncode


# --- kills ------------------------------------------------------------------------------------------------------

base = conf("kills")
expected = collections.Counter()
stop = threading.Event()


def feeder():
    n = 0
    while not stop.is_set():
        address = "46.%d.%d.%d" % (1 + n // 60000, n // 250 % 240, n % 250 + 1)
        mail = report(address)
        if deliver(base, mail) != 0:
            fail("not delivered")
        if n % 7 == 0 and deliver(base, mail) != 0:  # as the mail server had not noted it
            fail("not delivered again")
        expected[address] += 1
        n += 1
        if n % 50 == 0 and deliver(base, b"Subject: hello\n\n%d" % n) != 0:
            fail("not delivered")


def mail_reader():
    """Moves what is new to cur, with flags, as an IMAP server does."""
    while not stop.is_set():
        for name in os.listdir(base + "/mail/new")[:5] if os.path.isdir(base + "/mail/new") else []:
            try:
                os.rename(base + "/mail/new/" + name, base + "/mail/cur/" + name + ":2,S")
            except FileNotFoundError:
                pass
        time.sleep(0.05)


threads = [threading.Thread(target=feeder), threading.Thread(target=mail_reader)]
for t in threads:
    t.start()
kills = 0
started = time.time()
while time.time() - started < seconds:
    p = subprocess.Popen([build + "/collect/onus-collect", "-c", base + "/conf"], stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0.05, 1.5))
    p.kill()
    p.wait()
    kills += 1
stop.set()
for t in threads:
    t.join()
for _ in range(2):  # what is in the queue, then nothing
    subprocess.run([build + "/collect/onus-collect", "-c", base + "/conf", "--once"], stderr=subprocess.DEVNULL, check=True)
got = ledger(base)
wrong = {a: (n, got.get(a)) for a, n in expected.items() if got.get(a) != n}
extra = set(got) - set(expected)
if wrong or extra:
    fail("%d counted wrongly: %s, %d from nowhere" % (len(wrong), dict(list(wrong.items())[:5]), len(extra)))
left = os.listdir(base + "/mail/new") + os.listdir(base + "/mail/cur")
done, refused = (len(os.listdir(base + "/mail/" + d)) for d in ("done", "bad"))
if left or done != len(expected) or refused != len(expected) // 50:
    fail("left %d, done %d of %d, refused %d" % (len(left), done, len(expected), refused))
print("%d reports, %d kills: each counted once" % (len(expected), kills))
if len(expected) < 20 or kills < 5:
    fail("too few to show anything")

# --- who is believed -----------------------------------------------------------------------------------------------

base = conf("believed", "reporters = example.net\nauthserv = mx.example.com\ntrust = 0.6\ntrusted = 193.0.0.0/24")
passed = "Authentication-Results: %s; dkim=pass header.d=%s\n"
ours = passed % ("mx.example.com", "example.net")
none = "Authentication-Results: mx.example.com; dkim=none\n"
line = "Received: from m (m [%s]) by mx.example.com (Postfix) with ESMTP id 4; Thu, 27 Nov 2025 12:00:00 +0100\n"
taken, within, before = line % "9.9.9.9", line % "193.0.0.7", line % "8.8.8.8"
HEADS = [(True, taken + ours), (True, ours + taken), (True, within + taken + ours + before),
         (False, taken + passed % ("mx.evil.example", "example.net")),
         (False, taken + passed % ("mx.example.com", "evil.example")), (False, ""), (False, ours), (False, taken + none + ours),
         (False, taken + before + ours), (False, taken + within + ours)]
for n, (_, head) in enumerate(HEADS):
    deliver(base, head.encode() + report("46.50.0.%d" % (n + 1)))
deliver(base, report("10.1.1.1"))  # private
for own in ("46.99.1.1", "::ffff:46.99.1.2"):
    deliver(base, (taken + ours).encode() + report(own))
run = subprocess.run([build + "/collect/onus-collect", "-c", base + "/conf", "--once"], capture_output=True, text=True)
if len(ledger(base)) != len(HEADS):
    fail("believed:", ledger(base))
if run.stderr.count("refused: one's own, private") < 1:
    fail("private, and nothing is said", run.stderr)


def told_of(base):
    rows = sqlite3.connect(base + "/hub.sqlite").execute(
        "SELECT substr(l.addr, 13), s.name, l.proof FROM ledger l JOIN source s ON s.id = l.source").fetchall()
    return {tuple(a)[3]: (name, proof) for a, name, proof in rows}


want = {n + 1: ("reports", 0) if full else ("reports-unverified", 1) for n, (full, _) in enumerate(HEADS)}
if told_of(base) != want:
    fail("who is believed:", told_of(base))
revs = dict(sqlite3.connect(base + "/hub.sqlite").execute("SELECT s.name, r.trust FROM source_rev r JOIN source s ON s.id = r.source"))
if revs != {"reports": 0.6, "reports-unverified": 0.1}:
    fail("trust:", revs)
details = [bytes(d).decode() if isinstance(d, bytes) else d for d, in sqlite3.connect(base + "/hub.sqlite").execute("SELECT DISTINCT detail FROM evidence")]
if sorted(details) != ["arf abuse by example.net", "arf abuse by example.net (not verified)"]:
    fail("kept of them:", details)

# two deliveries of one mail at a time: the second one looks when the first one's is there, wherever a reader has put it
with open(base + "/mail/tmp/old", "w") as f:
    f.write("half")
shutil.copy(base + "/mail/tmp/old", base + "/mail/tmp/young")
os.utime(base + "/mail/tmp/old", (time.time() - 2 * 86400,) * 2)
lock = os.open(base + "/mail", os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
twice = []
for _ in range(2):
    p = subprocess.Popen([build + "/deliver/onus-deliver", "--maildir", base + "/mail"], stdin=subprocess.PIPE)
    p.stdin.write(report("46.50.1.1"))
    p.stdin.close()
    twice.append(p)
while open("/proc/locks").read().count("-> FLOCK") < 1 and any(p.poll() is None for p in twice):
    time.sleep(0.01)
if os.listdir(base + "/mail/new"):
    fail("delivered beside another delivery")
os.close(lock)
if [p.wait() for p in twice] != [0, 0] or len(os.listdir(base + "/mail/new")) != 1:
    fail("two deliveries of one mail:", os.listdir(base + "/mail/new"))
subprocess.run([build + "/collect/onus-collect", "-c", base + "/conf", "--once"], stderr=subprocess.DEVNULL, check=True)
if os.listdir(base + "/mail/tmp") != ["young"] or ledger(base).get("46.50.1.1") != 1:
    fail("half a mail:", os.listdir(base + "/mail/tmp"), ledger(base))

base = conf("refused", "reporters = example.net\nauthserv = mx.example.com\nunverified = refuse\ntrusted = 193.0.0.0/24")
for n, (_, head) in enumerate(HEADS):
    deliver(base, head.encode() + report("46.50.0.%d" % (n + 1)))
run = subprocess.run([build + "/collect/onus-collect", "-c", base + "/conf", "--once"], capture_output=True, text=True)
ledger(base)
if told_of(base) != {n: w for n, w in want.items() if w[1] == 0} or len(os.listdir(base + "/mail/bad")) != len(HEADS) - 3:
    fail("refused:", told_of(base))
if "refused: authserv does not say that it is from its sender" not in run.stderr:
    fail("refused, and no reason", run.stderr)

# --- mail that cannot be kept -------------------------------------------------------------------------------------

if deliver(base, b"") != 65 or deliver(base, b"a" * (11 << 20)) != 65:
    fail("empty or too large, and not EX_DATAERR")
for args in ([], ["--maildir", "relative"], ["--odd"], ["--maildir", "/proc/none"]):
    r = subprocess.run([build + "/deliver/onus-deliver", *args], input=b"x", capture_output=True)
    if r.returncode != 75 or not r.stderr:
        fail("onus-deliver", args, r)
limited = subprocess.run(["bash", "-c", 'ulimit -f 8; exec "$0" --maildir "$1"', build + "/deliver/onus-deliver", base + "/mail"],
                         input=b"a" * 100000, capture_output=True)
if limited.returncode != 75 or b"File too large" not in limited.stderr or os.listdir(base + "/mail/tmp"):
    fail("no room, and not EX_TEMPFAIL", limited, os.listdir(base + "/mail/tmp"))

# --- a reader that goes wrong ---------------------------------------------------------------------------------------

place = os.path.join(dir_, "bin")
os.makedirs(place)
shutil.copy(build + "/collect/onus-collect", place)
READER = r'''#!/usr/bin/env python3
import os, signal, sys, time
assert sys.argv[1] == "--serve" and sys.argv[3] == "example.net" and sys.argv[5] == "mx", sys.argv
out = sys.stdout.buffer
while True:
    head = sys.stdin.buffer.readline()
    if not head:
        break
    mail = sys.stdin.buffer.read(int(head.split()[0]))
    what, _, rest = mail.partition(b" ")
    if what == b"CRASH":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == b"ONCE" and not os.path.exists("@DIR@/once"):
        open("@DIR@/once", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if what == b"HANG":
        out.write(b"\t46.0.9.9\tspam\n")
        out.flush()
        time.sleep(1000)
    if what == b"DEAF":
        out.close()
        os.close(1)
        time.sleep(1000)
    while what == b"FLOOD":
        out.write(b"\t46.0.9.8\tspam\n" * 1000)
    if what == b"X-PID:":
        open("@DIR@/mixed", "a").write("%d %s\n" % (os.getpid(), b"dkim=pass" in mail))
        rest = b"\t46.0.1.%d\tspam\t\tfull" % (200 + (b"dkim=pass" in mail))
    if what == b"PID":
        open("@DIR@/pids", "a").write("%d\n" % os.getpid())
    if what == b"QUIT":
        sys.exit(0)
    out.write(rest.replace(b"@", b"\n") + b"\n#end\n")
    out.flush()
'''
with open(place + "/onus-reports", "w") as f:
    f.write(READER.replace("@DIR@", dir_))
os.chmod(place + "/onus-reports", 0o755)
base = conf("wrong", "timeout_s = 2\nreporters = example.net\nauthserv = mx")
os.makedirs(base + "/mail")  # a directory of files
mails = {
    "1-crash": b"CRASH", "1-hang": b"HANG", "1-flood": b"FLOOD", "1-quit": b"QUIT", "1-deaf": b"DEAF",
    "1-large": b"a" * ((10 << 20) + 1),
    "2-once": b"ONCE \t46.0.1.1\tspam",
    "2-good": b"OK \t46.0.1.2\tspam\t3\tfull\tsomebody-else\tsmtp\tdetail",
    "2-lies": b"OK \t10.0.0.1\tspam@\t46.99.0.1\tspam@rubbish@\t0.0.0.0/0\tspam@#comment@\t46.0.1.3\tno-such-thing@"
              b"\t46.0.1.4\tspam\t0@#end@\t46.0.1.5\tspam",
    "2-wide": b"OK \t46.1.0.0/16\tspam@\t2a00:1450::/32\tspam",
    "2-many": b"OK \t46.0.1.8\tspam\t1000000000",
    "2-none": b"OK ",
    "a name: with\nlines": b"OK \t46.0.1.6\tspam",
    "n" * 240: b"OK \t46.0.1.6\tspam",
}
for name, text in mails.items():
    with open(base + "/mail/" + name, "wb") as f:
        f.write(text)
os.mkfifo(base + "/mail/fifo")
os.symlink("/etc/passwd", base + "/mail/link")
run = subprocess.run([place + "/onus-collect", "-c", base + "/conf", "--once"], capture_output=True, text=True, timeout=120)
if run.returncode != 0:
    fail("exit code", run.returncode, run.stderr)
got = ledger(base)
if got != {"46.0.1.1": 1, "46.0.1.2": 3, "46.0.1.5": 1, "46.0.1.8": 10000}:
    fail("a reader that goes wrong:", got)
done, refused = (sorted(os.listdir(base + "/mail/" + d)) for d in ("done", "bad"))
if done != ["2-good", "2-lies", "2-many", "2-none", "2-once", "2-wide"]:
    fail("done", done)
if [r for r in refused if r[:2] == "1-"] != ["1-crash", "1-deaf", "1-flood", "1-hang", "1-large", "1-quit"] or len(refused) != 10:
    fail("bad", refused)
with open(base + "/state/status/onus-collect.status") as f:
    counters = json.load(f)["counters"]
if counters["reports"] != 12 or counters["reports_refused"] != 10 or counters["reports_died"] != 11:
    fail("counters", {k: v for k, v in counters.items() if "reports" in k})
db = sqlite3.connect(base + "/hub.sqlite")
if db.execute("SELECT DISTINCT s.name, l.proof FROM ledger l JOIN source s ON s.id = l.source").fetchall() != [("reports-unverified", 1)]:
    fail("a message spoke for another source, or as if somebody knew its sender")

# a reader that cannot run costs no message: they wait
with open(place + "/onus-reports", "w") as f:
    f.write("#!/bin/sh\necho 'out of order' >&2\nexit 2\n")
with open(base + "/mail/3-later", "wb") as f:
    f.write(b"OK \t46.0.1.7\tspam")
run = subprocess.run([place + "/onus-collect", "-c", base + "/conf", "--once"], capture_output=True, text=True, timeout=60)
if run.returncode != 0 or not os.path.exists(base + "/mail/3-later") or "exit code 2" not in run.stderr or \
        "out of order" not in run.stderr:
    fail("a reader that cannot run:", run.stderr)
with open(place + "/onus-reports", "w") as f:
    f.write(READER.replace("@DIR@", dir_))
subprocess.run([place + "/onus-collect", "-c", base + "/conf", "--once"], stderr=subprocess.DEVNULL, check=True, timeout=60)
if ledger(base).get("46.0.1.7") != 1:
    fail("it was lost")

# no process reads more than a hundred
for n in range(250):
    with open(base + "/mail/4-%03d" % n, "wb") as f:
        f.write(b"PID ")
subprocess.run([place + "/onus-collect", "-c", base + "/conf", "--once"], stderr=subprocess.DEVNULL, check=True, timeout=60)
with open(dir_ + "/pids") as f:
    pids = collections.Counter(f.read().split())
if sorted(pids.values()) != [50, 100, 100]:
    fail("messages of one process:", pids)

# who reads what a listed reporter sent has read nothing of strangers
for n in range(20):
    with open(base + "/mail/5-%02d" % n, "wb") as f:
        f.write(b"X-PID: %d\n" % n + ((line % "9.9.9.9") + "Authentication-Results: mx; dkim=%s header.d=example.net\n" %
                                   ("pass" if n % 4 == 3 else "none")).encode() + b"From: a@example.net\n\n")
subprocess.run([place + "/onus-collect", "-c", base + "/conf", "--once"], stderr=subprocess.DEVNULL, check=True, timeout=60)
with open(dir_ + "/mixed") as f:
    mixed = [line.split() for line in f]
strange = set()
for pid, verified in mixed:
    if verified == "True" and pid in strange:
        fail("one process read a stranger's message, then a reporter's")
    if verified == "False":
        strange.add(pid)
if len(mixed) != 20 or ledger(base).get("46.0.1.201") != 5 or told_of(base)[201] != ("reports", 0) or \
        told_of(base)[200] != ("reports-unverified", 1):
    fail("mixed:", mixed, told_of(base))

# what was read leaves after keep_days
for d in ("done", "bad"):
    for name in os.listdir(base + "/mail/" + d):
        os.utime(base + "/mail/%s/%s" % (d, name), (time.time() - 40 * 86400,) * 2, follow_symlinks=False)
subprocess.run([place + "/onus-collect", "-c", base + "/conf", "--once"], stderr=subprocess.DEVNULL, check=True, timeout=60)
if os.listdir(base + "/mail/done") + os.listdir(base + "/mail/bad"):
    fail("kept for longer than keep_days")

# what the configuration is told
for settings, words in (("anchor = yes\npath = /tmp", "give it anchor = no"), ("anchor = no", "which maildir?"),
                        ("anchor = no\npath = mail", "give the whole path"),
                        ("anchor = no\npath = /etc/passwd", "is no directory"),
                        ("anchor = no\npath = /tmp\nunverified = no", "unverified is apart|refuse"),
                        ("anchor = no\npath = /tmp\ntrusted = mx", "is no address"),
                        ("anchor = no\npath = /tmp\nreporter_hosts = 1.2.3", "is no address"),
                        ("anchor = no\npath = /tmp\n[source odd-unverified]\ntype = events\npath = /tmp/x", "are called so")):
    with open(dir_ + "/odd", "w") as f:
        f.write("state_dir = %s/state\nspool_dir = %s/spool\n[source odd]\ntype = reports\n%s\n" % (dir_, dir_, settings))
    run = subprocess.run([build + "/collect/onus-collect", "-t", "-c", dir_ + "/odd"], capture_output=True, text=True)
    if run.returncode == 0 or words not in run.stdout + run.stderr:
        fail(settings, run)
sys.exit(bad > 0)
