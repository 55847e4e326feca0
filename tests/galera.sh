#!/bin/bash
# A real Galera cluster of MariaDB of a test's own: three nodes at loopback addresses of their own, ended by process id.
# Sourced:
#   galera_start DIR [SETTING…]  sets hub (its URL, all nodes) and galera_host (an array from 1, the nodes' addresses)
#   galera_hub N…                sets hub to one that has the nodes in this order
#   galera_kill N                kill -9
#   galera_again N               starts a node that was killed, and waits until it has all that it missed
#   galera_isolate N on|off      a node that sees none of the others, while its clients still see it
#   galera_sql N SQL             what node N answers, tab-separated
#   galera_wait N                until the node, and every other that runs, is one of the cluster and has all
#   galera_stop                  ends them all
# Without ONUS_TEST_DURABLE=1 a node does not wait for the disk; what it forgets when killed it gets of the others.
# Debian's scripts for the transfer of a node's state are in a package that starts a server: tests/sst stands in for
# them. A node that was killed asks for what it missed, and this script only tells that no more is needed, or copies all.

galera_nodes=(1 2 3)
galera_pid=()

galera_sql() {
  mariadb --no-defaults -N -B -S "$galera_dir/$1/socket" -u "$(id -un)" ${3-onus} -e "$2"
}

# shellcheck disable=SC2034 # hub is for those who source this
galera_hub() {
  local n list=
  for n in "$@"; do list=$list${list:+,}${galera_host[n]}; done
  hub="mysql:host=$list database=onus file=$galera_dir/client.cnf silence=6"
}

galera_args() { # N: sets args to what its server is started with
  local net
  net=$(IFS=,; echo "${galera_host[*]}")
  args=(--no-defaults --user="$(id -un)" --datadir="$galera_dir/$1/data" --socket="$galera_dir/$1/socket"
    --pid-file="$galera_dir/$1/pid" --tmpdir="$galera_dir/$1/tmp" --bind-address="${galera_host[$1]}" --port=3306
    --skip-name-resolve --innodb-log-file-size=16M --binlog-format=ROW --innodb-autoinc-lock-mode=2
    --wsrep-on=ON --wsrep-provider=/usr/lib/galera/libgalera_smm.so --wsrep-cluster-name=onus --wsrep-node-name="n$1"
    --wsrep-cluster-address="gcomm://$net" --wsrep-node-address="${galera_host[$1]}" --wsrep-sst-method=onus
    --wsrep-provider-options="gcache.size=64M;evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S;evs.install_timeout=PT6S;gmcast.listen_addr=tcp://${galera_host[$1]}:4567;ist.recv_addr=${galera_host[$1]}:4568")
  [ "${ONUS_TEST_DURABLE:-}" = 1 ] || args+=(--innodb-flush-log-at-trx-commit=0)
  args+=("${galera_settings[@]}")
}

galera_run() { # N [OPTION…]
  local n=$1 args
  shift
  galera_args "$n"
  PATH=$galera_dir/bin:$PATH /usr/sbin/mariadbd "${args[@]}" "$@" >>"$galera_dir/$n/log" 2>&1 </dev/null &
  galera_pid[n]=$!
}

# By what the others say too: one that stood still believes itself one of them for a while.
galera_whole() {
  local n live=0 state
  for n in "${galera_nodes[@]}"; do [ -z "${galera_pid[n]:-}" ] || live=$((live + 1)); done
  for n in "${galera_nodes[@]}"; do
    [ -n "${galera_pid[n]:-}" ] || continue
    state=$(galera_sql "$n" "SHOW STATUS WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_local_state_comment')" '' 2>/dev/null | sort | cut -f 2 | tr '\n' ' ')
    [ "$state" = "$live Synced " ] || return 1
  done
}

galera_wait() {
  local i
  for ((i = 0; i < 1200; i++)); do
    ! galera_whole || return 0
    kill -0 "${galera_pid[$1]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "galera.sh: node $1 is not one of the cluster:" >&2
  tail -n 20 "$galera_dir/$1/log" >&2
  return 1
}

galera_kill() {
  kill -9 "${galera_pid[$1]}"
  wait "${galera_pid[$1]}" 2>/dev/null || true
  galera_pid[$1]=
}

galera_again() {
  local args at
  galera_args "$1"
  at=$(/usr/sbin/mariadbd "${args[@]}" --wsrep-recover 2>&1 | sed -n 's/.*WSREP: Recovered position: *//p')
  galera_run "$1" ${at:+--wsrep-start-position="$at"}
  galera_wait "$1"
}

galera_isolate() {
  galera_sql "$1" "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=$([ "$2" = on ] && echo 1 || echo 0)'"
}

galera_start() {
  local n net
  galera_dir=$1
  shift
  galera_settings=("$@")
  net=127.$((1 + RANDOM % 254)).$((1 + RANDOM % 254))
  galera_host=([1]="$net.1" [2]="$net.2" [3]="$net.3")
  mkdir -p "$galera_dir/bin" "$galera_dir"/{1,2,3}/{data,tmp}
  cp "${ONUS_SOURCE:?}/tests/sst" "$galera_dir/bin/wsrep_sst_onus"
  printf '[onus]\nuser = onus\npassword = of the test\n' >"$galera_dir/client.cnf"
  TMPDIR=$galera_dir/1/tmp mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$galera_dir/1/data" \
    --auth-root-authentication-method=socket --skip-test-db >"$galera_dir/1/log" 2>&1 || { cat "$galera_dir/1/log" >&2; return 1; }
  galera_run 1 --wsrep-new-cluster
  galera_wait 1 || return 1
  galera_sql 1 "CREATE DATABASE onus; CREATE USER onus@'127.%' IDENTIFIED BY 'of the test'; GRANT ALL ON onus.* TO onus@'127.%'" ''
  for n in 2 3; do # with nothing: they get it all of another; one by one, for that is faster
    galera_run "$n"
    galera_wait "$n" || return 1
  done
  galera_hub 1 2 3
}

galera_stop() {
  local n
  for n in "${galera_nodes[@]}"; do
    [ -z "${galera_pid[n]:-}" ] || kill -9 "${galera_pid[n]}" 2>/dev/null || true
  done
  for n in "${galera_nodes[@]}"; do
    [ -z "${galera_pid[n]:-}" ] || wait "${galera_pid[n]}" 2>/dev/null || true
    galera_pid[n]=
  done
}
