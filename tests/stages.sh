# shellcheck shell=bash
# shellcheck disable=SC2154 # dir is of who sources this
# Sourced by tests that run the road by hand; they have a directory of their own, $dir, and a function `fail`.
#   stages CONF [-o NAME=VALUE] PROGRAM…   each of them once, in that order; what each says is in PROGRAM.log beside CONF
#   road_conf DIR                          DIR/conf: all they write goes to DIR, the registry is $dir/registry; with what
#                                          stands on standard input after that
#   events_source NAME [LINE…]             for there: a source of that name, its event lines are in $dir/NAME.events
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
road_conf() {
  mkdir -p "$1"
  {
    printf '%s\n' "registry_file = $dir/registry" "state_dir = $1/state" "spool_dir = $1/spool" "hub = sqlite:$1/hub.sqlite" \
      "serve_dir = $1/serve" "open_dir = $1/open"
    cat
  } >"$1/conf"
}
events_source() { printf '%s\n' "[source $1]" 'type = events' "path = $dir/$1.events" "${@:2}"; }
