#!/bin/bash
# server.sh ENGINE DIR: a server of tests/engines.sh until its stdin ends. Says its process id when it is there; on each
# line of stdin it is killed (SIGKILL) and started again, and says so anew.
set -u
# shellcheck source=tests/engines.sh
. "$ONUS_SOURCE/tests/engines.sh"
trap 'engine_stop' EXIT
settings=()
# killed, but the machine goes on: what was given to the system is there
[ "$1" != mariadb ] || settings=(--innodb-flush-log-at-trx-commit=2)
engine_start "$1" "$2" "${settings[@]}" || exit 1
echo "$engine_pid"
while read -r _; do
  kill -9 "$engine_pid"
  wait "$engine_pid" 2>/dev/null
  for ((try = 0; try < 1200; try++)); do # what remains of the old one has to go first
    engine_again 2>/dev/null && break
    sleep 0.1
  done
  echo "$engine_pid"
done
