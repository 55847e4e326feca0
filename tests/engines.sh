#!/bin/bash
# Real database servers of a test's own: in a directory of their own, on a Unix socket only, ended by process id.
# Sourced:
#   engine_start ENGINE DIR [SETTING…]  sqlite, postgresql or mariadb; sets hub (its URL), engine_pid and engine_bin
#   engine_stop                         ends it; the database stays in DIR
#   engine_again                        starts it once more
#   engine_sql SQL                      what it answers, tab-separated
# Run: engines.sh ENGINE PROGRAM…       with ONUS_TEST_HUB set to the URL of an empty database; ONUS_TEST_SETTINGS: words for
#                                       the server
# Without ONUS_TEST_DURABLE=1 the server does not wait for the disk.

# PostgreSQL refuses root
engine_user=()
[ "$(id -u)" != 0 ] || engine_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)

engine_wait() {
  local i
  for ((i = 0; i < 1200; i++)); do
    engine_sql 'SELECT 1' >/dev/null 2>&1 && return
    kill -0 "$engine_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "engines.sh: $engine does not start:" >&2
  tail -n 20 "$engine_dir/log" >&2
  return 1
}

engine_run() {
  local lazy=()
  case $engine in
    postgresql)
      [ "${ONUS_TEST_DURABLE:-}" = 1 ] || lazy=(-c fsync=off)
      "${engine_user[@]}" "$engine_bin/postgres" -D "$engine_dir/data" -k "$engine_dir" -c listen_addresses= \
        -c unix_socket_permissions=0777 "${lazy[@]}" "${engine_settings[@]}" >>"$engine_dir/log" 2>&1 </dev/null &
      ;;
    mariadb)
      [ "${ONUS_TEST_DURABLE:-}" = 1 ] || lazy=(--innodb-flush-log-at-trx-commit=0)
      /usr/sbin/mariadbd --no-defaults --user="$(id -un)" --datadir="$engine_dir/data" --socket="$engine_dir/socket" \
        --skip-networking --pid-file="$engine_dir/pid" --tmpdir="$engine_dir" "${lazy[@]}" "${engine_settings[@]}" \
        >>"$engine_dir/log" 2>&1 </dev/null &
      ;;
  esac
  engine_pid=$!
}

engine_sql() {
  case $engine in
    sqlite) sqlite3 -tabs "${hub#sqlite:}" "$1" ;;
    postgresql) psql -X -q -A -t -F $'\t' -v ON_ERROR_STOP=1 -h "$engine_dir" -U onus -d "${2:-onus}" -c "$1" ;;
    mariadb) mariadb --no-defaults -N -B -S "$engine_dir/socket" -u "$(id -un)" ${2-onus} -e "$1" ;;
  esac
}

# engine_make DIR: a data directory without a database, in DIR/data
engine_make() {
  case $engine in
    postgresql)
      [ "$(id -u)" != 0 ] || chown nobody:nogroup "$1"
      "${engine_user[@]}" "$engine_bin/initdb" -D "$1/data" -U onus -A trust -E UTF8 --locale=C --no-sync
      ;;
    mariadb)
      # a server that starts removes what looks like another's temporary tables
      mkdir "$1/tmp"
      TMPDIR=$1/tmp mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$1/data" --auth-root-authentication-method=socket \
        --skip-test-db
      ;;
  esac
}

# Making one takes seconds: the first who wants one in this build makes it for all, who copy it.
engine_data() {
  local made
  made=$ONUS_BUILD/empty-$("$engine_bin/$engine_server" --version | tr -cs 'A-Za-z0-9.' -)$(id -u)
  (
    flock 9
    [ ! -e "$made" ] || exit 0
    new=$(mktemp -d)
    trap 'rm -rf "$new" "$made.new"' EXIT
    rm -rf "$made.new"
    engine_make "$new" && cp -a "$new/data" "$made.new" && mv "$made.new" "$made"
  ) 9>"$made.lock" >"$engine_dir/log" 2>&1 || { cat "$engine_dir/log" >&2; return 1; }
  cp -a --sparse=always "$made" "$engine_dir/data"
}

engine_again() {
  engine_run
  engine_wait
}

engine_start() {
  engine=$1
  engine_dir=$2
  shift 2
  engine_settings=("$@")
  engine_pid=
  case $engine in
    sqlite)
      hub=sqlite:$engine_dir/hub.sqlite
      return
      ;;
    postgresql)
      engine_bin=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
      engine_bin=${engine_bin%/postgres} engine_server=postgres
      [ "$(id -u)" != 0 ] || chown nobody:nogroup "$engine_dir"
      engine_data || return 1
      hub="postgresql:host=$engine_dir user=onus dbname=onus"
      engine_run
      for ((i = 0; i < 1200; i++)); do
        engine_sql 'CREATE DATABASE onus' postgres 2>/dev/null && break
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.1
      done
      engine_wait
      ;;
    mariadb)
      engine_bin=/usr/sbin engine_server=mariadbd
      engine_data || return 1
      hub="mysql:socket=$engine_dir/socket user=$(id -un) database=onus"
      engine_run
      for ((i = 0; i < 1200; i++)); do
        engine_sql 'CREATE DATABASE onus' '' 2>/dev/null && break
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.1
      done
      engine_wait
      ;;
    *)
      echo "engines.sh: no engine $engine" >&2
      return 1
      ;;
  esac
}

engine_stop() {
  [ -n "${engine_pid:-}" ] || return 0
  if [ "$engine" = postgresql ]; then
    kill -INT "$engine_pid" 2>/dev/null # does not wait for those who are connected
  else
    kill "$engine_pid" 2>/dev/null
  fi
  wait "$engine_pid" 2>/dev/null
  engine_pid=
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -u
  which=$1
  shift
  dir=$(mktemp -d)
  trap 'engine_stop; rm -rf "$dir"' EXIT
  read -ra settings <<<"${ONUS_TEST_SETTINGS:-}"
  engine_start "$which" "$dir" "${settings[@]}" || exit 1
  ONUS_TEST_HUB=$hub "$@"
fi
