#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of fail2ban's test logs, each changed at random as well, through fail2ban itself and through
`onus extract --matches`: what one finds the other must find.

    fail2ban_mutated.py ONUS TESTS_DIR CONFIG_DIR SEED COPIES

Behind the date anything may change: bytes go, others come, parts are said twice, words change places, the line
is cut. Lines that keep fail2ban busy for more than a second are left out. Exit code 1: onus finds in a line what
fail2ban does not find there, and no line before said. Prints the share of lines about which both agree."""

import datetime
import logging
import os
import random
import re
import signal
import sys
import tempfile

sys.path.insert(0, "/usr/lib/python3/dist-packages")
os.environ["TZ"] = "Europe/Zurich"

# pylint: disable=wrong-import-position
from fail2ban.client.filterreader import FilterReader
from fail2ban.server.filter import Filter
from fail2ban.tests.utils import setUpMyTime

import fail2ban_logs

BITS = [b" ", b"  ", b"\t", b"[", b"]", b":", b"'", b'"', b"from ", b" port 22", b"1", b".", b"8.8.8.8", b"::1",
        b"2001:db8::2", b"x.example", b"root", b"(", b")", b"<", b">", b"=", b",", b"-", b"::ffff:9.9.9.9",
        b"[preauth]", b"/24", b"%", b"\\", b"invalid user "]
NOON = datetime.datetime(2005, 8, 14, 12).timestamp()


def fail2ban_filter(instance, directory, room):
    """As samplestestcase.py makes it, but as it runs in operation: the first expression that matches."""
    base = os.path.join(room, "base")
    if os.path.islink(os.path.join(base, "filter.d")):
        os.unlink(os.path.join(base, "filter.d"))
    os.makedirs(base, exist_ok=True)
    os.symlink(directory, os.path.join(base, "filter.d"))
    f = Filter(None)
    f.returnRawHost, f.checkFindTime, f.active = True, False, True
    conf = FilterReader(instance.name, "jail", dict(instance.options), basedir=base)
    conf.read()
    conf.getOptions({})
    for option in conf.convert():
        for value in option[3] if option[0] == "multi-set" else [option[3]]:
            if option[2] == "prefregex":
                f.prefRegex = value
            elif option[2] == "addfailregex":
                f.addFailRegex(value)
            elif option[2] == "addignoreregex":
                f.addIgnoreRegex(value)
            elif option[2] == "maxlines":
                f.setMaxLines(value)
            elif option[2] == "datepattern":
                f.setDatePattern(value)
    return f


def mutate(rnd, line, begin):
    line = bytearray(line)
    for _ in range(rnd.choice((1, 1, 1, 2, 3))):
        if len(line) <= begin:
            break
        at, how = rnd.randrange(begin, len(line)), rnd.randrange(6)
        other = rnd.randrange(begin, len(line))
        words = [m for m in re.finditer(rb"[A-Za-z]+|\d+", bytes(line)) if m.start() >= begin]
        if how == 0:
            del line[at:at + rnd.choice((1, 1, 2, 5, 12))]
        elif how == 1:
            line[at:at] = rnd.choice(BITS)
        elif how == 2:
            line[at:at + 1] = rnd.choice(BITS)
        elif how == 3:
            line[at:at] = line[min(at, other):max(at, other)][:60]
        elif how == 4:
            del line[at:]
        elif words:
            to, word = rnd.choice(words), rnd.choice(words)[0]
            line[to.start():to.end()] = word
    return re.sub(rb"[\n\r\0]", b" ", bytes(line))


class Busy(Exception):
    pass


def give_up(*_):
    raise Busy


def theirs(f, line, journal):
    text = line.decode(errors="replace")
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        got = f.processLine(("", "2005-08-14T12:00:00", text), NOON) if journal else f.processLine(text)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    found = []
    for _, whom, _, fail in got:
        if whom is not None and not fail.get("nofail"):
            found.append(next(str(fail[k]) for k in ("ip4", "ip6", "dns", "fid") if fail.get(k)))
    return found


def is_wrong(got, want, line, said):
    """Where lines are joined onus takes an address of the line itself before one that is remembered, and that
    before what is none; fail2ban one of IPv4 before one of IPv6, wherever it is from."""
    for g in set(got) - set(want):
        from_memory = want and (not any(w.encode() in line for w in want) or
                                (":" in g and not any(":" in w for w in want)))
        if g.encode() in line and not from_memory:
            return True
        if g.encode() not in said:
            return True
    return False


def main(onus, tests, config, seed, copies, room):
    logging.getLogger("fail2ban").setLevel(logging.CRITICAL)
    setUpMyTime()
    rnd, total, agreed, wrong = random.Random(int(seed)), 0, 0, 0
    busy = 0
    signal.signal(signal.SIGALRM, give_up)
    for name, directory in fail2ban_logs.all_filters(tests, config, room):
        for instance in fail2ban_logs.read_log(name, os.path.join(tests, "files", "logs")):
            f, said = fail2ban_filter(instance, directory, room), b""
            journal, lines = instance.options.get("logtype") == "journal", []
            for line, expect, where in instance.lines:
                date = None if journal else f.dateDetector.matchTime(line.decode(errors="replace"))[0]
                begin = date.end(1) if date else 0
                lines += [(line, expect, where)]
                lines += [(mutate(rnd, line, min(begin, len(line))), {}, where) for _ in range(int(copies))]
            instance.lines = lines
            by_line, _ = fail2ban_logs.run(onus, instance, directory)
            for number, (line, _, where) in enumerate(lines, 1):
                said += line + b"\n"
                try:
                    want = theirs(f, line, journal)
                except Busy:
                    busy += 1
                    continue
                got = [m["found"] for m in (by_line or {}).get(number, [])
                       if m["outcome"] not in ("nofail", "ignored", "pending")]
                total += 1
                agreed += want == got
                if want != got:
                    bad = is_wrong(got, want, line, said)
                    wrong += bad
                    print(f"{'!' if bad else ' '} {where} {instance.spec()}: {got}, fail2ban {want}: "
                          f"{line.decode(errors='replace')[:200]}")
    print(f"share agreed: {100 * agreed / total:.2f} % of {total} lines, {busy} left out")
    return 1 if wrong else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(main(*sys.argv[1:], made))
