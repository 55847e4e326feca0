# SPDX-License-Identifier: GPL-3.0-or-later
"""A Postfix of a test's own: configuration, queue, log and mailboxes are in one directory, it listens on loopback alone, and clients
have the addresses that XCLIENT gives them. It changes users, which only root can."""
import atexit
import os
import shutil
import smtplib
import socket
import subprocess

from expect import MINUTES, Expect, read
from mail_server import MailServer

# '@/' is the directory. A test adds what is its own and replaces what it must.
MAIN_CF = {
    "compatibility_level": "3.6",
    "queue_directory": "@/queue",
    "data_directory": "@/data",
    "command_directory": "/usr/sbin",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "myhostname": "mx.onus.example",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtpd_peername_lookup": "no",
    "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
    "smtpd_relay_restrictions": "reject_unauth_destination",
    "virtual_mailbox_base": "@/mail",
    "virtual_uid_maps": "static:65534",
    "virtual_gid_maps": "static:65534",
    "maillog_file": "@/log",
    "maillog_file_prefixes": "@/",
}

# The certificate @/tls.crt is the server's, and that of its clients who have one.
TLS = {
    "smtpd_tls_security_level": "may",
    "smtpd_tls_cert_file": "@/tls.crt",
    "smtpd_tls_key_file": "@/tls.key",
    "smtpd_tls_CAfile": "@/tls.crt",
    "smtpd_tls_ask_ccert": "yes",
}

MASTER_CF = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
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
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postfix(MailServer):
    """main_cf: parameters of the test; more: lines of main.cf as a site would add them; door: the lines of master.cf that listen,
    else one smtpd at a port of its own; services: further lines of master.cf. Any warning about all of it ends the test."""

    def __init__(self, dir_, main_cf=(), more="", door=None, services="", expect=None):
        super().__init__(dir_, dir_ + "/mail/*/new/*", expect or Expect(lambda: self.log()[-4000:]))
        self.port, self.master = free_port(), None
        os.chmod(dir_, 0o755)
        for name in ("etc", "queue", "data", "mail"):
            os.mkdir(dir_ + "/" + name)
        shutil.chown(dir_ + "/data", "postfix")
        shutil.chown(dir_ + "/mail", "nobody")
        parameters = {**MAIN_CF, **dict(main_cf)}
        self.write("etc/main.cf", "".join("%s = %s\n" % p for p in parameters.items()) + more)
        self.write("etc/master.cf", ("127.0.0.1:%d inet n - n - - smtpd\n" % self.port if door is None else door) + MASTER_CF + services)

    def write(self, name, text):
        with open(self.dir + "/" + name, "w") as f:
            f.write(text.replace("@/", self.dir + "/"))

    def run(self, program, *words):
        p = subprocess.run(["/usr/sbin/" + program, "-c", self.dir + "/etc", *words], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
        self.expect.check(p.returncode == 0, program, *words, p.stdout)
        return p.stdout

    def start(self):
        said = self.run("postconf", "-n") + self.run("postfix", "check")
        self.expect.check("warning" not in said, said)
        with open(self.dir + "/said-master", "wb") as f:
            self.master = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", self.dir + "/etc", "-d"], start_new_session=True,
                                           stderr=f)
        atexit.register(self.stop)

    def stop(self):
        self.master.terminate()
        self.master.wait()

    def runs(self):
        return self.master.poll() is None

    def log(self):
        return read(self.dir + "/log")

    def connect(self, port=None, name="m.example"):
        """A client of it, as soon as it listens."""
        def up():
            try:
                return smtplib.SMTP("127.0.0.1", port or self.port, local_hostname=name, timeout=MINUTES)
            except (ConnectionRefusedError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError):
                self.expect.check(self.runs() and "fatal: " not in self.log(), "Postfix does not run:", read(self.dir + "/said-master"))
                return None

        smtp = self.expect.until(up, "Postfix listens")
        smtp.ehlo()
        return smtp

    def become(self, smtp, address, name="m.example", login=None):
        """As if that client had connected."""
        code, words = smtp.docmd("XCLIENT", "ADDR=%s NAME=%s" % (("IPV6:" if ":" in address else "") + address, name) +
                                 (" LOGIN=" + login if login else ""))
        self.expect.check(code == 220, "XCLIENT:", code, words)
        smtp.ehlo()

    def send(self, client, to=("b@example.net",), head="", port=None, certificate=False, login=None):
        """A mail, as hand_in."""
        smtp = self.connect(port)
        if certificate:
            self.start_tls(smtp)
        self.become(smtp, client, login=login)
        return self.hand_in(smtp, to, head)
