# shellcheck shell=bash
# Sourced by tests of onus-web: a publication in $dir/serve, the program over it, and what its answers must
# and must not hold. $dir goes when the test ends.
web=$ONUS_BUILD/src/prog/web/onus-web
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
n=0

fail() { echo "not ok: $*" >&2; tail -5 "$dir/log" >&2 || true; exit 1; }

# publish N: a publication of that generation, made current
publish() {
  mkdir -p "$dir/serve/$1"
  cat "$ONUS_SOURCE/sql/publication/reputation.sql" "$ONUS_SOURCE/tests/cli/web.sql" \
    "$ONUS_SOURCE/sql/publication/indexes.sql" | sqlite3 "$dir/serve/$1/reputation.sqlite"
  sqlite3 "$dir/serve/$1/reputation.sqlite" \
    "PRAGMA user_version = 1; UPDATE meta SET value = '$1' WHERE key = 'generation'"
  current "$1"
}
current() { ln -sfn "$1" "$dir/serve/new"; mv -T "$dir/serve/new" "$dir/serve/current"; }

start() {
  : >"$dir/out"
  "$web" -c /dev/null -o web_listen=127.0.0.1:0 -o serve_dir="$dir/serve" \
    -o registry_file="$dir/none" -o web_root="$ONUS_SOURCE/web" -o state_dir="$dir" -o wish_file="$dir/wishes" \
    "$@" >"$dir/out" 2>"$dir/log" &
  pid=$!
  for _ in $(seq 2400); do
    url=$(sed -n 's/^onus-web: ready on \(http:.*\)\/$/\1/p' "$dir/out")
    [ -z "$url" ] || return 0
    kill -0 "$pid" 2>/dev/null || fail 'it ended'
    sleep 0.05
  done
  fail 'it never got ready'
}
stop() { kill "$pid"; wait "$pid" || fail "it exits $?"; pid=; }

# get STATUS PATH [curl options]: the body is in $dir/body, the headers in $dir/head
get() {
  local want=$1 path=$2 got
  shift 2
  : >"$dir/body"
  got=$(curl -g -s -o "$dir/body" -D "$dir/head" -w '%{http_code}' --max-time 120 --path-as-is "$@" \
    "$url$path") || fail "$path: curl exits $?"
  [ "$got" = "$want" ] || fail "$path is $got, not $want"
  n=$((n + 1))
}
has() { grep -qF -- "$1" "$dir/body" || fail "no \"$1\" in the page: $(head -c 2000 "$dir/body")"; }
hasnt() { ! grep -qF -- "$1" "$dir/body" || fail "\"$1\" is in the page"; }
header() { grep -qiE -- "$1" "$dir/head" || fail "no header $1: $(cat "$dir/head")"; }
json() { jq -e "$1" "$dir/body" >/dev/null || fail "JSON is not $1: $(cat "$dir/body")"; }
# what nobody may ever see: a template's tag, markup out of data
clean() {
  hasnt '{{'; hasnt '<script>alert'; hasnt '<i>mail'; hasnt '<co>'
  [ "$(grep -c '<html' "$dir/body")" = 1 ] && [ "$(grep -c '</html>' "$dir/body")" = 1 ] ||
    fail 'not one whole page'
}
wait_for() { # wait_for TEXT: until the home page says it
  for _ in $(seq 2400); do
    curl -s "$url/" >"$dir/body"
    ! grep -qF -- "$1" "$dir/body" || return 0
    sleep 0.1
  done
  fail "the home page never says $1"
}
