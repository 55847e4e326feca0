#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""afterq.py ENGINE DIR DATA: the set-ups of etc/postfix for mail behind the queue, in a Postfix of the test's own, with a real
engine: spamassassin (spampd) or rspamd. Clients of 46.50.0.0/16 send real mails while the engine is away: they wait. It
comes: each mail is delivered once, with the engine's words in it; what it calls spam is evidence about the client in the
ledger, once, and what it does not is a good observation, once."""
import collections
import email
import glob
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import threading
import time

engine, dir_, data = sys.argv[1:]
build = os.environ["ONUS_BUILD"] + "/src/prog"
source = os.environ["ONUS_SOURCE"]
EVIDENCE = 9  # stars, as in etc/postfix/verdict
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
bad = 0
signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what was started ends


def fail(*words):
    global bad
    bad += 1
    print("not ok:", *words)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


def write(path, text):
    with open(path, "w") as f:
        f.write(text.replace("@", dir_))


def run(*words, **more):
    p = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if p.returncode:
        sys.exit("%s: %d\n%s" % (" ".join(words), p.returncode, p.stdout))
    return p.stdout


# --- Postfix, with what etc/postfix says ------------------------------------------------------------------------------

door, to_engine, back = free_port(), free_port(), free_port()
os.chmod(dir_, 0o755)
for name in ("etc", "queue", "data", "mail", "maps"):
    os.mkdir(os.path.join(dir_, name))
shutil.chown(dir_ + "/data", "postfix")
shutil.chown(dir_ + "/mail", "nobody")
for name in ("strangers", "verdict"):
    shutil.copy(source + "/etc/postfix/" + name, dir_ + "/maps")


def shipped(name):
    """A file of etc/postfix with ports and paths of this test, and nothing else changed."""
    text = read(source + "/etc/postfix/" + name).replace("/usr/share/onus/postfix", dir_ + "/maps")
    text = re.sub(r"^smtp      inet  n       -       y ", "127.0.0.1:%d inet n - n " % door, text, flags=re.M)
    for port, here in ((10025, to_engine), (10026, back), (11332, to_engine)):
        text = text.replace(":%d" % port, ":%d" % here)
    return text


write(dir_ + "/etc/main.cf", """compatibility_level = 3.6
queue_directory = @/queue
data_directory = @/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.onus.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 10.0.0.0/8
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = users.example
virtual_mailbox_maps = static:new/
virtual_mailbox_base = @/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_alias_maps = inline:{{both@users.example=one@users.example,two@users.example}}
maillog_file = @/log
maillog_file_prefixes = @
""" + shipped("main.cf"))
write(dir_ + "/etc/master.cf", """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
""" + shipped(engine + ".master.cf"))
run("/usr/sbin/postfix", "-c", dir_ + "/etc", "check")
with open(dir_ + "/engine-master.log", "wb") as f:
    master = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", dir_ + "/etc", "-d"], start_new_session=True, stderr=f)
engines = []  # processes


def log():
    return read(dir_ + "/log") if os.path.exists(dir_ + "/log") else ""


def wait_for(what, true, seconds=300):
    """Of anything that happens at its own pace."""
    for _ in range(seconds * 10):
        if true():
            return
        if master.poll() is not None or any(p.poll() is not None for p in engines):
            break
        time.sleep(0.1)
    sys.exit("%s: waited in vain\n%s\n%s" % (what, log()[-6000:], said()))


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


# --- engines ------------------------------------------------------------------------------------------------------------


def said():
    return "".join(read(p)[-3000:] for p in glob.glob(dir_ + "/engine*.log"))


def start_spamassassin():
    """As Debian's service does, but for ports, a /dev/log and a home of the test's own, and no network."""
    os.mkdir(dir_ + "/dev")
    os.mkdir(dir_ + "/home")
    shutil.chown(dir_ + "/home", "nobody")
    syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    syslog.bind(dir_ + "/dev/log")
    os.chmod(dir_ + "/dev/log", 0o666)

    def keep():
        with open(dir_ + "/engine-said.log", "ab", 0) as f:
            while True:
                f.write(syslog.recv(65536) + b"\n")

    threading.Thread(target=keep, daemon=True).start()
    write(dir_ + "/spampd", r"""set -e
for n in null zero random urandom; do : >@/dev/$n; mount --bind /dev/$n @/dev/$n; done
mount --rbind @/dev /dev
mount --bind @/home /var/cache/spampd
exec /usr/sbin/spampd --nodetach --local-only --host=127.0.0.1:%d --relayhost=127.0.0.1:%d --children=4 \
  --maxsize=1024 --user=nobody --group=nogroup --pid=@/home/pid
""" % (to_engine, back))
    with open(dir_ + "/engine.log", "wb") as f:
        engines.append(subprocess.Popen(["unshare", "--mount", "sh", dir_ + "/spampd"], stdin=subprocess.DEVNULL, stdout=f,
                                        stderr=f, start_new_session=True))


def stop_engine():
    for p in engines:
        os.killpg(p.pid, signal.SIGTERM)
        p.wait()
    engines.clear()


# --- mails ----------------------------------------------------------------------------------------------------------------


def corpus(kind, n):
    """The first n mails of the corpus that are mails by today's rules: their bytes."""
    mails = []
    for path in sorted(glob.glob(data + "/**/%s/*.txt" % kind, recursive=True)):
        with open(path, "rb") as f:
            text = f.read()
        if text.startswith(b"From "):
            text = text.split(b"\n", 1)[1]
        if max(map(len, text.split(b"\n"))) < 990 and b"\0" not in text and len(text) < 20000:
            mails.append(text)
        if len(mails) == n:
            return mails
    sys.exit("only %d mails of %s" % (len(mails), kind))


def plain(head, body):
    return ("From: a@sender.example\nTo: one@users.example\nSubject: hello\nDate: Sat, 28 Nov 2026 08:00:00 +0000\n"
            "Message-ID: <%s@sender.example>\n%s\n%s\n" % (os.urandom(6).hex(), head, body)).encode()


WORDS = "The minutes of our last meeting are below. Please tell me by Friday what I have forgotten.\nJoan"
MAILS = ([("ham", m) for m in corpus("easy-ham-1", 12)] + [("spam", m) for m in corpus("spam-1", 24)] +
         [("gtube", plain("", GTUBE)), ("plain", plain("", WORDS)),
          ("forged", plain("X-Spam-Flag: YES\nX-Spam: Yes\nX-Spam-Level: ******************\n", WORDS)),
          ("both", plain("", WORDS))])
clients = {}  # address: kind
sent = 0


def connect():
    s = smtplib.SMTP("127.0.0.1", door, local_hostname="m.sender.example", timeout=120)
    s.ehlo()
    return s


def send(mails):
    """Each from a client of its own."""
    global sent
    for kind, text in mails:
        address = "46.50.%d.%d" % (sent // 200, sent % 200 + 1)
        s = connect()
        if s.has_extn("xforward"):
            fail("whoever is at the door may say that he is somebody else")
        code, words = s.docmd("XCLIENT", "ADDR=%s NAME=m%d.sender.example" % (address, sent))
        if code != 220:
            sys.exit("XCLIENT: %d %s" % (code, words))
        s.ehlo_resp = s.helo_resp = None
        s.ehlo()
        to = "both@users.example" if kind == "both" else "one@users.example"
        s.sendmail("a@sender.example", [to], b"X-Test: %s\n" % address.encode() + text)
        s.quit()
        clients[address] = kind
        sent += 1


def delivered():
    """Mails in the maildir by the address of their client."""
    mails = collections.defaultdict(list)
    for path in glob.glob(dir_ + "/mail/new/new/*"):
        with open(path, "rb") as f:
            m = email.message_from_binary_file(f)
        mails[m["X-Test"]].append(m)
    return mails


def ends():
    """Deliveries, to mailboxes and to the hold queue."""
    return len(glob.glob(dir_ + "/mail/new/new/*")) + len(queued("hold"))


def queued(*names):
    """Files of these queues; Postfix may keep them in directories by their first letters."""
    return [file for name in names for _, _, files in os.walk(dir_ + "/queue/" + name) for file in files]


# --- the loop ---------------------------------------------------------------------------------------------------------------

start = {"spamassassin": start_spamassassin}[engine]
try:
    wait_for("Postfix", lambda: listens(door))
    half = len(MAILS) // 2
    send(MAILS[:half])
    # The engine is away: what was taken stays in the queue.
    wait_for("the queue", lambda: len(set(re.findall(r"(\w+): to=<[^>]*>,.* status=deferred", log()))) >= half)
    if ends():
        fail("delivered while the engine is away")
    start()
    wait_for("the engine", lambda: listens(to_engine))
    send(MAILS[half:])
    run("/usr/sbin/postqueue", "-c", dir_ + "/etc", "-f")
    wait_for("deliveries", lambda: ends() > sent and not queued("incoming", "active", "deferred"))
finally:
    stop_engine()
    master.send_signal(signal.SIGTERM)
    master.wait()

# --- what became of them ------------------------------------------------------------------------------------------------------

mails = delivered()
if os.environ.get("AFTERQ_SHOW"):
    print(log(), said())
for address, kind in clients.items():
    want = 2 if kind == "both" else 1
    if len(mails[address]) != want:
        fail("%s (%s) was delivered %d times" % (address, kind, len(mails[address])))
if "status=bounced" in log():
    fail("bounced:", re.findall(r".*status=bounced.*", log())[:3])

write(dir_ + "/conf", """state_dir = @/state
spool_dir = @/spool
hub = sqlite:@/hub.sqlite
filter_path = %s/etc/filter.d
[source engine]
type = log
path = @/log
filter = postfix-verdict
""" % source)
for program in ("collect", "load"):
    run(build + "/%s/onus-%s" % (program, program), "-c", dir_ + "/conf", "--once")
hub = sqlite3.connect(dir_ + "/hub.sqlite")


def rows(table, what):
    """address: [(what, count)]"""
    got = collections.defaultdict(list)
    for addr, *more in hub.execute("SELECT substr(t.addr, 13), %s, t.count FROM %s t JOIN source s ON s.id = t.source" % (what, table)):
        got[".".join(str(b) for b in addr)].append(tuple(more))
    return got


evidence = rows("ledger", "s.name || ' ' || t.category || ' ' || t.proof")
good = rows("good", "s.name")
spam = hub.execute("SELECT DISTINCT category FROM ledger").fetchall()
if len(spam) != 1:
    fail("categories:", spam)
verdicts = collections.Counter()
for address, kind in clients.items():
    if not mails[address]:
        continue
    m = mails[address][0]
    called = "YES" in m.get_all("X-Spam-Flag", []) or "Yes" in m.get_all("X-Spam", [])
    stars = max([len(v) for v in m.get_all("X-Spam-Level", []) if v.strip("*") == ""], default=0)
    verdicts[kind, called, stars >= EVIDENCE] += 1
    want = [("engine %d 0" % spam[0][0], 1)] if called and stars >= EVIDENCE else []
    if evidence[address] != want:
        fail("%s (%s, %d stars): evidence %s, not %s" % (address, kind, stars, evidence[address], want))
    want = [] if called else [("engine", 2 if kind == "both" else 1)]
    if good[address] != want:
        fail("%s (%s, %d stars): good %s, not %s" % (address, kind, stars, good[address], want))
for table in evidence, good:
    if not set(table) <= set(clients):
        fail("of nobody who sent:", set(table) - set(clients))
for kind in ("ham", "plain", "forged", "both"):
    if verdicts[kind, True, True]:
        fail("%s is called spam" % kind)
if not verdicts["gtube", True, True] or verdicts["spam", True, True] < 3:
    fail("spam is not seen:", verdicts)
print(engine, dict(verdicts))
sys.exit(bad > 0)
