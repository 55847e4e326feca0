# shellcheck shell=bash
# shellcheck disable=SC2034 # onus is for who sources this
# Sourced by tests that work in a directory of their own, $dir; at the end of the test it is gone, and so are the processes
# of pids. Sets onus.
#   fail MESSAGE
#   stop           kills what is in pids
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
pids=()
stop() {
  local pid
  for pid in "${pids[@]}"; do
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  pids=()
}
cleanup() {
  stop
  rm -rf "$dir"
}
trap cleanup EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
