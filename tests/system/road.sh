#!/bin/bash
# The whole road says what `onus top` says: the same files through collect, spool, load, score and
# publish give the same ranking, with the same hosts, events and scores, for every kind of entity.
set -euo pipefail
# shellcheck source=tests/own.sh
. "$ONUS_SOURCE/tests/own.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
# shellcheck source=tests/system/data.sh
. "$ONUS_SOURCE/tests/system/data.sh"
# shellcheck source=tests/day.sh
. "$ONUS_SOURCE/tests/day.sh"
same_day 300
need_data registry-prefix-asn logs-raw-real blocklists
tables=$data/prefix-asn
sshd=$(find "$data" -name OpenSSH_2k.log)
mail=$(find "$data" -path '*postfix*' -name mail.log)
list=$dir/binarydefense.txt
# of today, so that both judge as of today; an entry that is there twice appears once, top counts lines
awk '!seen[$0]++' "$(find "$data" -name binarydefense.txt)" >"$list"
now=$(date +%s)
touch -d "@$((now - today > 300 ? now - 300 : today))" "$list"

"$onus" registry build -o "$dir/registry" "$tables"/asn-2026061719/asn-ipv?.csv "$tables"/asn-country/asn-country-ipv?.csv
road_conf "$dir" <<CONF
filter_path = $ONUS_SOURCE/etc/filter.d
[source sshd]
path = $sshd
group = own
[source mail]
path = $mail
group = own
[source list]
type = list
path = $list
CONF
stages "$dir/conf" collect load score publish
db=$dir/serve/current/reputation.sqlite
[ -s "$db" ] || { echo 'not ok: nothing published' >&2; exit 1; }

for by in org as prefix block addr country; do
  "$onus" top -c "$dir/conf" --by "$by" --json "$sshd" "$mail" "$list" 2>/dev/null |
    jq -r 'select(.entity) | [.entity, .addresses, .events, .score, .grade // "-"] | @tsv' |
    awk -F'\t' '{printf "%s %s %s %.2f %s\n", $1, $2, $3, $4, $5}' >"$dir/top"
  sqlite3 -separator ' ' "$db" "SELECT name, hosts, events, printf('%.2f', score), coalesce(grade, '-')
    FROM entity WHERE kind = '$by' AND hosts > 0 ORDER BY rank" >"$dir/published"
  [ -s "$dir/top" ] || { echo "not ok: no rows by $by" >&2; exit 1; }
  if ! diff "$dir/top" "$dir/published" >"$dir/diff"; then
    echo "not ok: by $by, $(grep -c '^<' "$dir/diff") rows differ:" >&2
    { grep '^<' "$dir/diff" | head -8; grep '^>' "$dir/diff" | head -8; } >&2
    exit 1
  fi
  echo "ok: by $by, $(wc -l <"$dir/top") rows"
done
