# shellcheck shell=bash
# For tests of onus that run in a directory of their own, $dir, where its output is compared to the byte:
#   . "$ONUS_SOURCE/tests/cli/run.sh"
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
fail() { echo "not ok: $*" >&2; [ ! -s err ] || tail -n 5 err >&2; exit 1; }
# run CODE COMMAND…: its output is in out and err
run() {
  local want=$1 code=0
  shift
  "$onus" "$@" >out 2>err || code=$?
  [ "$code" = "$want" ] || fail "onus $*: exit code $code, not $want"
}
# same WHAT: out is what stands on stdin
same() { diff - out >changes || fail "$1: $(cat changes)"; }
