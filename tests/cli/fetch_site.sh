# shellcheck shell=bash
# Sourced by tests of what fetches: a web server of ours on loopback, plain and with TLS of a self-made authority.
# $dir goes when the test ends; $http and $https are where the servers are.
fetch=$ONUS_BUILD/src/prog/fetch/onus-fetch
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
n=0
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY CURL_CA_BUNDLE SSL_CERT_FILE

fail() { echo "not ok: $*" >&2; exit 1; }

make_authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=test authority' \
    -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
    -keyout "$dir/key.pem" -out "$dir/req.pem" 2>/dev/null
  openssl x509 -req -in "$dir/req.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo 'subjectAltName=DNS:localhost') -out "$dir/cert.pem" 2>/dev/null
}

start_server() {
  : >"$dir/where"
  python3 "$ONUS_SOURCE/tests/cli/fetch_server.py" "$dir" "$@" >"$dir/where" 2>"$dir/server.log" &
  server=$!
  for _ in $(seq 2400); do
    read -r http https <"$dir/where" || true
    [ -z "$http" ] || return 0
    sleep 0.1
  done
  fail "no server: $(cat "$dir/server.log")"
}
