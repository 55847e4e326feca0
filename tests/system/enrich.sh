#!/bin/bash
# onus registry enrich over the real answers of all five registries, through redirects and pauses: what is kept of them
# makes the same facts as the answers themselves, and the chain that `onus lookup` prints is theirs.
set -euo pipefail
# shellcheck source=tests/cli/enrich_site.sh
. "$ONUS_SOURCE/tests/cli/enrich_site.sh"
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data registry-whois-rdap-samples
python3 "$ONUS_SOURCE/tests/system/enrich_script.py" "$data" "$dir" >"$dir/real.json"
start_rdap <"$dir/real.json"
services ipv4.json <<<'arin 0.0.0.0/0'
services ipv6.json <<<'arin ::/0'
services object-tags.json <<<'arin ARIN'
# a server that another one leads to is asked when the files name it for anything
services asn.json <<'IN'
ripe 1-9
apnic 10-19
lacnic 20-29
afrinic 30-39
IN
mapfile -t all <"$dir/asked"
enrich 0 --only -o rdap_wait_s=30 -o rdap_mailboxes=0 "${all[@]}"
is '.kept == 11 and .redirected == 8 and .failed == 0 and .later == 0'
grep -q early "$dir/log" && fail "a server was asked too early: $(cat "$dir/log")"
[ "$(grep -c ' 429$' "$dir/log")" = 10 ] || fail "$(cat "$dir/log")"
# facts: all but the lines they stand in, in whatever order
facts() { "$onus" registry read --facts "$1" 2>/dev/null | jq -c 'del(.line)' | sort; }
facts "$dir/whole.json" >"$dir/want"
facts "$dir/rdap/answers.rdap" >"$dir/got"
[ "$(wc -l <"$dir/want")" -ge 20 ] || fail 'the answers make no facts'
diff "$dir/want" "$dir/got" >"$dir/changes" || fail "facts are lost or made up: $(cat "$dir/changes")"
# what a registry file makes of both is told alike
for from in whole.json rdap/answers.rdap; do
  "$onus" registry build -o "$dir/registry-${from%%[./]*}" "$dir/$from" >"$dir/out" 2>"$dir/err" || fail "build of $from"
  "$onus" lookup -c /dev/null -o registry_max_age_days=3650 -r "$dir/registry-${from%%[./]*}" \
    --json "${all[@]:0:10}" | jq -c 'del(.registry_date, .registry, .attribution)' >"$dir/told-${from%%[./]*}"
done
diff "$dir/told-whole" "$dir/told-rdap" >"$dir/changes" || fail "lookup: $(cat "$dir/changes")"
jq -e -s 'map(select(.networks[0].org.address != null or .abuse != null)) | length >= 5' "$dir/told-rdap" >/dev/null ||
  fail 'no address and no contact is told'
# no person is kept: names, telephones and handles of those that the answers have
jq -r '.. | .vcardArray? // empty | select(any(.[1][]; .[0] == "kind" and .[3] == "individual"))
  | .[1][] | select(.[0] == "fn" or .[0] == "tel") | .[3]' "$dir/whole.json" | sort -u | grep . >"$dir/persons"
[ "$(wc -l <"$dir/persons")" -ge 3 ] || fail "the answers have no persons: $(cat "$dir/persons")"
if grep -rqFf "$dir/persons" "$dir/rdap"; then fail "persons are kept: $(grep -rohFf "$dir/persons" "$dir/rdap" | sort -u)"; fi
echo ok
