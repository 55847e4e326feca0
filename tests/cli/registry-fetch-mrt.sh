#!/bin/bash
# Tables of BGP are fetched, too: the process that checks a copy may run bgpdump for it, and that has no network, may
# write nowhere and open nothing but programs. Copies of another kind start none.
set -euo pipefail
command -v bgpdump >/dev/null || { echo 'skipped: no bgpdump (apt-get install bgpdump)' >&2; exit 77; }
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
start_server

# table N: TABLE_DUMP_V2 of N /24s that AS 3333 announces, seen by two peers (RFC 6396)
table() {
  python3 - "$1" <<'PY'
import struct, sys
def record(subtype, body):
    sys.stdout.buffer.write(struct.pack(">IHHI", 1700000000, 13, subtype, len(body)) + body)
peers = b"".join(struct.pack(">B4s4sI", 2, bytes([9, 9, 9, i]), bytes([9, 9, 9, i]), 3000 + i) for i in (1, 2))
record(1, bytes([9, 9, 9, 9]) + struct.pack(">HH", 0, 2) + peers)
for n in range(int(sys.argv[1])):
    entries = b""
    for peer in (0, 1):
        path = struct.pack(">BBII", 2, 2, 3001 + peer, 3333)
        attributes = bytes([0x40, 1, 1, 0, 0x40, 2, len(path)]) + path + bytes([0x40, 3, 4, 9, 9, 9, 1 + peer])
        entries += struct.pack(">HIH", peer, 1700000000, len(attributes)) + attributes
    record(2, struct.pack(">IB", n, 24) + bytes([5, n >> 8, n & 255]) + struct.pack(">H", 2) + entries)
PY
}
cat >"$dir/list" <<CONF
[input table]
url = $http/file?served
kind = mrt
CONF
# get CODE
get() {
  local want=$1 code=0
  "$onus" registry fetch -c /dev/null --to "$dir/inputs" --list "$dir/list" --json >"$dir/json" 2>"$dir/err" || code=$?
  [ "$code" = "$want" ] || fail "exit code $code, not $want: $(cat "$dir/json" "$dir/err")"
  n=$((n + 1))
}
is() { jq -s -e "$1" "$dir/json" >/dev/null || fail "it is not $1: $(cat "$dir/json" "$dir/err")"; }

table 600 | gzip >"$dir/served"
get 0
is '.[0].outcome == "new" and .[0].copy.records == 600 and .[0].copy.refused == 0'
"$onus" registry build -o "$dir/registry" "$dir/inputs/table" >"$dir/said" 2>&1 || fail "it does not build: $(cat "$dir/said")"
"$onus" lookup -r "$dir/registry" --json 5.2.87.1 2>/dev/null | jq -e '.asn == 3333 and .prefix == "5.0.0.0-5.2.87.255"' >/dev/null ||
  fail "another origin: $("$onus" lookup -r "$dir/registry" --json 5.2.87.1)"
table 300 >"$dir/served"
get 1
is '.[0].outcome == "held back" and .[0].copy.records == 600'
# what is no table; and a table that is one of another kind, for which nothing may be run
echo 'no table' >"$dir/served"
get 1
table 700 >"$dir/served"
sed -i 's/^kind = mrt/kind = rir-stats/' "$dir/list"
get 1
is '.[0].outcome == "held back"'
echo "ok: $n runs"
