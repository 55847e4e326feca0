#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-policy before the queue of a real Postfix, with a queue and a configuration of the test's own, over TCP and a unix socket;
clients have the addresses that XCLIENT gives them. Who is listed is refused with our text and never queued, who is grey is put
off and passes later, a tag is a header, once a mail; users, partners with a certificate and complaints are exempt; and when the
publication is missing, ended or forged, or onus-policy is dead, all mail passes."""
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


def said(name):
    return read(dir_ + "/" + name)


expect = Expect(lambda: said("log")[-4000:] + said("policy.log")[-1500:])
check, until = expect.check, expect.until

# --- Postfix

tcp_port, unix_port, policy_port = free_port(), free_port(), free_port()
postfix = Postfix(dir_, expect=expect, main_cf={
    **TLS,
    "inet_protocols": "all",
    "smtpd_recipient_restrictions": "check_policy_service { inet:127.0.0.1:%d, timeout=300s, default_action=DUNNO }" % policy_port,
    "over_unix": "check_policy_service { unix:@/policy, timeout=300s, default_action=DUNNO }",
    "smtpd_error_sleep_time": "0",
    "virtual_mailbox_domains": "example.net",
    "virtual_mailbox_maps": "static:box/",
}, door="""127.0.0.1:%d inet n - n - - smtpd
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_recipient_restrictions=$over_unix
""" % (tcp_port, unix_port))

# --- onus-policy

with open(dir_ + "/conf", "w") as f:
    f.write("""state_dir = @/state
serve_dir = @/serve
site_url = https://onus.example
policy_listen = tcp:127.0.0.1:%d, unix-stream:@/policy
policy_wait_ms = 60000
greylist_delay_s = 1
[rule partner]
verified = yes
action = exempt
[rule open]
recipient = open AT example.net
action = tag
""".replace("@", dir_).replace(" AT ", "@") % policy_port)


def publish(generation, lasts_s=86400, standings=STANDINGS):
    publication.make(dir_ + "/serve", dir_ + "/key", generation, standings, lasts_s)


def start_policy():
    p = subprocess.Popen([build + "/src/prog/policy/onus-policy", "-c", dir_ + "/conf"], stdout=open(dir_ + "/policy.out", "w"),
                         stderr=open(dir_ + "/policy.log", "w"))
    until(lambda: "ready on" in said("policy.out") or p.poll() is not None, "onus-policy listens")
    check(p.poll() is None, "onus-policy has ended")
    shutil.chown(dir_ + "/policy", "postfix")
    return p


# --- a client

def send(client, to=("b@example.net",), port=tcp_port, **how):
    """What each recipient is answered, and our headers of the mail as it was delivered, None when it was not."""
    answers, mail = postfix.send(client, to, port=port, **how)
    return answers, mail and (mail.get_all("X-Onus-Client") or [])


def passes(client, words, *to, **how):
    answers, headers = send(client, *to, **how)
    check(answers[0][0] == 250 and headers == [], words, answers, headers)


def refused(client, **how):
    (code, words), = send(client, **how)[0]
    return code == 554 and words.startswith("5.7.1 <b@example.net>: Recipient address rejected: client %s refused: " % client) and words


def before_the_queue():
    words = refused("45.0.0.1")
    check(words and ": 100% of its mails were spam; scope addr:45.0.0.1 until 20" in words and
          words.endswith("Z; see https://onus.example/addr/45.0.0.1"), "who is listed is answered", words)
    until(lambda: "NOQUEUE: reject: RCPT from m.example[45.0.0.1]: 554 5.7.1 <b@example.net>: Recipient address rejected: "
          "client 45.0.0.1 refused: 100% of" in said("log"), "Postfix logs it before the queue")
    check(refused("45.0.0.1", port=unix_port), "over the unix socket")
    if os.path.exists("/proc/net/if_inet6"):
        check(refused("2a00:45:0:1::25"), "an IPv6 client")
    answers, headers = send("45.0.0.1", ("b@example.net", "open@example.net", "postmaster@example.net", "c@example.net"))
    check([code for code, _ in answers] == [554, 250, 250, 554] and len(headers) == 1 and
          headers[0].startswith("45.0.0.1; grade=F"), "recipients of one mail", answers, headers)

    (code, words), = send("45.0.0.3")[0]
    check(code == 450 and words.startswith("4.7.1 <b@example.net>: Recipient address rejected: greylisted, try again in 1 seconds"),
          "who is grey is answered", code, words)
    until(lambda: (got := send("45.0.0.3"))[0][0][0] == 250 and "; level=friction; " in got[1][0], "who is grey comes back")

    answers, headers = send("45.0.0.4", ("b@example.net", "c@example.net", "d@example.net"))
    check(answers[2][0] == 250 and len(headers) == 1 and headers[0].startswith("45.0.0.4; ") and "; level=watch; " in headers[0],
          "a tag, once a mail", answers, headers)
    passes("45.0.2.1", "who is clean")
    passes("45.0.2.1", "who is clean, over the unix socket", port=unix_port)
    passes("45.0.0.1", "a partner with a certificate", certificate=True)
    passes("45.0.0.1", "a user", login="joe")
    passes("45.0.0.1", "a complaint", ("abuse@example.net",))


def trouble(policy):
    publish(2, standings="addr:45.0.2.1 - block reject 86400 F 25 - new\n")
    until(lambda: "generation=2" in said("policy.log"), "the next publication")
    passes("45.0.0.1", "who is not listed any more")
    check(refused("45.0.2.1"), "who is listed now")
    publish(3, lasts_s=0)
    until(lambda: "generation=3" in said("policy.log"), "a publication that has ended")
    passes("45.0.0.1", "a publication that has ended")
    publish(4)
    until(lambda: "generation=4" in said("policy.log"), "publication 4")
    check(refused("45.0.0.1"), "publication 4")

    policy.kill()
    policy.wait()
    passes("45.0.0.1", "onus-policy is dead")
    until(lambda: "127.0.0.1:%d: Connection refused" % policy_port in said("log"), "Postfix says that it is dead")
    with open(dir_ + "/serve/4/reputation", "r+b") as f:
        f.seek(-9, 2)
        f.write(b"!")
    policy = start_policy()
    until(lambda: "is not used" in said("policy.log"), "a forged publication is told of")
    passes("45.0.0.1", "a publication that was forged")
    shutil.rmtree(dir_ + "/serve")
    policy.send_signal(signal.SIGHUP)
    until(lambda: said("policy.out").count("ready on") == 2, "a reload without a publication")
    passes("45.0.0.1", "no publication")
    publish(5)
    until(lambda: "generation=5" in said("policy.log"), "publication 5")
    check(refused("45.0.0.1"), "publication 5")
    return policy


postfix.start()
policy = start_policy()
try:
    passes("45.0.0.1", "nothing is published")
    publish(1)
    until(lambda: "generation=1" in said("policy.log"), "the publication is in force")
    before_the_queue()
    policy = trouble(policy)
finally:
    policy.terminate()
    policy.wait()
    postfix.stop()
check(policy.returncode == 0, "onus-policy ends with", policy.returncode)
print("ok: %d mails, %d checks" % (postfix.sent, expect.checks))
