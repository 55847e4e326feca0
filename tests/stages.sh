# shellcheck shell=bash
# Sourced by tests that run the road by hand; they have a function `fail`.

# stages CONF [-o NAME=VALUE] PROGRAM…: each of them once, in that order; what each says is in PROGRAM.log beside CONF
stages() {
  local conf=$1 set=() program log
  shift
  if [ "$1" = -o ]; then
    set=(-o "$2")
    shift 2
  fi
  for program in "$@"; do
    log=$(dirname "$conf")/$program.log
    "$ONUS_BUILD/src/prog/$program/onus-$program" -c "$conf" "${set[@]}" --once 2>"$log" ||
      fail "onus-$program fails: $(tail -n 3 "$log")"
  done
}
