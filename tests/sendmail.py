# SPDX-License-Identifier: GPL-3.0-or-later
"""A Sendmail of a test's own, out of unpacked packages: configuration, queue and mailboxes are in one directory. It has no XCLIENT, so
clients come from the addresses that they are to have: the test is root in namespaces of its own (network, host name), where all are
local."""
import glob
import os
import smtplib
import socket
import subprocess

from expect import MINUTES, read
from mail_server import MailServer

SERVER = {4: "192.0.2.25", 6: "2001:db8::25"}

# '@/' is the directory, '%/' where the packages are.
SENDMAIL_MC = """\
include(`%/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`ALIAS_FILE', `')dnl
define(`STATUS_FILE', `')dnl
define(`HELP_FILE', `')dnl
define(`QUEUE_DIR', `@/queue')dnl
define(`confPID_FILE', `@/pid')dnl
define(`confSERVICE_SWITCH_FILE', `@/service.switch')dnl
define(`confDEF_USER_ID', `65534:65534')dnl
define(`confDOMAIN_NAME', `mx.onus.example')dnl
define(`confTO_IDENT', `0')dnl
define(`confQUEUE_LA', `100000')dnl
define(`confREFUSE_LA', `100000')dnl
define(`confDELAY_LA', `100000')dnl
define(`confCACERT', `@/tls.crt')dnl
define(`confCACERT_PATH', `@/certificates')dnl
define(`confSERVER_CERT', `@/tls.crt')dnl
define(`confSERVER_KEY', `@/tls.key')dnl
define(`LOCAL_MAILER_PATH', `@/deliver')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-Aw5')dnl no aliases, no users
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=192.0.2.25, Port=25')dnl
DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Addr=2001:db8::25, Port=25')dnl
LOCAL_DOMAIN(`example.net')dnl
"""
MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"
DELIVER = "#!/bin/sh\nset -e\nto=$(mktemp @/mail/tmp/XXXXXXXX)\ncat >\"$to\"\nmv \"$to\" @/mail/new\n"


class Sendmail(MailServer):
    """more: lines of sendmail.mc as a site would add them; clients: addresses that clients will have."""

    def __init__(self, dir_, packages, more, clients, expect):
        super().__init__(dir_, dir_ + "/mail/new/*", expect)
        self.packages, self.daemon = packages, None
        self.program = packages + "/usr/libexec/sendmail/sendmail"
        self.env = {**os.environ, "LD_LIBRARY_PATH": ":".join(glob.glob(packages + "/usr/lib/*-linux-gnu"))}
        os.chmod(self.program, 0o755)  # without the group that it is set to, whose programs no LD_LIBRARY_PATH is believed
        os.chmod(dir_, 0o755)
        for name in ("queue", "certificates", "mail", "mail/tmp", "mail/new"):
            os.mkdir(dir_ + "/" + name, 0o700)
        for name in ("mail", "mail/tmp", "mail/new"):
            os.chown(dir_ + "/" + name, 65534, 65534)
        self.write("service.switch", "hosts files\naliases files\n")
        self.write("deliver", DELIVER)
        os.chmod(dir_ + "/deliver", 0o755)
        self.write("sendmail.mc", SENDMAIL_MC + more + MAILERS)
        socket.sethostname("mx.onus.example")  # for one without a dot it waits a minute
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in (*SERVER.values(), *clients):
            subprocess.run(["ip", "address", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo",
                            *(["nodad"] if ":" in address else [])], check=True)
        m4 = subprocess.run([packages + "/usr/bin/m4" if os.path.exists(packages + "/usr/bin/m4") else "m4", dir_ + "/sendmail.mc"],
                            env=self.env, stdout=subprocess.PIPE, check=True, text=True)
        self.write("sendmail.cf", m4.stdout)

    def write(self, name, text):
        with open(self.dir + "/" + name, "w") as f:
            f.write(text.replace("@/", self.dir + "/").replace("%/", self.packages + "/"))

    def start(self):
        with open(self.dir + "/log", "w") as f:
            self.daemon = subprocess.Popen([self.program, "-bD", "-C", self.dir + "/sendmail.cf", "-X", self.dir + "/traffic", "-q1m"],
                                           env=self.env, stdout=f, stderr=subprocess.STDOUT)

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()

    def log(self):
        return read(self.dir + "/log") + read(self.dir + "/traffic")

    def connect(self, client):
        def up():
            try:
                return smtplib.SMTP(SERVER[6 if ":" in client else 4], 25, local_hostname="m.example", timeout=MINUTES,
                                    source_address=(client, 0))
            except (ConnectionRefusedError, smtplib.SMTPServerDisconnected):
                self.expect.check(self.daemon.poll() is None, "Sendmail does not run")
                return None

        smtp = self.expect.until(up, "Sendmail listens")
        smtp.ehlo()
        return smtp

    def send(self, client, to=("b@example.net",), head="", certificate=False):
        """A mail, as hand_in."""
        smtp = self.connect(client)
        if certificate:
            self.start_tls(smtp)
        return self.hand_in(smtp, to, head)
