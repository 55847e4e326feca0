#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""milter_sendmail.py DIR PACKAGES: onus-milter before the queue of a real Sendmail, with the line that doc/milter.md gives. What
milter_site.py says, several mails of one connection, and when the publication is gone or the milter is dead, all mail passes."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
from expect import Expect, status_of  # noqa: E402
from milter_site import CLIENTS, MilterSite  # noqa: E402
from sendmail import Sendmail  # noqa: E402

dir_, packages = sys.argv[1:3]
expect = Expect(lambda: sendmail.log()[-4000:] + milter.log()[-1500:])
check, until = expect.check, expect.until

with open(os.environ["ONUS_SOURCE"] + "/doc/milter.md") as page:
    line = re.search(r"^ *(INPUT_MAIL_FILTER\(`onus'.*dnl)$", page.read(), re.M).group(1)
sendmail = Sendmail(dir_, packages, line + "\n", clients=CLIENTS, expect=expect)
milter = MilterSite(dir_, expect, sendmail.send)


def counters():
    return status_of(dir_ + "/state", "onus-milter")["counters"]


milter.publish(1)
milter.start()
sendmail.start()
try:
    milter.see_standings()
    smtp = sendmail.connect("45.0.0.1")  # two mails of one connection, the first one given up
    for code in (smtp.mail("a@example.org"), smtp.docmd("RSET"), smtp.mail("a@example.org")):
        check(code[0] == 250, "a mail is given up", code)
    check(smtp.rcpt("b@example.net")[0] == 550, "the next mail of the same connection")
    smtp.quit()
    until(lambda: counters().get("refused", 0) >= 5, "the status counts what is refused")
    told = counters()
    check(told["malformed"] == told["faults"] == told["shed"] == 0 and told["exempt"] >= 1, "the status", told)

    milter.kill()
    milter.passes("45.0.0.1", "the milter is dead")
    shutil.rmtree(dir_ + "/serve")
    milter.start()
    milter.passes("45.0.0.1", "no publication")
    milter.publish(2)
    until(lambda: "generation=2" in milter.log(), "the next publication is in force")
    milter.refused("45.0.0.1", "the next publication")
finally:
    milter.stop()
    sendmail.stop()
check(milter.process.returncode == 0, "onus-milter ends with", milter.process.returncode)
print("ok: %d mails, %d checks" % (sendmail.sent, expect.checks))
