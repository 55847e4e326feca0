#!/bin/bash
# onus-web under load while publications, broken ones and older ones take turns and the registry file is written over:
# no query fails, every answer is of one build, nothing is held on to. With the registry in the publication, as
# onus-publish makes them; and with a publication that has none, over a registry file that somebody writes into.
set -euo pipefail
# shellcheck source=tests/cli/web_site.sh
. "$ONUS_SOURCE/tests/cli/web_site.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
mkdir "$dir/serve"
for x in A B; do
  printf 'inetnum: 45.0.0.0 - 45.0.255.255\nnetname: NET-%s\nabuse-c: X\nsource: RIPE\n\nrole: Desk\nnic-hdl: X\nabuse-mailbox: %s@example.net\nsource: RIPE\n' \
    "$x" "${x,}" >"$dir/$x.db"
  echo "45.0.0.0,45.0.255.255,3333,Build $x" >"$dir/asn-$x.csv"
  "$onus" registry build -o "$dir/build-$x" "$dir/asn-$x.csv" "$dir/$x.db" >"$dir/out"
  cat "$ONUS_SOURCE/sql/publication/reputation.sql" "$ONUS_SOURCE/tests/cli/web.sql" \
    "$ONUS_SOURCE/sql/publication/indexes.sql" | sqlite3 "$dir/site-$x"
  sqlite3 "$dir/site-$x" "PRAGMA user_version = 1; UPDATE meta SET value = '$x' WHERE key = 'site_name'"
done
cp "$dir/build-A" "$dir/registry_file"
mkdir "$dir/serve/1"
cp "$dir/site-A" "$dir/serve/1/reputation.sqlite"
cp "$dir/build-A" "$dir/serve/1/registry"
sqlite3 "$dir/serve/1/reputation.sqlite" "UPDATE meta SET value = '1' WHERE key = 'generation'"
current 1
start -o registry_file="$dir/registry_file"
python3 "$ONUS_SOURCE/tests/system/hot_reload.py" "$url" "$pid" "$dir" || fail 'hot reload'
stop
grep -q 'the one before it stays' "$dir/log" || fail 'broken publications were not told of'
grep -q 'older than the one that is shown' "$dir/log" || fail 'an older publication was not told of'

# --- no registry in the publication: the file beside it, whatever is done to that
cp "$dir/build-A" "$dir/registry_file"
rm -rf "$dir/serve"
mkdir "$dir/serve"
publish 7
start -o registry_file="$dir/registry_file"
get 200 '/api/v1/lookup?q=45.0.0.1'; json '.as_name == "Build A"'
for how in 'truncate -s 0' 'truncate -s 5000000' 'cp /dev/null' "cp $dir/build-B" 'rm -f'; do
  $how "$dir/registry_file"
  get 200 '/api/v1/lookup?q=45.0.0.1'; json '.as_name == "Build A"'
  get 200 /addr/45.0.7.7
done
stop
echo "ok: $n requests besides"
