#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-milter before the queue of a real Postfix, with a queue and a configuration of the test's own; clients have the addresses
that XCLIENT gives them. Who is listed is refused with our text and never queued, who is grey is put off and passes later, a
header is added and forged ones are gone, users and partners with a certificate are exempt; and when the publication is
missing, ended or forged, or the milter is dead, all mail passes."""
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


def log():
    try:
        with open(dir_ + "/log") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def check(good, *words):
    global checks
    checks += 1
    if not good:
        with open(dir_ + "/milter.log") as f:
            print(log()[-4000:], f.read()[-1500:])
        raise SystemExit("not ok: " + " ".join(str(w) for w in words))


def until(what, words):
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

smtp_port, milter_port = free_port(), free_port()
os.chmod(dir_, 0o755)
for name in ("etc", "queue", "data", "mail"):
    os.mkdir(os.path.join(dir_, name))
shutil.chown(dir_ + "/data", "postfix")
shutil.chown(dir_ + "/mail", "nobody")
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
smtpd_milters = { inet:127.0.0.1:%d, default_action=accept, connect_timeout=300s, command_timeout=300s }
""".replace("@", dir_) % (os.stat(dir_ + "/mail").st_uid, max(os.stat(dir_ + "/mail").st_gid, 1), milter_port))
with open(dir_ + "/etc/master.cf", "w") as f:
    f.write("""127.0.0.1:%d inet n - n - - smtpd
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
""" % smtp_port)
subprocess.run(["/usr/sbin/postfix", "-c", dir_ + "/etc", "check"], check=True, stderr=subprocess.DEVNULL)

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


def milter_log():
    with open(dir_ + "/milter.log") as f:
        return f.read()


def start_milter():
    p = subprocess.Popen([build + "/src/prog/milter/onus-milter", "-c", dir_ + "/conf"], stdout=open(dir_ + "/milter.log", "w"),
                         stderr=subprocess.STDOUT)
    until(lambda: "ready on" in milter_log() or p.poll() is not None, "onus-milter listens")
    check(p.poll() is None, "onus-milter has ended")
    return p


# --- a client



def connect(client, login=None, certificate=False):
    smtp = smtplib.SMTP(local_hostname="m.example", timeout=MINUTES)
    smtp._host = "partner.example"  # for starttls, which is given none otherwise

    def up():
        try:
            return smtp.connect("127.0.0.1", smtp_port)[0] == 220
        except (ConnectionRefusedError, smtplib.SMTPServerDisconnected):
            check("fatal: " not in log(), "Postfix's configuration")
            check(master.poll() is None, "Postfix does not run")
            return False

    until(up, "Postfix listens")
    smtp.ehlo()
    if certificate:
        own = ssl.create_default_context(cafile=dir_ + "/tls.crt")
        own.check_hostname = False
        own.load_cert_chain(dir_ + "/tls.crt", dir_ + "/tls.key")
        smtp.starttls(context=own)
        smtp.ehlo()
    code, words = smtp.docmd("XCLIENT", "ADDR=%s NAME=m.example" % (("IPV6:" if ":" in client else "") + client) +
                             (" LOGIN=" + login if login else ""))
    check(code == 220, "XCLIENT", code, words)
    smtp.ehlo()
    return smtp


sent = 0


def send(client, to=("b@example.net",), head="", **how):
    """What each recipient is answered, and the mail as it was delivered, if it was."""
    global sent
    sent += 1
    smtp = connect(client, **how)
    code, words = smtp.mail("a@example.org")
    check(code == 250, "MAIL", code, words)
    answers = [smtp.rcpt(r) for r in to]
    got = None
    if any(code == 250 for code, _ in answers):
        code, words = smtp.data("%sX-Number: %d\r\nSubject: x\r\n\r\nhello\r\n" % (head, sent))
        check(code == 250, "DATA", code, words)
        got = until(lambda: delivered(sent), "mail %d is delivered" % sent)
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


def ours(mail):
    return mail.get_all("X-Onus-Client") or []


def passes(client, words, **how):
    answers, mail = send(client, **how)
    check(answers[0][0] == 250 and not ours(mail), words, answers, mail and ours(mail))


FORGED = "X-Onus-Client: 45.0.0.1; grade=A; forged\r\nx-onus-client:forged\r\n  too\r\n"
milter = start_milter()
master = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", dir_ + "/etc", "-d"], start_new_session=True,
                          stderr=subprocess.DEVNULL)
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
    os.kill(master.pid, signal.SIGTERM)
    master.wait()
check(milter.returncode == 0, "onus-milter ends with", milter.returncode)
print("ok: %d mails, %d checks" % (sent, checks))
