#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-policy before the queue of a real Postfix, with a queue and a configuration of the test's own, over TCP and a unix socket;
clients have the addresses that XCLIENT gives them. Who is listed is refused with our text and never queued, who is grey is put
off and passes later, a tag is a header, once a mail; users, partners with a certificate and complaints are exempt; and when the
publication is missing, ended or forged, or onus-policy is dead, all mail passes."""
import email
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
import publication  # noqa: E402

build = os.environ["ONUS_BUILD"]
dir_ = sys.argv[1]
MINUTES = 300
checks = 0

STANDINGS = """\
addr:45.0.0.1 - block reject 86400 F 25 - 100% of its mails were spam
addr:45.0.0.3 - friction greylist 86400 E 40 - seen here and there
addr:45.0.0.4 - watch tag 86400 C 70 - seen once
addr:2a00:45:0:1::/64 - block drop 86400 F 25 - a bad network
"""


def read(name):
    try:
        with open(dir_ + "/" + name) as f:
            return f.read()
    except FileNotFoundError:
        return ""


def check(good, *words):
    global checks
    checks += 1
    if not good:
        print(read("log")[-4000:], read("policy.log")[-1500:])
        raise SystemExit("not ok: " + " ".join(str(w) for w in words))


def until(what, words):
    """Wait for an event; how long it takes does not matter."""
    end = time.monotonic() + MINUTES
    while True:
        got = what()
        if got or time.monotonic() > end:
            check(got, words)
            return got
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- Postfix

tcp_port, unix_port, policy_port = free_port(), free_port(), free_port()
os.chmod(dir_, 0o755)
for name in ("etc", "queue", "data", "mail"):
    os.mkdir(os.path.join(dir_, name))
shutil.chown(dir_ + "/data", "postfix")
shutil.chown(dir_ + "/mail", "nobody")
nobody = os.stat(dir_ + "/mail")
with open(dir_ + "/etc/main.cf", "w") as f:
    f.write("""compatibility_level = 3.6
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
inet_protocols = all
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_policy_service { inet:127.0.0.1:%d, timeout=300s, default_action=DUNNO }
over_unix = check_policy_service { unix:@/policy, timeout=300s, default_action=DUNNO }
smtpd_error_sleep_time = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = @/tls.crt
smtpd_tls_key_file = @/tls.key
smtpd_tls_CAfile = @/tls.crt
smtpd_tls_ask_ccert = yes
virtual_mailbox_domains = example.net
virtual_mailbox_maps = static:box/
virtual_mailbox_base = @/mail
virtual_uid_maps = static:%d
virtual_gid_maps = static:%d
virtual_minimum_uid = 1
maillog_file = @/log
maillog_file_prefixes = @
""".replace("@", dir_) % (policy_port, nobody.st_uid, max(nobody.st_gid, 1)))
with open(dir_ + "/etc/master.cf", "w") as f:
    f.write("""127.0.0.1:%d inet n - n - - smtpd
127.0.0.1:%d inet n - n - - smtpd
  -o smtpd_recipient_restrictions=$over_unix
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
virtual unix - n n - - virtual
""" % (tcp_port, unix_port))
subprocess.run(["/usr/sbin/postfix", "-c", dir_ + "/etc", "check"], check=True, stderr=subprocess.DEVNULL)

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
    until(lambda: "ready on" in read("policy.out") or p.poll() is not None, "onus-policy listens")
    check(p.poll() is None, "onus-policy has ended")
    shutil.chown(dir_ + "/policy", "postfix")
    return p


# --- a client

tls = ssl.create_default_context(cafile=dir_ + "/tls.crt")
tls.check_hostname = False
tls.load_cert_chain(dir_ + "/tls.crt", dir_ + "/tls.key")


def connect(client, login=None, certificate=False, port=None):
    smtp = smtplib.SMTP(local_hostname="m.example", timeout=MINUTES)

    def up():
        try:
            return smtp.connect("127.0.0.1", port or tcp_port)[0] == 220
        except ConnectionRefusedError:
            check(master.poll() is None, "Postfix does not run")
            return False

    until(up, "Postfix listens")
    smtp.ehlo()
    if certificate:
        smtp._host = "mx.onus.example"  # connect() does not say it
        smtp.starttls(context=tls)
        smtp.ehlo()
    code, words = smtp.docmd("XCLIENT", "ADDR=%s NAME=m.example" % (("IPV6:" if ":" in client else "") + client) +
                             (" LOGIN=" + login if login else ""))
    check(code == 220, "XCLIENT", code, words)
    smtp.ehlo()
    return smtp


sent = 0


def send(client, to=("b@example.net",), **how):
    """What each recipient is answered, and our headers of the mail as it was delivered, None when it was not."""
    global sent
    sent += 1
    smtp = connect(client, **how)
    code, words = smtp.mail("a@example.org")
    check(code == 250, "MAIL", code, words)
    answers = [smtp.rcpt(r) for r in to]
    got = None
    if any(code == 250 for code, _ in answers):
        code, words = smtp.data("X-Number: %d\r\nSubject: x\r\n\r\nhello\r\n" % sent)
        check(code == 250, "DATA", code, words)
        got = until(lambda: delivered(sent), "mail %d is delivered" % sent).get_all("X-Onus-Client") or []
    smtp.quit()
    return [(code, words.decode()) for code, words in answers], got


def delivered(number):
    for path, _, names in os.walk(dir_ + "/mail/box/new"):
        for name in names:
            with open(path + "/" + name) as f:
                mail = email.message_from_file(f)
            if mail["X-Number"] == str(number):
                return mail
    return None


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
          "client 45.0.0.1 refused: 100% of" in read("log"), "Postfix logs it before the queue")
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
    until(lambda: "generation=2" in read("policy.log"), "the next publication")
    passes("45.0.0.1", "who is not listed any more")
    check(refused("45.0.2.1"), "who is listed now")
    publish(3, lasts_s=0)
    until(lambda: "generation=3" in read("policy.log"), "a publication that has ended")
    passes("45.0.0.1", "a publication that has ended")
    publish(4)
    until(lambda: "generation=4" in read("policy.log"), "publication 4")
    check(refused("45.0.0.1"), "publication 4")

    policy.kill()
    policy.wait()
    passes("45.0.0.1", "onus-policy is dead")
    until(lambda: "127.0.0.1:%d: Connection refused" % policy_port in read("log"), "Postfix says that it is dead")
    with open(dir_ + "/serve/4/reputation", "r+b") as f:
        f.seek(-9, 2)
        f.write(b"!")
    policy = start_policy()
    until(lambda: "is not used" in read("policy.log"), "a forged publication is told of")
    passes("45.0.0.1", "a publication that was forged")
    shutil.rmtree(dir_ + "/serve")
    policy.send_signal(signal.SIGHUP)
    until(lambda: read("policy.out").count("ready on") == 2, "a reload without a publication")
    passes("45.0.0.1", "no publication")
    publish(5)
    until(lambda: "generation=5" in read("policy.log"), "publication 5")
    check(refused("45.0.0.1"), "publication 5")
    return policy


master = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", dir_ + "/etc", "-d"], start_new_session=True,
                          stderr=subprocess.DEVNULL)
policy = start_policy()
try:
    passes("45.0.0.1", "nothing is published")
    publish(1)
    until(lambda: "generation=1" in read("policy.log"), "the publication is in force")
    before_the_queue()
    policy = trouble(policy)
finally:
    policy.terminate()
    policy.wait()
    os.kill(master.pid, signal.SIGTERM)
    master.wait()
check(policy.returncode == 0, "onus-policy ends with", policy.returncode)
print("ok: %d mails, %d checks" % (sent, checks))
