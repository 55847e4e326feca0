#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-milter before the queue of a real Postfix, with a queue and a configuration of the test's own; clients have the addresses
that XCLIENT gives them. Who is listed is refused with our text and never queued, who is grey is put off and passes later, a
header is added and forged ones are gone, users and partners with a certificate are exempt; and when the publication is
missing, ended or forged, or the milter is dead, all mail passes."""
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import publication  # noqa: E402
from expect import Expect, read  # noqa: E402
from postfix import TLS, Postfix, free_port  # noqa: E402

build = os.environ["ONUS_BUILD"]
dir_ = sys.argv[1]

STANDINGS = """\
addr:45.0.0.1 - block reject 86400 F 25 - 100% of its mails were spam
addr:45.0.0.3 - friction greylist 86400 E 40 - seen here and there
addr:45.0.0.4 - watch tag 86400 C 70 - seen once
addr:2a00:45:0:1::/64 - block drop 86400 F 25 - a bad network
"""


def log():
    return read(dir_ + "/log")


def milter_log():
    return read(dir_ + "/milter.log")


expect = Expect(lambda: log()[-4000:] + milter_log()[-1500:])
check, until = expect.check, expect.until

# --- Postfix

milter_port = free_port()
postfix = Postfix(dir_, expect=expect, main_cf={
    **TLS,
    "inet_protocols": "all",
    "smtpd_milters": "{ inet:127.0.0.1:%d, default_action=accept, connect_timeout=300s, command_timeout=300s }" % milter_port,
    "smtpd_error_sleep_time": "0",
    "virtual_mailbox_domains": "example.net",
    "virtual_mailbox_maps": "static:box/",
})

# --- the milter

with open(dir_ + "/conf", "w") as f:
    f.write("""state_dir = @/state
serve_dir = @/serve
site_url = https://onus.example
milter_listen = inet:%s
greylist_delay_s = 1
[rule partner]
verified = yes
action = exempt
[rule open]
recipient = open@example.net
action = tag
""".replace("@/", dir_ + "/") % ("%d@127.0.0.1" % milter_port))


def publish(generation, lasts_s=86400, standings=STANDINGS):
    publication.make(dir_ + "/serve", dir_ + "/key", generation, standings, lasts_s)


def start_milter():
    p = subprocess.Popen([build + "/src/prog/milter/onus-milter", "-c", dir_ + "/conf"], stdout=open(dir_ + "/milter.log", "w"),
                         stderr=subprocess.STDOUT)
    until(lambda: "ready on" in milter_log() or p.poll() is not None, "onus-milter listens")
    check(p.poll() is None, "onus-milter has ended")
    return p


# --- a client

send = postfix.send


def ours(mail):
    return mail.get_all("X-Onus-Client") or []


def passes(client, words, **how):
    answers, mail = send(client, **how)
    check(answers[0][0] == 250 and not ours(mail), words, answers, mail and ours(mail))


FORGED = "X-Onus-Client: 45.0.0.1; grade=A; forged\r\nx-onus-client:forged\r\n  too\r\n"
milter = start_milter()
postfix.start()
try:
    passes("45.0.0.1", "nothing is published")
    publish(1)
    until(lambda: "generation=1" in milter_log(), "the publication is in force")

    answers, mail = send("45.0.0.1")
    check(answers[0][0] == 550 and answers[0][1].startswith("5.7.1 client 45.0.0.1 refused: 100% of its mails were spam; scope addr:45.0.0.1")
          and answers[0][1].endswith("see https://onus.example/addr/45.0.0.1"), "who is listed is answered", answers)
    until(lambda: "NOQUEUE: milter-reject: RCPT from m.example[45.0.0.1]: 550 5.7.1 client 45.0.0.1 refused: 100% of" in log(),
          "Postfix logs it before the queue")
    answers, mail = send("2a00:45:0:1::25")
    check(answers[0][0] == 550, "an IPv6 client", answers)
    answers, mail = send("45.0.0.1", ("b@example.net", "open@example.net", "postmaster@example.net", "c@example.net"), FORGED)
    check([code for code, _ in answers] == [550, 250, 250, 550] and len(ours(mail)) == 1 and
          ours(mail)[0].startswith("45.0.0.1; grade=F"), "recipients of one mail", answers, ours(mail))
    check(mail.keys()[0] == "X-Onus-Client" or "X-Onus-Client" in mail.keys()[:4], "our header is not above all", mail.keys())

    answers, mail = send("45.0.0.3")
    check(answers[0][0] == 450 and answers[0][1].startswith("4.7.1 greylisted"), "who is grey is answered", answers)
    until(lambda: (answers := send("45.0.0.3"))[0][0][0] == 250 and "level=friction" in ours(answers[1])[0], "who is grey comes back")

    answers, mail = send("45.0.0.4", head=FORGED)
    check(answers[0][0] == 250 and len(ours(mail)) == 1 and "level=watch" in ours(mail)[0], "a tag", answers, mail)
    passes("45.0.2.1", "who is clean")
    passes("45.0.2.1", "a header is forged", head=FORGED)
    passes("45.0.0.1", "a partner with a certificate", certificate=True)
    passes("45.0.0.1", "a user", login="joe")

    publish(2, standings="addr:45.0.2.1 - block reject 86400 F 25 - new\n")
    until(lambda: "generation=2" in milter_log(), "the next publication is in force")
    passes("45.0.0.1", "who is not listed any more")
    check(send("45.0.2.1")[0][0][0] == 550, "who is listed now")
    publish(3, lasts_s=0)
    until(lambda: "generation=3 has ended" in milter_log(), "a publication ends")
    passes("45.0.0.1", "a publication that has ended")
    publish(4)
    until(lambda: "generation=4" in milter_log(), "publication 4 is in force")
    check(send("45.0.0.1")[0][0][0] == 550, "publication 4")

    milter.kill()
    milter.wait()
    passes("45.0.0.1", "the milter is dead")
    until(lambda: "connect to Milter service inet:127.0.0.1" in log(), "Postfix says that the milter is dead")
    with open(dir_ + "/serve/4/reputation", "r+b") as f:
        f.seek(-9, 2)
        f.write(b"!")
    milter = start_milter()
    until(lambda: "is not used" in milter_log(), "a forged publication is told of")
    passes("45.0.0.1", "a publication that was forged")
    shutil.rmtree(dir_ + "/serve")
    milter.send_signal(signal.SIGHUP)
    until(lambda: "reloading" in milter_log(), "a reload without a publication")
    passes("45.0.0.1", "no publication")
finally:
    milter.terminate()
    milter.wait()
    postfix.stop()
check(milter.returncode == 0, "onus-milter ends with", milter.returncode)
print("ok: %d mails, %d checks" % (postfix.sent, expect.checks))
