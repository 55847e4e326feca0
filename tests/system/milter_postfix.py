#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-milter before the queue of a real Postfix, with a queue and a configuration of the test's own; clients have the addresses
that XCLIENT gives them. Who is listed is refused with our text and never queued, who is grey is put off and passes later, a
header is added and forged ones are gone, users and partners with a certificate are exempt; and when the publication is
missing, ended or forged, or the milter is dead, all mail passes."""
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
from expect import Expect  # noqa: E402
from milter_site import MilterSite  # noqa: E402
from postfix import TLS, Postfix, free_port  # noqa: E402

dir_ = sys.argv[1]
expect = Expect(lambda: postfix.log()[-4000:] + milter.log()[-1500:])
until = expect.until

milter_port = free_port()
postfix = Postfix(dir_, expect=expect, main_cf={
    **TLS,
    "inet_protocols": "all",
    "smtpd_milters": "{ inet:127.0.0.1:%d, default_action=accept, connect_timeout=300s, command_timeout=300s }" % milter_port,
    "smtpd_error_sleep_time": "0",
    "virtual_mailbox_domains": "example.net",
    "virtual_mailbox_maps": "static:box/",
})
milter = MilterSite(dir_, expect, postfix.send, "inet:%d@127.0.0.1" % milter_port)


def in_force(words):
    until(lambda: words in milter.log(), words)


milter.start()
postfix.start()
try:
    milter.passes("45.0.0.1", "nothing is published")
    milter.publish(1)
    in_force("generation=1")
    milter.see_standings()
    until(lambda: "NOQUEUE: milter-reject: RCPT from m.example[45.0.0.1]: 550 5.7.1 client 45.0.0.1 refused: 100% of" in postfix.log(),
          "Postfix logs it before the queue")
    milter.passes("45.0.0.1", "a user", login="joe")

    milter.publish(2, standings="addr:45.0.2.1 - block reject 86400 F 25 - new\n")
    in_force("generation=2")
    milter.passes("45.0.0.1", "who is not listed any more")
    milter.refused("45.0.2.1", "who is listed now")
    milter.publish(3, lasts_s=0)
    in_force("generation=3 has ended")
    milter.passes("45.0.0.1", "a publication that has ended")
    milter.publish(4)
    in_force("generation=4")
    milter.refused("45.0.0.1", "publication 4")

    milter.kill()
    milter.passes("45.0.0.1", "the milter is dead")
    until(lambda: "connect to Milter service inet:127.0.0.1" in postfix.log(), "Postfix says that the milter is dead")
    with open(dir_ + "/serve/4/reputation", "r+b") as f:
        f.seek(-9, 2)
        f.write(b"!")
    milter.start()
    in_force("is not used")
    milter.passes("45.0.0.1", "a publication that was forged")
    shutil.rmtree(dir_ + "/serve")
    milter.process.send_signal(signal.SIGHUP)
    in_force("reloading")
    milter.passes("45.0.0.1", "no publication")
finally:
    milter.stop()
    postfix.stop()
expect.check(milter.process.returncode == 0, "onus-milter ends with", milter.process.returncode)
print("ok: %d mails, %d checks" % (postfix.sent, expect.checks))
