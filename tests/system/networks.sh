#!/bin/bash
# Thirty networks whose grades were foretold before the run (doc/networks.md): the table there is what the
# tools make of the real feeds now, to three points of score and of both ends of the interval, and as many are
# within their band.
set -euo pipefail
data=$ONUS_SOURCE/../shared/data
[ -e "$data/oxl-2024-11_2025-02-22.tar.xz" ] || { echo 'no dated series beside this checkout: skipped'; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ONUS=$ONUS_BUILD/src/prog/onus/onus "$ONUS_SOURCE/tools/networks" "$data" "$dir/work" >"$dir/now"
python3 - "$ONUS_SOURCE/doc/networks.md" "$dir/now" <<'PY'
import re
import sys

CELL = re.compile(r"(none|([A-F]) (\d+) \((\d+)-(\d+)\), \d+ hosts)")

def table(name):
    rows, inside = {}, None
    for line in open(name, encoding="utf-8"):
        m = re.match(r"\| (\d+) \| [^|]+ \| [A-F]-(?:[A-F]|none) \| ([^|]+) \| ([^|]+) \|$", line)
        if m:
            rows[int(m[1])] = [CELL.search(c) for c in m.groups()[1:]]
        m = re.match(r"Within the band: (\d+) of 30 on Data-Shield, (\d+) of 30 on OXL", line)
        if m:
            inside = [int(n) for n in m.groups()]
    return rows, inside

was, inside = table(sys.argv[1])
now, inside_now = table(sys.argv[2])
assert len(was) == len(now) == 30 and inside, (len(was), len(now), inside)
for asn, cells in was.items():
    for a, b in zip(cells, now[asn]):
        assert (a[0] == "none") == (b[0] == "none"), (asn, a[0], b[0])
        assert a[0] == "none" or all(abs(int(a[i]) - int(b[i])) <= 3 for i in (3, 4, 5)), (asn, a[0], b[0])
assert all(abs(a - b) <= 1 for a, b in zip(inside, inside_now)), (inside, inside_now)
assert min(inside_now) >= 20, inside_now
print("ok: thirty networks, %d and %d within the band that was foretold" % tuple(inside_now))
PY
