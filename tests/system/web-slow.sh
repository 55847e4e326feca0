#!/bin/bash
# onus-web against clients that hold connections: one that sends a byte now and then, and more silent
# ones than it has room for. Both are gone within HTTP_REQUEST_S (15 s) and others are served again.
set -euo pipefail
web=$ONUS_BUILD/src/prog/web/onus-web
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }

mkdir "$dir/serve"
: >"$dir/out"
"$web" -c /dev/null -o web_listen=127.0.0.1:0 -o serve_dir="$dir/serve" -o state_dir="$dir" \
  -o web_root="$ONUS_SOURCE/web" >"$dir/out" 2>"$dir/log" &
pid=$!
port=
for _ in $(seq 2400); do
  port=$(sed -n 's/^onus-web: ready on http:.*:\([0-9]*\)\/$/\1/p' "$dir/out")
  [ -z "$port" ] || break
  sleep 0.05
done
[ -n "$port" ] || fail 'it never got ready'
rss() { awk '/^VmRSS/ {print $2}' "/proc/$pid/status"; }

# --- one byte a second, for ever
exec {slow}<>"/dev/tcp/127.0.0.1/$port"
printf 'GET / HTTP/1.1\r\nHost: x\r\nX: ' >&"$slow"
start=$SECONDS
trap '' PIPE
while { printf a >&"$slow"; } 2>/dev/null; do
  [ $((SECONDS - start)) -lt 150 ] || fail 'a slow sender still holds its connection after 150 s'
  sleep 1
  # it is still served while the other dribbles
  [ "$(curl -s -o "$dir/body" -w '%{http_code}' --max-time 60 "http://127.0.0.1:$port/")" = 200 ] ||
    fail 'others wait for a slow sender'
done
echo "slow sender closed after $((SECONDS - start)) s"
exec {slow}>&-

# --- more silent connections than there is room for
before=$(rss)
fds=()
ulimit -n 1000 2>/dev/null || true
for _ in $(seq 600); do
  exec {fd}<>"/dev/tcp/127.0.0.1/$port" || break
  fds+=("$fd")
done
start=$SECONDS
until [ "$(curl -s -o "$dir/body" -w '%{http_code}' --max-time 2 "http://127.0.0.1:$port/" || true)" = 200 ]; do
  [ $((SECONDS - start)) -lt 200 ] || fail "${#fds[@]} silent connections shut others out for 200 s"
done
after=$(rss)
echo "served again $((SECONDS - start)) s after ${#fds[@]} silent connections; memory $before to $after KiB"
[ $((after - before)) -lt 40000 ] || fail 'silent connections cost too much memory'
for fd in "${fds[@]}"; do exec {fd}>&-; done
kill -0 "$pid" || fail 'it ended'
kill "$pid"
wait "$pid" || fail "it exits $?"
pid=
echo ok
