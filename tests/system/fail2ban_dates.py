#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates of log lines in all forms that fail2ban knows, read by fail2ban's own detector and by dates_tool.

    fail2ban_dates.py DATES_TOOL

Each line goes through a detector that has just been made: one that has seen lines before may answer otherwise.
Where fail2ban reads a date that cannot be an event's (before 1990, ahead of now, none at all), ours must refuse
the line. Prints each difference, and a count; exit code 1 when there is one that EXPLAINED does not name."""

import itertools
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, "/usr/lib/python3/dist-packages")  # fail2ban, of Debian

from fail2ban.server import datedetector  # noqa: E402

DAY = 86400

# Formats of strftime, each a form that the detector knows by itself.
FORMS = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d  %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.123456", "%Y-%m-%d %H:%M:%S,123", "%Y-%m-%dT%H:%M:%S+0200", "%Y-%m-%dT%H:%M:%S-03:30",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S GMT", "%Y-%m-%d %H:%M:%S +01",
    "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S.011 %Y", "%b %d %H:%M:%S", "%b %d %H:%M:%S.123", "%b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S", "%b %e %H:%M:%S", "%b %d %k:%M:%S",
    "%a %b %d %Y %H:%M:%S.011", "%b %d %Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d-%m-%y %k:%M:%S",
    "%d/%b/%Y:%H:%M:%S +0100", "%d/%b/%Y:%H:%M:%S -0000", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S.252",
    "%d-%b-%Y %H:%M:%S +0200", "%d/%b/%Y:%H:%M:%S",
    "%m/%d/%Y:%H:%M:%S", "%m-%d-%Y %H:%M:%S.252", "%m-%d-%Y %H:%M:%S",
    "%s", "%s.123", "%H:%M:%S", "<%m/%d/%y@%H:%M:%S>", "%y%m%d %H:%M:%S", "%y%m%d  %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p", "%b-%d-%y %H:%M:%S", "%Y%m%dT%H%M%S", "%Y%m%d %H%M%S", "%Y%m%d  %H%M%S",
    "%Y%m%dT%H%M%S.123+0200", "PDT %b %d %H:%M:%S", "CEST %a %b %d %H:%M:%S %Y", "EST %b %d %H:%M:%S.5",
    "+00:00 %b %d %H:%M:%S.011 %Y", "-0330 %b %d %H:%M:%S", "Z %b %d %H:%M:%S",
)

# What stands around a date in a line.
PLACES = (
    "{} host sshd[1]: Failed password for root from 1.2.3.4", "[{}] error: 1.2.3.4", "<38>{} host a: b",
    "1.2.3.4 - - [{}] \"GET / HTTP/1.1\" 200 5", "({}): x", "  {} x", "x{}", "{}x", "x {}", "\"{}\",x", "time={} a=b",
    "type=USER_AUTH msg=audit({}:987): user pid=1", "{}", "\t{}\tx", "... {} x", "[ {} ] x", "::1 - - [{}] \"GET / HTTP\"",
    "{} {}",
)

# Lines of their own.
LINES = (
    "", " ", "nothing", "12:34", "1:2:3 x", "23:59:60 x", "24:00:00 x", "Feb 30 11:11:11 h", "Feb 29 11:11:11 h",
    "2026-02-30 11:11:11 x", "2025-02-29 11:11:11", "2026-13-01 11:11:11", "2026-1-2 3:4:5 x", "2026-01-32 11:11:11",
    "Dec 32 11:11:11 h", "31/Nov/2025:01:01:01 +0000", "00/Jan/2026:01:01:01 +0000", "29/Feb/2024:01:01:01 -0500 x",
    "@4000000068f1c4bd00000000 x", "x @4000000068f1c4bd00000000", "@400000004a32c4bd", "@4000000041f1c4bd0ABCDEF0 x",
    "Jan  3 01:02:03 h", "Jan 3 01:02:03 h", "jan 3 01:02:03 h", "JAN 03 1:2:3 h", "Mon Jan  3 01:02:03 2022 x",
    "Mon, 03 Jan 2022 01:02:03 +0100 x", "2022-01-03T01:02:03.1234567Z x", "2022-01-03T01:02:03+25:00 x",
    "2022-01-03t01:02:03 x", "20220103010203 x", "1641171723", "1641171723123", "[1641171723] nsd", "16411717 x",
    "type=A msg=audit(1641171723.123:4): x", "1641171723.123    11 1.2.3.4 TCP_DENIED/403", "audit(99:1)",
    "host 1.2.3.4:12345 2022-01-03 01:02:03 x", "2022-01-03 01:02:03 x 2021-01-01 00:00:00",
    "Jan 3 01:02:03 x 2021-01-01 00:00:00", "a 2022-01-03 01:02:03 x Jan 3 01:02:03",
    "1999-01-03 01:02:03 x", "12:00:01 AM x", "Jan 3, 2022 12:00:01 AM x", "Jan 3, 2022 12:00:01 PM x",
    "Jan 3, 2022 0:00:01 PM x", "Apr-27-13 02:33:06 [x]", "x Apr-27-13 02:33:06", "130322 11:46:11 [Note]",
    "990322 11:46:11 x", "ABC Jan 3 01:02:03 h", "error Jan 3 01:02:03 h", "CET Jan 3 01:02:03 h",
    "Jan 3 01:02:03 2026-host x", "Jan 3 01:02:03 2022host x",
)

# datepattern, and what it is tried on besides LINES.
PATTERNS = (
    ("%Y-%m-%d %H:%M(?::%S)?", ("x 2022-01-03 01:02 y", "2022-01-03 01:02:03 y", "x2022-01-03 01:02")),
    ("^%Y-%m-%d %H:%M:%S", ("2022-01-03 01:02:03 y", " 2022-01-03 01:02:03 y")),
    ("{^LN-BEG}%Y-%m-%d %H:%M:%S", ("[2022-01-03 01:02:03] y", "...2022-01-03 01:02:03 y")),
    ("{UNB}%Y%m%d%H%M%S", ("x20220103010203y", "20220103010203")),
    ("**%Y-%m-%d %H:%M:%S**", ("x2022-01-03 01:02:03y", "2022-01-03 01:02:03")),
    ("(**%Y-%m-%d %H:%M:%S)", ("x2022-01-03 01:02:03 y", "x2022-01-03 01:02:03y")),
    ("^[^\\[]*\\[({DATE})", ("1.2.3.4 - a [03/Jan/2022:01:02:03 +0100] x", "x [2022-01-03 01:02:03] y", "x [12:13:14]")),
    ("^[^\\[]*(\\[{DATE}\\s*\\])", ("1.2.3.4 - a [03/Jan/2022:01:02:03 +0100 ] x", "[Mon Jan 03 01:02:03 2022] x")),
    ("^<\\d+>\\d+\\s+{DATE}", ("<38>1 2022-01-03T01:02:03Z h", "<38>1 Jan  3 01:02:03 h")),
    ("^(?:%Y-)?%m-%d[ T]%H:%M:%S(?:\\.%f)?", ("2022-01-03 01:02:03.5 x", "01-03T01:02:03 x")),
    ("^\\[%d/%b/%Y %H:%M:%S\\]", ("[03/Jan/2022 01:02:03] x",)),
    ("^t=%Y-%m-%dT%H:%M:%S%z", ("t=2022-01-03T01:02:03+0100 x", "t=2022-01-03T01:02:03+01:00 x")),
    ("^<co ts=\"{DATE}\"\\s+", ("<co ts=\"2022-01-03T01:02:03\"  p",)),
    ("^L %d/%m/%Y - %H:%M:%S", ("L 03/01/2022 - 01:02:03: x",)),
    ("%Exd.%Exm.%Exy %ExH.%ExM.%ExS", ("a 03.01.22 01.02.03 b", "a 3.1.22 01.02.03")),
    ("%A, %d %B %Y %I:%M:%S %p", ("Monday, 03 January 2022 11:02:03 pm x", "sunday, 3 may 2020 12:00:00 AM")),
    ("%Y %j %H:%M:%S", ("2022 003 01:02:03 x", "2024 366 01:02:03", "2022 366 01:02:03")),
    ("%Y %W %w %H:%M:%S", ("2022 01 1 01:02:03", "2024 10 0 01:02:03")),
    ("%Y %U %a %H:%M:%S", ("2022 01 Mon 01:02:03", "2024 10 Sun 01:02:03")),
    ("%x %X", ("01/03/22 01:02:03 x",)), ("%c", ("Mon Jan  3 01:02:03 2022 x",)),
    ("%Y-%m-%d %l:%M:%S %p", ("2022-01-03  1:02:03 PM x",)), ("%d.%m.%Y %k:%M:%S %Z", ("03.01.2022  1:02:03 CET x",)),
    ("%d.%m.%Y %H:%M:%S %Exz", ("03.01.2022 01:02:03 UTC+0200 x", "03.01.2022 01:02:03 EST x", "03.01.2022 01:02:03 -05")),
    ("(?P<Y>\\d{4})/(?P<m>\\d\\d)/(?P<d>\\d\\d) (?P<H>\\d\\d)h(?P<M>\\d\\d)", ("x 2022/01/03 01h02 y",)),
    ("(?i)^on %d %b %Y at %H:%M:%S", ("ON 03 JAN 2022 AT 01:02:03 x",)),
    ("%m/%d/%Y %H:%M:%S %%", ("01/03/2022 01:02:03 % x",)), ("time (%H:%M:%S) on %Y-%m-%d", ("time 01:02:03 on 2022-01-03 x",)),
    ("^\\[{EPOCH}\\]", ("[1641171723] x", "[1641171723.123] x")), ("ts={LEPOCH}", ("a ts=1641171723123 b", "ts=1641171723123456")),
    ("EPOCH", ("1641171723 x",)), ("{^LN-BEG}Epoch", ("[1641171723] x", "a 1641171723")), ("LEPOCH", ("1641171723123 x",)),
    ("TAI64N", ("x @4000000068f1c4bd00000000 y",)), ("{^LN-BEG}TAI64N\n{^LN-BEG}", ("[@4000000068f1c4bd00000000] y",)),
    ("{^LN-BEG}", ()), ("{DEFAULT}", ()), ("^%b %d, %ExY %I:%M:%S %p\n^WARNING:()**\n{^LN-BEG}", ("WARNING: x",)),
    ("^%Y-%m-%d %H:%M:%S$", ("2022-01-03 01:02:03", "2022-01-03 01:02:03 x")),
    ("%d\\.%m\\.%Y %H:%M\\b", ("03.01.2022 01:02 x",)), ("%H:%M:%S,%f %Y-%m-%d", ("x 01:02:03,5 2022-01-03",)),
)

# Where both differ, and are to: the line, and why.
EXPLAINED = (
    (r"^x[A-Z]", "the letters before the date are no zone; fail2ban takes them for one, and then knows none of that name"),
    (r"^error Jan", "the same"),
    (r"^23:59:60 x$", "a leap second, which Python's datetime has not"),
    (r"^Feb 29 ", "of the last leap year, not of this year, which has none"),
    (r"^1999-", "%ExY of ours has the nineties"),
    (r"^2022 366 ", "has no 366th day; Python makes it the next year's first"),
)


def cases(now):
    """(datepattern, line) of all."""
    moments = [now - 3600, now - 40 * DAY, now - 200 * DAY, now - 400 * DAY, now - 2000 * DAY]
    number = itertools.count()
    for form, place in itertools.product(FORMS, PLACES):
        moment = time.localtime(moments[next(number) % len(moments)])
        date = time.strftime(form, moment)
        yield "", place.format(*[date] * 2)
    for line in LINES:
        yield "", line
    for pattern, own in PATTERNS:
        for line in own + LINES:
            yield pattern, line


def theirs(pattern, line, now):
    """What fail2ban makes of it: (time, begin, end), or a word."""
    detector = datedetector.DateDetector()
    for one in pattern.split("\n") if pattern else ():
        detector.appendTemplate(one)
    found = detector.matchTime(line)
    if not found[0]:
        return "none"
    begin, end = found[0].span(1)
    if begin == end:
        return "absent" if "()" in pattern else "none"
    try:
        read = detector.getTime(line, found)
    except (KeyError, TypeError):  # an unknown zone, a month without a day: fail2ban itself fails
        read = None
    if read is None or not 631152000 <= int(read[0]) <= now + DAY:
        return "bad"
    return f"{int(read[0])} {begin} {end}"


def ours(tool, by_pattern, now):
    answers = {}
    for pattern, lines in by_pattern.items():
        done = subprocess.run([tool, str(now), pattern], input="".join(line + "\n" for line in lines),
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{pattern!r}: {done.stderr.strip()}")
        for line, answer in zip(lines, done.stdout.splitlines(), strict=True):
            answers[pattern, line] = answer
    return answers


def main(tool):
    now, by_pattern, different = int(time.time()), {}, 0
    for pattern, line in cases(now):
        by_pattern.setdefault(pattern, {})[line] = None
    answers = ours(tool, by_pattern, now)
    for (pattern, line), got in answers.items():
        want = theirs(pattern, line, now)
        if want != got:
            why = next((why for text, why in EXPLAINED if re.search(text, line)), None)
            different += why is None
            print(f"{'!' if why is None else ' '} {pattern!r} {line!r}: {got}, fail2ban {want}; {why}")
    print(f"{len(answers)} lines, {different} different that are not explained")
    return 1 if different else 0


if __name__ == "__main__":
    os.environ["TZ"] = "Europe/Zurich"
    time.tzset()
    sys.exit(main(*sys.argv[1:]))
