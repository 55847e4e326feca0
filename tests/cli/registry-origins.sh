#!/bin/bash
# onus registry build out of tables of BGP: who announces what, by which rule, with names from a list and countries
# from the statistics of the registries; tables in MRT the same as the lines of them.
set -euo pipefail
# shellcheck source=tests/cli/run.sh
. "$ONUS_SOURCE/tests/cli/run.sh"
# is ADDRESS FIELD…: what lookup --json says of it
is() {
  local address=$1 want=$2
  "$onus" lookup --json -r registry "$address" >said 2>err
  [ "$(jq -rc '[.asn, .as_name, .prefix, .country] | join(" ")' said)" = "$want" ] || fail "$address: $(cat said)"
}

printf '%s\n' '% a dump' '7	5.0.0.0/16	300' '7	5.1.0.0/16	300' '8	5.0.3.0/24	200' '9	5.0.3.0/24	90' \
  '9	5.0.4.0/24	3' '0	5.0.5.0/24	300' '64512	5.0.5.0/24	300' '7	10.0.0.0/8	300' '7	0.0.0.0/0	300' \
  '7	5.0.5.0/28	300' '7	5.0.5.1/24	300' | gzip -c >riswhoisdump.IPv4.gz
printf '8\t2a00::/32\t120\n' >riswhoisdump.IPv6
printf '6.0.0.0\t16\t9_7\n5.0.0.0\t16\t9\n' >routeviews.pfx2as
printf '7 SEVEN-AS Seven Ltd, NL\n8 EIGHT, DE\n10 TEN, US\n' >asn.txt
printf '%s\n' '2|ripencc|20260101|2|19830705|20260101|+0100' 'ripencc|NL|ipv4|5.0.0.0|131072|20100101|allocated' \
  'ripencc|DE|ipv6|2a00::|29|20100101|allocated' >delegated
run 0 registry build -o registry riswhoisdump.IPv4.gz riswhoisdump.IPv6 routeviews.pfx2as asn.txt delegated
diff - out <<'OUT' || fail 'what build says'
registry: 13 records, 7 refused
  3 prefixes are announced by several ASes, of which one holds
OUT
sed 's/.*refused: //' err | diff - <(cat <<'ERR'
riswhoisdump.IPv4.gz:7: AS0, which announces nothing
riswhoisdump.IPv4.gz:8: a private AS number
riswhoisdump.IPv4.gz:9: private
riswhoisdump.IPv4.gz:10: a default route
riswhoisdump.IPv4.gz:11: a prefix longer than networks take from others
riswhoisdump.IPv4.gz:12: a prefix with host bits
riswhoisdump.IPv4.gz:6: seen by too few peers to be believed
ERR
) || fail 'refusals'
is 5.0.2.255 '7 Seven Ltd 5.0.0.0-5.0.2.255 NL'
is 5.0.3.7 '8 EIGHT 5.0.3.0/24 NL'
is 5.1.0.1 '7 Seven Ltd 5.0.4.0-5.1.255.255 NL'
is 6.0.1.1 '9  6.0.0.0/16 '
is 2a00::1 '8 EIGHT 2a00::/32 DE'
# what does not hold is shown all the same
[ "$(jq -c .other_origins said)" = '[]' ] || fail "others: $(cat said)"
run 0 lookup -r registry 5.0.3.7
grep -qx '  also      AS9, as 90 peers see it (ris-whois)' out || fail "also: $(cat out)"
"$onus" lookup --json -r registry 5.0.2.1 | jq -c .other_origins >out
[ "$(cat out)" = '[{"asn":9,"as_name":null,"peers":null,"source":"pfx2as"}]' ] || fail "others: $(cat out)"
run 0 registry verify registry
grep -q 'several origins *131072 *66.67 %  *0    0.00 %' out || fail "verify: $(cat out)"

run 0 registry info registry
grep -q 'riswhoisdump.IPv4.gz (ris-whois, .*): 4 records, 7 refused' out || fail "info: $(cat out)"
grep -q 'Routes: RIPE NCC, RIS (ris.ripe.net).' out || fail 'nobody is named'
run 0 registry verify registry
grep -q 'a network  *131072  *66.67 %  *65536 *100.00 %' out || fail "verify: $(cat out)"

# beside a table of ranges: that fills gaps, its names come first, and where it says otherwise it is told of
printf '%s\n' '5.0.0.0,5.0.255.255,9,Nine' '6.0.0.0,6.1.255.255,9,"Nine, Inc."' '7.0.0.0,7.0.0.255,7,Seven' >asn-ipv4.csv
run 0 registry build -o registry asn-ipv4.csv riswhoisdump.IPv4.gz
grep -qx '  of 65536 IPv4 addresses and 0 IPv6 /48s tables of ranges say otherwise .*' out || fail "both: $(cat out)"
is 5.0.0.1 '7 Seven 5.0.0.0-5.0.2.255 '
is 6.0.1.1 '9 Nine 6.0.0.0/15 '
[ "$("$onus" registry verify --json registry | jq -c '[.several_origins, .outdone]')" = \
  '[{"v4_addresses":256,"v6_blocks":0},{"v4_addresses":65280,"v6_blocks":0}]' ] || fail "verify: $("$onus" registry verify --json registry)"

# a table in MRT is what its lines are; made here after RFC 6396, sections 4.2 and 4.3
cat >mrt.py <<'PY'
import ipaddress, struct, sys
PEERS = [("192.0.2.1", 64497), ("2001:db8::1", 64498), ("192.0.2.3", 64499)]
TABLE = [("5.0.0.0/16", {0: "1 7", 1: "2 7", 2: "3 7"}), ("5.0.3.0/24", {0: "1 8", 1: "2 9", 2: "3 9"}),
         ("2a00::/32", {1: "2 {8}"}), ("6.0.0.0/16", {0: "9 9 9"})]

def record(kind, subtype, body):
    return struct.pack(">IHHI", 1700000000, kind, subtype, len(body)) + body

def path(text, size):
    body = b""
    for part in text.replace("{", "|{").split("|"):
        as_set = part.startswith("{")
        numbers = [int(x) for x in part.strip("{} ").replace(",", " ").split()]
        if numbers:
            body += bytes([1 if as_set else 2, len(numbers)]) + b"".join(n.to_bytes(size, "big") for n in numbers)
    return bytes([0x40, 1, 1, 0, 0x40, 2, len(body)]) + body

def nlri(net):
    return bytes([net.prefixlen]) + net.network_address.packed[:(net.prefixlen + 7) // 8]

def v2():
    peers = b"".join(bytes([2 | (":" in a)]) + b"\0\0\0\1" + ipaddress.ip_address(a).packed + struct.pack(">I", n)
                     for a, n in PEERS)
    yield record(13, 1, b"\0\0\0\1" + struct.pack(">H", 4) + b"view" + struct.pack(">H", len(PEERS)) + peers)
    for number, (prefix, paths) in enumerate(TABLE):
        net = ipaddress.ip_network(prefix)
        body = struct.pack(">I", number) + nlri(net) + struct.pack(">H", len(paths))
        for peer, p in paths.items():
            attributes = path(p, 4)
            body += struct.pack(">HIH", peer, 1700000000, len(attributes)) + attributes
        yield record(13, 2 if net.version == 4 else 4, body)

def v1():
    for number, (prefix, paths) in enumerate(TABLE):
        net = ipaddress.ip_network(prefix)
        for peer, p in paths.items():
            attributes = path(p, 2)
            address, n = ipaddress.ip_address(PEERS[peer][0]), PEERS[peer][1]
            if address.version != net.version:
                address = ipaddress.ip_address("192.0.2.9" if net.version == 4 else "2001:db8::9")
            yield record(12, 1 if net.version == 4 else 2, struct.pack(">HH", 0, number) + net.network_address.packed
                         + bytes([net.prefixlen, 1]) + struct.pack(">I", 1700000000) + address.packed
                         + struct.pack(">HH", n, len(attributes)) + attributes)

sys.stdout.buffer.write(b"".join({"v1": v1, "v2": v2}[sys.argv[1]]()))
PY
cat >want <<'OUT'
5.0.0.0/16 7 3
5.0.3.0/24 8 1
5.0.3.0/24 9 2
2a00::/32 8 1
6.0.0.0/16 9 1
OUT
if command -v bgpdump >/dev/null; then
  for version in v1 v2; do
    python3 mrt.py $version | bzip2 -c >table.$version
    run 0 registry read --facts table.$version
    jq -r '"\(.range) \(.asn) \(.seen)"' out | diff want - || fail "$version: other origins"
    run 0 registry build -o registry table.$version
    grep -q '^registry: 5 records, 0 refused' out || fail "$version: $(cat out)"
    is 5.0.3.1 '9  5.0.3.0/24 '
    is 5.0.4.1 '7  5.0.4.0-5.0.255.255 '
    is 2a00::1 '8  2a00::/32 '
    is 6.0.0.1 '9  6.0.0.0/16 '
    cp registry by-mrt
    bgpdump -m - < <(bzip2 -dc table.$version) >lines 2>/dev/null
    run 0 registry build -o registry lines
    "$onus" registry diff by-mrt registry | grep -q '0 IPv4 addresses, 0 IPv6 /48s by another AS' || fail "$version: its lines"
  done
else
  echo 'no bgpdump: tables in MRT are left out' >&2
fi
echo ok
