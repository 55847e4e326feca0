#!/bin/bash
# tools/get-registry: of what registries publish where they can be reached, of the packages where not; the registry
# that is there stays when nothing comes.
set -euo pipefail
# shellcheck source=tests/cli/fetch_site.sh
. "$ONUS_SOURCE/tests/cli/fetch_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
start_server
export REGISTRY_INPUTS=$dir/list
get() { "$ONUS_SOURCE/tools/get-registry" "$onus" "$dir/run" >"$dir/out" 2>"$dir/err" || return $?; n=$((n + 1)); }
inputs() { "$onus" registry info -c /dev/null --json "$dir/run/registry" 2>/dev/null | jq -r '.inputs | map(.name) | sort | join(" ")'; }

# a npm that has the packages, and later has not
mkdir -p "$dir/bin" "$dir/package"
cat >"$dir/bin/npm" <<NPM
#!/bin/sh
[ -e "$dir/npm-works" ] || exit 1
tar czf "ip-location-db-\${3##*/}-1.0.0.tgz" -C "$dir/\${3##*/}" package
NPM
chmod +x "$dir/bin/npm"
export PATH="$dir/bin:$PATH"
for name in asn asn-country; do mkdir -p "$dir/$name/package"; done
echo '8.8.8.0,8.8.8.255,15169,Google LLC' >"$dir/asn/package/asn-ipv4.csv"
echo '8.8.8.0,8.8.8.255,US' >"$dir/asn-country/package/asn-country-ipv4.csv"

# what registries publish
{ echo '% RIS'; printf '3333\t193.0.0.0/21\t100\n'; } >"$dir/v4"
{ echo '% RIS'; printf '3333\t2001:67c:2e8::/48\t100\n'; } >"$dir/v6"
echo '3333 RIPE-NCC-AS Reseaux IP Europeens Network Coordination Centre (RIPE NCC), NL' >"$dir/names"
printf '2|ripencc|20261101|1|19930901|20261031|+0100\nripencc|*|ipv4|*|1|summary\nripencc|NL|ipv4|193.0.0.0|2048|19930901|allocated|x\n' >"$dir/stats"
list() { # list WHERE
  printf '[input %s]\nurl = %s/file?%s\nkind = %s\nmin_kib = 0\n' ris-v4 "$1" v4 ris-whois ris-v6 "$1" v6 ris-whois as-names "$1" names as-names
  printf '[input %s-stats]\nurl = '"$1"'/file?stats\nkind = rir-stats\nmin_kib = 0\n' ripe arin apnic lacnic afrinic
}

# --- nobody can be reached, neither these nor those
list http://localhost:1 >"$dir/list"
! get || fail 'a registry of nothing'
grep -q 'by hand' "$dir/err" || fail "$(cat "$dir/err")"
# --- the packages can
touch "$dir/npm-works"
get || fail "$(cat "$dir/err")"
[ "$(inputs)" = 'asn-country-ipv4.csv asn-ipv4.csv' ] || fail "made of $(inputs)"
# --- one that is young is left alone, whatever could be had
list "$http" >"$dir/list"
get || fail "$(cat "$dir/err")"
[ ! -s "$dir/out" ] || fail "it did something: $(cat "$dir/out")"
# --- an old one is made anew, of what registries publish
touch -d '40 days ago' "$dir/run/registry"
get || fail "$(cat "$dir/err")"
[ "$(inputs)" = 'afrinic-stats apnic-stats arin-stats as-names lacnic-stats ripe-stats ris-v4 ris-v6' ] || fail "made of $(inputs)"
"$onus" lookup -c /dev/null --registry "$dir/run/registry" --json 193.0.0.1 2>/dev/null | jq -e '.asn == 3333' >/dev/null || fail 'it does not know who announces 193.0.0.1'
# --- half of it: without routes it is no registry; the packages do
rm "$dir/v4" "$dir/run/inputs/ris-v4"
touch -d '40 days ago' "$dir/run/registry"
get || fail "$(cat "$dir/err")"
[ "$(inputs)" = 'asn-country-ipv4.csv asn-ipv4.csv' ] || fail "made of $(inputs)"
grep -q 'taking the packages' "$dir/err" || fail "$(cat "$dir/err")"
# --- nothing comes: the old one stays
list http://localhost:1 >"$dir/list"
rm "$dir/npm-works"
rm -rf "$dir/run/inputs"
touch -d '40 days ago' "$dir/run/registry"
get || fail "$(cat "$dir/err")"
grep -q 'the old registry stays' "$dir/err" || fail "$(cat "$dir/err")"
[ "$(inputs)" = 'asn-country-ipv4.csv asn-ipv4.csv' ] || fail 'the old registry is gone'
echo "ok: $n runs"
