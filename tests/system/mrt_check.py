#!/usr/bin/env python3
"""mrt_check.py ONUS DATA: what `onus registry read` makes of the MRT files in DATA/test_data, against the text in
DATA/test_expect: for every prefix its origins, and how many peers have a path to each. Ends with 1 and the first
difference when they do not agree."""
import gzip
import json
import os
import subprocess
import sys

onus, data = sys.argv[1:3]


def same(what, ours, theirs):
    if ours != theirs:
        sys.exit("%s:\n  onus says    %r\n  it should be %r" % (what, ours, theirs))


def onus_read(path, option):
    run = subprocess.run([onus, "registry", "read", option, path], capture_output=True, text=True)
    if run.returncode:
        sys.exit("%s: exit code %d: %s" % (path, run.returncode, run.stderr))
    return [json.loads(line) for line in run.stdout.splitlines()]


def expected(path):
    """(prefix, origin) -> peers; lines that are no path of a table."""
    peers, others = {}, 0
    for line in gzip.open(path, "rt", encoding="ascii"):
        f = line.rstrip("\n").split("|")
        as_path = f[7 if f[0].endswith("_AP") else 6].split() if f[0].startswith("TABLE_DUMP") else []
        if not as_path:
            others += 1
            continue
        peers.setdefault((f[5], int(as_path[-1])), set()).add(f[3])
    return {k: len(v) for k, v in peers.items()}, others


tables = routes = updates = 0
for name in sorted(os.listdir(os.path.join(data, "test_data"))):
    path = os.path.join(data, "test_data", name)
    want, others = expected(os.path.join(data, "test_expect", name + ".bgp.gz"))
    facts, said = onus_read(path, "--facts"), onus_read(path, "--json")[0]
    same(name + ", kind", said["kind"], "mrt")
    same(name + ", left out", said["left_out"], others)
    same(name + ", refused", said["refused"], 0)
    same(name + ", facts", len(facts), len(want))
    for f in facts:
        same("%s, %s of AS%d" % (name, f["range"], f["asn"]), f["seen"], want.get((f["range"], f["asn"])))
    print("%s: %d origins of prefixes, %d lines left out" % (name, len(facts), others))
    tables, routes, updates = tables + bool(want), routes + len(want), updates + others
same("tables, origins, other lines", (tables >= 2, routes >= 120, updates > 13000), (True, True, True))
