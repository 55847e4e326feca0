#!/bin/bash
# web-logs: the access logs among CrowdSec's public tests through the three filters of web logs: as many attacks as the
# table says of each, and no line of what is none (pages that are not there, odd clients, log-ins that worked).
set -uo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
need_data logs-with-expected-results
failed=0 sets=0

# What is not met, and why: a vulnerable path that looks like any other (CVE-2024-38475, setup.cgi, sap, vmware); files
# that are no secret everywhere (.cache, .config).
while read -r name lines found; do
  grep -ahE '^([^ ]+ )?[0-9a-f.:]+ - .*\[[0-9]+/[A-Z][a-z]+/[0-9]{4}:.*\] "' "$data/crowdsec-hub-tests/$name"/*.log >"$dir/log"
  "$onus" extract --matches --filter web --filter web-scan --filter web-auth --filter-path "$ONUS_SOURCE/etc/filter.d" "$dir/log" 2>"$dir/err" |
    jq -r .line | sort -u >"$dir/got"
  got="$(wc -l <"$dir/log") $(wc -l <"$dir/got")"
  printf '%-36s %3d lines %3d found\n' "$name" "${got% *}" "${got#* }"
  [ "$got" = "$lines $found" ] || { echo "web-logs: $name: lines and found are $got, not $lines $found"; failed=1; }
  sets=$((sets + 1))
done <<'END'
CVE-2017-9841 1 1
CVE-2019-18935 1 1
CVE-2022-26134 2 2
CVE-2022-42889 4 4
CVE-2024-0012 2 2
CVE-2024-38475 12 3
CVE-2024-9474 1 1
CVE-2025-0108 1 1
apache-cve-2021-41773 2 2
apache2-http-sensitive-files 13 6
apache2-logs 7 1
apache_log4j2_cve-2021-44228 3 3
bunkerweb-bad-user-agent 3 3
bunkerweb-http-path-traversal 9 9
bunkerweb-http-sensitive-files 9 5
bunkerweb-logs 5 1
calibre-web-whitelist 16 0
cve-2021-42013 1 1
f5-big-ip-cve-2020-5902 4 4
http-cve-probing 3 1
http-dos-invalid-http-versions 6 0
http-dos-switching-ua 15 0
http-wordpress_user-enum 12 0
jira_cve-2021-26086 2 2
litespeed-http-sensitive-files 6 3
litespeed-logs 1 0
nginx-bad-user-agent 3 3
nginx-http-backdoor 2 2
nginx-http-open-proxy 2 2
nginx-http-sensitive-files 9 5
nginx-proxy-manager-malformed 12 8
pulse-secure-sslvpn-cve-2019-11510 2 2
sap-probing 2 1
vmware-vcenter-vmsa-2021-0027 2 1
zoneminder_cve-39285 4 0
zoneminder_cve-39291 15 0
END
[ "$failed" = 0 ] && echo "ok: $sets sets of real lines"
exit "$failed"
