#!/bin/bash
# shellcheck disable=SC2154,SC2034 # they are of who sources this, or for him
# A hub on a real server that sensors reach over TLS: on a loopback address of the test's own, with a certificate of the
# test's own. Sourced, with $ONUS_BUILD and $ONUS_SOURCE set; brings hubs.sh:
#   sensors_start ENGINE   the server, and a hub in it; sets hub (the administrator's URL, on the socket) and address
#   sensor_add HOST        runs what `onus sensor grants` prints, and writes $dir/HOST/conf: that sensor's configuration
#   sensor_sql HOST SQL    as that sensor, over TLS
#   sensors_hub_conf               $dir/hub/conf
#   collect HOST           once; load HOST [ARGUMENT…]; start HOST: the same as a daemon, which sets started (its process)
#   waiting HOST           batches in its spool

# shellcheck source=tests/hubs.sh
. "$ONUS_SOURCE/tests/hubs.sh"

# dated two days back, for a sensor whose clock is behind
certificates() {
  local -x FAKETIME=-2d LD_PRELOAD=$preload
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/ca.key" -out "$dir/ca.pem" -days 30 -subj '/CN=authority of a test' 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/server.key" -out "$dir/server.req" -subj "/CN=$address" 2>/dev/null
  printf 'subjectAltName = IP:%s\n' "$address" >"$dir/server.ext"
  openssl x509 -req -in "$dir/server.req" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 30 -extfile "$dir/server.ext" \
    -out "$dir/server.pem" 2>/dev/null
  chmod 600 "$dir/server.key"
  chmod 644 "$dir/ca.pem" "$dir/server.pem"
  [ "$(id -u)" != 0 ] || [ "$engine" != postgresql ] || chown nobody:nogroup "$dir/server.key"
}

sensors_start() {
  local settings
  engine=$1
  address=127.$((RANDOM % 250 + 2)).$((RANDOM % 250 + 2)).$((RANDOM % 250 + 2))
  certificates
  mkdir "$dir/$engine"
  case $engine in
    postgresql) settings=(-c "listen_addresses=$address" -c ssl=on -c "ssl_cert_file=$dir/server.pem" -c "ssl_key_file=$dir/server.key") ;;
    mariadb) settings=(--skip-networking=0 "--bind-address=$address" --port=3306 "--ssl-cert=$dir/server.pem" "--ssl-key=$dir/server.key" "--ssl-ca=$dir/ca.pem") ;;
  esac
  engine_start "$engine" "$dir/$engine" "${settings[@]}"
  sensors_hub_conf
  load hub --once
}

sensors_hub_conf() {
  mkdir -p "$dir/hub"
  cat >"$dir/hub/conf" <<CONF
host_name = hub.example.net
feeds =
state_dir = $dir/hub
spool_dir = $dir/hub/spool
batch_archive = $dir/hub/archive
hub = $hub
load_interval_s = 1
CONF
}

sensor_url() { # HOST [MORE]
  case $engine in
    postgresql) echo "postgresql:host=$address dbname=onus user=$1 passfile=$dir/$1/password sslmode=verify-full sslrootcert=$dir/ca.pem" ;;
    mariadb) echo "mysql:host=$address database=onus file=$dir/$1/password ssl-verify=yes ssl-ca=$dir/ca.pem" ;;
  esac
}

sensor_add() {
  local password
  mkdir -p "$dir/$1"
  "$onus" sensor grants "$1" -c "$dir/hub/conf" >"$dir/$1/grants.sql"
  engine_sql "$(grep -v '^--' "$dir/$1/grants.sql")"
  if [ "$engine" = postgresql ]; then
    password=$(sed -n "s/.*PASSWORD '\(.*\)';/\1/p" "$dir/$1/grants.sql")
    { sed -n 's/^-- pg_hba.conf: //p' "$dir/$1/grants.sql"; cat "$engine_dir/data/pg_hba.conf"; } >"$dir/pg_hba"
    cat "$dir/pg_hba" >"$engine_dir/data/pg_hba.conf"
    engine_sql 'SELECT pg_reload_conf()' >/dev/null
    echo "$address:5432:onus:$1:$password" >"$dir/$1/password"
  else
    password=$(sed -n "s/.*IDENTIFIED BY '\([^']*\)'.*/\1/p" "$dir/$1/grants.sql")
    printf '[%s]\nuser = %s\npassword = %s\n' onus "$1" "$password" client "$1" "$password" >"$dir/$1/password"
  fi
  chmod 600 "$dir/$1/password"
  cat >"$dir/$1/conf" <<CONF
host_name = $1
feeds =
state_dir = $dir/$1
spool_dir = $dir/$1/spool
load_into = inbox
hub = $(sensor_url "$1")
load_interval_s = 1
CONF
}

sensor_sql() { # HOST SQL [without-tls]
  if [ "$engine" = postgresql ]; then
    psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$2" \
      "host=$address dbname=onus user=$1 passfile=$dir/$1/password sslrootcert=$dir/ca.pem sslmode=$([ -n "${3-}" ] && echo disable || echo verify-full)"
  else
    local with=(--ssl-verify-server-cert "--ssl-ca=$dir/ca.pem")
    [ -z "${3-}" ] || with=(--skip-ssl)
    mariadb --defaults-file="$dir/$1/password" -N -B -h "$address" "${with[@]}" onus -e "$2"
  fi
}

collect() { "$ONUS_BUILD/src/prog/collect/onus-collect" -c "$dir/$1/conf" --once 2>>"$dir/$1/collect.log"; }
load() { "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/$1/conf" "${@:2}" 2>>"$dir/$1/load.log"; }
start() {
  "$ONUS_BUILD/src/prog/load/onus-load" -c "$dir/$1/conf" 2>>"$dir/$1/load.log" &
  started=$!
}
waiting() { find "$dir/$1/spool" -path '*/new/*' -type f 2>/dev/null | wc -l; }
