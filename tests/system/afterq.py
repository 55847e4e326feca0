#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""afterq.py ENGINE DIR DATA: mail behind the queue (afterq_site.py). Clients of 46.50.0.0/24 send real mails while the engine
is away: they wait. It comes: each mail is delivered once, with the engine's words in it; what it calls spam is evidence
about the client in the ledger, once, and what it does not is a good observation, once. What onus says of a client, at
the door or in its zone, weighs in the engine's score as much as it should."""
import collections
import email
import email.utils
import glob
import os
import re
import signal
import sqlite3
import sys

from afterq_site import SOURCE, Site, run

engine, dir_, data = sys.argv[1:]
build = os.environ["ONUS_BUILD"] + "/src/prog"
EVIDENCE = 9  # stars, as in etc/postfix/verdict
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
WORDS = "The minutes of our last meeting are below. Please tell me by Friday what I have forgotten.\nJoan"
bad = 0
signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what was started ends


def fail(*words):
    global bad
    bad += 1
    print("not ok:", *words)


# --- mails ------------------------------------------------------------------------------------------------------------


def corpus(kind, n):
    """The first n mails of the corpus that a mail server of today takes as they are."""
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


def plain(head="", body=WORDS):
    return ("From: a@sender.example\nTo: one@users.example\nSubject: Minutes\nDate: %s\n"
            "Message-ID: <%s@sender.example>\n%s\n%s\n" % (email.utils.formatdate(), os.urandom(6).hex(), head, body)).encode()


def said(words):
    return "X-Onus-Client: 192.0.2.1; %s; page=https://onus.example/x; reason=x\n" % words


REFUSE = "grade=F; score=3; graded=as:64500; level=block; action=reject; scope=as:64500; until=2026-12-01T00:00:00Z"
GREYLIST = "grade=E; score=20; graded=as:64500; level=friction; action=greylist; scope=as:64500; until=2026-12-01T00:00:00Z"
GRADE = "grade=E; score=20; graded=as:64500"
# kind: what the door says, what the zone says, and the one symbol that it is
SCORES = {
    "door-refuse": (REFUSE, {}, "ONUS_REFUSE"),
    "door-greylist": (GREYLIST, {}, "ONUS_GREYLIST"),
    "door-grade": (GRADE, {}, "ONUS_GRADE_E"),
    "zone-refuse": (None, {"": "127.0.0.4"}, "ONUS_REFUSE"),
    "zone-grade": (None, {"score.": "127.1.4.33"}, "ONUS_GRADE_D"),
    "both-refuse": (REFUSE, {"": "127.0.0.4", "score.": "127.1.6.3"}, "ONUS_REFUSE"),
    "both-greylist": (GREYLIST, {"score.": "127.1.5.20"}, "ONUS_GREYLIST"),
    "typed": (None, {}, ""),  # by the sender
}
WEIGHT = {"ONUS_REFUSE": 3, "ONUS_GREYLIST": 1.5, "ONUS_GRADE_E": 1, "ONUS_GRADE_D": 0.5}

mails = [("ham", m) for m in corpus("easy-ham-1", 12)] + [("spam", m) for m in corpus("spam-1", 24)]
mails += [("gtube", plain(body=GTUBE)), ("plain", plain()), ("both", plain()),
          ("forged", plain("X-Spam-Flag: YES\nX-Spam: Yes\nX-Spam-Level: ******************\n"))]
mails += [(kind, plain(said(REFUSE) if kind == "typed" else "")) for kind in SCORES]
mails = [("46.50.0.%d" % (n + 1), kind, text) for n, (kind, text) in enumerate(mails)]
clients = {address: kind for address, kind, _ in mails}


def of(kind):
    return next(a for a, k in clients.items() if k == kind)


def send(site, some):
    for address, kind, text in some:
        s = site.connect(address)
        s.sendmail("a@sender.example", ["both@users.example" if kind == "both" else "one@users.example"],
                   b"X-Test: %s\n" % address.encode() + text)
        s.quit()


# --- the loop ---------------------------------------------------------------------------------------------------------

zone = [(".".join(reversed(of(kind).split("."))) + "." + where + "dnsbl.internal", a)
        for kind, (_, answers, _) in SCORES.items() for where, a in answers.items()]
zone += [("c%s.sender.example" % a.replace(".", "-"), a) for a in clients] + [("sender.example", "46.50.0.1")]
site = Site(engine, dir_, at_once=2, zone=zone,
            clients=[(of(kind), "PREPEND " + said(words).strip()) for kind, (words, *_) in SCORES.items() if words])
try:
    site.wait("Postfix", lambda: " -- starting the Postfix mail system" in site.log() or "daemon started" in site.log())
    half = len(mails) // 2
    send(site, mails[:half])
    # The engine is away: what was taken stays in the queue.
    site.wait("the queue", lambda: len(set(re.findall(r"(\w+): to=<[^>]*>,.* status=deferred", site.log()))) >= half)
    if site.boxes():
        fail("delivered while the engine is away")
    site.start_engine()
    send(site, mails[half:])
    site.flush()
    site.wait("deliveries", lambda: len(site.boxes()) + len(site.queued("hold")) > len(mails)
              and not site.queued("incoming", "active", "deferred"))
    site.wait_words(len(clients))
finally:
    site.stop()
    if os.environ.get("AFTERQ_SHOW"):
        print(site.log(), site.said())

# --- what became of them ----------------------------------------------------------------------------------------------

boxes = collections.defaultdict(list)  # address: [mail]
for path in site.boxes():
    with open(path, "rb") as f:
        text = f.read()  # SpamAssassin may have put the mail into another one
    boxes[re.search(rb"^X-Test: ([\d.]+)", text, re.M)[1].decode()].append(email.message_from_bytes(text))
held = {re.search(r"%s: client=.*orig_client=.*\[([\d.]+)\]" % id, site.log())[1]
        for id in re.findall(r"(\w+): milter-hold: END-OF-MESSAGE", site.log())}
if held != ({of("gtube")} if engine == "rspamd" else set()):
    fail("held is the mail of", held)
for address, kind in clients.items():
    want = 0 if address in held else 2 if kind == "both" else 1
    if len(boxes[address]) != want:
        fail("%s (%s) was delivered %d times" % (address, kind, len(boxes[address])))
if "status=bounced" in site.log():
    fail("bounced:", re.findall(r".*status=bounced.*", site.log())[:3])

site.write("conf", """state_dir = @/state
spool_dir = @/spool
hub = sqlite:@/hub.sqlite
filter_path = %s/etc/filter.d
[source mail]
path = @/log
[source engine]
path = @/log
filter = postfix-verdict
anchor = no
trust = 0.8
""" % SOURCE)
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
categories = [c for c, in hub.execute("SELECT DISTINCT category FROM ledger")]
if len(categories) != 1:
    fail("categories:", categories)
verdicts = collections.Counter()
for address, kind in clients.items():
    called, stars = address in held, 99 if address in held else 0
    for m in boxes[address]:
        called |= "YES" in m.get_all("X-Spam-Flag", []) or "Yes" in m.get_all("X-Spam", [])
        stars = max([stars] + [len(v) for v in m.get_all("X-Spam-Level", []) if not v.strip("*")])
    verdicts[kind, called, stars >= EVIDENCE] += 1
    want = [("engine %d 0" % categories[0], 1)] if called and stars >= EVIDENCE else []
    if evidence[address] != want:
        fail("%s (%s, %d stars): evidence %s, not %s" % (address, kind, stars, evidence[address], want))
    want = [] if called else [("mail", 2 if kind == "both" else 1)]
    if good[address] != want:
        fail("%s (%s, %d stars): good %s, not %s" % (address, kind, stars, good[address], want))
    # mail of 2002 to somebody else is for Rspamd a little strange
    if kind not in ("spam", "gtube") and (stars >= EVIDENCE if (kind, engine) == ("ham", "rspamd") else called):
        fail("%s is called spam" % kind)
for table in evidence, good:
    if not {a for a, n in table.items() if n} <= set(clients):
        fail("of nobody who sent:", set(table) - set(clients))
if not verdicts["gtube", True, True] or verdicts["spam", True, True] < 3:
    fail("spam is not seen:", verdicts)


# --- what onus' score weighed -------------------------------------------------------------------------------------------


def symbols(address):
    """name: points, of onus', out of what the engine says of a mail; SpamAssassin does not say the points"""
    if engine == "rspamd":
        line = re.findall(r"rspamd_task_write_log: .* ip: %s,.*" % re.escape(address), site.said())[-1]
        return {n: float(v) for n, v in re.findall(r"(ONUS_[A-Z_]+)\(([-\d.]+)\)", line) if float(v)}
    status = re.sub(r"\s", "", boxes[address][0]["X-Spam-Status"])
    return {n: WEIGHT[n] for n in re.findall(r"\bONUS_[A-Z_]+", status)}


for kind, (_, _, symbol) in SCORES.items():
    got = symbols(of(kind))
    if got != ({symbol: WEIGHT[symbol]} if symbol else {}):
        fail("%s weighs" % kind, got)
print(engine, dict(verdicts))
sys.exit(bad > 0)
