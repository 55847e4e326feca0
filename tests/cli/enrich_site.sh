# shellcheck shell=bash
# Sourced by tests of `onus registry enrich`: RDAP servers and a name server on loopback. $dir goes when the test ends.
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
servers=()
trap 'for p in "${servers[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$dir"' EXIT
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
fail() { echo "not ok: $*" >&2; [ ! -s "$dir/err" ] || tail -n 20 "$dir/err" >&2; exit 1; }
# wait_for FILE PROGRAM
wait_for() {
  for _ in $(seq 2400); do
    [ ! -e "$1" ] || return 0
    sleep 0.1
  done
  fail "$2 does not start: $(cat "$dir/server.err")"
}
# start_rdap <SCRIPT: as rdap_server.py has it; the log of those before is gone
start_rdap() {
  cat >"$dir/script.json"
  rm -f "$dir/ready" "$dir/log" "$dir/agents"
  python3 "$ONUS_SOURCE/tests/cli/rdap_server.py" "$dir/script.json" "$dir" 2>"$dir/server.err" &
  servers+=($!)
  rdap=$!
  wait_for "$dir/ready" rdap_server.py
  : >"$dir/log"
}
stop_rdap() { kill "$rdap"; wait "$rdap" 2>/dev/null || true; }
# start_dns <ZONE; $dns is where it is
start_dns() {
  cat >"$dir/zone"
  rm -f "$dir/dns.port"
  python3 "$ONUS_SOURCE/tests/cli/dns_server.py" "$dir/zone" "$dir" 2>"$dir/server.err" &
  servers+=($!)
  wait_for "$dir/dns.port" dns_server.py
  dns=127.0.0.1:$(cat "$dir/dns.port")
}
url() { cat "$dir/$1.url"; }
# services FILE <LINES: a bootstrap file, of lines SERVER ENTRY…
services() {
  local tag=''
  [ "$1" != object-tags.json ] || tag='["registry@example.net"],'
  mkdir -p "$dir/bootstrap"
  while read -r server entries; do
    jq -n -c --arg e "$entries" --arg u "$(url "$server")" '[($e | split(" ")), [$u + "/"]]' | sed "s/^\[/[$tag/"
  done | jq -s -c '{version: "1.0", publication: "2026-11-01T00:00:00Z", services: .}' >"$dir/bootstrap/$1"
}
options=(-o "rdap_dir=$dir/rdap" -o "rdap_bootstrap_dir=$dir/bootstrap" -o rdap_bootstrap_url=
  -o "serve_dir=$dir/serve" -o "wish_file=$dir/wishes" -o "registry_file=$dir/registry" -o rdap_pause_ms=100
  -o rdap_timeout_s=2)
# enrich CODE ARGUMENTS…: one run; what it says is in $dir/out and $dir/err
enrich() {
  local want=$1 code=0
  shift
  "$onus" registry enrich -c /dev/null "${options[@]}" -o "dns_server=${dns:-127.0.0.1:9}" --json "$@" \
    >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" = "$want" ] || fail "exit code $code, not $want: $(cat "$dir/out")"
}
is() { jq -e "$1" "$dir/out" >/dev/null || fail "it is not $1: $(cat "$dir/out")"; }
