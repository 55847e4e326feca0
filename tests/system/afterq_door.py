#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""afterq_door.py ENGINE DIR DATA: the whole way of a mail (afterq_site.py): onus-policy at the door, an engine behind the queue that
asks onus-dnsbl, both out of one publication, and the verdict in the ledger. Who is listed is refused with our text and
never queued; who is grey is put off, comes back, and weighs more; who is let in by a rule weighs what the zone says; of who is
unknown nothing is said, and his spam is evidence."""
import email
import email.utils
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

from afterq_site import SOURCE, Site, read, run

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import publication  # noqa: E402

engine, dir_, data = sys.argv[1:]
build = os.environ["ONUS_BUILD"]
LISTED, GREY, GRADED, TAGGED, EXEMPT, CLEAN, SPAMMER = ("46.50.9.%d" % n for n in range(1, 8))
STANDINGS = """addr:%s - block reject 86400 F 25 - 100%% of its mails were spam
addr:%s - friction greylist 86400 E 40 - seen here and there
addr:%s - clear tag 0 E 40 - -
addr:%s - block reject 86400 F 25 - let in with a header
addr:%s - block drop 86400 F 25 - let in without one
""" % (LISTED, GREY, GRADED, TAGGED, EXEMPT)
WANT = {GREY: "ONUS_GREYLIST", GRADED: "ONUS_GRADE_E", TAGGED: "ONUS_REFUSE", EXEMPT: "ONUS_REFUSE", CLEAN: "", SPAMMER: ""}
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
servers = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))


def check(good, *words):
    if not good:
        sys.exit("not ok: " + " ".join(map(str, words)))


def start(program):
    """Returns what it says when it is ready."""
    p = subprocess.Popen([build + "/src/prog/%s/onus-%s" % (program, program), "-c", "%s/%s.conf" % (dir_, program)],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    servers.append(p)
    return p.stdout.readline()


# --- onus ---

def conf(name, text):
    with open(dir_ + "/" + name, "w") as f:
        f.write("state_dir = @/state\n".replace("@/", dir_ + "/") + text.replace("@/", dir_ + "/"))


conf("policy.conf", """serve_dir = @/serve
site_url = https://onus.example
policy_listen = tcp:127.0.0.1:0
policy_wait_ms = 60000
greylist_delay_s = 1
[rule open]
recipient = two@users.example
action = tag
[rule exempt]
recipient = both@users.example
action = exempt
""")
conf("dnsbl.conf", "serve_dir = @/serve\ndnsbl_listen = 127.0.0.1:0\n")
conf("hub.conf", """spool_dir = @/spool
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
publication.make(dir_ + "/serve", dir_ + "/key", 1, STANDINGS)
try:
    ready = start("policy")
    check("ready on" in ready, "onus-policy:", ready)
    policy = int(ready.rsplit(":", 1)[1])
    ready = start("dnsbl")
    check("ready on" in ready, "onus-dnsbl:", ready)
    dnsbl = int(ready.rsplit(":", 1)[1])
    names = [("c%s.sender.example" % a.replace(".", "-"), a) for a in (LISTED, *WANT)] + [("sender.example", CLEAN)]
    site = Site(engine, dir_, at_once=2, zone=names, dnsbl=dnsbl,
                main_cf={"smtpd_recipient_restrictions": "check_policy_service { inet:127.0.0.1:%d, timeout=300s, default_action=DUNNO }" % policy,
                         "smtpd_error_sleep_time": "0"})
    site.wait("Postfix", lambda: "daemon started" in site.log())
    site.start_engine()

    def send(address, to="one", body="The minutes are below.\nJoan"):
        """What the recipient is answered."""
        s = site.connect(address)
        s.mail("a@sender.example")
        code, words = s.rcpt(to + "@users.example")
        if code == 250:
            check(s.data(("X-Test: %s\nFrom: a@sender.example\nTo: %s@users.example\nSubject: Minutes\n"
                          "Date: %s\nMessage-ID: <%s@sender.example>\n\n%s\n" %
                          (address, to, email.utils.formatdate(), os.urandom(6).hex(), body)).replace("\n", "\r\n"))[0] == 250, address, "DATA")
        s.quit()
        return code, words.decode()

    code, words = send(LISTED)
    check(code == 554 and "client %s refused: 100%% of its mails were spam" % LISTED in words, code, words)
    code, words = send(GREY)
    check(code == 450, code, words)
    end = time.monotonic() + 300
    while (code := send(GREY)[0]) == 450 and time.monotonic() < end:
        time.sleep(0.2)
    check(code == 250, "he does not come back:", code)
    for address, more in ((GRADED, {}), (TAGGED, {"to": "two"}), (EXEMPT, {"to": "both"}), (CLEAN, {}), (SPAMMER, {"body": GTUBE})):
        code, words = send(address, **more)
        check(code == 250, address, code, words)
    site.wait("deliveries", lambda: len(site.boxes()) + len(site.queued("hold")) == len(WANT) + 1
              and not site.queued("incoming", "active", "deferred"))
    site.wait_words(len(WANT))
finally:
    for p in servers:
        p.terminate()
        p.wait()

site.stop()

# --- what became of them ---

mails = {}
for path in site.boxes():
    text = read(path)
    mails[re.search(r"^X-Test: ([\d.]+)", text, re.M)[1]] = email.message_from_string(text)
for address, want in WANT.items():
    if engine == "rspamd":
        lines = re.findall(r"rspamd_task_write_log: .* ip: %s,.*" % re.escape(address), site.said())
        check(lines or address == SPAMMER, "Rspamd has not seen", address)  # it looks no further at what it rejects
        got = [n for line in lines for n, v in re.findall(r"(ONUS_[A-Z_]+)\(([-\d.]+)\)", line) if float(v)]
    else:
        got = re.findall(r"\bONUS_[A-Z_]+", re.sub(r"\s", "", mails[address]["X-Spam-Status"]))
    check(" ".join(got) == want, address, "weighs", got, "not", want)
    says = address in (GREY, GRADED, TAGGED)
    if address in mails:
        check((mails[address]["X-Onus-Client"] is not None) == says, address, mails[address]["X-Onus-Client"])
for program in "collect", "load":
    run(build + "/src/prog/%s/onus-%s" % (program, program), "-c", dir_ + "/hub.conf", "--once")
hub = sqlite3.connect(dir_ + "/hub.sqlite")


def rows(table):
    got = hub.execute("SELECT substr(t.addr, 13), s.name, t.count FROM %s t JOIN source s ON s.id = t.source" % table)
    return {(".".join(map(str, a)), name, n) for a, name, n in got}


check(rows("ledger") == {(SPAMMER, "engine", 1)}, "evidence:", rows("ledger"))
check(rows("good") == {(a, "mail", 2 if a == EXEMPT else 1) for a in WANT if a != SPAMMER}, "good:", rows("good"))
print("%s: one refused, one put off, %d delivered, one of them evidence" % (engine, len(mails)))
