# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-milter of a test's own beside a mail server of its own, what is published, and what each mail server has to see of it."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import publication  # noqa: E402
from expect import read  # noqa: E402

STANDINGS = """\
addr:45.0.0.1 - block reject 86400 F 25 - 100% of its mails were spam
addr:45.0.0.3 - friction greylist 86400 E 40 - seen here and there
addr:45.0.0.4 - watch tag 86400 C 70 - seen once
addr:2a00:45:0:1::/64 - block drop 86400 F 25 - a bad network
"""
CLIENTS = ("45.0.0.1", "45.0.0.3", "45.0.0.4", "45.0.2.1", "2a00:45:0:1::25")
FORGED = "X-Onus-Client: 45.0.0.1; grade=A; forged\r\nx-onus-client:forged\r\n  too\r\n"
CONF = """state_dir = @/state
serve_dir = @/serve
site_url = https://onus.example
greylist_delay_s = 1
[rule partner]
verified = yes
action = exempt
[rule open]
recipient = open@example.net
action = tag
"""


def ours(mail):
    return mail.get_all("X-Onus-Client") or []


class MilterSite:
    """listen: as milter_listen, "" for what it is without; send: as that of Postfix (tests/postfix.py)."""

    def __init__(self, dir_, expect, send, listen=""):
        self.dir, self.expect, self.send, self.process = dir_, expect, send, None
        with open(dir_ + "/conf", "w") as f:
            f.write((listen and "milter_listen = %s\n" % listen) + CONF.replace("@/", dir_ + "/"))

    def publish(self, generation, lasts_s=86400, standings=STANDINGS):
        publication.make(self.dir + "/serve", self.dir + "/key", generation, standings, lasts_s)

    def log(self):
        return read(self.dir + "/milter.log")

    def start(self):
        self.process = subprocess.Popen([os.environ["ONUS_BUILD"] + "/src/prog/milter/onus-milter", "-c", self.dir + "/conf"],
                                        stdout=open(self.dir + "/milter.log", "w"), stderr=subprocess.STDOUT)
        self.expect.until(lambda: "ready on" in self.log() or self.process.poll() is not None, "onus-milter listens")
        self.expect.check(self.process.poll() is None, "onus-milter has ended")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def passes(self, client, words, **how):
        answers, mail = self.send(client, **how)
        self.expect.check(answers[0][0] == 250 and not ours(mail), words, answers, mail and ours(mail))

    def refused(self, client, words):
        answers, _ = self.send(client)
        self.expect.check(answers[0][0] == 550, words, answers)

    def said(self, answer):
        """Sendmail puts the recipient before the words of the milter."""
        return re.sub(r"^([0-9.]+) <[^>]*>\.\.\. ", r"\1 ", answer[1])

    def see_standings(self):
        """With the standings above in force."""
        check, send = self.expect.check, self.send
        answers, mail = send("45.0.0.1")
        check(answers[0][0] == 550 and
              self.said(answers[0]).startswith("5.7.1 client 45.0.0.1 refused: 100% of its mails were spam; scope addr:45.0.0.1") and
              self.said(answers[0]).endswith("see https://onus.example/addr/45.0.0.1"), "who is listed is answered", answers)
        self.refused("2a00:45:0:1::25", "an IPv6 client")
        answers, mail = send("45.0.0.1", ("b@example.net", "open@example.net", "postmaster@example.net", "c@example.net"), FORGED)
        check([code for code, _ in answers] == [550, 250, 250, 550] and len(ours(mail)) == 1 and
              ours(mail)[0].startswith("45.0.0.1; grade=F"), "recipients of one mail", answers, ours(mail))
        check("X-Onus-Client" in mail.keys()[:4], "our header is not above all", mail.keys())

        answers, mail = send("45.0.0.3")
        check(answers[0][0] == 450 and self.said(answers[0]).startswith("4.7.1 greylisted"), "who is grey is answered", answers)
        self.expect.until(lambda: (answers := send("45.0.0.3"))[0][0][0] == 250 and "level=friction" in ours(answers[1])[0],
                          "who is grey comes back")
        answers, mail = send("45.0.0.4", head=FORGED)
        check(answers[0][0] == 250 and len(ours(mail)) == 1 and "level=watch" in ours(mail)[0], "a tag", answers, mail)
        self.passes("45.0.2.1", "who is clean")
        self.passes("45.0.2.1", "a header is forged", head=FORGED)
        self.passes("45.0.0.1", "a partner with a certificate", certificate=True)
