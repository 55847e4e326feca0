#!/bin/bash
# Real feeds of 22 August 2026, in their publishers' forms, over HTTP into the ledger: as many entries of each as an
# independent reading finds, and a second day adds nothing.
set -euo pipefail
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data blocklists
bin=$ONUS_BUILD/src/prog
find "$data" -name '*.txt' -size +0 -exec cp {} "$dir" \;
cd "$dir"
start_server
when=$(($(date +%s) - 86400))
cat >conf <<CONF
feeds =
feeds_dir = $dir/copies
state_dir = $dir/state
spool_dir = $dir/spool
hub = sqlite:$dir/hub.sqlite
CONF
for file in *.txt; do
  format=lines
  [ "$file" != AtomSpam.txt ] || format='lines host' # URLs
  printf '[feed %s]\nurl = %s\nformat = %s\n' "${file%.txt}" "$http/file?$file&$when" "$format"
done >>conf
all() {
  "$bin/onus/onus" feed fetch -c conf --program-dir "$bin" --json >json || fail "fetch: $(cat json)"
  stages "$dir/conf" collect load
  sqlite3 hub.sqlite "SELECT s.name || ' ' || count(*) FROM ledger l JOIN source s ON s.id = l.source GROUP BY s.name" >got
}
all
[ "$(jq -s length json)" -ge 23 ] || fail "$(jq -s length json) feeds only"
python3 - *.txt >want <<'PY'
import ipaddress, sys, urllib.parse
# what Python's older tables leave out of the reserved space
more = [ipaddress.ip_network(n) for n in ("192.88.99.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.170/31")]
for name in sorted(sys.argv[1:]):
    found = set()
    for line in open(name, encoding="latin-1"):
        try:
            text = line.split("#")[0].split("\t")[0].strip()
            if name == "AtomSpam.txt":
                text = urllib.parse.urlsplit(line.strip()).hostname or ""
            net = ipaddress.ip_network(text)
        except ValueError:
            continue
        if net.version == 6 and net.prefixlen > 64:
            net = net.supernet(new_prefix=64)
        a = net.network_address
        if net.is_global and not net.is_multicast and not any(a in n for n in more):
            found.add(net)
    if found:
        print(name[:-4], len(found))
PY
LC_ALL=C sort -o got got
LC_ALL=C sort -o want want
diff want got >differs || fail "others than an independent reading finds: $(cat differs)"
touch -d tomorrow copies/*.state
all
diff want got >differs || fail "a second look adds: $(cat differs)"
# --- MISP's warning lists: what of it is known to be good, by a reading of our own and by an independent one
need_data context
misp=$data/misp-warninglists/lists
good='public-dns-v4 googlebot cloudflare akamai fastly google-gmail-sending-ips microsoft-office365-ip'
mkdir good
{
  sed -n '1,5s/^state_dir.*/state_dir = good\/state/p; 1,5s/^spool_dir.*/spool_dir = good\/spool/p' conf
  echo 'feeds ='
  echo "hub = sqlite:good/hub.sqlite"
  for list in $good; do printf '[source good-%s]\ntype = known-good\nanchor = no\npath = %s\n' "$list" "$misp/$list/list.json"; done
  printf '[source sans]\ntype = list\nanchor = no\npath = copies/sans\n'
} >good/conf
stages good/conf collect load
left=$(sqlite3 good/hub.sqlite 'SELECT count(*) FROM ledger')
known=$(jq .counters.known_good good/state/status/onus-collect.status)
python3 - "$misp" "$left" "$known" "$(awk '$1 == "sans" {print $2}' got)" $good <<'PY'
import ipaddress, json, sys
misp, left, known, all_, *lists = sys.argv[1:]
nets = set()
for name in lists:
    for text in json.load(open(f"{misp}/{name}/list.json"))["list"]:
        net = ipaddress.ip_network(text, strict=False)
        if net.version == 4:
            nets.add((int(net.network_address), net.prefixlen))
found = 0
for line in {l.strip() for l in open("copies/sans")}:
    try:
        a = ipaddress.ip_address(line)
    except ValueError:
        continue
    if a.is_global and str(a) != "192.0.0.8":
        found += any((int(a) >> (32 - n) << (32 - n), n) in nets for n in range(8, 33))
if found != int(known) or int(left) + int(known) != int(all_):
    sys.exit(f"not ok: {known} known to be good and {left} not, of {all_}; {found} by an independent reading")
print(f"ok: {known} of {all_} listed by sans are known to be good")
PY
awk '{n += $2} END {printf "ok: %d feeds, %d entries\n", NR, n}' got
