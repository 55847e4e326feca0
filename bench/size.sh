#!/bin/bash
# What the hub costs on disk: a real series of reports (oxl, 115 days), collected, loaded and judged once on each engine, and
# then the bytes of each table with its indexes, by row, event line and address. doc/scale.md has them.
#   BENCH_ENGINES ("sqlite mariadb postgresql"), BENCH_DAYS (all): the first so many days of it
set -euo pipefail
# shellcheck source=bench/common
. "$(dirname "$0")/common"
# shellcheck source=tests/engines.sh
. "$ONUS_SOURCE/tests/engines.sh"
# shellcheck source=tests/stages.sh
. "$ONUS_SOURCE/tests/stages.sh"
fail() { echo "size: $*" >&2; exit 1; }
data=$ONUS_SOURCE/../shared/data/oxl-2024-11_2025-02-22.tar.xz
[ -e "$data" ] || fail 'the real series is not beside this checkout'
build src/prog/onus/onus src/prog/collect/onus-collect src/prog/load/onus-load src/prog/score/onus-score
need_registry
dir=$(mktemp -d "$ONUS_BENCH/size.XXXXXX")
chmod 755 "$dir"
trap 'engine_stop || true; rm -rf "$dir"' EXIT
mkdir "$dir/oxl"
tar xJf "$data" -C "$dir/oxl"
mapfile -t files < <(find "$dir/oxl" -name '20*.csv*' | sort | head -n "${BENCH_DAYS:-1000}")
"$ONUS_SOURCE/tools/series" oxl "${files[@]}" >"$dir/events"
rm -rf "$dir/oxl"

tables() { # TABLE…: NAME BYTES ROWS of each
  local t
  for t; do
    case $engine in
      sqlite) engine_sql "SELECT '$t', sum(pgsize), (SELECT count(*) FROM \"$t\") FROM dbstat WHERE name = '$t' OR name IN (SELECT name FROM sqlite_schema WHERE tbl_name = '$t')" ;;
      postgresql) engine_sql "SELECT '$t', coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('\"$t\"')), pg_total_relation_size('\"$t\"')), (SELECT count(*) FROM \"$t\")" ;;
      mariadb) engine_sql "ANALYZE TABLE \`$t\`" >/dev/null
        engine_sql "SELECT '$t', (SELECT data_length + index_length FROM information_schema.tables WHERE table_schema = 'onus' AND table_name = '$t'), (SELECT count(*) FROM \`$t\`)" ;;
    esac
  done
}
tidy() {
  case $engine in
    sqlite) engine_sql VACUUM ;;
    postgresql) engine_sql 'VACUUM FULL' ;;
    mariadb) engine_sql 'OPTIMIZE TABLE score_day' >/dev/null ;;
  esac
}

for name in ${BENCH_ENGINES:-sqlite mariadb postgresql}; do
  mkdir -p "$dir/$name/state"
  engine_start "$name" "$dir/$name"
  cat >"$dir/$name/conf" <<CONF
state_dir = $dir/$name/state
spool_dir = $dir/$name/spool
hub = $hub
host_name = size
registry_file = $registry
retention_days = 400
[source oxl]
type = events
path = $dir/events
trust = 1
CONF
  stages "$dir/$name/conf" collect load score
  tidy
  lines=$(engine_sql 'SELECT sum(b.lines) FROM batch b')
  hosts=$(engine_sql 'SELECT count(*) FROM (SELECT DISTINCT addr, plen FROM ledger) x')
  echo "$name: $lines event lines of $hosts addresses"
  tables ledger evidence change batch hours source run score_day | awk -F '\t' -v l="$lines" -v h="$hosts" '{ rows = $3; bytes = $2; all += bytes
    printf "  %-10s %9d rows %12d bytes %7.1f a row %7.1f an event line %7.1f an address\n", $1, rows, bytes, (rows ? bytes / rows : 0), bytes / l, bytes / h }
    END { printf "  %-10s %24d bytes %24.1f an event line %7.1f an address\n", "all", all, all / l, all / h }'
  # what addr_scores_days leaves of such a day
  engine_sql "DELETE FROM score_day WHERE entity LIKE 'addr:%' OR entity LIKE 'block:%'"
  tidy
  tables score_day | awk -F '\t' '{ printf "  of an old day: %d rows, %d bytes of scores\n", $3, $2 }'
  engine_stop
done
