#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every real ARF, X-ARF and DMARC sample through onus-reports, beside the table of what is expected
(reports_samples.tsv): FILE, then what is said: events (a time, an address, a category, a count each), "nobody" for a
report that accuses nobody, or "refused REASON". A sample that the table does not name fails, and so does a row without
its sample. Bounces, which are no reports, are not in the table: every one must be refused. `--write` prints the table
as it is now."""
import os
import subprocess
import sys
import time

data, table = sys.argv[1:3]
program = os.environ["ONUS_BUILD"] + "/src/prog/reports/onus-reports"
suites = ("sisimai-set-of-emails/maildir", "parsedmarc-samples/samples", "xarf-spec-samples/samples", "xarf-v1-3-samples/samples")
started = time.time() - 2
KEPT = 3  # events of a report that are listed; of the others, how many


def samples():
    for suite in suites:
        for where, _, names in os.walk(os.path.join(data, suite)):
            for name in names:
                path = os.path.relpath(os.path.join(where, name), data)
                if name != "README.md":
                    yield path


def said(path):
    run = subprocess.run([program, os.path.join(data, path)], capture_output=True, text=True, timeout=60)
    events = [line.split("\t") for line in run.stdout.splitlines() if not line.startswith("#")]
    if run.returncode == 1 and not events:
        return "refused " + run.stderr.split(": refused: ", 1)[1].strip()
    if run.returncode != 0:
        return "exit code %d: %s" % (run.returncode, run.stderr)
    for e in events:
        assert e[4] == "weak", e  # nobody is listed
        if int(e[0]) > started:
            e[0] = "now"  # what has no date
    lines = [" ".join(e[:4]) for e in events]
    if len(lines) > KEPT:
        lines = lines[:KEPT] + ["and %d more" % (len(lines) - KEPT)]
    return "; ".join(lines) if lines else "nobody"


found = {path: said(path) for path in sorted(samples())}
bounces = [p for p in found if p.startswith("sisimai") and not os.path.basename(p).startswith("arf-")]
negative = [p for p in found if "/negative/" in p]
taken = [p for p in bounces + negative if not found[p].startswith("refused ")]
for path in taken:
    print(path + ": must be refused, and is not: " + found[path])
for path in bounces:
    del found[path]
if "--write" in sys.argv:
    for path, what in found.items():
        print(path, what, sep="\t")
    sys.exit(0)
expected = dict(line.rstrip("\n").split("\t") for line in open(table, encoding="utf-8") if not line.startswith("#"))
bad = 0
for path in sorted(set(found) | set(expected)):
    if found.get(path) != expected.get(path):
        print("%s: %s, not %s" % (path, found.get(path), expected.get(path)))
        bad += 1
n = {kind: sum(1 for what in found.values() if what.startswith(kind)) for kind in ("refused", "nobody")}
print("%d samples: %d accuse somebody, %d nobody, %d are refused, all %d negative ones among them; and %d bounces" % (
    len(found), len(found) - sum(n.values()), n["nobody"], n["refused"], len(negative), len(bounces)))
sys.exit(1 if bad or taken or len(found) < 350 or len(negative) < 180 or len(bounces) < 600 else 0)
