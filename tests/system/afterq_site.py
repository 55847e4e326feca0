# SPDX-License-Identifier: GPL-3.0-or-later
"""A site whose mail goes through an engine behind the queue: the files of etc/postfix, etc/spamassassin and etc/rspamd as they
are, with ports and paths of the test's own, in a Postfix of its own. Nothing leaves loopback: names are asked of
tests/cli/dns_server.py, which knows the zone of onus-dnsbl and no other."""
import atexit
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

SOURCE = os.environ["ONUS_SOURCE"]
sys.path.insert(0, SOURCE + "/tests")
from expect import read  # noqa: E402
from postfix import Postfix, free_port  # noqa: E402


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def run(*words):
    p = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode:
        sys.exit("%s: %d\n%s" % (" ".join(words), p.returncode, p.stdout))
    return p.stdout


MAIN_CF = {
    "mynetworks": "10.0.0.0/8",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_client_restrictions": "check_client_access texthash:@/maps/clients",
    "virtual_mailbox_domains": "users.example",
    "virtual_mailbox_maps": "inline:{one@users.example=one/} inline:{two@users.example=two/}",
    "virtual_alias_maps": "inline:{{both@users.example=one@users.example,two@users.example}}",
}

# Debian's service but for ports, and for a /dev/log, a home and a configuration of the test's own
SPAMPD = """set -e
for n in null zero random urandom; do : >@/dev/$n; mount --bind /dev/$n @/dev/$n; done
mount --rbind @/dev /dev
mount --bind @/home /var/cache/spampd
mount --bind @/sa /etc/spamassassin
HOME=@/home spamassassin -x --lint
exec /usr/sbin/spampd --nodetach --tagall --host=127.0.0.1:%d --relayhost=127.0.0.1:%d --children=%d \\
  --maxsize=1024 --user=nobody --group=nogroup --pid=@/home/pid
"""


class Site:
    """engine: "spamassassin" or "rspamd"; at_once: what stands as 4 in the shipped files; zone: names and addresses that
    onus-dnsbl would answer with, or dnsbl: the port at which it does; clients: what Postfix' check_client_access says of an
    address; main_cf: parameters of the test."""

    def __init__(self, engine, dir_, at_once=4, zone=(), clients=(), main_cf=(), dnsbl=None):
        self.engine, self.dir, self.at_once = engine, dir_, at_once
        self.door, self.to_engine, self.back = free_port(), free_port(), free_port()
        self.running, self.servers = [], []
        atexit.register(self.stop)
        self.postfix = Postfix(dir_, {**MAIN_CF, **dict(main_cf)}, more=self.shipped("postfix/main.cf"), door="",
                               services=self.shipped("postfix/%s.master.cf" % engine))
        for name in ("maps", "home", "dns"):
            os.mkdir(dir_ + "/" + name)
        self.write("dns/zone", "".join("%s A %s\n" % row for row in zone))
        self.write("maps/clients", "".join("%s %s\n" % row for row in clients))
        self.servers.append(subprocess.Popen([sys.executable, SOURCE + "/tests/cli/dns_server.py", dir_ + "/dns/zone", dir_ + "/dns"]))
        self.names = self.forwarder(dnsbl) if dnsbl else self.dns_port()
        self.start_postfix()
        {"spamassassin": self.prepare_spamassassin, "rspamd": self.prepare_rspamd}[engine]()

    def write(self, name, text):
        with open(self.dir + "/" + name, "w") as f:
            f.write(text.replace("@/", self.dir + "/"))

    def shipped(self, name):
        """A file of etc with this site's ports, paths and number of processes."""
        text = read(SOURCE + "/etc/" + name).replace("/usr/share/onus/postfix", self.dir + "/maps")
        text = re.sub(r"^smtp      inet  n       -       y ", "127.0.0.1:%d inet n - n " % self.door, text, flags=re.M)
        text = re.sub(r"(-       |= |count = )4\b(?=  |$|;)", r"\g<1>%d" % self.at_once, text, flags=re.M)
        for port, here in ((10025, self.to_engine), (10026, self.back), (11332, self.to_engine)):
            text = text.replace(":%d" % port, ":%d" % here)
        return text

    # --- Postfix ---

    def start_postfix(self):
        for name in ("strangers", "verdict"):
            shutil.copy(SOURCE + "/etc/postfix/" + name, self.dir + "/maps")
        self.postfix.start()
        self.servers.append(self.postfix.master)

    def log(self):
        return self.postfix.log()

    def queued(self, *names):
        """Files of these queues; Postfix may keep them in directories by their first letters."""
        return [file for name in names for _, _, files in os.walk(self.dir + "/queue/" + name) for file in files]

    def boxes(self):
        return glob.glob(self.dir + "/mail/*/new/*")

    def flush(self):
        self.postfix.run("postqueue", "-f")

    def connect(self, address):
        """As that client; the words of XCLIENT stand for the network."""
        name = "c%s.sender.example" % address.replace(".", "-")
        s = self.postfix.connect(self.door, name)
        if s.has_extn("xforward"):
            sys.exit("whoever is at the door may say that he is somebody else")
        self.postfix.become(s, address, name)
        return s

    # --- engines ---

    def prepare_spamassassin(self):
        os.mkdir(self.dir + "/dev")
        shutil.chown(self.dir + "/home", "nobody")
        shutil.copytree("/etc/spamassassin", self.dir + "/sa")
        shutil.copy(SOURCE + "/etc/spamassassin/onus.cf", self.dir + "/sa")
        self.write("sa/local.cf", "trusted_networks 10.0.0.0/8\ninternal_networks 10.0.0.0/8\ndns_available yes\n"
                   "dns_server 127.0.0.1:%s\n" % self.names)
        self.write("spampd", SPAMPD % (self.to_engine, self.back, self.at_once))
        syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        syslog.bind(self.dir + "/dev/log")
        os.chmod(self.dir + "/dev/log", 0o666)

        def keep():
            with open(self.dir + "/said-engine", "ab", 0) as f:
                while True:
                    f.write(syslog.recv(65536).strip(b"\0\n") + b"\n")

        threading.Thread(target=keep, daemon=True).start()
        self.command = ["unshare", "--mount", "sh", self.dir + "/spampd"]
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            # in a chroot, whose root is no mount: what is mounted must not be seen outside all the same
            self.command[2:3] = ["--propagation", "unchanged", "sh", "-c", "grep -q shared: /proc/self/mountinfo && exit 1; exec sh $0"]

    def prepare_rspamd(self):
        shutil.copytree(SOURCE + "/etc/rspamd/local.d", self.dir + "/rspamd/local.d")
        os.mkdir(self.dir + "/rspamd/override.d")
        self.write("rspamd/local.d/worker-proxy.inc", self.shipped("rspamd/local.d/worker-proxy.inc"))
        self.write("rspamd/rspamd.local.lua", 'dofile("%s/etc/rspamd/onus.lua")\n' % SOURCE)
        self.write("rspamd/override.d/worker-proxy.inc", 'bind_socket = "127.0.0.1:%d";\n' % self.to_engine)
        for name in ("normal", "controller"):
            self.write("rspamd/override.d/worker-%s.inc" % name, "enabled = false;\n")
        # a short list of domains, and no helper: else it compiles patterns for half a minute when it starts
        self.write("tld", "com\nnet\norg\nexample\n")
        self.write("rspamd/rspamd.conf.local", 'worker "hs_helper" { enabled = false; }\n')
        self.write("rspamd/override.d/options.inc", 'local_addrs = ["10.0.0.0/8"];\ndisable_hyperscan = true;\nurl_tld = "@/tld";\n'
                   'dns { nameserver = ["127.0.0.1:%s"]; }\n' % self.names)
        self.write("rspamd/override.d/logging.inc", 'type = "console";\n')
        shutil.chown(self.dir + "/home", "_rspamd")
        where = ["--var=%s=%s" % row for row in (("LOCAL_CONFDIR", self.dir + "/rspamd"), ("DBDIR", self.dir + "/home"),
                                                 ("RUNDIR", self.dir + "/home"), ("LOGDIR", self.dir + "/home"))]
        run("rspamadm", *where, "configtest", "-c", "/etc/rspamd/rspamd.conf")
        self.command = ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf"] + where

    def dns_port(self):
        self.wait("the name server", lambda: os.path.exists(self.dir + "/dns/dns.port"))
        return read(self.dir + "/dns/dns.port")

    def forwarder(self, dnsbl):
        """The port of a resolver that asks onus-dnsbl about its zone, and the test's name server about all else."""
        others, s = int(self.dns_port()), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", 0))

        def ask(query, peer):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
                to.settimeout(60)
                to.connect(("127.0.0.1", dnsbl if b"\x05dnsbl\x08internal\0" in query.lower() else others))
                to.send(query)
                s.sendto(to.recv(4096), peer)

        def listen():
            while True:
                threading.Thread(target=ask, args=s.recvfrom(4096), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        return s.getsockname()[1]

    def start_engine(self):
        with open(self.dir + "/said-engine", "ab") as f:
            self.running.append(subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=f, stderr=f, start_new_session=True))
        self.wait("the engine", lambda: listens(self.to_engine))

    def pause(self, on):
        """Nothing is handed to the engine while it is on; what comes waits."""
        self.postfix.run("postconf", "-e", "defer_transports=" + ("onus-engine" if on else ""))
        self.postfix.run("postfix", "reload")
        if not on:
            self.flush()

    def wait_words(self, n):
        """Rspamd logs its verdicts, n of them, behind its answers."""
        if self.engine == "rspamd":
            self.wait("the engine's words", lambda: self.said().count("rspamd_task_write_log: ") >= n)

    def stop_engine(self):
        for p in self.running:
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has ended by itself, which is why we stop
            p.wait()
        self.running.clear()

    def stop(self):
        self.stop_engine()
        for p in self.servers:
            p.terminate()
            p.wait()
        self.servers.clear()

    def wait(self, what, true, seconds=300):
        """For what happens at its own pace."""
        for _ in range(seconds * 20):
            if true():
                return
            if any(p.poll() is not None for p in self.servers + self.running):
                break
            time.sleep(0.05)
        sys.exit("%s: waited in vain\n%s\n%s" % (what, self.log()[-6000:], self.said()[-6000:]))

    def said(self):
        return read(self.dir + "/said-master") + read(self.dir + "/said-engine")
