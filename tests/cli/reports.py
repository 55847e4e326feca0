#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""onus-reports and what strangers may mail: archives that unpack to gigabytes, archives of a thousand files, entities
that multiply, lines of ten megabytes, parts in parts in parts, mails cut anywhere. Each is refused in words, in a
bounded time, and the next message is read as if nothing had been."""
import base64
import gzip
import io
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile

PROGRAM = os.environ["ONUS_BUILD"] + "/src/prog/reports/onus-reports"
NOW = int(time.time())
XML = ("<feedback><report_metadata><date_range><begin>1764000000</begin><end>1764241200</end></date_range>"
       "</report_metadata>%s</feedback>")
ROW = ("<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>reject</disposition>"
       "<dkim>fail</dkim><spf>fail</spf></policy_evaluated></row></record>")
REPORT = (XML % (ROW % ("9.9.9.8", 2))).encode()
SAID = "1764241200\t9.9.9.8\tspam\t2\tweak\t\tsmtp\tdmarc failed and turned away by "
HEAD = "From: a@example.net\r\nMIME-Version: 1.0\r\n"
ARF = "Feedback-Type: abuse\r\nUser-Agent: x\r\nVersion: 1\r\nSource-IP: 9.9.9.8\r\n"


def packed(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, text in files:
            z.writestr(name, text)
    return out.getvalue()


def mail(kind, content, head=HEAD):
    return (head + "Content-Type: " + kind + "\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() + \
        base64.encodebytes(content)


def parts(*bodies, kind="multipart/report; report-type=feedback-report", head=HEAD):
    return (head + "Content-Type: %s; boundary=b\r\n\r\n" % kind +
            "".join("--b\r\n" + b + "\r\n" for b in bodies) + "--b--\r\n").encode()


FEED = "Content-Type: message/feedback-report\r\n\r\n"
zeros = gzip.compress(bytes(300 << 20), 9)
good = packed([("a.xml", REPORT)])
arf = parts("Content-Type: text/plain\r\n\r\nhello", FEED + ARF)
nested = parts(FEED + ARF)
for depth in range(60):
    nested = (HEAD + "Content-Type: multipart/mixed; boundary=x%d\r\n\r\n--x%d\r\n" % (depth, depth)).encode() + \
        nested + b"\r\n--x%d--\r\n" % depth
within = b"".join(b"Content-Type: message/rfc822\r\n\r\n" for i in range(100000))
deep = b"".join(b"Content-Type: multipart/mixed; boundary=y%d\r\n\r\n--y%d\r\n" % (i, i) for i in range(50000))

# what, bytes, what is said: "!" and the beginning of a reason, or the beginning of each line
CASES = [
    ("gzip", mail("application/gzip", gzip.compress(REPORT)), [SAID + "example.net"]),
    ("zip", mail("application/zip", good), [SAID + "example.net"]),
    ("zip, stored", mail("application/x-zip-compressed", packed([("a.xml", REPORT)], zipfile.ZIP_STORED)), [SAID]),
    ("zip beside a system's file", packed([("__MACOSX/._a.xml", "x"), ("a.xml", REPORT)]), [SAID]),
    ("by its name", mail("application/octet-stream; name=\"r.xml.gz\"", gzip.compress(REPORT)), [SAID]),
    ("by its name in the old form", mail("application/octet-stream; name==?us-ascii?Q?r=2Ezip?=", good), [SAID]),
    ("gzip, bomb", mail("application/gzip", zeros), "!unpacks to more than 24 MiB"),
    ("gzip, bomb, bare", zeros, "!unpacks to more than 24 MiB"),
    ("gzip of gzip", gzip.compress(gzip.compress(REPORT)), "!XML that is broken"),
    ("gzip, cut", gzip.compress(REPORT)[:-20], "!gzip that is damaged or cut"),
    ("gzip, no body", b"\x1f\x8b", "!gzip that is damaged or cut"),
    ("zip, bomb", packed([("a.xml", bytes(300 << 20))]), "!unpacks to more than 24 MiB"),
    ("zip, a thousand files", packed([("%d.xml" % i, REPORT) for i in range(1000)]), "!a zip archive of 1000 files"),
    ("zip, two reports", packed([("a.xml", REPORT), ("b.xml", REPORT)]), "!a zip archive with two reports"),
    ("zip, no report", packed([("a.exe", "MZ")]), "!a zip archive without an XML file"),
    ("zip, bzip2", packed([("a.xml", REPORT)], zipfile.ZIP_BZIP2), "!a zip archive that is not packed as reports are"),
    ("zip, lzma", packed([("a.xml", REPORT)], zipfile.ZIP_LZMA), "!a zip archive that is not packed as reports are"),
    ("zip in zip", packed([("a.xml", good)]), "!XML that is broken"),
    ("zip, cut", good[:-30], "!a zip archive that is damaged or cut"),
    ("zip, its sum is wrong", packed([("a.xml", REPORT)], zipfile.ZIP_STORED).replace(b"<count>2", b"<count>9"),
     "!a zip archive that is damaged"),
    ("entities", b'<!DOCTYPE f [<!ENTITY a0 "ha">' + b"".join(b'<!ENTITY a%d "&a%d;&a%d;&a%d;">' % (i + 1, i, i, i)
                                                            for i in range(40)) + b"]><feedback>&a40;</feedback>",
     "!XML with a document type"),
    ("an entity of a file", b'<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><feedback>&a;</feedback>',
     "!XML with a document type"),
    ("a value of megabytes", (XML % (ROW % ("9" * 9000000, 1))).encode(), "!a value too long in"),
    ("a tag of megabytes", b"<feedback><" + b"a" * 9000000 + b"/></feedback>", "!a DMARC report without rows"),
    ("rows without end", (XML % (ROW % ("9.9.9.8", 1) * 20000)).encode(), "!more than 4000 addresses"),
    ("as many as a batch holds", (XML % (ROW % ("9.9.9.8", 1) * 4000)).encode(), [SAID.replace("\t2\t", "\t1\t")] * 4000),
    ("a million that fail nothing", (XML % (ROW.replace("fail", "pass") % ("9.9.9.8", 1) * 30000)).encode(), []),
    ("ARF", arf, ["%d\t9.9.9.8\tspam\t1\tweak\t\tsmtp\tarf abuse by example.net" % NOW]),
    ("a line of ten megabytes", parts(FEED + "X-Long: " + "a" * 9500000 + "\r\n" + ARF), ["%d\t9.9.9.8" % NOW]),
    ("a header of ten megabytes", parts(FEED + ARF, head=HEAD + "Subject: " + "a" * 9500000 + "\r\n"), ["%d\t9.9.9.8" % NOW]),
    ("a sender of megabytes", parts(FEED + ARF, head="From: %s@example.net\r\n" % ("a" * 9000000)), ["%d\t9.9.9.8" % NOW]),
    ("a thousand senders", parts(FEED + ARF, head="From: %s\r\n" % ", ".join("a@b%d.example" % i for i in range(1000))),
     ["%d\t9.9.9.8\tspam\t1\tweak\t\tsmtp\tarf abuse by nobody (not verified)" % NOW]),
    ("a sender that writes lines", parts(FEED + ARF, head="From: a@\"x\\\n\t9.9.9.9\tspam\"\r\n"),
     ["%d\t9.9.9.8\tspam\t1\tweak\t\tsmtp\tarf abuse by nobody" % NOW]),
    ("ten thousand fields", parts(FEED + "X-A: 1\r\n" * 10000 + ARF), "!more than 200 fields"),
    ("ten thousand parts", parts(*["Content-Type: text/plain\r\n\r\n"] * 10000 + [FEED + ARF]), "!more parts than"),
    ("sixty deep", nested, "!more parts than"),
    ("fifty thousand deep", deep, "!"),
    ("messages in messages", (HEAD + "Content-Type: message/rfc822\r\n\r\n").encode() + within + arf, "!"),
    ("parts in messages in parts", HEAD.encode() + b"".join(
        b"Content-Type: multipart/mixed; boundary=z%d\r\n\r\n--z%d\r\nContent-Type: message/rfc822\r\n\r\n" % (i, i)
        for i in range(30000)) + arf, "!"),
    ("a report in a message in a message", parts("Content-Type: message/rfc822\r\n\r\n" + arf.decode(),
                                               kind="multipart/digest"), "!a mail that is no report"),
    ("an SMTP TLS report in gzip", mail("application/gzip", gzip.compress(b'{"organization-name":"O","policies":[]}')),
     "!an SMTP TLS report (RFC 8460)"),
    ("JSON in gzip that goes deep", gzip.compress(b'{"a":' * 100000), "!JSON that is broken"),
    ("JSON that writes lines", b'{"Version":"3","x\\n\\t9.9.9.9\\tspam\\t\\tfull\\n#end":1,"ReporterInfo":{},"Report":{}}',
     "!the report has a member x??9.9.9.9"),
    ("zeros", bytes(100000), "!"),
    ("nothing", b"", "!empty"),
]


def ask(messages, options=()):
    """As the collector does: all through one process. A list of (lines, end)."""
    # no time zone, no home: what it is may not matter
    p = subprocess.Popen([PROGRAM, "--serve", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
    answers = []
    for m in messages:
        try:
            p.stdin.write(b"%d %d\n" % (len(m), NOW) + m)
            p.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in p.stdout:
            line = line.decode().rstrip("\n")
            if line.startswith("#"):
                answers.append((lines, line))
                break
            lines.append(line)
        else:
            answers.append((lines, "gone"))
            p.wait()
            p = subprocess.Popen([PROGRAM, "--serve", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
    p.stdin.close()
    assert p.wait() == 0, p.returncode
    return answers


bad = 0


def fail(*words):
    global bad
    bad += 1
    print("not ok:", *words)


started = time.time()
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
fits = [c for c in CASES if len(c[1]) <= 10 << 20]
for (name, _, want), (lines, end) in zip(fits, ask([c[1] for c in fits])):
    if isinstance(want, str):
        if lines or not end.startswith("#refused " + want[1:]):
            fail(name, lines[:3], end)
    elif end != "#end" or len(lines) != len(want) or any(not a.startswith(b) for a, b in zip(lines, want)):
        fail(name, lines[:3], end, "not", want[:3])
print("%d hostile messages through one process: %.1f s" % (len(fits), time.time() - started))

# a mail cut anywhere says what it said, or is refused; never anything else
whole = mail("application/zip", good)
cuts = [arf[:n] for n in range(0, len(arf), 3)] + [whole[:n] for n in range(0, len(whole), 5)]
for n, (lines, end) in enumerate(ask(cuts)):
    if not (end == "#end" or end.startswith("#refused ")) or len(lines) > 1 or any("\t9.9.9.8\tspam\t" not in x and
                                                                                  "\t9.9.9.\t" not in x for x in lines):
        fail("cut", n, lines, end)

# by hand: several files, one of them refused
files = []
tmp = os.environ.get("TMPDIR", "/tmp") + "/onus-reports-%d-" % os.getpid()
for n, bytes_ in enumerate((arf, b"hello", whole)):
    files.append(tmp + str(n))
    with open(files[-1], "wb") as f:
        f.write(bytes_)
with open(tmp + "out", "wb") as out:  # a file too can be written to, as it was open before
    run = subprocess.run([PROGRAM, *files], stdout=out, stderr=subprocess.PIPE, text=True)
with open(tmp + "out") as f:
    text = f.read()
if run.returncode != 1 or text.count("9.9.9.8") != 2 or "-1: refused: no mail" not in run.stderr or \
        not text.startswith("#onus-events 1\n"):
    fail("by hand", run.returncode, text, run.stderr)
run = subprocess.run([PROGRAM, tmp + "none"], capture_output=True, text=True)
if run.returncode != 2 or "No such file" not in run.stderr:
    fail("no file", run)
for option in ("--trusted", "--reporter-hosts"):
    run = subprocess.run([PROGRAM, option, "192.0.2"], input=arf, capture_output=True, text=False)
    if run.returncode != 3 or b"is no address, prefix or range" not in run.stderr:
        fail(option, run)
relayed = parts(FEED + ARF.replace("Source-IP: 9.9.9.8\r\n", ""), "Content-Type: message/rfc822\r\n\r\n" + "".join(
    "Received: from x (x [%s]) by y (Postfix) with SMTP id 1; Thu, 27 Nov 2025 12:00:00 +0100\r\n" % a
    for a in ("198.41.0.7", "9.9.9.8", "9.9.9.9")) + "\r\nbuy\r\n")
run = subprocess.run([PROGRAM, "--reporter-hosts", "198.41.0.0/24, 10.0.0.0/8"], input=relayed, capture_output=True)
if run.returncode != 0 or b"\t9.9.9.8\tspam\t1\tweak\t" not in run.stdout or b"9.9.9.9" in run.stdout:
    fail("no source, and its lines tell it", run)
run = subprocess.run([PROGRAM], input=arf, capture_output=True)
if run.returncode != 0 or b"9.9.9.8" not in run.stdout:
    fail("stdin", run)
run = subprocess.run([PROGRAM], input=b"From: a@b\r\n\r\n" + b"a" * (10 << 20), capture_output=True)
if run.returncode != 1 or b"larger than 10 MiB" not in run.stderr:
    fail("too large", run.stderr)
for f in files + [tmp + "out"]:
    os.unlink(f)
for stdin in (b"1000000000 1\n", b"x\n", b"5\nhello", b"-1 1\n"):
    run = subprocess.run([PROGRAM, "--serve"], input=stdin, capture_output=True)
    if run.returncode != 2:
        fail("asked wrongly", stdin, run)

# what takes too long is killed, and not by its parent alone
p = subprocess.Popen([PROGRAM, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
p.stdin.write(b"%d %d\n" % (len(arf), NOW) + arf)
p.stdin.flush()
if b"9.9.9.8" not in p.stdout.readline():
    fail("a process to look at")
with open("/proc/%d/status" % p.pid) as f:
    status = dict(line.rstrip("\n").split(":\t", 1) for line in f)
if status["NoNewPrivs"] != "1":
    fail("it may gain privileges")
if "Seccomp" in status and status["Seccomp"] != "2":
    fail("it may call what it likes", status["Seccomp"])
with open("/proc/%d/limits" % p.pid) as f:
    limits = f.read()
for limit in ("Max file size             0 ", "Max core file size        0 "):
    if limit not in limits:
        fail("no limit:", limit)
os.kill(p.pid, signal.SIGPROF)
if p.wait() != -signal.SIGPROF:
    fail("the clock does not kill it", p.returncode)
sys.exit(bad > 0)
